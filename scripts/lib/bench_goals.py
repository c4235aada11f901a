"""What is aimed at (docs/performance.md says where each goal comes from), held against what was
measured: one sentence a goal, with both figures and whether it is met.
"""


def verdict(text, ratio, limit, unit=""):
    met = "met" if ratio <= limit else "**not met**"
    return f"- {text}: {ratio:.2f}{unit}, goal at most {limit}{unit}: {met}"


def outside(found, classifying):
    ours, theirs = found["kdump-init"].cpu, found["makedumpfile"].cpu
    return "\n".join([
        verdict("CPU outside compression, ours to makedumpfile's", ours / theirs, 0.33),
        verdict("classifying, our whole dry run to makedumpfile's own steps",
                found["kdump-init --dry-run"].cpu / classifying, 0.3)])


def best(found, program, limit_bytes):
    """The setting of the program that needs the least CPU and is no larger."""
    fitting = {name: each for name, each in found.items()
               if name.startswith(program) and each.size <= limit_bytes}
    return min(fitting, key=lambda name: fitting[name].cpu) if fitting else None


def tmpfs(found, program, lzo, zstd):
    lines = []
    for peer, limit in ((zstd, 0.75), (lzo, 1.0)):
        name = best(found, program, found[peer].size)
        if not name:
            lines.append(f"- no setting is as small as `{peer}`: **not met**")
            continue
        for what in ("wall", "cpu"):
            ratio = getattr(found[name], what) / getattr(found[peer], what)
            lines.append(verdict(f"no larger than `{peer}`, `{name}`, {what} time", ratio, limit))
    return "\n".join(lines)


def threads(found):
    lines = []
    for name in found:
        if name.startswith("kdump-init") and name.endswith(", 1 CPU"):
            gain = found[name].wall / found[name.replace("1 CPU", "2 CPU")].wall
            met = "met" if gain >= 1.8 else "**not met**"
            lines.append(f"- {name.split(',')[0]}: two CPUs are {gain:.2f} times as fast, goal 1.8: {met}")
    return "\n".join(lines)


def throttled(found, ours, *peers):
    fastest = min(peers, key=lambda name: found[name].wall)
    return verdict(f"wall time of `{ours}` to the better of both, `{fastest}`",
                   found[ours].wall / found[fastest].wall, 0.9)

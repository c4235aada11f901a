"""What is aimed at (docs/performance.md says where each goal comes from), held against what was
measured: one sentence a goal, with both figures and whether it is met. Wall times of a machine that
has other work are shown and not judged.
"""

import os


def verdict(text, ratio, limit):
    met = "met" if ratio <= limit else "**not met**"
    return f"- {text}: {ratio:.2f}, goal at most {limit}: {met}"


def is_busy():
    return os.getloadavg()[0] > os.cpu_count() + 1


def wall_verdict(text, ratio, limit):
    if is_busy():
        return f"- {text}: {ratio:.2f}, goal at most {limit}: not judged, the machine has other work"
    return verdict(text, ratio, limit)


def outside(found, our_pass, their_steps):
    ours, theirs = found["kdump-init"].cpu, found["makedumpfile"].cpu
    return "\n".join([
        verdict("CPU outside compression, ours to makedumpfile's", ours / theirs, 0.33),
        verdict("classifying, our counting pass to makedumpfile's steps", our_pass / their_steps,
                0.3)])


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
        sentence = f"no larger than `{peer}`, `{name}`"
        lines += [wall_verdict(f"{sentence}, wall time", found[name].wall / found[peer].wall, limit),
                  verdict(f"{sentence}, CPU time", found[name].cpu / found[peer].cpu, limit)]
    return "\n".join(lines)


def threads(found, twice):
    """twice: of two runs at once, each on a separate CPU, which is what the machine has to give."""
    lines = []
    for name in found:
        if name.startswith("kdump-init") and name.endswith(", 1 CPU"):
            gain = found[name].wall / found[name.replace("1 CPU", "2 CPU")].wall
            met = "met" if gain >= 1.8 else "**not met**"
            met = "not judged, the machine has other work" if is_busy() else met
            most = 2 * found[name].wall / found[name.replace("1 CPU", twice)].wall
            lines.append(f"- {name.split(',')[0]}: two CPUs are {gain:.2f} times as fast, goal 1.8: {met}; "
                         f"two separate dumps, a CPU each, were {most:.2f} times as fast as one after "
                         "the other")
    return "\n".join(lines)


def throttled(found, ours, *peers):
    fastest = min(peers, key=lambda name: found[name].wall)
    return wall_verdict(f"wall time of `{ours}` to the better of both, `{fastest}`",
                        found[ours].wall / found[fastest].wall, 0.9)

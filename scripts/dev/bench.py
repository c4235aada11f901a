#!/usr/bin/python3
"""kdump-init beside makedumpfile: what is run, in which order, and the tables that come of it. How a
run is measured is bench_measure.py's; packages, programs and vmcores are scripts/bench's.

usage: bench.py --binary FILE --makedumpfile VERSION=COMMAND... --giant FILE --vmcore SIZE=FILE...
                [--repeat N] PART...
"""

import argparse
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import bench_document
import bench_goals
import bench_plot
from bench_document import TOP
from bench_measure import alternately, measure, measure_side_by_side, measure_throttled

sys.path.insert(0, str(TOP / "tests/vm"))
from machines import servers  # noqa: E402

OURS = "kdump-init"
LEVEL = ("-d", "31")
SETTINGS = ("none", "zstd:0", "zstd:1", "zstd:3", "auto")
TWICE = "twice at once, 1 CPU each"
HEAD = ("program", "wall s", "CPU s", "memory MiB", "output MB", "wall to `-z`", "CPU to `-z`",
        "size to `-z`")


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.out = work / "out"
        self.peers = dict(each.split("=", 1) for each in options.makedumpfile)
        self.vmcores = dict(each.split("=", 1) for each in options.vmcore)
        self.newest = next(iter(self.peers))
        cpus = sorted(os.sched_getaffinity(0))
        self.one, self.two = {cpus[0]}, set(cpus[:2])
        self.others = set(cpus[1:]) or self.one

    # Commands. `out` is a file, a target, or None for standard output.

    def ours(self, vmcore, compress, out, *more):
        # Like a capture, one thread unless asked for more.
        words = [self.options.binary, "dump", *LEVEL, "--compress", compress,
                 *(more or ("--threads", "1")), self.vmcores[vmcore]]
        if out is None:
            return [*words, "-o", "-"]
        return [*words, out] if isinstance(out, str) else [*words, "-o", out]

    def theirs(self, vmcore, flags, out, version=None):
        words = [*self.peers[version or self.newest].split(), *LEVEL, *flags, "--message-level", "0"]
        return [*words, "-F", self.vmcores[vmcore]] if out is None else \
            [*words, self.vmcores[vmcore], out]

    # Runs.

    def to_file(self, words, cpus):
        def run():
            self.out.unlink(missing_ok=True)
            return measure([words], cpus, lambda: self.out.stat().st_size)
        return run

    def twice(self, vmcore, compress):
        """Two dumps at once, each with one CPU and one thread: what the machine's second CPU is
        worth to those that share nothing."""
        outs = [self.work / "one", self.work / "two"]

        def run():
            for out in outs:
                out.unlink(missing_ok=True)
            measured = measure_side_by_side([self.ours(vmcore, compress, out) for out in outs],
                                            self.two, lambda: sum(out.stat().st_size for out in outs))
            for out in outs:
                out.unlink()
            return measured
        return run

    def to_null(self, words):
        return lambda: measure([words], self.one, lambda: 0)

    def to_throttle(self, words, speed):
        return lambda: measure_throttled(words, self.one, self.others, speed)

    def medians(self, vmcore, runs):
        """After the vmcore was read once: both find it in the page cache."""
        subprocess.run(["cat", self.vmcores[vmcore]], stdout=subprocess.DEVNULL, check=True)
        print(f"bench: {vmcore}: {len(runs)} settings, {self.options.repeat} times", file=sys.stderr)
        return alternately(self.options.repeat, runs)


def peer(flags, version):
    return f"makedumpfile {version} {' '.join(flags)}".strip()


def rows_of(found, reference):
    base = found[reference]
    rows = []
    for name, each in found.items():
        size = f"{each.size / base.size:.2f}" if base.size else "–"
        rows.append((f"`{name}`", f"{each.wall:.2f}", f"{each.cpu:.2f}",
                     f"{each.memory / (1 << 20):.1f}", f"{each.size / 1e6:.1f}",
                     f"{each.wall / base.wall:.2f}", f"{each.cpu / base.cpu:.2f}", size))
    return rows


def outside(bench):
    """Everything but compression: the same dump with compression off, thrown away."""
    text = []
    for vmcore in bench.vmcores:
        ours = bench.ours(vmcore, "none", None)
        theirs = bench.theirs(vmcore, (), None)
        found = bench.medians(vmcore, {"kdump-init": bench.to_null(ours),
                                       "makedumpfile": bench.to_null(theirs)})
        text.append((vmcore, found, *classifying(bench, vmcore)))
    head = ("vmcore", "kdump-init CPU s", "makedumpfile CPU s", "ratio",
            "kdump-init's classifying CPU s", "makedumpfile's s", "ratio")
    rows = [(vmcore, f"{found['kdump-init'].cpu:.3f}", f"{found['makedumpfile'].cpu:.3f}",
             f"{found['kdump-init'].cpu / found['makedumpfile'].cpu:.2f}",
             f"{our_pass:.4f}", f"{their_steps:.4f}", f"{our_pass / their_steps:.2f}")
            for vmcore, found, our_pass, their_steps in text]
    _, found, our_pass, their_steps = text[-1]
    return bench_document.table(head, rows) + "\n\n" + \
        bench_goals.outside(found, our_pass, their_steps)


STEP = re.compile(r"STEP \[(?:Excluding|Checking)[^\]]*\] *: *([0-9.]+) seconds")


def classifying(bench, vmcore):
    """Seconds from the opened vmcore to the classes of all its pages, of both programs, each as it
    measures itself: the least of some runs, which alternate."""
    pin = ["taskset", "-c", str(min(bench.one))]
    our_pass = [*pin, bench.options.giant, bench.vmcores[vmcore], "0"]
    their_steps = [*pin, *bench.peers[bench.newest].split(), *LEVEL, "-F", "--message-level", "16",
                   bench.vmcores[vmcore]]
    found = []
    for _ in range(bench.options.repeat):
        output = subprocess.run(our_pass, stdout=subprocess.PIPE, text=True, check=True).stdout
        steps = subprocess.run(their_steps, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               check=True).stderr.decode(errors="replace")
        found.append((float(GIANT.match(output).group(3)), sum(map(float, STEP.findall(steps)))))
    return tuple(map(min, zip(*found)))


def tmpfs(bench):
    text, points = [], {}
    for vmcore in bench.vmcores:
        runs = {f"kdump-init {how}": bench.to_file(bench.ours(vmcore, how, bench.out), bench.one)
                for how in SETTINGS}
        runs["kdump-init ELF"] = bench.to_file(
            bench.ours(vmcore, "none", bench.out, "--format", "elf", "--threads", "1"), bench.one)
        for version in bench.peers:
            zstd = (("-z",),) if version == bench.newest else ()
            for flags in ((), ("-l",), *zstd, ("-E",)):
                runs[peer(flags, version)] = bench.to_file(
                    bench.theirs(vmcore, flags, bench.out, version), bench.one)
        found = points[vmcore] = bench.medians(vmcore, runs)
        reference = peer(("-z",), bench.newest)
        text += [f"### {vmcore}", bench_document.table(HEAD, rows_of(found, reference)),
                 bench_goals.tmpfs(found, OURS, peer(("-l",), bench.newest), reference)]
    largest = list(points)[-1]
    bench_plot.write(TOP / "docs/evidence/performance.svg", f"{largest} vmcore, level 31, one CPU, into tmpfs",
                     points[largest])
    return "\n\n".join(["![CPU time against size](performance.svg)", *text])


def threads(bench):
    text = []
    for vmcore in list(bench.vmcores)[1:] or bench.vmcores:
        runs = {}
        for how in ("zstd:1", "zstd:3"):
            for cpus in (1, 2):
                words = bench.ours(vmcore, how, bench.out, "--threads", str(cpus))
                runs[f"kdump-init {how}, {cpus} CPU"] = bench.to_file(
                    words, bench.two if cpus == 2 else bench.one)
            runs[f"kdump-init {how}, {TWICE}"] = bench.twice(vmcore, how)
        for cpus, more in ((1, ()), (2, ()), (2, ("--num-threads", "2"))):
            flags = ("-z", *more)
            runs[f"{peer(flags, bench.newest)}, {cpus} CPU"] = bench.to_file(
                bench.theirs(vmcore, flags, bench.out), bench.two if cpus == 2 else bench.one)
        found = bench.medians(vmcore, runs)
        text += [f"### {vmcore}", bench_document.table(
            HEAD, rows_of(found, f"{peer(('-z',), bench.newest)}, 1 CPU")),
            bench_goals.threads(found, TWICE), same_bytes(bench, vmcore)]
    return "\n\n".join(text)


def same_bytes(bench, vmcore):
    one, two = bench.work / "one", bench.work / "two"
    for out, count in ((one, "1"), (two, "2")):
        measure([bench.ours(vmcore, "zstd:1", out, "--threads", count)], bench.two, lambda: 0)
    same = filecmp.cmp(one, two, shallow=False)
    one.unlink()
    two.unlink()
    return f"The dumps of one and of two threads are {'the same bytes' if same else 'NOT THE SAME'}."


def throttled(bench):
    text = []
    largest = list(bench.vmcores)[-1]
    for speed in (100, 300, 1000):
        runs = {f"kdump-init {how}": bench.to_throttle(bench.ours(largest, how, None), speed)
                for how in ("auto", "zstd:1", "zstd:0")}
        for flags in (("-l",), ("-z",)):
            runs[peer(flags, bench.newest)] = bench.to_throttle(
                bench.theirs(largest, flags, None), speed)
        found = bench.medians(largest, runs)
        text += [f"### {speed} MB/s, the {largest} vmcore",
                 bench_document.table(HEAD, rows_of(found, peer(("-z",), bench.newest))),
                 bench_goals.throttled(found, "kdump-init auto", peer(("-l",), bench.newest),
                                       peer(("-z",), bench.newest))]
    return "\n\n".join(text)


def ssh(bench):
    """A real server, on other CPUs than the client, its files on tmpfs."""
    text = []
    work = bench.work / "ssh"
    work.mkdir()
    servers.HOST = "127.0.0.1"  # asked from this machine, not from a guest
    server, url = servers.START["ssh"](work)
    try:
        os.sched_setaffinity(server.process.pid, bench.others)
        port = re.search(r":(\d+)/", url).group(1)
        served = server.directory
        client = ["ssh", "-F", "none", "-i", work / "user_key", "-o", "BatchMode=yes", "-o",
                  f"UserKnownHostsFile={work}/known_hosts", "-p", port,
                  re.search(r"//([^:]*):", url).group(1), f"cat > {served}/vmcore"]

        def through(*pipeline):
            def run():
                shutil.rmtree(served)
                served.mkdir()
                return measure(pipeline, bench.one, lambda: sum(
                    path.stat().st_size for path in served.rglob("vmcore")))
            return run

        for vmcore in list(bench.vmcores)[1:] or bench.vmcores:
            runs = {f"kdump-init {how}": through(bench.ours(vmcore, how, url))
                    for how in ("auto", "zstd:1")}
            for flags in (("-l",), ("-z",)):
                runs[f"{peer(flags, bench.newest)} \\| ssh"] = through(
                    bench.theirs(vmcore, flags, None), client)
            found = bench.medians(vmcore, runs)
            text += [f"### {vmcore}", bench_document.table(
                HEAD, rows_of(found, f"{peer(('-z',), bench.newest)} \\| ssh"))]
    finally:
        server.stop()
    return "\n\n".join(text)


GIANT = re.compile(r"([0-9.]+) TiB: ([0-9.]+) s, ([0-9.]+) s of CPU "
                   r"\(([0-9.]+) a TiB, ([0-9.]+) ns a page\), peak ([0-9.]+) MiB")


def giants(bench):
    """Machines of many TiB, made of the largest vmcore's struct pages: tests/bench/giant."""
    rows = []
    for tib in (0, 1, 16, 64):
        output = subprocess.run([bench.options.giant, list(bench.vmcores.values())[-1], str(tib)],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        rows.append(GIANT.match(output).groups())
    return bench_document.table(("memory, TiB", "wall s", "CPU s", "CPU s a TiB", "ns a page",
                                 "peak memory MiB"), rows)


PARTS = {"outside": outside, "tmpfs": tmpfs, "threads": threads, "throttled": throttled, "ssh": ssh,
         "giants": giants}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--makedumpfile", action="append", required=True)
    parser.add_argument("--giant", required=True)
    parser.add_argument("--vmcore", action="append", required=True)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm", prefix="kdump-init-bench."))
    try:
        bench = Bench(options, work)
        for part in options.parts:
            load = bench_document.Load()
            text = PARTS[part](bench)
            command = f"scripts/bench --only {part} --repeat {options.repeat}"
            bench_document.write_section(part, load.sentence(command) + "\n\n" + text)
    finally:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())

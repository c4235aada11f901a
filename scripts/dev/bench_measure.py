"""Runs programs and measures them: wall and CPU seconds, the memory that is their own, the bytes that
come out. What is run, and what the figures mean, is bench.py's.
"""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

THROTTLE = pathlib.Path(__file__).with_name("throttle.py")
SECONDS = 900  # whatever takes longer hangs
SAMPLE_S = 0.005


@dataclasses.dataclass(frozen=True)
class Measured:
    wall: float         # seconds until all that takes part has ended
    cpu: float          # seconds, user and system, of the program and what it started
    memory: int         # bytes, RssAnon + VmPTE at its highest, sampled
    size: int           # bytes that came out


def processes_of(pid):
    """The process and all that it started."""
    found = [pid]
    for each in found:
        try:
            text = pathlib.Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue  # gone meanwhile
        found += map(int, text.split())
    return found


def own_memory(pid):
    total = 0
    for process in processes_of(pid):
        try:
            lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) << 10 for line in lines
                     if line.startswith(("RssAnon:", "VmPTE:")))
    return total


class Sampler(threading.Thread):
    """The most memory that processes were seen to have while they ran."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids, self.highest, self.ended = pids, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(SAMPLE_S):
            self.highest = max(self.highest, sum(map(own_memory, self.pids)))

    def stop(self):
        self.ended.set()
        self.join()
        return self.highest


def start(words, cpus, **streams):
    return subprocess.Popen([str(word) for word in words], stderr=subprocess.PIPE,
                            preexec_fn=lambda: os.sched_setaffinity(0, cpus), **streams)


def end(process, words):
    """CPU seconds of the process and its children, once it has ended well."""
    text = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: status {process.returncode}: {text[-400:]}")
    return usage.ru_utime + usage.ru_stime


def all_ended(running, began, size_of):
    """running: processes and their commands, which are measured together, until the last has ended.
    size_of(): the bytes that came out."""
    sampler = Sampler([process.pid for process, _ in running])
    patience = threading.Timer(SECONDS, lambda: [process.kill() for process, _ in running])
    patience.start()
    try:
        cpu = sum(end(process, words) for process, words in running)
        wall = time.monotonic() - began
    finally:
        patience.cancel()
        memory = sampler.stop()
    return Measured(wall, cpu, memory, size_of())


def measure(pipeline, cpus, size_of):
    """pipeline: commands, each of whose output is the next one's input; the last one's is thrown
    away."""
    began = time.monotonic()
    running, source = [], None
    for words in pipeline:
        last = words is pipeline[-1]
        process = start(words, cpus, stdin=source or subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL if last else subprocess.PIPE)
        if source:
            source.close()
        source = process.stdout
        running.append((process, words))
    return all_ended(running, began, size_of)


def measure_side_by_side(commands, cpus, size_of):
    """Commands that have nothing to do with each other, each on a separate CPU."""
    began = time.monotonic()
    running = [(start(words, {cpu}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL), words)
               for words, cpu in zip(commands, sorted(cpus))]
    return all_ended(running, began, size_of)


def measure_throttled(words, cpus, reader_cpus, megabytes_a_second):
    """Standard output goes to throttle.py, which runs on other CPUs where there are any."""
    reader = start([sys.executable, THROTTLE, megabytes_a_second], reader_cpus,
                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    began = time.monotonic()
    process = start(words, cpus, stdin=subprocess.DEVNULL, stdout=reader.stdin)
    reader.stdin.close()
    sampler = Sampler([process.pid])
    patience = threading.Timer(SECONDS, process.kill)
    patience.start()
    try:
        cpu = end(process, words)
        size = int(reader.stdout.read())
        wall = time.monotonic() - began
        end(reader, ["throttle.py"])
    finally:
        patience.cancel()
        memory = sampler.stop()
    return Measured(wall, cpu, memory, size)


def alternately(repeat, runs):
    """runs: {name: something that measures}. Each in its turn, again and again; the medians."""
    found = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            found[name].append(run())
    return {name: Measured(*(statistics.median(getattr(each, field.name) for each in taken)
                             for field in dataclasses.fields(Measured)))
            for name, taken in found.items()}

#!/usr/bin/python3
"""A target of a given speed: reads standard input no faster than a number of MB (10^6 bytes) a second,
throws it away, and prints how many bytes came.

Whoever writes meets a pipe of 1 MiB that is emptied at that rate and blocks when it is full, as a
disk's queue does. It is the same for any program, needs no device and no privilege, and costs the
writer what a write into a pipe costs; the bytes are spliced away, so the reader needs next to no CPU.

usage: throttle.py MB_PER_SECOND < PIPE
"""

import fcntl
import os
import sys
import time

PIPE_BYTES = 1 << 20
CHUNK_BYTES = 64 << 10
# What was not read while nothing came cannot be made up for, but for the lateness of sleeps.
SLACK_S = 0.005


def drain(source, bytes_a_second):
    total, due = 0, time.monotonic()
    null = os.open(os.devnull, os.O_WRONLY)
    while count := os.splice(source, null, CHUNK_BYTES):
        total += count
        now = time.monotonic()
        due = max(due, now - SLACK_S) + count / bytes_a_second
        if due > now:
            time.sleep(due - now)
    return total


def main():
    if len(sys.argv) != 2:
        print(__doc__.splitlines()[-1], file=sys.stderr)
        return 2
    source = sys.stdin.fileno()
    fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    print(drain(source, float(sys.argv[1]) * 1e6))
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Flips one bit of a dump at a time, at random places, and has kdump-init verify it: each time it
must not be sound. The seed is printed; the dump is as before afterwards.

usage: flip_bytes.py KDUMP-INIT DUMP COUNT [SEED]
"""

import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from oracles import dump_formats


def main(program, path, count, seed=None):
    seed = int(seed if seed is not None else random.randrange(1 << 32))
    chosen = random.Random(seed)
    size = os.path.getsize(path)
    unnoticed = []
    with open(path, "r+b", buffering=0) as file:
        for _ in range(int(count)):
            at = chosen.randrange(size)
            byte = os.pread(file.fileno(), 1, at)
            os.pwrite(file.fileno(), bytes([byte[0] ^ 1 << chosen.randrange(8)]), at)
            try:
                done = subprocess.run([program, "verify", path], capture_output=True, check=False)
            finally:
                os.pwrite(file.fileno(), byte, at)
            if done.returncode not in (1, 4):
                unnoticed.append(at)
    sound = subprocess.run([program, "verify", path], capture_output=True, check=False).returncode
    print(f"{path}: {count} flipped bits of {size} bytes, seed {seed}: {len(unnoticed)} not noticed"
          f"{unnoticed[:5] or ''}; as it was: exit {sound}")
    return 1 if unnoticed or sound not in (0, 3) else 0


if __name__ == "__main__":
    dump_formats.run_tool(main, __doc__, 3, 4)

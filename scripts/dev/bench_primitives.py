#!/usr/bin/python3
"""Measures the program's cryptographic primitives on one core beside OpenSSL's, in turn, in pieces of 32
KiB: medians in megabytes a second of CPU time, for docs/performance.md.

usage: bench_primitives.py --primitives FILE --repeat N
"""

import argparse
import statistics
import subprocess

from bench_document import Load, table, write_section

NAMES = ("aes-128-gcm", "aes-256-gcm", "chacha20-poly1305", "chacha20-poly1305@openssh.com", "sha256")
# In megabytes a second (docs/decisions/0013-fast-primitives.md).
GOALS = {"aes-256-gcm": 4400, "chacha20-poly1305": 800, "chacha20-poly1305@openssh.com": 800,
         "sha256": 1000}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ours(program, *words):
    return float(output_of(program, *words))


def openssls(name):
    """Of a line "+F:25:SHA256:1690214400.00"."""
    printed = output_of("openssl", "speed", "-mr", "-seconds", "1", "-bytes", "32768", "-evp", name)
    return float(printed.split(":")[-1]) / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--primitives", required=True)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    load, rows, goals = Load(), [], []
    for name in NAMES:
        found = {"ours": [], "portable": [], "openssl": []}
        for _ in range(options.repeat):
            found["ours"].append(ours(options.primitives, name))
            found["portable"].append(ours(options.primitives, name, "portable"))
            if "@" not in name:
                found["openssl"].append(openssls(name))
        ours_mb, portable_mb = (statistics.median(found[kind]) for kind in ("ours", "portable"))
        peer = statistics.median(found["openssl"]) if found["openssl"] else None
        rows.append((name, f"{ours_mb:.0f}", f"{peer:.0f}" if peer else "-",
                     f"{ours_mb / peer:.2f}" if peer else "-", f"{portable_mb:.0f}"))
        if name in GOALS:
            met = "met" if ours_mb >= GOALS[name] else "**not met**"
            goals.append(f"- {name}: {ours_mb:.0f} MB/s, goal at least {GOALS[name]}: {met}")
    head = ("", "kdump-init MB/s", "OpenSSL MB/s", "ratio", "kdump-init without instructions MB/s")
    write_section("primitives", "\n\n".join((
        load.sentence(f"scripts/bench --primitives --repeat {options.repeat}"), table(head, rows),
        "\n".join(goals))))


main()

#!/usr/bin/python3
"""Whether scripts/bench reckons right: its search for the least reservation, its throttle, its sections
of docs/performance.md, its plot. No figure of any program is looked at.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.dom.minidom

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts/dev"))
import bench  # noqa: E402
import bench_document  # noqa: E402
import bench_plot  # noqa: E402
import bench_reservation  # noqa: E402
from bench_measure import Measured, measure_throttled  # noqa: E402


def check_search():
    step = bench_reservation.STEP_MIB
    for least in range(2 * step, 240, step):
        for guess in range(60, 132, step):
            tried = {}

            def works(mib, least=least, tried=tried):
                assert mib not in tried, f"{mib} is tried twice"
                tried[mib] = mib >= least
                return tried[mib]

            found = bench_reservation.smallest(works, guess)
            assert found == least, f"from {guess} the search finds {found}, not {least}"
            assert tried[found] and not tried[found - step], f"{found} is not shown to be the least"
            assert len(tried) <= 12, f"{len(tried)} panics"


def check_throttle():
    """Never faster; a busy machine may make it slower."""
    speed, count = 50, 10_000_000
    began = time.monotonic()
    cpus = os.sched_getaffinity(0)
    found = measure_throttled(["head", "-c", count, "/dev/zero"], cpus, cpus, speed)
    # What fits into the pipe is waited for as well, so all but the slack takes its time.
    assert time.monotonic() - began >= (count / 1e6 / speed) * 0.9, "too fast"
    assert found.size == count, f"{found.size} of {count} bytes came"


def check_sections(work):
    bench_document.DOCUMENT = work / "document.md"
    bench_document.DOCUMENT.write_text(
        "before\n<!-- printed by scripts/bench: part -->\n<!-- end of part -->\nafter\n")
    table = bench_document.table(("name", "n"), [("a b", 1), ("c", 2)])
    for _ in range(2):
        bench_document.write_section("part", "words\n\n" + table)
        text = bench_document.DOCUMENT.read_text()
        assert text.startswith("before\n") and text.endswith("\nafter\n") and text.count("words") == 1
        assert bench_document.rows_of_section("part") == {"a b": ["a b", "1"], "c": ["c", "2"]}


def check_steps():
    output = ("STEP [Checking for memory holes  ] : 0.000033 seconds\n"
            "STEP [Excluding unnecessary pages] : 0.020000 seconds\n"
            "STEP [Copying data               ] : 0.500000 seconds\n")
    assert sum(map(float, bench.STEP.findall(output))) == 0.020033


def check_plot(work):
    found = {f"{program} {setting}": Measured(1, cpu, 0, size)
             for program, cpu in (("kdump-init", .2), ("makedumpfile", 3))
             for setting, size in (("<a>", 10_000_000), ("b&c", 640_000_000))}
    bench_plot.write(work / "plot.svg", "title", found)
    plot = xml.dom.minidom.parse(str(work / "plot.svg"))
    assert len(plot.getElementsByTagName("circle")) == len(found)


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        check_search()
        check_throttle()
        check_sections(work)
        check_steps()
        check_plot(work)
    print("search, throttle, sections, steps and plot are sound")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Holds the static program to the budgets of docs/size.md: how many bytes each part of it may have.

usage: size_table.py MAP PROGRAM [--write]

MAP is lld's map of the link that made PROGRAM. A part's bytes are its sections that PROGRAM's file
holds (code, constants, initialised data). Prints the parts over their budget and fails; --write puts
the measured bytes into the table.
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = TOP / "docs/size.md"
# Of every program in the image together, by decision.
LIMIT = 1_600_000
ROW = re.compile(r"^\| (?P<name>[^|]+?) \| *(?P<bytes>[\d,]+|–) \| *(?P<budget>[\d,]+) \|(?P<rest>.*)\|$")
# VMA LMA SIZE ALIGN FILE:(SECTION), all numbers in hexadecimal.
SECTION = re.compile(r"^ *[0-9a-f]+ +[0-9a-f]+ +(?P<size>[0-9a-f]+) +\d+ +(?P<file>\S.*?):\((?P<section>[^)]*)\)$")
LIBRARIES = {"libzstd.a": "zstd", "libmbedcrypto.a": "mbedTLS", "libprimitives.a": "SSH primitives",
             "libssh2.a": "libssh2", "libn-dhcp4.a": "n-dhcp4", "libc.a": "musl",
             "libc++.a": "libc++", "libc++abi.a": "libc++", "libclang_rt.builtins.a": "musl"}
MESSAGES, OTHER = "messages", "headers and tables"


def rooms():
    """Maps each source file's name to the first two folders of its path."""
    found = {}
    for folder in ("filter", "net", "targets", "init"):
        for source in (TOP / folder).rglob("*.cc"):
            if source.name == "main.cc" or source.is_relative_to(TOP / "init/setup"):
                continue  # the setup program is another one
            room = "/".join(source.relative_to(TOP).parts[:-1][:2])
            if found.setdefault(source.name, room) != room:
                sys.exit(f"{source}: {found[source.name]} has a file of that name too; the link map cannot tell them apart")
    return found


def part_of(file, room_of):
    """The part that a section's input file belongs to."""
    member = re.search(r"(?P<archive>lib[\w+-]+(?:\.builtins[\w-]*)?\.a)\((?P<member>[\w.+-]+)", file)
    if not member:
        return "init" if "main.cc" in file else OTHER
    archive = re.sub(r"builtins-\w+", "builtins", member["archive"])
    if archive in LIBRARIES:
        return LIBRARIES[archive]
    return room_of.get(member["member"].removesuffix(".o"), OTHER)


def measure(map_file, program):
    """Returns the bytes of each part; they add up to the size of the program's file."""
    sizes, room_of = {}, rooms()
    for line in map_file.read_text().splitlines():
        match = SECTION.match(line)
        if not match or match["section"].startswith((".bss", ".tbss", ".debug", ".symtab", ".strtab", ".shstrtab",
                                                     "COMMON", ".comment")):
            continue
        part = MESSAGES if ".str" in match["section"] else part_of(match["file"], room_of)
        sizes[part] = sizes.get(part, 0) + int(match["size"], 16)
    sizes[OTHER] = program.stat().st_size - sum(size for part, size in sizes.items() if part != OTHER)
    return sizes


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    map_file, program = map(pathlib.Path, arguments)
    sizes, problems, budgets, lines = measure(map_file, program), [], 0, []
    for line in DOCUMENT.read_text().splitlines():
        row = ROW.match(line)
        if row:
            name, budget = row["name"], int(row["budget"].replace(",", ""))
            if name == "all":
                size = program.stat().st_size
                if budgets != budget:
                    problems.append(f"{DOCUMENT.name}: the budgets add up to {budgets:,}, not {budget:,}")
                if budget > LIMIT:
                    problems.append(f"{DOCUMENT.name}: the limit is {LIMIT:,}")
            else:
                size = sizes.pop(name, 0)
                budgets += budget
            if size > budget:
                problems.append(f"{name}: {size:,} bytes, over its budget of {budget:,} (docs/size.md)")
            line = f"| {name} | {size:,} | {budget:,} |{row['rest']}|"
        lines.append(line)
    problems += [f"{name}: {size:,} bytes without a row in docs/size.md" for name, size in sizes.items()]
    if "--write" in sys.argv:
        DOCUMENT.write_text("\n".join(lines) + "\n")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Holds a report.json against docs/report.schema.json, and that against docs/report.md. Stricter than
the schema, which lets new fields come: here every field must be in it, and every field of it in the
document.

usage: check_report.py REPORT...
"""

import json
import pathlib
import re
import sys

import jsonschema

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"


class Mismatch(Exception):
    """The report, the schema and the document do not say the same."""


def schema():
    loaded = json.loads((DOCS / "report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(loaded)
    return loaded


def fields(value, described, path=""):
    """Every field of the report that the schema does not describe."""
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        options = [described] + described.get("oneOf", [])
        found = [option["properties"][name] for option in options
                 if name in option.get("properties", {})]
        if not found:
            yield f"{path}{name}"
        else:
            yield from fields(inner, found[0], f"{path}{name}.")


def names_of(described):
    for option in [described] + described.get("oneOf", []):
        for name, inner in option.get("properties", {}).items():
            yield name
            yield from names_of(inner)


def check_report(report):
    """report: the parsed object."""
    described = schema()
    errors = [f"{'.'.join(map(str, error.path)) or 'report'}: {error.message}"
              for error in jsonschema.Draft202012Validator(described).iter_errors(report)]
    errors += [f"{name}: not in docs/report.schema.json" for name in fields(report, described)]
    document = set(re.findall(r"`([a-z_]+)`", (DOCS / "report.md").read_text()))
    errors += [f"{name}: not in docs/report.md" for name in names_of(described)
               if name not in document]
    if errors:
        raise Mismatch("; ".join(errors))


def main():
    if not sys.argv[1:]:
        sys.exit(__doc__)
    for path in sys.argv[1:]:
        try:
            check_report(json.loads(pathlib.Path(path).read_text()))
        except Mismatch as error:
            sys.exit(f"{path}: {error}")
        print(f"{path}: as described")


if __name__ == "__main__":
    main()

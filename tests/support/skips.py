#!/usr/bin/env python3
"""Prints the tests that one ctest run skipped, with their reasons, and compares them with the committed list.

    skips.py PRESET JUNIT.xml GTEST-XML-FOLDER LIST [--all]

LIST has one skipped test per line, sorted: `Suite.Test  # why`, or `preset:Suite.Test` when only that preset skips it.
Exit 1: a test was skipped that is not listed, or a listed one ran (with --all: or is gone).
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET


def from_gtest(folder):
    """GoogleTest leaves one file per program (GTEST_OUTPUT)."""
    for file in folder.glob("*.xml"):
        for case in ET.parse(file).iter("testcase"):
            skipped = case.find("skipped")
            reason = None if skipped is None else " ".join((skipped.get("message") or skipped.text or "").split())
            if case.get("status") == "run":
                yield f"{case.get('classname')}.{case.get('name')}", reason


def from_ctest(junit):
    """Whole programs that CTest skipped, and the Python and Node tests that say so in their output."""
    for case in ET.parse(junit).iter("testcase"):
        name, output = case.get("name"), case.findtext("system-out") or ""
        skipped = case.find("skipped")
        yield name, None if skipped is None else skipped.get("message") or case.get("status")
        named = 0
        for test, reason in re.findall(r"^(test_\w+) .*\.\.\. skipped ['\"](.*)['\"]$", output, re.M):
            named += 1
            yield f"{name}.{test}", reason
        for test, reason in re.findall(r"^\s*ok \d+ - (.*?) # SKIP ?(.*)$", output, re.M):
            yield f"{name}.{test}", reason or "no reason given"
        counted = re.search(r"^(?:OK|FAILED) \(.*skipped=(\d+)\)", output, re.M)
        if counted and int(counted[1]) > named:
            yield f"{name}.unnamed", f"{counted[1]} skipped; run unittest with verbosity=2 to name them"


def main(preset, junit, folder, listed_file, *flags):
    ran, skipped = set(), {}
    for name, reason in [*from_gtest(pathlib.Path(folder)), *from_ctest(junit)]:
        if reason is None:
            ran.add(name)
        else:
            skipped[name] = reason
    entries = []
    for line in pathlib.Path(listed_file).read_text().splitlines():
        if entry := line.split("#")[0].strip():
            entries.append(entry)
    listed = set()
    for entry in entries:
        where, colon, name = entry.partition(":")
        if not colon:
            listed.add(entry)
        elif where == preset:
            listed.add(name)

    for name, reason in sorted(skipped.items()):
        print(f"skipped: {name}: {reason}")
    problems = [f"{name} was skipped and is not listed" for name in sorted(skipped.keys() - listed)]
    problems += [f"{name} is listed and ran" for name in sorted(listed & ran)]
    if "--all" in flags:
        problems += [f"{name} is listed and there is no such test" for name in sorted(listed - ran - skipped.keys())]
    if entries != sorted(entries):
        problems.append("the list is not sorted")
    for problem in problems:
        print(f"{listed_file}: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

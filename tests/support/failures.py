#!/usr/bin/env python3
"""Says once more, in few lines, what failed in one ctest run: who reads the end of a long log sees why, not only what.

    failures.py JUNIT.xml GTEST-XML-FOLDER

GoogleTest programs are told by test and failed expectation; any other, and one that left no report, by its last lines.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

LINES_EACH = 30  # of a failed expectation, or of an output's end
FAILURES_MOST = 20


def expectations(folder):
    """Program name -> what failed in it. A program that died has no report."""
    failed = {}
    for file in sorted(folder.glob("*.xml")):
        try:
            cases = ET.parse(file).iter("testcase")
        except ET.ParseError:  # cut off with its program
            continue
        told = [(f"{case.get('classname')}.{case.get('name')}", failure.get("message") or failure.text or "") for case in cases for failure in case.findall("failure")]
        if told:
            failed.setdefault(re.sub(r"_\d+$", "", file.stem), []).extend(told)  # a program that ran twice has name_test_1.xml too
    return failed


def main(junit, folder):
    by_program = expectations(pathlib.Path(folder))
    told = []
    for case in ET.parse(junit).iter("testcase"):
        if case.find("failure") is None and case.get("status") != "fail":
            continue
        name, output = case.get("name"), case.findtext("system-out") or ""
        program = next((known for known in by_program if name == known or name.startswith(known + ".")), None)
        if program:
            told += [(f"{name}: {test}", message.splitlines()[:LINES_EACH]) for test, message in by_program[program]]
        else:
            told.append((name, output.splitlines()[-LINES_EACH:]))
    for title, lines in told[:FAILURES_MOST]:
        print(f"-- failed: {title}")
        print("\n".join("   " + line for line in lines))
    if len(told) > FAILURES_MOST:
        print(f"-- and {len(told) - FAILURES_MOST} more")


if __name__ == "__main__":
    main(*sys.argv[1:])

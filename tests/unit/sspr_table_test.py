#!/usr/bin/env python3
"""The tables of docs/SSPR.md and SECURITY.md name tests that there are."""
import pathlib
import re
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]


def tests_there_are():
    found = set()
    for file in (TOP / "tests").rglob("*_test.cpp"):
        found |= {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", file.read_text(), re.M)}
    for file in (TOP / "tests").rglob("*_test.py"):
        suite = None
        for line in file.read_text().splitlines():
            if match := re.match(r"class (\w+)\(", line):
                suite = match[1]
            elif match := re.match(r"    def (test_\w+)\(", line):
                found.add(f"{suite}.{match[1]}")
    return found


class TheConformanceTable(unittest.TestCase):
    def test_names_tests_that_there_are(self):
        table = (TOP / "docs/SSPR.md").read_text().partition("\n## Conformance\n")[2]
        rows = [line for line in table.splitlines() if line.startswith("|")][2:]
        self.assertGreater(len(rows), 30)
        there = tests_there_are()
        for row in rows:
            proof = row.split("|")[2]
            named = re.findall(r"`(\w+\.\w+)`", proof)
            with self.subTest(row=row[:60]):
                self.assertEqual([name for name in named if name not in there], [])
                self.assertTrue(named or "open" in proof or "scripts/bench" in proof, "what is proven has a test")


class TheTableOfThreats(unittest.TestCase):
    def test_names_tests_that_there_are(self):
        table = (TOP / "SECURITY.md").read_text().partition("\n## Threats, and the test of each answer\n")[2]
        rows = [line for line in table.splitlines() if line.startswith("|")][2:]
        self.assertEqual({row[2] for row in rows}, set("STRIDE"))
        there = tests_there_are() | set(re.findall(r"wb_test\((\w+) ", (TOP / "CMakeLists.txt").read_text()))
        for row in rows:
            named = re.findall(r"`([\w.]+)`", row.split("|")[3])
            with self.subTest(row=row[:60]):
                self.assertTrue(named)
                self.assertEqual([name for name in named if name not in there], [])


class TheTableOfLimits(unittest.TestCase):
    def test_says_what_the_code_counts(self):
        table = (TOP / "docs/SSPR.md").read_text().partition("\n## Limits\n")[2].partition("\n## ")[0]
        said = {name: (int(most), int(span) * {"min": 1, "h": 60}[unit])
                for name, most, span, unit in re.findall(r"^\| `(\w+)`.*\| (\d+) \| (\d+) (min|h) \|$", table, re.M)}
        minutes = {"minute": 1, "hour": 60, "day": 1440}
        code = {}
        for name, most, times, unit in re.findall(r"case LimitKind::(\w+): return \{([\d']+), (?:(\d+) \* )?(minute|hour|day),", (TOP / "service/limits.cpp").read_text()):
            code[name] = (int(most.replace("'", "")), int(times or 1) * minutes[unit])
        self.assertGreater(len(code), 5)
        self.assertEqual(said, code)


if __name__ == "__main__":
    sys.exit(unittest.main())

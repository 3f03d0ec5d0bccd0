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
    for file in (TOP / "tests/interop").glob("*.test.mjs"):
        titles = re.findall(r"""^ *(?:it|story)\((['"])((?:\\.|(?!\1).)*)\1""", file.read_text(), re.M)
        found |= {f"{file.name}: " + re.sub(r"\\(.)", r"\1", title) for _, title in titles}
    return found


def names_in(proof):
    """Suite.Test, or file.test.mjs: title."""
    return re.findall(r"`(\w+\.\w+|\w+\.test\.mjs: [^`]+)`", proof)


def rows_below(heading, document="docs/SSPR.md"):
    """The cells of the only table between this heading and the next one."""
    table = re.split(r"\n#+ ", (TOP / document).read_text().partition(f"\n{heading}\n")[2])[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")][2:]


class TheConformanceTable(unittest.TestCase):
    def test_names_tests_that_there_are(self):
        rows = rows_below("### What there is here")
        self.assertGreater(len(rows), 30)
        self.hold(rows, "scripts/bench")

    def test_passes_no_feature_of_entras_over(self):
        rows = rows_below("### Entra's features, one by one")
        self.assertEqual([number for number, _, _ in rows], [str(number) for number in range(1, 101)], "each once, in order")
        self.hold(rows, "not meant: ")

    def hold(self, rows, other_proof):
        there = tests_there_are()
        for *_, feature, proof in rows:
            named = names_in(proof)
            with self.subTest(row=feature[:60]):
                self.assertEqual([name for name in named if name not in there], [])
                self.assertEqual(len(named), proof.count("`") // 2 - proof.count("`scripts/"), "every name is one of a test")
                self.assertTrue(named or proof.startswith(("open: ", other_proof, f"`{other_proof}")), "what is proven has a test")


class TheTableOfThreats(unittest.TestCase):
    def test_names_tests_that_there_are(self):
        rows = rows_below("## Threats, and the test of each answer", "SECURITY.md")
        self.assertEqual({who[0] for who, _, _ in rows}, set("STRIDE"))
        there = tests_there_are()
        for who, _, tests in rows:
            named = names_in(tests)
            with self.subTest(row=who[:60]):
                self.assertEqual(", ".join(f"`{name}`" for name in named), tests, "single cases and nothing else")
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

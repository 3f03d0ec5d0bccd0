#!/usr/bin/env python3
"""Each finding of the doctor has a test that provokes it: its code stands in one, whole or put together of its area and a table's row."""
import pathlib
import re
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]


def codes():
    return set(re.findall(r'FindingText\{\w+, "([a-z_.]+)"', (TOP / "protocol/findings.cpp").read_text()))


def told(block):
    """The codes that a test expects: "fail state.space", or "fail state." + code with the codes in a table."""
    areas = re.findall(r'"(?:fail|warn) (\w+)\." \+', block)
    return set(re.findall(r'"(?:fail|warn) ([a-z]+\.[a-z_]+)"', block)) | {f"{area}.{row}" for area in areas for row in re.findall(r'"([a-z_]+)"', block)}


class TheFindings(unittest.TestCase):
    def test_are_all_provoked_by_a_test(self):
        provoked = set()
        for path in [*TOP.glob("tests/**/check*_test.cpp"), *TOP.glob("tests/**/agent_check*.cpp"), *TOP.glob("tests/**/*check*_test.py")]:
            for block in re.split(r"\n(?=TEST|class |    def test_)", path.read_text()):
                provoked |= told(block)
        self.assertGreater(len(codes()), 50)
        self.assertEqual(codes() - provoked, set())


if __name__ == "__main__":
    unittest.main()

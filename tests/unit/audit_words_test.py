#!/usr/bin/env python3
"""Every activity and every status reason of the audit (service/audit_entry.hpp) is written by something, or waits here with its reason."""
import pathlib
import re
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
# What only compares or names the words does not write them.
READERS = {"audit_entry.cpp", "reports.cpp"}
PHONES = re.compile(r"_(sms|mobile_voice|office_voice|phone_verification)$")  # Entra's methods that ring: none of ours does
WAITING = {
    "failed_no_licence": "nothing here has a licence",
    "failed_no_cookies": "a reset goes by a bearer token: no cookie is needed",
}


def read(file):
    return (TOP / file).read_text(encoding="utf-8")


def enumerators(name):
    inside = re.search(rf"enum class {name} \{{(.*?)\}};", read("service/audit_entry.hpp"), re.DOTALL).group(1)
    return re.findall(r"^\s*(\w+),?", re.sub(r"//.*", "", inside), re.MULTILINE)


def written(name):
    found = set()
    for file in (TOP / "service").rglob("*.cpp"):
        if file.name not in READERS:
            source = re.sub(rf"(?:[!=]= |to_string\(){name}::\w+", "", file.read_text(encoding="utf-8"))
            found |= set(re.findall(rf"\b{name}::(\w+)", source))
    return found


class TheAuditsWords(unittest.TestCase):
    def test_for_activities_are_all_written(self):
        names = enumerators("Activity")
        self.assertGreater(len(names), 35)
        done = written("Activity")
        self.assertEqual([name for name in names if name not in done], [])

    def test_for_reasons_are_all_written_or_wait_for_phones_or_the_like(self):
        names = [name for name in enumerators("StatusReason") if not name.startswith("directory_")]
        self.assertGreater(len(names), 65)
        waiting = {name for name in names if PHONES.search(name) or name in WAITING}
        done = written("StatusReason")
        self.assertEqual([name for name in names if name not in done | waiting], [])
        self.assertEqual(waiting & done, set(), "these wait no longer")
        self.assertEqual(set(WAITING) - set(names), set())

    def test_for_the_directorys_causes_are_outcomes_that_a_job_can_have(self):
        sources = read("protocol/codec_result.cpp") + "".join(file.read_text(encoding="utf-8") for file in (TOP / "service").glob("*.cpp") if file.name != "audit_entry.cpp")
        causes = [name.removeprefix("directory_") for name in enumerators("StatusReason") if name.startswith("directory_")]
        self.assertGreater(len(causes), 10)
        self.assertEqual([cause for cause in causes if f'"{cause}"' not in sources], [])

    def test_are_in_the_operators_table(self):
        table = re.search(r"^\| activity \| Entra \|\n(.*?)\n\n", read("docs/OPERATIONS.md"), re.DOTALL | re.MULTILINE).group(1)
        listed = set()
        for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE):
            first = ""
            for word in re.findall(r"`([\w.]+)`", cell):
                first = word.split(".")[0] if not word.startswith(".") else first
                listed.add(word if not word.startswith(".") else first + word)
        words = set(re.findall(r'\{Activity::\w+, "([^"]+)"\}', read("service/audit_entry.cpp")))
        self.assertEqual(words - listed, set())
        self.assertEqual(listed - words, set())


if __name__ == "__main__":
    unittest.main()

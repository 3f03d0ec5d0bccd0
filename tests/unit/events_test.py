#!/usr/bin/env python3
"""The catalogue of events (core/events*.cpp) is the code's and the documents': what is logged stands in it at its level, what stands in it is logged, and docs/OPERATIONS.md
is made of it. A number stays its event's for ever, also when the event is gone: tests/unit/event_ids.txt has every one that was ever given.

    tests/unit/events_test.py --write    makes the document's tables anew, and adds the numbers of new events to event_ids.txt"""
import json
import pathlib
import re
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = TOP / "docs/OPERATIONS.md"
GIVEN = TOP / "tests/unit/event_ids.txt"
PARTS = {"agent": 1, "service": 2, "security": 3, "common": 4}  # by thousands of their numbers
LITERALS = r'((?:"(?:\\.|[^"\\\n])*"\s*)+)'
ROW = re.compile(r'\{(\d+), "([^"]+)", "([^"]+)", (\d+),\s*' + LITERALS + r",\s*" + LITERALS + r"\}")
EVENT = r'"([a-z_]+\.[a-z_.]+)"'
# What Microsoft documents for its source PasswordResetService.
MICROSOFT = {*range(31001, 31020), 31034, 31044, *range(32000, 32006), *range(32007, 32012), *range(32013, 32016), *range(33001, 33010)}


def text_of(literals):
    return "".join(json.loads(one) for one in re.findall(r'"(?:\\.|[^"\\\n])*"', literals))


def rows_of(source):
    return [(int(number), name, level, int(microsoft), text_of(meaning), text_of(remedy)) for number, name, level, microsoft, meaning, remedy in ROW.findall(source)]


def rows(part):
    return rows_of((TOP / f"core/events_{part}.cpp").read_text(encoding="utf-8"))


def catalogue():
    return [row for part in PARTS for row in rows(part)]


def code():
    """Path and text of what is built into the programs; log.hpp has an example in its comment."""
    listed = subprocess.run(["git", "ls-files", "*.cpp", "*.hpp"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    return {path: (TOP / path).read_text(encoding="utf-8") for path in listed if not path.startswith(("tests/", "bench/", "core/events")) and path != "core/log.hpp"}


def logged(sources):
    """Event: the levels at which it is logged; none where only its name stands (log.cpp's own)."""
    found = {}
    for path, text in sources.items():
        for level, name in re.findall(r"log::(debug|info|warn|error|fault)\(\s*" + EVENT, text):
            found.setdefault(name, set()).add("warn" if level == "fault" else level)
        for name in re.findall(r"\b\w+\{" + EVENT, text):  # SecurityEvent name{"..."}: core/refusals.cpp logs them
            found.setdefault(name, set()).update({"warn"} if path.endswith("security_events.hpp") else set())
    return found


def drift(events, levels):
    """What differs between the catalogue and the code."""
    wrong = [f"{name} is logged and not in core/events*.cpp" for name in sorted(set(levels) - {row[1] for row in events})]
    for _, name, level, *_ in events:
        if name not in levels:
            wrong.append(f"{name} is logged nowhere")
        elif levels[name] and levels[name] != set(level.split(", ")):
            wrong.append(f"{name} is logged as {sorted(levels[name])}, and {level} in the catalogue")
    return wrong


def given():
    return [(int(number), name) for number, name in (line.split() for line in GIVEN.read_text(encoding="utf-8").splitlines())]


def misnumbered(events, before):
    """Numbers that are new, or were another event's, or not the event's."""
    name_of, number_of = dict(before), {name: number for number, name in before}
    return [f"{number} {name}: " + (f"{number} is {name_of[number]}'s" if number in name_of else f"its number is {number_of[name]}" if name in number_of else "new: --write")
            for number, name, *_ in events if (number, name) not in before]


def table(part):
    head = "| id | event | level | what happened, and why | what to do |\n|---|---|---|---|---|\n"
    cells = [(str(number) + (f" ({microsoft})" if microsoft else ""), f"`{name}`", level, meaning, remedy or "–") for number, name, level, microsoft, meaning, remedy in rows(part)]
    return head + "".join(f"| {' | '.join(row)} |\n" for row in cells)


def document():
    """docs/OPERATIONS.md with its tables as the catalogue has them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for part in PARTS:
        text, count = re.subn(rf"(<!-- events: {part} -->\n)(?:.|\n)*?(<!-- end -->)", lambda m, part=part: m[1] + table(part) + m[2], text)
        assert count == 1, part
    return text


class TheCatalogueOfEvents(unittest.TestCase):
    def test_is_what_the_code_logs(self):
        levels = logged(code())
        self.assertGreater(len(levels), 150)
        self.assertEqual(drift(catalogue(), levels), [])

    def test_is_read_here_to_its_last_row(self):
        for part in PARTS:
            source = (TOP / f"core/events_{part}.cpp").read_text(encoding="utf-8")
            self.assertEqual(len(rows_of(source)), len(re.findall(r"^ *\{\d", source, re.M)), part)

    def test_has_each_event_and_number_once_in_its_part(self):
        events = catalogue()
        self.assertEqual(len({row[0] for row in events}), len(events))
        self.assertEqual(len({row[1] for row in events}), len(events))
        for part, thousands in PARTS.items():
            self.assertEqual([row[1] for row in rows(part) if row[0] // 1000 != thousands], [])

    def test_never_gives_a_number_to_another_event(self):
        before = given()
        self.assertEqual(len(dict(before)), len(before))
        self.assertEqual(misnumbered(catalogue(), before), [])

    def test_says_what_each_fault_means_and_what_to_do(self):
        self.assertEqual([row[1] for row in catalogue() if not row[4]], [])
        # What needs nobody: it tells of something that is over.
        over = {"log.resumed", "audit.resumed", "audit.torn", "http.stop_cut", "hello.none"}
        self.assertEqual([row[1] for row in catalogue() if row[2] in ("warn", "error") and not row[5] and row[1] not in over], [])

    def test_takes_over_only_numbers_that_microsoft_has(self):
        self.assertEqual([row[1] for row in catalogue() if row[3] and row[3] not in MICROSOFT], [])

    def test_is_the_documents(self):
        self.assertEqual(DOCUMENT.read_text(encoding="utf-8"), document(), "tests/unit/events_test.py --write")


class TheseChecks(unittest.TestCase):
    """Planted breaches, so that none of the above is right for want of eyes."""
    ROWS = [(1, "a.known", "info", 0, "x", ""), (2, "a.gone", "info", 0, "x", ""), (3, "a.odd", "warn, error", 0, "x", "y"), (4, "a.quiet", "info", 0, "x", "")]

    def test_see_what_is_missing_gone_or_at_another_level(self):
        found = logged({"agent/x.cpp": 'log::info("a.known"); log::fault(\n  "a.odd", no); log::debug("a.new", f); constexpr name{"a.quiet"};',
                        "agent/security_events.hpp": 'constexpr SecurityEvent one{"b.new"};'})
        self.assertEqual(found["b.new"], {"warn"})
        self.assertEqual(drift(self.ROWS, found), ["a.new is logged and not in core/events*.cpp", "b.new is logged and not in core/events*.cpp", "a.gone is logged nowhere",
                                                   "a.odd is logged as ['warn'], and warn, error in the catalogue"])

    def test_see_a_number_that_is_new_reused_or_changed(self):
        self.assertEqual(misnumbered(self.ROWS, [(1, "a.known"), (2, "a.former"), (5, "a.odd")]), ["2 a.gone: 2 is a.former's", "3 a.odd: its number is 5", "4 a.quiet: new: --write"])

    def test_read_a_row_over_several_lines(self):
        self.assertEqual(rows_of('    {7, "a.b", "info, warn", 31001,\n        "one \\"two\\" "\n        "three",\n        ""},\n'), [(7, "a.b", "info, warn", 31001, 'one "two" three', "")])


def write():
    DOCUMENT.write_text(document(), encoding="utf-8")
    before = given() if GIVEN.exists() else []
    wrong = [line for line in misnumbered(catalogue(), before) if not line.endswith("new: --write")]
    if wrong:
        sys.exit("\n".join(wrong))
    new = [(row[0], row[1]) for row in catalogue() if (row[0], row[1]) not in before]
    GIVEN.write_text("".join(f"{number} {name}\n" for number, name in sorted(before + new)), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        unittest.main()

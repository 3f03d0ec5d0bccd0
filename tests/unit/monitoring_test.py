#!/usr/bin/env python3
"""docs/prometheus and docs/grafana ask for numbers that the programs tell (agent/metrics.cpp, service/service_metrics.cpp), by labels that they
give them; so do the tables of docs/OPERATIONS.md. promtool (Debian's prometheus) reads the rules and plays the stories of alerts.test.yml."""
import functools
import json
import pathlib
import re
import subprocess
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
RULES, STORIES, BOARD = TOP / "docs/prometheus/alerts.yml", TOP / "docs/prometheus/alerts.test.yml", TOP / "docs/grafana/writeback.json"
SOURCES = {"writeback_agent_": "agent/metrics.cpp", "reset_service_": "service/service_metrics.cpp"}
METRIC = r"\b((?:writeback_agent|reset_service)_[a-z_]+)"
FROM_PROMETHEUS = {"job", "instance", "le"}


@functools.cache
def told():
    """What the expositions have."""
    names = set()
    for prefix, file in SOURCES.items():
        source = (TOP / file).read_text(encoding="utf-8")
        names |= {prefix + name for name in re.findall(r'\bout\.set\("(\w+)"', source) + re.findall(r'registry, "(\w+)"', source)}
    return names


def labels_told():
    return {label for file in SOURCES.values() for label in re.findall(r'\{\{?"(\w+)", ', (TOP / file).read_text(encoding="utf-8"))} | FROM_PROMETHEUS


def plain(name):
    return re.sub(r"_(bucket|sum|count)$", "", name) if name not in told() else name


def expressions():
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]] + [line for line in RULES.read_text(encoding="utf-8").splitlines() if re.search(METRIC, line)]


class TheNumbers(unittest.TestCase):
    def test_of_alerts_and_dashboard_are_told_by_the_agent(self):
        asked = {plain(name) for text in expressions() + [STORIES.read_text(encoding="utf-8")] for name in re.findall(METRIC, text)}
        self.assertGreater(len(asked), 15)
        self.assertEqual(asked - told(), set())

    def test_are_asked_for_by_labels_that_they_have(self):
        asked = {label for text in expressions() for inside in re.findall(r"\{([^{}]*)\}", text) for label in re.findall(r"(\w+) ?(?:=~?|!=)", inside)}
        asked |= {label.strip() for text in expressions() for by in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for label in by.split(",")}
        self.assertGreater(len(asked), 6)
        self.assertEqual(asked - labels_told(), set())

    def test_of_activities_are_asked_for_by_the_audits_words(self):
        words = set(re.findall(r'\{Activity::\w+, "([^"]+)"\}', (TOP / "service/audit_entry.cpp").read_text(encoding="utf-8")))
        asked = {word for text in expressions() for some in re.findall(r'activity=~?"([^"]+)"', text) for word in some.split("|")}
        self.assertGreater(len(asked), 2)
        self.assertEqual(asked - words, set())

    def test_are_all_in_the_operators_tables(self):
        listed = set()
        for prefix in SOURCES:
            table = (TOP / "docs/OPERATIONS.md").read_text(encoding="utf-8").partition(f"\n| metric (`{prefix}...`)")[2].partition("\n\n")[0]
            listed |= {prefix + name for row in table.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}
        self.assertEqual(listed, told())


class TheAlerts(unittest.TestCase):
    def promtool(self, *words):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_are_rules_that_prometheus_takes(self):
        self.promtool("check", "rules", str(RULES))

    def test_fire_when_their_stories_say_so(self):
        self.promtool("test", "rules", str(STORIES))

    def test_have_each_been_seen_firing_and_silent(self):
        named = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))
        healthy, *troubled = STORIES.read_text(encoding="utf-8").split("\n  - name: ")[1:]
        self.assertGreater(len(named), 10)
        self.assertEqual(sorted(named), sorted(re.findall(r"alertname: (\w+)", healthy)))
        self.assertEqual(sorted(named), sorted(re.findall(r"alertname: (\w+)", "".join(troubled))))

    def test_name_chapters_that_there_are(self):
        for page, chapter in re.findall(r'description: "docs/(\w+\.md), ([^"]+)"', RULES.read_text(encoding="utf-8")):
            self.assertRegex((TOP / "docs" / page).read_text(encoding="utf-8"), rf"(?m)^#+ {re.escape(chapter)}$")


class TheDashboard(unittest.TestCase):
    def test_has_panels_with_names_of_their_own_that_do_not_overlap(self):
        panels = json.loads(BOARD.read_text(encoding="utf-8"))["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        self.assertEqual(len({panel["title"] for panel in panels}), len(panels))
        cells = [(x, y) for p in (panel["gridPos"] for panel in panels) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
        self.assertEqual(len(set(cells)), len(cells))
        self.assertLess(max(x for x, _ in cells), 24)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""docs/QUICKSTART-API.md and portal/examples, run as they stand against a real service."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from openapi import TOP, Peer  # noqa: E402

PEER = Peer()
FOLDER = tempfile.TemporaryDirectory(prefix="wb-examples-")


def setUpModule():
    unittest.addModuleCleanup(FOLDER.cleanup)
    unittest.enterModuleContext(PEER)
    (pathlib.Path(FOLDER.name) / "client.json").write_text(json.dumps(PEER.writeback))


def run(*command, text="", **more):
    known = {"SERVICE": PEER.url, "CA": PEER.ca, "WB_CA_FILE": PEER.ca, "WB_CLIENT_FILE": f"{FOLDER.name}/client.json", "NAME": "alice@corp.example"}
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **known, **more})


class TheNodeExample(unittest.TestCase):
    def reset(self, user, password, **more):
        return run("node", str(TOP / "portal/examples/reset.mjs"), user, text=password, **more)

    def test_resets_a_password(self):
        done = self.reset("alice", "Correct-Horse-7\n")
        self.assertEqual((done.returncode, json.loads(done.stdout)["outcome"]), (0, "applied"), done.stderr)

    def test_says_why_none_was_set(self):
        done = self.reset("short", "x")
        self.assertEqual((done.returncode, json.loads(done.stdout)["reason"]), (1, "too_short"), done.stderr)
        done = self.reset("nobody", "Correct-Horse-7")
        self.assertEqual((done.returncode, json.loads(done.stdout)["reason"]), (1, "not_found"), done.stderr)

    def test_seals_to_nobody_whom_the_domain_root_does_not_name(self):
        other = pathlib.Path(FOLDER.name) / "other.json"
        other.write_text(json.dumps({**PEER.writeback, "dr": "x" * 43}))
        done = self.reset("alice", "Correct-Horse-7", WB_CLIENT_FILE=str(other))
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("foreign_root", done.stderr)

    def test_says_what_the_service_says_no_to(self):
        other = pathlib.Path(FOLDER.name) / "reader.json"
        other.write_text(json.dumps(PEER.audit))
        done = self.reset("alice", "Correct-Horse-7", WB_CLIENT_FILE=str(other))
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("forbidden", done.stderr)
        self.assertEqual(self.reset("", "x").returncode, 2)


class TheQuickStart(unittest.TestCase):
    def test_does_what_it_says(self):
        blocks = re.findall(r"^```sh\n(.*?)^```", (TOP / "docs/QUICKSTART-API.md").read_text(), re.M | re.S)
        self.assertEqual(len(blocks), 2)
        person, portal = (run("bash", "-euo", "pipefail", "-c", block) for block in blocks)
        self.assertEqual((person.returncode, person.stderr), (0, ""))
        self.assertIn('"phase": "proving"', person.stdout)
        self.assertIn('"current": "questions"', person.stdout)
        self.assertEqual((portal.returncode, portal.stderr), (0, ""))
        self.assertIn('"ready_agents": 1', portal.stdout)
        self.assertIn('"outcome":"applied"', portal.stdout)


if __name__ == "__main__":
    unittest.main()

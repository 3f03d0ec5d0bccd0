#!/usr/bin/env python3
"""Shell blocks of README and docs/*.md, run as they stand. A fence says what becomes of it:

    ```sh runnable   run here, against a new store; runuser and the configuration's place are taken care of
    ```sh ci         the scripts of this project, which CI runs itself: each line's command must be one that scripts/test runs, or scripts/test
    ```sh            docs/QUICKSTART-API.md's, run by examples_test.py

docs/INSTALL.md has indented blocks, each run by tests/package/machine_test.py on a machine of its own."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WB_BIN", TOP / "build/dev"))
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
CONFIG = "listen: {certificate_file: service.pem, key_file: service.key}\npublic_url: https://reset.example.com\nstate_dir: state\n"
STUBS = {"reset-service": 'exec "$WB_BIN/reset-service" "$@" --config "$CONFIG"', "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'}


def blocks(kind):
    """(page, code) of each fence with these words behind its ticks."""
    return [(page, match[1]) for page in PAGES for match in re.finditer(rf"^```{kind}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)]


def run(code, folder):
    """What it says, after the shell has ended well at the first try."""
    for name, text in STUBS.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    (folder / "service.yaml").write_text(CONFIG, encoding="utf-8")
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "WB_BIN": str(BIN), "CONFIG": str(folder / "service.yaml"), "HOME": str(folder)}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


class ARunnableBlock(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wb-runnable-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_does_what_it_says_on_a_new_store(self):
        found = blocks("sh runnable")
        self.assertGreater(len(found), 4)
        self.assertIn(TOP / "README.md", [page for page, _ in found])
        for page, code in found:
            with self.subTest(page=page.name, code=code), tempfile.TemporaryDirectory(prefix="wb-runnable-") as folder:
                returned, said = run(code, pathlib.Path(folder))
                self.assertEqual(returned, 0, said)

    def test_that_is_wrong_is_seen_to_be(self):
        self.assertEqual(run("runuser -u x -- reset-service settings set scope=all\ntrue", self.folder)[0], 2)
        self.assertEqual(run("reset-service routes list", self.folder)[0], 0)


class TheBlocksOfTheReadme(unittest.TestCase):
    def test_are_all_run_somewhere(self):
        kinds = re.findall(r"^```(\S*(?: \S+)*)\n.*?^```$", (TOP / "README.md").read_text(encoding="utf-8"), re.M | re.S)
        self.assertEqual(set(kinds), {"sh ci", "sh runnable", "json", "text"}, "a shell block says by whom it is run")

    def test_name_the_scripts_as_ci_runs_them(self):
        test = (TOP / "scripts/test").read_text(encoding="utf-8")
        parts = set(re.search(r"^    (unit \|.*)\) ;;$", test, re.M)[1].split(" | "))
        (_, code), = blocks("sh ci")
        commands = {line.split("#")[0].strip() for line in code.splitlines()} - {""}
        self.assertEqual(commands, {"scripts/demo", "scripts/test"})
        self.assertIn("scripts/demo --once", test, "what the README promises of it, run by the part `release`")
        self.assertIn("scripts/demo --once", code)
        named = re.search(r"scripts/test ([a-z]+(?: \| [a-z]+)+)", code)[1].split(" | ")
        self.assertLessEqual(set(named), parts)
        for script in commands:
            self.assertTrue(os.access(TOP / script, os.X_OK))


if __name__ == "__main__":
    unittest.main()

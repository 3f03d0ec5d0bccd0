#!/usr/bin/env python3
"""Debian's piuparts on both packages: installed, upgraded, removed, installed again and purged on a minimal Debian 12, which must then be as it was before.

WB_PACKAGES: the folder with both .debs. Exit code 69: piuparts can't be run here."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import debian12  # noqa: E402
from install_test import NAMES, append, output, package, repacked  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path(os.environ.get("WB_STATE_DIR", TOP / ".state")).resolve() / "piuparts"
PIUPARTS_SECONDS = 900
# A process table and mounts of its own: whatever piuparts has started or mounted is gone when it is.
ALONE = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
# Warnings of piuparts' own are failures here. Nothing is ignored beyond what it always ignores.
STRICT = ["--fail-on-broken-symlinks", "--fail-if-inadequate", "--pedantic-purge-test"]
# Every machine that the packages are for has it already; were it installed for them, its own leftovers (/var/lib/private and others) would count.
WITH = "--include=systemd"
# What a life leaves, and a purge must take: piuparts starts no unit.
LIFE = """#!/bin/sh
set -e
for one in /var/lib/{name} /var/log/{name}; do
  install -d -o {name} -g {name} -m 700 $one
  touch $one/left
done
if [ -e /lib/systemd/system/{name}@.service ]; then
  systemctl enable {name}@two
fi
"""


def base():
    """Named after what it was made by: one that is there is complete. piuparts brings each copy of it up to date."""
    made_by = pathlib.Path(debian12.__file__).read_bytes() + WITH.encode()
    tar = STATE / f"base-{hashlib.sha256(made_by).hexdigest()[:12]}.tar.gz"
    if not tar.exists():
        with tempfile.TemporaryDirectory(prefix="base-", dir=STATE) as folder:
            debian12.make(pathlib.Path(folder, tar.name), WITH)
            pathlib.Path(folder, tar.name).rename(tar)
    return tar


class APackage(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=STATE))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)  # apt reads as a user of its own
        for name in ("archive", "scripts", "chroots"):
            (self.folder / name).mkdir()

    def piuparts(self, name, deb, *words, code=0):
        script = self.folder / "scripts/post_install_life"
        script.write_text(LIFE.format(name=name), encoding="utf-8")
        script.chmod(0o755)
        archive, *others = debian12.mirrors()
        repositories = [f"deb {address} {suite} main" for address, suite in others] + [f"deb [trusted=yes] file://{self.folder}/archive ./"]
        command = [*ALONE, "piuparts", "--basetgz", base(), "--tmpdir", self.folder / "chroots", "--distribution", archive[1], "--mirror", f"{archive[0]} main",
                   *[f"--extra-repo={one}" for one in repositories], "--bindmount", self.folder / "archive", "--scriptsdir", self.folder / "scripts", *STRICT, *words, deb]
        log = STATE / f"{self.id().rsplit('.', 1)[1]}-{name}.log"
        with log.open("w", encoding="utf-8") as out:
            run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=PIUPARTS_SECONDS, check=False)
        # Its verdicts; the log has what every command said.
        said = "\n".join(re.findall(r"^\d+m\S+s (?:ERROR: |INFO: (?=PASS))(.*(?:\n  .*)*)", log.read_text(encoding="utf-8", errors="replace"), re.M))
        self.assertEqual(run.returncode, code, f"{log}:\n{said}")
        return said

    def archive_of_the_version_before(self, name):
        """Where apt finds one with another configuration in it, which nobody has edited."""
        archive = self.folder / "archive"
        repacked(package(name), archive / f"{name}.deb", "0.0.1", lambda root: append(root / "etc" / name / NAMES[name], "# of the version before\n"))
        (archive / "Packages").write_text(subprocess.run(["dpkg-scanpackages", "."], cwd=archive, capture_output=True, text=True, timeout=60, check=True).stdout, encoding="utf-8")

    def archive_of_nothing(self):
        (self.folder / "archive/Packages").touch()

    def test_leaves_a_machine_as_it_found_it_also_when_it_was_upgraded(self):
        for name in NAMES:
            with self.subTest(name):
                self.archive_of_the_version_before(name)
                said = self.piuparts(name, package(name))
                self.assertIn("PASS: Installation and purging test.", said)
                self.assertIn("PASS: Installation, upgrade and purging tests.", said)

    def test_leaves_a_machine_as_it_found_it_when_it_was_installed_again_after_a_removal(self):
        self.archive_of_nothing()
        for name in NAMES:
            with self.subTest(name):
                self.piuparts(name, package(name), "--install-remove-install", "--no-upgrade-test")

    def test_that_left_its_state_would_be_found_out(self):
        self.archive_of_nothing()
        name, flawed = "writeback-agent", self.folder / "flawed.deb"

        def forget(root):
            postrm = root / "DEBIAN/postrm"
            text = postrm.read_text(encoding="utf-8")
            self.assertIn("  rm -rf /var/lib", text)
            postrm.write_text(text.replace("  rm -rf /var/lib", "  : /var/lib"), encoding="utf-8")
        repacked(package(name), flawed, output("dpkg-deb", "-f", package(name), "Version").strip(), forget)
        said = self.piuparts(name, flawed, "--no-upgrade-test", code=1)
        self.assertRegex(said, r"FAIL: Package purging left files on system:\n\s+/var/lib/writeback-agent/")


def can_be_run():
    """Nothing, or why not."""
    if os.geteuid() != 0:
        return "it needs root"
    run = subprocess.run([*ALONE, "true"], capture_output=True, text=True, timeout=60, check=False)
    return f"this machine makes no namespaces: {run.stderr.strip()}" if run.returncode else ""


if __name__ == "__main__":
    try:
        why_not = can_be_run()
        if not why_not:
            STATE.mkdir(parents=True, exist_ok=True)
            base()
    except debian12.NoMirror as no:
        why_not = str(no)
    if why_not:
        print(f"piuparts: it can't be run here: {why_not}", file=sys.stderr)
        sys.exit(69)
    unittest.main(verbosity=2)

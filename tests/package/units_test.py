#!/usr/bin/env python3
"""The systemd units as they are shipped: known to systemd, and shut in."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

DEBIAN = pathlib.Path(__file__).resolve().parents[2] / "debian"
UNITS = ("writeback-agent.service", "writeback-agent@.service", "reset-service.service")
EXPOSURE_MAX = 1.5


def asked(*words):
    run = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stdout + run.stderr


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", (DEBIAN / unit).read_text(encoding="utf-8"), re.M)


class AUnit(unittest.TestCase):
    def test_is_known_to_systemd_to_the_last_key(self):
        with tempfile.TemporaryDirectory(prefix="wb-units-") as folder:
            root = pathlib.Path(folder)
            for name in ("usr/bin/writeback-agent", "usr/bin/reset-service", "bin/kill"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text("#!/bin/sh\n", encoding="utf-8")
                (root / name).chmod(0o755)
            system = root / "lib/systemd/system"
            system.mkdir(parents=True)
            for target in ("network-online", "nss-lookup", "time-sync", "sysinit", "basic", "shutdown", "multi-user"):
                (system / f"{target}.target").write_text("[Unit]\nDefaultDependencies=no\n", encoding="utf-8")
            for unit in UNITS:
                shutil.copy(DEBIAN / unit, system / unit)
                code, said = asked("verify", "--man=no", "--recursive-errors=no", f"--root={root}", unit.replace("@.", "@one."))
                self.assertEqual((code, [line for line in said.splitlines() if "service" in line]), (0, []), unit)

    def test_is_exposed_less_than_the_limit(self):
        for unit in UNITS:
            code, said = asked("security", "--offline=true", "--no-pager", str(DEBIAN / unit))
            self.assertEqual(code, 0, said)
            score = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)[1])
            self.assertLess(score, EXPOSURE_MAX, f"{unit}\n" + "\n".join(line for line in said.splitlines() if "✗" in line))

    def test_is_restarted_but_not_over_a_bad_configuration_and_watched(self):
        for unit in UNITS:
            self.assertEqual(values(unit, "Type"), ["notify"])
            self.assertEqual(values(unit, "Restart"), ["always"])
            self.assertEqual(values(unit, "RestartPreventExitStatus")[0].split(), ["2", "77", "78"])
            self.assertEqual(values(unit, "WatchdogSec"), ["30"])
            self.assertEqual(values(unit, "StartLimitIntervalSec"), ["0"], "it never gives up")

    def test_of_several_agents_is_the_one_agents_but_for_the_name(self):
        one, several = ((DEBIAN / unit).read_text(encoding="utf-8").split("[Service]")[1] for unit in UNITS[:2])
        several = several.replace("/etc/writeback-agent/%i.yaml", "/etc/writeback-agent/agent.yaml")
        several = several.replace("writeback-agent/%i", "writeback-agent").replace("writeback-agent@%i.service", "writeback-agent.service")
        several = several.replace("writeback-agent-%i", "writeback-agent")
        self.assertEqual(one, several)

    def test_of_an_agent_has_a_folder_for_a_socket_that_its_group_may_ask(self):
        for unit, folder in (("writeback-agent.service", "writeback-agent"), ("writeback-agent@.service", "writeback-agent-%i")):
            self.assertEqual(values(unit, "RuntimeDirectory"), [folder], "one each: what stops takes its own away, and all that is below")
            self.assertEqual(values(unit, "RuntimeDirectoryMode"), ["0750"], "the group gets in, and nobody else")
            self.assertIn(f"/run/{folder}/control.sock", (DEBIAN / unit).read_text(encoding="utf-8"))
            self.assertIn("AF_UNIX", values(unit, "RestrictAddressFamilies")[0].split())


if __name__ == "__main__":
    unittest.main()

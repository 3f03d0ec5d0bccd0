#!/usr/bin/env python3
"""docs/INSTALL.md, walked from the packages to the first reset on a machine that systemd has booted, against a real domain controller;
then what the units promise: readiness, restarts, watchdog, reload, the sandbox. Exit code 69: no systemd can be booted here."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import booted  # noqa: E402
import throwaway  # noqa: E402
from install_test import NAMES, package  # noqa: E402
from world import TOP, die_with_parent, free_port, wait_until  # noqa: E402

PATIENCE = "[Service]\nRestartSec=100ms\nWatchdogSec=3\n"  # the units' own would only be slower
AGENTS = ("writeback-agent", "writeback-agent@two")
SERVICE_PASSWORD = "Svc-Passw0rd-1!"  # tests/support/ad/domain.sh
OUR_OWN = {"bind_dn: svc-writeback@": "bind_dn: svc-wb@", 'ca_file: ""': "ca_file: service-ca.pem", "        - ldaps://dc2.corp.example\n": "",
           """        - 'OU=R\\+D\\, \\"Lab\\" #1,DC=corp,DC=example'\n""": ""}
MACHINE = None  # booted below, before the tests


class Guide:
    """The indented blocks of docs/INSTALL.md, each found by something in it and run as it stands."""
    def __init__(self, machine):
        text = (TOP / "docs/INSTALL.md").read_text(encoding="utf-8")
        self.blocks = [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", text, re.M)]
        self.machine = machine

    def take(self, mark):
        found = [block for block in self.blocks if mark in block]
        assert len(found) == 1, f"{mark}: {len(found)} blocks of INSTALL.md"
        self.blocks.remove(found[0])
        return found[0]

    def do(self, mark, **instead):
        block = self.take(mark)
        for was, now in instead.items():
            assert was in block, f"{was} is not in\n{block}"
            block = block.replace(was, now)
        return self.machine.run("bash", "-euo", "pipefail", "-c", "cd /root\n" + block)


class AMachine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wb-dc-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.port = free_port()
        lab = subprocess.Popen([TOP / "tests/support/ad/ad-lab", "serve", "--fast", "--dir", cls.folder, "--port", str(cls.port)], preexec_fn=die_with_parent)
        cls.addClassCleanup(lab.wait, 30)
        cls.addClassCleanup(lab.terminate)
        cls.machine = machine = MACHINE
        cls.guide = Guide(machine)
        with (machine.root / "etc/hosts").open("a", encoding="utf-8") as hosts:
            hosts.write("127.0.0.1 reset.example.com\n")
        for name in NAMES:
            machine.put(package(name), f"root/{package(name).name}")
            for unit in (name, f"{name}@"):
                drop_in = machine.root / f"etc/systemd/system/{unit}.service.d"
                drop_in.mkdir()
                (drop_in / "test.conf").write_text(PATIENCE, encoding="utf-8")
        cls.install_service(machine, cls.guide)
        wait_until("domain controller", (cls.folder / "ready").exists, 90)
        cls.install_agent(machine, cls.guide)

    @classmethod
    def install_service(cls, machine, guide):
        guide.do("apt install ./reset-service")
        assert machine.unit("reset-service", "ActiveState", "ConditionResult", "UnitFileState") == ("inactive", "no", "enabled"), "it waits for its certificate"
        guide.do("openssl req")
        guide.do("fullchain.pem /etc/reset-service/tls")
        file = machine.root / "etc/reset-service/service.yaml"
        text = file.read_text(encoding="utf-8").replace("address: 0.0.0.0", "address: 127.0.0.1")
        file.write_text(re.sub(r"^mail:\n(?:[ #].*\n?|\n)*", "", text, flags=re.M), encoding="utf-8")
        said = guide.do("systemctl start reset-service")
        assert "active (running)" in said, said
        (machine.root / "root/token").write_text(said.splitlines()[-1], encoding="utf-8")

    @classmethod
    def install_agent(cls, machine, guide):
        guide.do("apt install ./writeback-agent")
        assert machine.unit("writeback-agent", "ActiveState", "ConditionResult", "UnitFileState") == ("inactive", "no", "enabled"), "it waits for its enrolment"
        shutil.copy(cls.folder / "ca.pem", machine.root / "root/corp-ca.pem")
        guide.do("systemd-ask-password", **{"systemd-ask-password -n 'password of svc-writeback:'": f"printf '{SERVICE_PASSWORD}'"})
        machine.run("install", "-m", "644", "/root/fullchain.pem", "/etc/writeback-agent/service-ca.pem")
        file = machine.root / "etc/writeback-agent/agent.yaml"
        text = file.read_text(encoding="utf-8").replace("ldaps://dc1.corp.example", f"ldaps://127.0.0.1:{cls.port}", 1)
        for was, now in OUR_OWN.items():
            assert was in text, was
            text = text.replace(was, now, 1)
        file.write_text(text, encoding="utf-8")
        guide.do("--token-file /run/writeback-token")
        cls.root = re.search("root: (.*)", guide.do("domain init"))[1]
        assert "Reset Password" in guide.do("People,DC=corp,DC=example'\n")
        guide.do("--verify alice")
        guide.do("systemctl start writeback-agent", **{"curl -sS http://127.0.0.1:9911/readyz": "true"})
        cls.readyz(machine)
        said = guide.do("check --user alice")
        assert "FAIL" not in said and "has the rights that it needs" in said, said

    @staticmethod
    def readyz(machine):
        def ready():
            said = machine.run("curl", "-sS", "http://127.0.0.1:9911/readyz", code=None)
            return said.startswith("{") and json.loads(said)["ready"]
        wait_until("readiness", ready, 30)

    def pid(self, unit):
        return int(self.machine.unit(unit, "MainPID")[0])

    def kill(self, unit, how):
        self.machine.run("systemctl", "kill", "--kill-whom=main", f"--signal={how}", unit)

    def log(self, unit):
        return self.machine.run("journalctl", "--no-pager", "-o", "cat", "-u", unit)

    def active_again(self, unit, before):
        wait_until("a new life", lambda: self.machine.unit(unit, "ActiveState")[0] == "active" and self.pid(unit) not in (0, before), 30)

    def test_has_had_its_first_reset_by_the_guide(self):
        self.readyz(self.machine)
        said = self.guide.do("First-Passw0rd-1")
        self.assertEqual(json.loads(said)["outcome"], "applied", said)
        self.assertIn("scope", self.guide.do("settings set"))
        left = "".join(self.guide.blocks)
        self.assertEqual(left.count("\n"), 1, f"commands of INSTALL.md that nobody has run:\n{left}")
        self.assertIn("approve AGENT", left, "printed by enroll, and run by keys_test.py")

    def test_bundles_the_journal_of_its_unit_for_who_may_read_it(self):
        line = re.search(r"^    (runuser .*support-bundle )/tmp/bundle.json", (TOP / "docs/OPERATIONS.md").read_text(encoding="utf-8"), re.M)[1]
        def journal(command, file):
            self.machine.run("sh", "-c", command + file)
            return json.loads(self.machine.run("cat", file))["journal"]
        messages = [one["message"] for one in journal(line, "/tmp/bundle.json")["lines"]]
        self.assertTrue([m for m in messages if " info agent.started " in m], messages)
        self.assertTrue([m for m in messages if m.startswith("Started ")], "systemd's own")
        self.assertEqual(journal(line.replace(" -G systemd-journal", ""), "/tmp/other.json"), {"error": "program.run: exit code 1"})

    def test_has_programs_that_may_do_nothing_else(self):
        for unit, capabilities in (("writeback-agent", 0), ("reset-service", 1 << 10)):
            status = dict(line.split(":\t", 1) for line in self.machine.run("cat", f"/proc/{self.pid(unit)}/status").splitlines() if ":\t" in line)
            self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))
            self.assertEqual({int(status[name], 16) for name in ("CapBnd", "CapEff", "CapPrm")}, {capabilities})
            limits = self.machine.run("cat", f"/proc/{self.pid(unit)}/limits")
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            self.assertNotIn("EPERM", self.log(unit))

    def test_starts_a_killed_program_again(self):
        for unit in NAMES:
            before = self.pid(unit)
            self.kill(unit, "KILL")
            self.active_again(unit, before)
        self.readyz(self.machine)

    def test_kills_a_program_whose_loop_hangs_and_starts_it_again(self):
        for unit in NAMES:
            before = self.pid(unit)
            self.kill(unit, "STOP")
            self.active_again(unit, before)
            self.assertIn("Watchdog timeout", self.log(unit))

    def test_lets_a_program_that_works_live(self):
        for unit in NAMES:
            before = self.pid(unit)
            seen = self.machine.unit(unit, "WatchdogTimestampMonotonic")
            for _ in range(4):  # together longer than the watchdog's patience
                seen = wait_until("a sign of life", lambda: (now := self.machine.unit(unit, "WatchdogTimestampMonotonic")) != seen and now, 10)  # pylint: disable=cell-var-from-loop
            self.assertEqual(self.pid(unit), before)

    def test_reloads_the_agent_and_not_with_a_mistake(self):
        before, file = self.pid("writeback-agent"), self.machine.root / "etc/writeback-agent/agent.yaml"
        text = file.read_text(encoding="utf-8")
        self.addCleanup(file.write_text, text, encoding="utf-8")
        count = self.log("writeback-agent").count("config.reloaded")
        self.machine.run("systemctl", "reload", "writeback-agent")
        wait_until("reload", lambda: self.log("writeback-agent").count("config.reloaded") == count + 1)
        self.assertEqual(self.machine.unit("writeback-agent", "ActiveState", "SubState"), ("active", "running"))
        file.write_text(text + "colour: blue\n", encoding="utf-8")
        self.machine.run("systemctl", "reload", "writeback-agent", code=1)
        self.assertRegex(self.log("writeback-agent"), r"agent.yaml:\d+:\d+: .*colour")
        self.assertEqual(self.machine.unit("writeback-agent", "ActiveState", "SubState"), ("active", "running"))
        self.assertEqual(self.pid("writeback-agent"), before)

    def test_tells_its_state_to_root_its_user_and_its_group_alone(self):
        def status(*who):
            return self.machine.run(*who, "writeback-agent", "status", "--json", code=None)
        a_member = ("setpriv", "--reuid=daemon", "--regid=daemon", "--groups=writeback-agent")
        for who in ((), ("runuser", "-u", "writeback-agent", "--")):
            self.assertTrue(json.loads(status(*who))["link"]["up"], who)
        file = self.machine.root / "etc/writeback-agent/agent.yaml"
        text = file.read_text(encoding="utf-8")
        self.assertIn('  socket: ""\n', text)
        file.write_text(text.replace('  socket: ""\n', "  socket: /run/writeback-agent/control.sock\n"), encoding="utf-8")
        self.machine.run("systemctl", "restart", "writeback-agent")
        self.readyz(self.machine)
        self.assertTrue(json.loads(status(*a_member))["link"]["up"])
        self.assertIn("jobs are taken", self.machine.run(*a_member, "writeback-agent", "resume"))
        self.machine.run("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "ls", "/run/writeback-agent/control.sock", code=2)
        file.write_text(text, encoding="utf-8")
        self.machine.run("systemctl", "restart", "writeback-agent")
        self.readyz(self.machine)

    def test_does_not_try_a_bad_configuration_again(self):
        for unit, name in NAMES.items():
            file = self.machine.root / f"etc/{unit}/{name}"
            text = file.read_text(encoding="utf-8")
            file.write_text(text + "colour: blue\n", encoding="utf-8")
            self.machine.run("systemctl", "restart", unit, code=1)
            self.assertEqual(self.machine.unit(unit, "ActiveState", "ExecMainStatus", "NRestarts"), ("failed", "78", "0"))
            file.write_text(text, encoding="utf-8")
            self.machine.run("systemctl", "start", unit)
        self.readyz(self.machine)

    def test_ends_a_program_in_order(self):
        for unit, last in (("writeback-agent", "agent.stopped"), ("reset-service", "service.stopped")):
            self.machine.run("systemctl", "stop", unit)
            self.assertEqual(self.machine.unit(unit, "ActiveState", "Result", "ExecMainStatus"), ("inactive", "success", "0"))
            self.assertIn(last, self.log(unit))
            self.machine.run("systemctl", "start", unit)
        self.readyz(self.machine)

    def test_gives_an_agent_its_password_as_a_credential(self):
        file = self.machine.root / "etc/writeback-agent/agent.yaml"
        text, password = file.read_text(encoding="utf-8"), self.machine.root / "etc/credstore-bind-password"
        password.write_text(SERVICE_PASSWORD, encoding="utf-8")
        password.chmod(0o600)
        drop_in = self.machine.root / "etc/systemd/system/writeback-agent.service.d/credential.conf"
        drop_in.write_text("[Service]\nLoadCredential=bind-password:/etc/credstore-bind-password\n", encoding="utf-8")
        file.write_text(text.replace("bind_password_file: svc-writeback.password", "bind_password_file: /run/credentials/writeback-agent.service/bind-password"), encoding="utf-8")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "writeback-agent")
        self.readyz(self.machine)
        file.write_text(text, encoding="utf-8")
        drop_in.unlink()
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "writeback-agent")
        self.readyz(self.machine)

    def upgrade(self, name):
        return self.machine.run("dpkg", "-i", f"/root/{package(name).name}")

    def test_goes_on_as_it_is_where_the_configuration_does_not_suit_the_new_version(self):
        for unit, name in NAMES.items():
            file, before = self.machine.root / f"etc/{unit}/{name}", self.pid(unit)
            text = file.read_text(encoding="utf-8")
            file.write_text(text + "colour: blue\n", encoding="utf-8")
            told = self.upgrade(unit)
            self.assertIn(f"{unit}" + (".service" if unit == "writeback-agent" else "") + " is NOT restarted", told)
            self.assertIn("colour", told, "what is wrong with it")
            self.assertEqual((self.pid(unit), self.machine.unit(unit, "ActiveState")[0]), (before, "active"))
            file.write_text(text, encoding="utf-8")
            self.assertNotIn("NOT restarted", self.upgrade(unit))
            self.assertNotEqual(self.pid(unit), before, "mended, it is the new one")
        self.readyz(self.machine)

    def test_runs_a_second_agent_beside_the_first_which_an_upgrade_restarts_and_a_removal_ends(self):
        token = self.machine.run("runuser", "-u", "reset-service", "--", "reset-service", "token", "create", "--domain", "corp.example").splitlines()[-1]
        text = (self.machine.root / "etc/writeback-agent/agent.yaml").read_text(encoding="utf-8")
        (self.machine.root / "run-token").write_text(token, encoding="utf-8")
        of_its_own = text.replace(" /var/lib/writeback-agent", " /var/lib/writeback-agent/two").replace("127.0.0.1:9911", f"127.0.0.1:{free_port()}")
        (self.machine.root / "etc/writeback-agent/two.yaml").write_text(of_its_own, encoding="utf-8")
        self.machine.run("chown", "writeback-agent", "/run-token", "/etc/writeback-agent/two.yaml")
        self.machine.run("install", "-d", "-o", "writeback-agent", "-g", "writeback-agent", "-m", "700", "/var/lib/writeback-agent/two")
        self.machine.run("runuser", "-u", "writeback-agent", "--", "writeback-agent", "enroll", "--service", "https://reset.example.com", "--token-file", "/run-token",
                         "--config", "/etc/writeback-agent/two.yaml")
        self.machine.run("systemctl", "enable", "--now", "writeback-agent@two")
        self.assertEqual(self.machine.unit("writeback-agent@two", "ActiveState", "SubState"), ("active", "running"))
        self.machine.run("systemctl", "reload", "writeback-agent@two")
        before = {unit: self.pid(unit) for unit in AGENTS}
        self.upgrade("writeback-agent")
        for unit in AGENTS:
            self.assertEqual(self.machine.unit(unit, "ActiveState")[0], "active")
            self.assertNotEqual(self.pid(unit), before[unit], f"{unit} is of the version before")
        self.machine.run("apt-get", "remove", "-y", "-q", "writeback-agent")
        for unit in AGENTS:
            self.assertEqual(self.machine.unit(unit, "ActiveState", "MainPID"), ("inactive", "0"), "gone with the package")
        self.machine.run("dpkg", "-i", f"/root/{package('writeback-agent').name}")
        self.readyz(self.machine)
        self.machine.run("systemctl", "start", "writeback-agent@two")
        self.machine.run("systemctl", "disable", "--now", "writeback-agent@two")


if __name__ == "__main__":
    throwaway.enter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.umask(0o022)
    try:
        MACHINE = booted.boot()
    except booted.NoBoot as no:
        print(f"machine: no systemd can be booted here: {no}", file=sys.stderr)
        sys.exit(69)
    try:
        unittest.main()
    finally:
        MACHINE.throw_away()

#!/usr/bin/env python3
"""One agent, two forests: each with its own credentials, CA and guardrails; the second one added while the first is served.

Run inside ad-lab run --forest (CTest does)."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trouble import Controller  # noqa: E402
from world import DOMAIN, World, free_port, wait_until  # noqa: E402

OTHER = {name: os.environ.get(f"AD2_{name}", "") for name in ("URI", "CA", "BASE", "DOMAIN", "SVC", "SVC_PW")}
NEW = "Fresh-Passw0rd-1"


class TwoForests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = world = World(agents=("agent1",))
        cls.port = free_port()
        cls.change_config(lambda config: config.update(metrics={"listen": f"127.0.0.1:{cls.port}"}))
        world.end("agent1")
        world.start_agent("agent1")
        world.wait_ready(1)
        (world.folder / "svc-other").write_text(OTHER["SVC_PW"])
        (world.folder / "svc-other").chmod(0o600)
        cls.second = {
            "domain": OTHER["DOMAIN"],
            "directory": {"uris": [OTHER["URI"]], "ca_file": OTHER["CA"], "bind_dn": OTHER["SVC"], "bind_password_file": str(world.folder / "svc-other"), "marker_attribute": "adminDisplayName"},
            "guardrails": {"allow_ous": [f"OU=People,{OTHER['BASE']}", f"OU=Outside,{OTHER['BASE']}"], "volume": {"mode": "off"}, "probes": {"mode": "off"}}}
        cls.add_second()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    @classmethod
    def change_config(cls, change, agent="agent1"):
        path = cls.world.config(agent)
        config = json.loads(path.read_text())
        change(config)
        path.write_text(json.dumps(config))

    @classmethod
    def identity(cls, agent="agent1"):
        return json.loads((cls.world.folder / agent / "identity.json").read_text())

    @classmethod
    def enroll_in_second(cls, agent, code=0):
        """An agent that is enrolled in the first domain, in the second one too; what was said."""
        world, before = cls.world, cls.identity(agent)["agent"]
        (world.folder / "token").write_text(world.tool("reset-service", "token", "create", "--domain", OTHER["DOMAIN"], "--config", world.config("service")))
        said = world.tool("writeback-agent", "enroll", "--service", world.url, "--token-file", world.folder / "token", "--config", world.config(agent), code=code)
        assert cls.identity(agent)["agent"] == before, "the same agent"
        assert set(cls.identity(agent)["domains"]) == {DOMAIN, OTHER["DOMAIN"]}, "in both"
        return said

    @classmethod
    def add_second(cls):
        """As docs/OPERATIONS.md says: configure, enroll again, make its root, SIGHUP."""
        world = cls.world
        cls.change_config(lambda c: c["domains"].append(cls.second))
        cls.enroll_in_second("agent1")
        world.tool("writeback-agent", "domain", "init", "--domain", OTHER["DOMAIN"], "--config", world.config("agent1"))
        links, losses = (world.log("agent1").count(word) for word in (" link.up ", " link.down "))
        world.processes["agent1"].send_signal(signal.SIGHUP)
        cls.other_client = world.folder / "other.json"
        world.tool("reset-service", "client", "create", "--domain", OTHER["DOMAIN"], "--out", cls.other_client, "--config", world.config("service"))
        with cls.client_of_other():
            world.wait_ready(1)
        assert world.log("agent1").count(" link.up ") == links + 1, "one link took over from the other"
        assert world.log("agent1").count(" link.down ") == losses, f"and it was never away\n{world.logs()}"

    @classmethod
    @contextlib.contextmanager
    def client_of_other(cls):
        mine, cls.world.client_file = cls.world.client_file, cls.other_client
        try:
            yield
        finally:
            cls.world.client_file = mine

    def binds_there(self, user, password):
        (self.world.folder / "try").write_text(password)
        return subprocess.run(["ldapwhoami", "-x", "-H", OTHER["URI"], "-D", f"{user}@{OTHER['DOMAIN']}", "-y", self.world.folder / "try"], capture_output=True, timeout=20,
                              env={**os.environ, "LDAPTLS_CACERT": OTHER["CA"]}).returncode == 0

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            with e:
                return e.code, e.read().decode()

    def test_are_served_side_by_side_each_by_its_own_rules(self):
        self.assertEqual(self.world.reset("alice", "Eleven-chr1")["outcome"], "applied", "eight characters are enough there")
        with self.client_of_other():
            self.assertEqual(self.world.reset("zoe", NEW)["outcome"], "applied")
            self.assertEqual(self.world.reset("alice", NEW)["outcome"], "applied", "another alice")
            refused = self.world.reset("zoe", "Eleven-chr1", code=1)
            self.assertEqual(refused["reason"], "too_short")
            self.assertIn("12", refused["text"])
        self.assertTrue(self.binds_there("alice", NEW))
        self.assertTrue(self.world.binds("alice", "Eleven-chr1"))

    def test_do_not_know_each_others_people(self):
        self.assertEqual(self.world.reset("zoe", NEW, code=1)["reason"], "not_found")
        with self.client_of_other():
            self.assertEqual(self.world.reset("bob", NEW, code=1)["reason"], "not_found")

    def test_have_guardrails_of_their_own(self):
        self.assertEqual(self.world.reset("hugo", NEW, code=1)["reason"], "out_of_scope", "OU=Outside is not for us in one")
        with self.client_of_other():
            self.assertEqual(self.world.reset("otis", NEW)["outcome"], "applied", "and is in the other")

    def test_have_rosters_of_their_own(self):
        """A further agent is in a domain's hands when that domain's root has said so, and in no other's."""
        world, rosters = self.world, self.identity()["domains"]
        self.assertNotEqual(rosters[DOMAIN]["dr"], rosters[OTHER["DOMAIN"]]["dr"])
        agent, fingerprint = world.make_agent("agent2")
        self.change_config(lambda c: c["domains"].append(self.second), "agent2")
        self.enroll_in_second("agent2")
        def approve(domain):
            said = world.tool("writeback-agent", "approve", agent, "--fingerprint", fingerprint, "--domain", domain, "--config", world.config("agent1"))
            self.assertIn(f"roster: {rosters[domain]['rsn'] + 1}\nagents: 2\n", said)
        approve(DOMAIN)
        world.start_agent("agent2")
        try:
            world.wait_ready(2)
            with self.client_of_other():
                self.assertEqual(world.ready_agents(), 1, "pending there")
                approve(OTHER["DOMAIN"])
                world.wait_ready(2)
            wait_until("both pins", lambda: all(self.identity(name)["domains"] == {d: {"dr": r["dr"], "rsn": r["rsn"] + 1} for d, r in rosters.items()} for name in ("agent1", "agent2")))
        finally:
            world.end("agent2")
        world.wait_ready(1)

    def expect_only_the_first(self, user):
        """The second one's controller is away: the first is served, and everybody is told which is not, and why."""
        wait_until("the reason", lambda: self.ask("/readyz")[0] == 503, 30)
        health = json.loads(self.ask("/readyz")[1])
        self.assertTrue(health["domains"][DOMAIN]["ready"])
        self.assertFalse(health["domains"][OTHER["DOMAIN"]]["ready"])
        self.assertIn("dc.other.example", health["domains"][OTHER["DOMAIN"]]["reason"])
        self.assertEqual(self.world.reset(user, NEW)["outcome"], "applied")

    def test_do_not_disturb_each_other_when_the_controller_of_one_is_killed(self):
        controller = Controller("other")
        controller.kill()
        try:
            self.expect_only_the_first("u004")
        finally:
            controller.start()
            self.addClassCleanup(controller.process.wait)  # it serves the other tests, too
            self.addClassCleanup(controller.process.kill)
        wait_until("its return", lambda: self.ask("/readyz")[0] == 200, 40)
        with self.client_of_other():
            self.assertEqual(self.world.reset("zoe", "Risen-Again-Passw0rd-1")["outcome"], "applied")

    def test_do_not_disturb_each_other_when_one_is_away(self):
        dc = Controller("other").pid
        self.assertEqual(self.ask("/readyz")[0], 200)
        os.kill(dc, signal.SIGSTOP)
        try:
            self.expect_only_the_first("u001")
            with self.client_of_other():
                self.assertEqual(self.world.reset("zoe", NEW, code=3)["outcome"], "unavailable")
            metrics = self.ask("/metrics")[1]
            self.assertIn(f'writeback_agent_domain_ready{{domain="{OTHER["DOMAIN"]}"}} 0\n', metrics)
            self.assertIn(f'writeback_agent_history_enforced{{domain="{DOMAIN}"}} 1\n', metrics)
            self.assertRegex(metrics, re.compile(r'writeback_agent_jobs_total\{code="applied",domain="corp.example",op="reset",reason=""\} [1-9]'))
        finally:
            os.kill(dc, signal.SIGCONT)
        wait_until("its return", lambda: self.ask("/readyz")[0] == 200, 40)
        with self.client_of_other():
            self.assertEqual(self.world.reset("zoe", "Back-Again-Passw0rd-1")["outcome"], "applied")

    def test_have_numbers_whose_names_are_as_prometheus_wants_them(self):
        self.assertEqual(self.world.reset("u004", "Counted-Passw0rd-1")["outcome"], "applied")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.ask("/metrics")[1], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_tell_where_the_time_of_a_job_went(self):
        """Every phase of a reset has its time, and together they are no more than the job's, which ends where its answer is made and signed."""
        self.assertEqual(self.world.reset("u003", "Where-Time-Went-1")["outcome"], "applied")

        def numbers(name):
            found = re.findall(rf'^writeback_agent_{name}{{(.*)}} (\S+)$', self.ask("/metrics")[1], re.M)
            return {labels: float(value) for labels, value in found if f'domain="{DOMAIN}"' in labels}

        def spent():
            said = {re.search('phase="(.*?)"', labels).group(1): value for labels, value in numbers("job_phase_seconds_sum").items()}
            return {"check", "wait", "read", "open", "journal", "write", "record"} == said.keys() and said
        phases = wait_until("a time of each phase", spent)
        self.assertGreater(min(phases.values()), 0)
        self.assertLessEqual(sum(phases.values()) - phases["record"], sum(numbers("job_duration_seconds_sum").values()) * 1.01)

    def test_one_of_them_is_taken_out_and_the_other_goes_on(self):
        self.change_config(lambda c: c["domains"].pop())
        try:
            self.world.processes["agent1"].send_signal(signal.SIGHUP)
            with self.client_of_other():
                self.world.wait_ready(0)
            self.assertEqual(self.world.reset("u002", NEW)["outcome"], "applied")
        finally:
            self.change_config(lambda c: c["domains"].append(self.second))
            self.world.processes["agent1"].send_signal(signal.SIGHUP)
            with self.client_of_other():
                self.world.wait_ready(1)

    def test_a_mistake_in_the_file_changes_nothing(self):
        path = self.world.config("agent1")
        right = path.read_text()
        try:
            path.write_text(right.replace('"window"', '"windows"') if '"window"' in right else right[:-1] + ', "windows": 8}')
            self.world.processes["agent1"].send_signal(signal.SIGHUP)
            wait_until("the complaint", lambda: "config.refused" in self.world.log("agent1"))
            self.assertIn("windows", self.world.log("agent1").split("config.refused")[1])
            self.assertEqual(self.world.reset("u003", NEW)["outcome"], "applied")
        finally:
            path.write_text(right)

    def test_are_not_enrolled_twice(self):
        self.assertIn("already enrolled in other.example", self.enroll_in_second("agent1", code=1))


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""password_write: exop end to end: real service, real agents, a real slapd. Run inside slapd-lab (CTest does)."""
import pathlib
import signal
import unittest

from open_ldap_end_to_end_test import LAB, NEW, OpenLdapWorld, wait_until


class ExopWorld(OpenLdapWorld):
    def __init__(self):
        super().__init__(password_write="exop", bind_dn=f"cn=svc-exop,{LAB['SLAPD_BASE']}")

    def only(self, name, **env):
        """This agent alone is running, and ready."""
        for other in ("agent1", "agent2"):
            if other in self.processes:
                self.end(other)
        self.start_agent(name, **env)
        self.wait_ready(1)


class APasswordModifyOperation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = ExopWorld()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def expect(self, answer, outcome, reason=None):
        self.assertEqual((answer["outcome"], answer["reason"]), (outcome, reason), f"{answer}\n{self.world.logs()}")

    def test_serves_every_operation(self):
        self.world.only("agent1")
        self.expect(self.world.reset("u060", "Grüße-🔑-пароль-1", "--must-change"), "applied")
        self.expect(self.world.authenticate("u060", "Grüße-🔑-пароль-1", code=1), "failed", "must_change")
        self.expect(self.world.change("u060", "Grüße-🔑-пароль-1", NEW), "applied")
        self.assertTrue(self.world.binds("u060", NEW))
        self.assertEqual(self.world.versions("u060"), 2)
        self.expect(self.world.reset("u061", "short", code=1), "rejected", "too_short")
        self.expect(self.world.reset("u061", LAB["SLAPD_USER_PW"], code=1), "rejected", "in_history")
        self.expect(self.world.change("u061", "not-the-one", NEW, code=1), "rejected", "old_password_wrong")
        self.expect(self.world.reset("u061", "", "--unlock-only"), "applied")
        prepared = self.world.prepare("u062", NEW)
        self.world.helpdesk_sets("u062", "Helpdesk-Passw0rd-1")
        self.world.submit(prepared)
        self.assertEqual(self.world.follow(prepared["jti"])["outcome"], "superseded")

    def test_killed_at_any_step_is_never_sent_again_without_knowing(self):
        # step, what is told, how often the password may have been changed
        table = (("modify_sent:kill", "unknown", (0,)), ("begun:kill", "unknown", (0,)), ("extended_sent:kill", "unknown", (0, 1)), ("extended_answered:kill", "unknown", (1,)))
        for n, (step, outcome, changes) in enumerate(table):
            user = f"u07{n}"
            self.world.only("agent1", WB_FAILPOINT=step)
            reset = self.world.begin_reset(user, NEW)
            self.assertEqual(self.world.processes.pop("agent1").wait(timeout=30), -signal.SIGKILL, step)
            self.world.start_agent("agent2")
            answer = self.world.finish_reset(reset, code=0 if outcome == "applied" else 3)
            self.assertEqual((answer["outcome"], answer["attempts"]), (outcome, 2), f"{step}: {answer}")
            self.assertIn(self.world.versions(user), changes, step)
        self.expect(self.world.reset("u071", "Another-Passw0rd-1"), "applied")  # what was left there is in nobody's way

    def test_frozen_after_it_began_sends_nothing_when_it_wakes(self):
        self.world.only("agent1", WB_FAILPOINT="begun:stop")
        reset = self.world.begin_reset("u063", NEW)
        frozen = self.world.processes["agent1"]
        stat = pathlib.Path(f"/proc/{frozen.pid}/stat")
        wait_until("frozen agent", lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T")
        self.world.start_agent("agent2")
        self.expect(self.world.finish_reset(reset, code=3), "unknown")
        self.world.helpdesk_sets("u063", "Helpdesk-Passw0rd-1")
        frozen.send_signal(signal.SIGCONT)
        wait_until("agent that noticed", lambda: "held up after it had begun" in self.world.log("agent1"))
        self.assertEqual(self.world.versions("u063"), 1)
        self.assertTrue(self.world.binds("u063", "Helpdesk-Passw0rd-1"))


if __name__ == "__main__":
    unittest.main()

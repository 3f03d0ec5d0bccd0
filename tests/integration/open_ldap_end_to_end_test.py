#!/usr/bin/env python3
"""The main job on OpenLDAP: real service, real agents, a real slapd. Run inside slapd-lab (CTest does)."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

LAB = {name: os.environ[name] for name in ("SLAPD_URI", "SLAPD_LDAPS_URI", "SLAPD_CA", "SLAPD_BASE", "SLAPD_SVCDN", "SLAPD_SVCPW", "SLAPD_ROOTDN", "SLAPD_ROOTPW", "SLAPD_USER_PW")}
os.environ.update(AD_URI=LAB["SLAPD_LDAPS_URI"], AD_CA=LAB["SLAPD_CA"], AD_BASE=LAB["SLAPD_BASE"], AD_SVC=LAB["SLAPD_SVCDN"], AD_SVC_PW=LAB["SLAPD_SVCPW"], AD_DOMAIN="example.org")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from world import World, wait_until  # noqa: E402  (it reads the lab from the environment)

NEW = "Fresh-Passw0rd-1"


class OpenLdapWorld(World):
    guardrails = {"protect_admins": False, "protected_groups": [f"cn=admins,ou=groups,{LAB['SLAPD_BASE']}"]}

    def __init__(self, **more):
        super().__init__(type="openldap", marker_attribute="wbLastJob", policy_dn=f"cn=default,ou=policies,{LAB['SLAPD_BASE']}", **more)

    def dn_of(self, user):
        return f"uid={user},ou=People,{LAB['SLAPD_BASE']}"

    def as_root(self, program, *args, **more):
        return subprocess.run([program, "-x", "-H", LAB["SLAPD_URI"], "-D", LAB["SLAPD_ROOTDN"], "-w", LAB["SLAPD_ROOTPW"], *args], text=True, check=True, capture_output=True, timeout=20, **more).stdout

    def binds(self, user, password):
        (self.folder / "try").write_bytes(password.encode())
        return subprocess.run(["ldapwhoami", "-x", "-H", LAB["SLAPD_URI"], "-D", self.dn_of(user), "-y", self.folder / "try"], capture_output=True, timeout=20).returncode == 0

    def helpdesk_sets(self, user, password):
        self.as_root("ldapmodify", input=f"dn: {self.dn_of(user)}\nchangetype: modify\nreplace: userPassword\nuserPassword: {password}\n")

    def versions(self, user):
        """How often the password was changed (up to the five that the history keeps)."""
        return len(re.findall("^pwdHistory:", self.as_root("ldapsearch", "-LLL", "-b", self.dn_of(user), "-s", "base", "pwdHistory"), re.M))


class AReset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = OpenLdapWorld()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def test_arrives_in_the_directory_exactly_once(self):
        self.assertTrue(self.world.binds("alice", LAB["SLAPD_USER_PW"]))
        answer = self.world.reset("alice", NEW)
        self.assertEqual((answer["outcome"], answer["attempts"]), ("applied", 1))
        self.assertEqual("ldaps://" + answer["dc"], LAB["SLAPD_LDAPS_URI"])
        self.assertTrue(self.world.binds("alice", NEW))
        self.assertFalse(self.world.binds("alice", LAB["SLAPD_USER_PW"]))
        self.assertEqual(self.world.versions("alice"), 1)

    def test_carries_unicode(self):
        password = "Grüße-🔑-пароль-ß1"
        self.assertEqual(self.world.reset("u020", password)["outcome"], "applied")
        self.assertTrue(self.world.binds("u020", password))

    def test_names_the_rule_that_refused_it(self):
        for user, password, reason in (("u021", "short", "too_short"), ("u021", LAB["SLAPD_USER_PW"], "in_history"), ("u021", "{SSHA}MO8uuloW4lXzvcdpfjy022HblM1a4nDH", "policy")):
            answer = self.world.reset(user, password, code=1)
            self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", reason))
        self.assertEqual(self.world.reset("gina", "First-Passw0rd-1")["outcome"], "applied")  # her minimum age is one day
        answer = self.world.reset("gina", "Second-Passw0rd-1", code=1)
        self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", "too_young"))
        self.assertGreater(answer["retry_after"], 1_700_000_000)

    def test_is_denied_for_protected_groups_also_nested_and_outside_the_scope(self):
        for user, reason in (("boss", "protected"), ("hugo", "out_of_scope")):
            answer = self.world.reset(user, NEW, code=1)
            self.assertEqual((answer["outcome"], answer["reason"]), ("denied", reason))

    def test_says_who_is_not_there_or_not_alone(self):
        for user, reason in (("nobody-here", "not_found"), ("*", "not_found"), ("twins@example.org", "ambiguous")):
            self.assertEqual(self.world.reset(user, NEW, code=1)["reason"], reason, user)

    def test_unlocks_and_can_demand_a_change(self):
        for _ in range(3):
            self.world.binds("u022", "wrong-password")
        self.assertFalse(self.world.binds("u022", LAB["SLAPD_USER_PW"]))
        self.assertEqual(self.world.reset("u022", NEW, "--unlock", "--must-change")["outcome"], "applied")
        self.assertTrue(self.world.binds("u022", NEW))
        self.assertIn("pwdReset: TRUE", self.world.as_root("ldapsearch", "-LLL", "-b", self.world.dn_of("u022"), "-s", "base", "pwdReset"))

    def test_stands_back_behind_a_helpdesk(self):
        prepared = self.world.prepare("u023", NEW)
        self.world.helpdesk_sets("u023", "Helpdesk-Passw0rd-1")
        status, _ = self.world.submit(prepared)
        self.assertIn(status, (200, 202))
        self.assertEqual(self.world.follow(prepared["jti"])["outcome"], "superseded")
        self.assertTrue(self.world.binds("u023", "Helpdesk-Passw0rd-1"))


class APersonsOwnPassword(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = OpenLdapWorld()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def expect(self, answer, outcome, reason=None):
        self.assertEqual((answer["outcome"], answer["reason"]), (outcome, reason), f"{answer}\n{self.world.logs()}")
        return answer

    def wrong_passwords(self, user):
        return len(re.findall("^pwdFailureTime:", self.world.as_root("ldapsearch", "-LLL", "-b", self.world.dn_of(user), "-s", "base", "pwdFailureTime"), re.M))

    def sets(self, user, attribute, value):
        self.world.as_root("ldapmodify", input=f"dn: {self.world.dn_of(user)}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n")

    def test_is_changed_by_who_knows_the_old_one(self):
        answer = self.expect(self.world.change("u040", LAB["SLAPD_USER_PW"], "Grüße-🔑-пароль-1"), "applied")
        self.assertEqual(answer["attempts"], 1)
        self.assertTrue(self.world.binds("u040", "Grüße-🔑-пароль-1"))
        self.assertEqual(self.world.versions("u040"), 1)
        self.expect(self.world.change("sam", LAB["SLAPD_USER_PW"], NEW), "applied")  # pwdSafeModify: nobody could reset it
        self.expect(self.world.change("fixed", LAB["SLAPD_USER_PW"], NEW, code=1), "failed", "cannot_change")

    def test_is_guessed_once_and_then_kept_from_the_directory(self):
        self.expect(self.world.change("u041", "not-the-one", NEW, code=1), "rejected", "old_password_wrong")
        self.assertEqual(self.wrong_passwords("u041"), 1, "slapd would not have counted it")
        self.expect(self.world.change("u041", LAB["SLAPD_USER_PW"], NEW, code=1), "denied", "lockout_near")
        self.expect(self.world.authenticate("u041", LAB["SLAPD_USER_PW"], code=1), "denied", "lockout_near")
        outcomes = [self.world.authenticate("u042", f"wrong-{i}", code=1)["reason"] for i in range(5)]
        self.assertEqual(outcomes, ["old_password_wrong"] + ["lockout_near"] * 4)
        self.assertTrue(self.world.binds("u042", LAB["SLAPD_USER_PW"]), "never locked by us")

    def test_is_tried(self):
        self.expect(self.world.authenticate("u043", LAB["SLAPD_USER_PW"]), "ok")
        self.sets("u043", "pwdReset", "TRUE")
        self.expect(self.world.authenticate("u043", LAB["SLAPD_USER_PW"], code=1), "failed", "must_change")
        self.expect(self.world.change("u043", LAB["SLAPD_USER_PW"], NEW), "applied")
        self.expect(self.world.authenticate("u043", NEW), "ok")
        self.sets("aged", "userPassword", "Aged-Passw0rd-1")
        wait_until("its age", lambda: not self.world.binds("aged", "Aged-Passw0rd-1"))
        self.expect(self.world.authenticate("aged", "Aged-Passw0rd-1", code=1), "failed", "password_expired")
        self.expect(self.world.change("aged", "Aged-Passw0rd-1", NEW), "applied")

    def test_of_a_locked_account_is_not_tried(self):
        for _ in range(3):
            self.world.binds("u044", "wrong-password")
        for answer in (self.world.authenticate("u044", LAB["SLAPD_USER_PW"], code=1), self.world.change("u044", LAB["SLAPD_USER_PW"], NEW, code=1)):
            self.expect(answer, "failed", "locked")
        self.expect(self.world.reset("u044", "", "--unlock-only"), "applied")


class AKilledAgent(unittest.TestCase):
    def setUp(self):
        self.world = OpenLdapWorld()

    def tearDown(self):
        self.world.close()

    def test_hands_the_job_to_the_other_and_it_is_done_once(self):
        for step, user in (("before_modify", "u030"), ("modify_sent", "u031"), ("answered", "u032")):
            for name in ("agent1", "agent2"):
                if name in self.world.processes:
                    self.world.end(name)
            self.world.start_agent("agent1", WB_FAILPOINT=f"{step}:kill" if step == "modify_sent" else f"{step}:kill:reset")
            self.world.wait_ready(1)
            reset = self.world.begin_reset(user, NEW)
            self.assertEqual(self.world.processes.pop("agent1").wait(timeout=30), -signal.SIGKILL, step)
            self.world.start_agent("agent2")
            answer = self.world.finish_reset(reset)
            self.assertEqual((answer["outcome"], answer["attempts"]), ("applied", 2), f"{step}: {answer}")
            self.assertEqual(self.world.versions(user), 1, f"{step}: exactly one change")
            self.assertTrue(self.world.binds(user, NEW))

    def test_after_a_change_was_sent_tells_the_truth_and_before_it_begins_anew(self):
        for step, user, attempts in (("before_modify", "u050", 1), ("modify_sent", "u051", 2), ("answered", "u052", 2)):
            for name in ("agent1", "agent2"):
                if name in self.world.processes:
                    self.world.end(name)
            self.world.start_agent("agent1", WB_FAILPOINT=f"{step}:kill" if step == "modify_sent" else f"{step}:kill:change")
            self.world.wait_ready(1)
            change = self.world.begin_reset(user, f"{LAB['SLAPD_USER_PW']}\n{NEW}", "--change")
            self.assertEqual(self.world.processes.pop("agent1").wait(timeout=30), -signal.SIGKILL, step)
            self.world.start_agent("agent2")
            answer = self.world.finish_reset(change)
            self.assertEqual((answer["outcome"], answer["attempts"]), ("applied", attempts), f"{step}: {answer}")
            self.assertEqual(self.world.versions(user), 1, f"{step}: exactly one change")
            self.assertTrue(self.world.binds(user, NEW))


if __name__ == "__main__":
    unittest.main()

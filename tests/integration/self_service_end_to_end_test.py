#!/usr/bin/env python3
"""Self-service against the real thing: reset-service, two agents, Active Directory, a mail server. Run inside ad-lab (CTest does)."""
import json
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from openapi import Peer, app_code  # noqa: E402
from self_service_world import SelfServiceWorld, thumbprint  # noqa: E402
from world import AD, DOMAIN  # noqa: E402


class Person(Peer):
    """A browser at this world's service: the calls of openapi.Peer, each answer held against the document."""

    def __init__(self, world):
        self.world, self.url, self.ca, self.mail = world, world.url, world.folder / "ca.pem", world.mail
        self.connection, self.seen = None, set()
        self.trust = {"pin": thumbprint(world.call("/api/v1/keys")[1]["roster"]), "tenant": "demo", "domain": DOMAIN}


class SelfService(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = SelfServiceWorld(contacts=["otherMailbox"])
        cls.addClassCleanup(cls.world.close)
        cls.world.open_to_everybody()

    def setUp(self):
        self.person = Person(self.world)
        self.addCleanup(self.person.hang_up)

    def registered(self, name):
        """Signs in with the directory's password and registers an app; its key."""
        token = self.person.sign_in(name, AD["AD_USER_PW"])
        app = self.person.call("POST", "/api/v1/me/app", None, token).json
        self.assertEqual(self.person.call("POST", "/api/v1/me/proof", {"code": app_code(app["secret"], -1)}, token).status, 200)
        return app["secret"]

    def proven(self, name, secret):
        token = self.person.begin(name)
        self.person.call("POST", "/api/v1/sspr/session/method", {"method": "app_code"}, token)
        passed = self.person.call("POST", "/api/v1/sspr/session/answer", {"code": app_code(secret)}, token)
        self.assertEqual(passed.json["session"]["phase"], "choosing", passed.body)
        return token

    def set_password(self, token, password):
        answer = self.person.set_password(token, password)
        while answer.status == 202:
            answer = self.person.call("GET", "/api/v1/sspr/session?wait_ms=20000", token=token)
        return answer

    def test_a_forgotten_password_is_reset_and_works_at_once(self):
        token = self.proven("alice", self.registered("alice"))
        self.person.call("POST", "/api/v1/sspr/session/choice", {"choice": "reset"}, token)
        refused = self.set_password(token, "Sh0rt-1")
        self.assertEqual((refused.code, refused.json["directory"]["reason"]), ("password_refused", "too_short"))
        self.assertRegex(refused.json["detail"], r"at least \d+ characters")
        done = self.set_password(token, "Fresh-Passw0rd-1")
        self.assertEqual(done.json["session"]["phase"], "done", done.body)
        self.assertTrue(self.world.binds("alice", "Fresh-Passw0rd-1"))
        self.assertFalse(self.world.binds("alice", AD["AD_USER_PW"]))
        audit = self.world.tool("reset-service", "audit", "export", "--activity", "password.reset_self_service", "--config", self.world.config("service"))
        row = json.loads(audit.splitlines()[-1])["row"]
        self.assertEqual((row["correlation_id"], row["dc"], bool(row["agent"])), (done.json["session"]["id"], "dc1.corp.example", True))

    def test_a_wrong_password_is_told_from_a_right_one_and_from_nothing_else(self):
        for name in ("bob", "nobody-of-that-name", "nadia"):  # nadia: the guardrails protect her
            token = self.person.call("POST", "/api/v1/sspr/sign-ins", {"name": f"{name}@corp.example", "captcha": self.person.solution("sign_in")}).json["token"]
            self.assertEqual(self.person.try_password(token, "authenticate", "Wrong-Passw0rd-1").code, "sign_in_failed", name)
        self.person.sign_in("u083", AD["AD_USER_PW"])

    def test_a_password_that_must_be_changed_is_changed(self):
        name = f"erik@{DOMAIN}"
        token = self.person.call("POST", "/api/v1/sspr/sign-ins", {"name": name, "captcha": self.person.solution("sign_in")}).json["token"]
        told = self.person.try_password(token, "authenticate", AD["AD_USER_PW"])
        self.assertEqual((told.code, told.json["directory"]["reason"]), ("sign_in_failed", "must_change"), told.body)
        changed = self.person.try_password(token, "change", "Changed-Passw0rd-1", old=AD["AD_USER_PW"])
        self.assertEqual(changed.status, 200, changed.body)
        self.assertTrue(self.world.binds("erik", "Changed-Passw0rd-1"))

    def test_a_lock_ends_without_a_new_password(self):
        secret = self.registered("u081")
        for _ in range(3):
            self.world.binds("u081", "wrong-password")
        self.assertFalse(self.world.binds("u081", AD["AD_USER_PW"]))
        token = self.proven("u081", secret)
        done = self.person.call("POST", "/api/v1/sspr/session/choice", {"choice": "unlock"}, token)
        while done.status == 202:
            done = self.person.call("GET", "/api/v1/sspr/session?wait_ms=20000", token=token)
        self.assertEqual(done.json["session"]["result"]["unlocked_only"], True, done.body)
        self.assertTrue(self.world.binds("u081", AD["AD_USER_PW"]))

    def test_a_code_goes_to_the_address_that_the_directory_has(self):
        """pia has registered nothing: her mailbox at home stands in the directory, and the organisation's settings name its attribute."""
        self.world.tool("reset-service", "settings", "set", "contact_attributes=otherMailbox", "--domain", DOMAIN, "--config", self.world.config("service"))
        token = self.person.begin("pia")
        self.person.call("POST", "/api/v1/sspr/session/method", {"method": "email"}, token)
        address = self.world.mail.wait_until(lambda mails: next((to for to, *_ in mails if to.startswith("pia@")), None))
        self.assertIn(address, ("pia@club.example", "pia@home.example"))
        passed = self.person.call("POST", "/api/v1/sspr/session/answer", {"code": self.person.code_for(address)}, token)
        self.assertEqual(passed.json["session"]["phase"], "choosing", passed.body)

    def test_an_agent_that_is_killed_in_the_middle_costs_the_person_nothing(self):
        secret = self.registered("u082")
        token = self.proven("u082", secret)
        self.person.call("POST", "/api/v1/sspr/session/choice", {"choice": "reset"}, token)
        self.world.end("agent1", signal.SIGKILL)
        try:
            done = self.set_password(token, "Fresh-Passw0rd-2")
            while done.code == "try_again" if done.status == 503 else False:
                done = self.set_password(token, "Fresh-Passw0rd-2")
            self.assertEqual(done.json["session"]["phase"], "done", done.body)
            self.assertTrue(self.world.binds("u082", "Fresh-Passw0rd-2"))
        finally:
            self.world.start_agent("agent1")
            self.world.wait_ready(2)


if __name__ == "__main__":
    unittest.main()

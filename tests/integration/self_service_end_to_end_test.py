#!/usr/bin/env python3
"""Self-service against the real thing: reset-service, two agents, Active Directory, a mail server. Run inside ad-lab (CTest does)."""
import base64
import email
import email.policy
import json
import pathlib
import re
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


class LoudWorld(SelfServiceWorld):
    """Its programs log everything that they can."""

    def start_service(self, **env):
        if "log:" not in self.config("service").read_text():
            with open(self.config("service"), "a", encoding="utf-8") as config:
                config.write("log_level: debug\nlog: {format: json}\n")
        super().start_service(**env)

    def make_agent(self, name, *args, **more):
        made = super().make_agent(name, *args, **more)
        config = json.loads(self.config(name).read_text())
        self.config(name).write_text(json.dumps(config | {"log_level": "debug", "log": {"format": "json"}}))
        return made


class SelfService(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = LoudWorld(contacts=["otherMailbox"])
        cls.addClassCleanup(cls.world.close)
        cls.world.open_to_everybody()

    def setUp(self):
        self.person = Person(self.world)
        self.addCleanup(self.person.hang_up)

    def registered(self, name):
        """Signs in with the directory's password and registers an app; its key."""
        token = self.person.sign_in(name, AD["AD_USER_PW"])
        app = self.person.call("POST", "/api/v1/me/app", None, token).json
        self.assertEqual(self.person.call("POST", "/api/v1/me/proof", {"code": app_code(app["secret"])}, token).status, 200)
        return app["secret"]

    def proven(self, name, secret):
        token = self.person.begin(name)
        self.person.call("POST", "/api/v1/sspr/session/method", {"method": "app_code"}, token)
        passed = self.person.call("POST", "/api/v1/sspr/session/answer", {"code": app_code(secret, 1)}, token)
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

    # ---- what must stand nowhere in clear ----------------------------------------------------------------------
    def needles(self, secrets):
        """Each as people have it, as it travels, and as the bytes that it stands for; and what is compared of it."""
        for what, text in secrets:
            plain = text.replace(" ", "").replace("-", "") if what in ("mailed code", "pass") else text
            forms = {text, plain, plain.lower()}
            if what.endswith("token"):
                forms = {text.rsplit(".", 1)[1]}  # what stands before it names the session, and stands in the audit
                yield what, base64.urlsafe_b64decode(text.rsplit(".", 1)[1] + "==")
            if what == "key of an app":
                raw = base64.b32decode(text)
                yield from ((what, form) for form in (raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"=")))
            if what == "answer":
                forms |= {text.lower(), "".join(text.lower().split())}
            for form in forms:
                yield what, form.encode()
                yield what, form.encode("utf-16le")

    def standing(self, needles):
        """Where one of them stands: logs, databases with what lies beside them, and the state of service and agents."""
        found, seen = set(), set()
        for path in self.world.folder.rglob("*"):
            if path.is_file() and (path.suffix == ".log" or path.parent != self.world.folder):
                content = path.read_bytes()
                seen.add(path.name)
                for what, needle in needles:  # a code's digits within a longer number are no code
                    at = rb"(?<!\d)" + needle + rb"(?!\d)" if needle.isdigit() else re.escape(needle)
                    if needle in content and re.search(at, content):
                        found.add((path.name, what, needle))
        self.assertTrue({"service.log", "agent1.log", "agent2.log", "store.sqlite"} <= seen, seen)
        return found

    def code_mailed(self, address, but=()):
        """The newest code that came there, whatever else did; and none of these."""
        def newest(mails):
            texts = (email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",)).get_content() for to, *_, content in reversed(mails) if to == address)
            codes = (code for text in texts for code in re.findall(r"^\s*(\d{4}[ -]?\d{4})\s*$", text, re.M))
            return next((code for code in codes if code not in but), None)
        return self.world.mail.wait_until(newest)

    def test_nothing_secret_stands_in_a_log_or_a_database(self):
        person, world, secrets = self.person, self.world, []

        def note(what, text):
            secrets.append((what, text))
            return text

        world.tool("reset-service", "settings", "set", "methods=app_code,email,questions,pass", "--domain", DOMAIN, "--config", world.config("service"))
        signed_in = note("sign-in token", person.sign_in("u084", AD["AD_USER_PW"]))
        app = person.call("POST", "/api/v1/me/app", None, signed_in).json
        key = note("key of an app", app["secret"])
        self.assertEqual(person.call("POST", "/api/v1/me/proof", {"code": app_code(key)}, signed_in).status, 200)
        person.call("POST", "/api/v1/me/email", {"address": "u084@home.example"}, signed_in)
        self.assertEqual(person.call("POST", "/api/v1/me/proof", {"code": note("mailed code", self.code_mailed("u084@home.example"))}, signed_in).status, 200)
        asked = person.call("GET", "/api/v1/me", token=signed_in).json["registration"]["questions"][:5]
        answers = [{"question": one["id"], "answer": note("answer", f"Canary Answer 7f3b9c {at}")} for at, one in enumerate(asked)]
        self.assertEqual(person.call("POST", "/api/v1/me/questions", {"answers": answers}, signed_in).status, 200)
        unproven = person.call("POST", "/api/v1/me/app", None, signed_in).json  # offered, and given up
        note("key of an app", unproven["secret"])

        client = json.loads(world.tool("reset-service", "client", "create", "--domain", DOMAIN, "--scope", "helpdesk", "--config", world.config("service")))
        desk = note("client's token", person.bearer(client))
        sub = person.call("POST", "/api/v1/people", {"name": f"u084@{DOMAIN}"}, desk).json["sub"]
        given = note("pass", person.call("POST", f"/api/v1/people/{sub}/pass", None, desk).json["pass"])
        for method in ("pass", "questions", "email"):
            token = note("session token", person.begin("u084"))
            shown = person.call("POST", "/api/v1/sspr/session/method", {"method": method}, token).json["session"]
            proof = {"code": given}
            if method == "questions":
                proof = {"answers": [next(one for one in answers if one["question"] == drawn["id"]) for drawn in shown["questions"]]}
            elif method == "email":
                proof = {"code": note("mailed code", self.code_mailed("u084@home.example", but=[text for _, text in secrets]))}
            passed = person.call("POST", "/api/v1/sspr/session/answer", proof, token)
            self.assertEqual((method, passed.status), (method, 200), passed.body)
        person.call("POST", "/api/v1/sspr/session/choice", {"choice": "reset"}, token)
        self.assertEqual(self.set_password(token, note("password", "Canary-7f3b9c-Passw0rd")).json["session"]["phase"], "done")
        needles = set(self.needles(secrets))
        self.assertEqual(self.standing(needles), set())
        planted = world.folder / "service" / "planted"
        planted.write_bytes(b"{" + b"}{".join(needle for _, needle in needles) + b"}")
        self.addCleanup(planted.unlink)
        self.assertEqual(self.standing(needles), {("planted", *one) for one in needles}, "each would have been found")

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

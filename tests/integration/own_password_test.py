#!/usr/bin/env python3
"""A person's own password, end to end: changed with the old one, or only tried. Real service, agents and Samba AD.

Run inside ad-lab (CTest does): three wrong passwords within 30 minutes lock an account there, so one is already near.
"""
import contextlib
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trouble import attributes, changes, wrong_passwords  # noqa: E402
from world import AD, World, memory_of, wait_until  # noqa: E402

OLD, NEW = AD["AD_USER_PW"], "Fresh-Passw0rd-1"


def as_administrator(ldif):
    subprocess.run(["ldapmodify", "-x", "-H", AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"]], text=True, check=True, capture_output=True, timeout=20, input=ldif)


@contextlib.contextmanager
def passwords_that_age(world, *users):
    """A policy of their own: passwords are too old after two seconds."""
    dn = f"CN=aging-{users[0]},CN=Password Settings Container,CN=System,{AD['AD_BASE']}"
    as_administrator(f"dn: {dn}\nchangetype: add\nobjectClass: msDS-PasswordSettings\nmsDS-PasswordSettingsPrecedence: 5\nmsDS-PasswordReversibleEncryptionEnabled: FALSE\n"
                     "msDS-PasswordComplexityEnabled: TRUE\nmsDS-MinimumPasswordLength: 8\nmsDS-PasswordHistoryLength: 5\nmsDS-MinimumPasswordAge: 0\n"
                     "msDS-MaximumPasswordAge: -20000000\nmsDS-LockoutThreshold: 3\nmsDS-LockoutObservationWindow: -18000000000\nmsDS-LockoutDuration: -18000000000\n"
                     + "".join(f"msDS-PSOAppliesTo: {world.dn_of(user)}\n" for user in users))
    try:
        yield
    finally:
        as_administrator(f"dn: {dn}\nchangetype: delete\n")


class Own(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def expect(self, answer, outcome, reason=None):
        self.assertEqual((answer["outcome"], answer["reason"]), (outcome, reason), f"{answer}\n{self.world.logs()}")
        return answer


class AChange(Own):
    def test_is_made_by_who_knows_the_old_password(self):
        before = changes("u080")
        answer = self.expect(self.world.change("u080", OLD, NEW), "applied")
        self.assertEqual((answer["attempts"], answer["dc"]), (1, "dc1.corp.example"))
        self.assertEqual(changes("u080"), before + 1)
        self.assertTrue(self.world.binds("u080", NEW))

    def test_carries_any_unicode_byte_of_both(self):
        for old, new in ((OLD, "Grüße-🔑-пароль-1"), ("Grüße-🔑-пароль-1", "  naïve-e\u0301 \"q\\1A ")):
            self.expect(self.world.change("u081", old, new), "applied")
        self.assertTrue(self.world.binds("u081", "  naïve-e\u0301 \"q\\1A "))

    def test_with_a_wrong_old_password_is_counted_once_and_then_kept_from_the_directory(self):
        answer = self.expect(self.world.change("u082", "not-the-one", NEW, code=1), "rejected", "old_password_wrong")
        self.assertTrue(answer["text"])
        self.assertEqual(wrong_passwords("u082"), 1)
        near = self.expect(self.world.change("u082", OLD, NEW, code=1), "denied", "lockout_near")
        self.assertGreater(near["retry_after"], 1_700_000_000)
        self.assertEqual(wrong_passwords("u082"), 1)
        self.assertTrue(self.world.binds("u082", OLD), "a right password at another door ends the count")
        self.expect(self.world.change("u082", OLD, NEW), "applied")

    def test_is_bound_by_the_rules_without_any_right_of_an_administrator(self):
        for new, reason in (("Sh0rt-1", "too_short"), ("onlylowercaseletters", "not_complex"), (OLD, "in_history")):
            self.expect(self.world.change("u083", OLD, new, code=1), "rejected", reason)
        self.assertTrue(self.world.binds("u083", OLD))

    def test_is_possible_when_it_is_the_only_thing_that_is(self):
        self.expect(self.world.authenticate("erik", OLD, code=1), "failed", "must_change")
        self.expect(self.world.change("erik", OLD, NEW), "applied")
        self.expect(self.world.authenticate("erik", NEW), "ok")
        with passwords_that_age(self.world, "u084"):
            wait_until("an expired password", lambda: not self.world.binds("u084", OLD))
            self.expect(self.world.authenticate("u084", OLD, code=1), "failed", "password_expired")
            self.expect(self.world.change("u084", OLD, NEW), "applied")
        self.expect(self.world.authenticate("u084", NEW), "ok")

    def test_is_denied_or_failed_where_a_reset_is(self):
        for user, outcome, reason in (("boss", "denied", "protected"), ("hugo", "denied", "out_of_scope"), ("dora", "denied", "disabled"), ("nobody-here", "failed", "not_found")):
            self.expect(self.world.change(user, OLD, NEW, code=1), outcome, reason)

    def test_leaves_neither_password_in_the_service_nor_in_any_file(self):
        canaries = ["Canary-1b7e-Passw0rd", "Canary-9d2c-Passw0rd"]
        self.world.helpdesk_sets("u085", canaries[0])
        self.expect(self.world.change("u085", *canaries), "applied")
        self.expect(self.world.authenticate("u085", canaries[1]), "ok")
        needles = [form for canary in canaries for form in (canary.encode(), canary.encode("utf-16le"), json.dumps(canary).encode())]
        places = list(memory_of(self.world.processes["service"].pid)) + [(p.name, p.read_bytes()) for p in self.world.folder.rglob("*") if p.is_file() and p.name != "try"]
        self.assertGreater(sum(len(content) for _, content in places), 1 << 20, "a scan that saw nothing proves nothing")
        for where, content in places:
            for needle in needles:
                self.assertNotIn(needle, content, where)


class ASignIn(Own):
    def test_tells_whether_it_is_the_password_and_writes_nothing(self):
        before = attributes("u090", "pwdLastSet", "adminDisplayName"), changes("u090")
        answer = self.expect(self.world.authenticate("u090", OLD), "ok")
        self.assertEqual(answer["text"], "Your password is right.")
        answer = self.expect(self.world.authenticate("u090", "not-the-one", code=1), "rejected", "old_password_wrong")
        self.assertEqual(answer["text"], "The password is not right.")
        self.assertEqual((attributes("u090", "pwdLastSet", "adminDisplayName"), changes("u090")), before)

    def test_never_locks_an_account_however_often_it_is_wrong(self):
        outcomes = [self.world.authenticate("u091", f"wrong-{i}", code=1) for i in range(5)]
        self.assertEqual([answer["reason"] for answer in outcomes], ["old_password_wrong"] + ["lockout_near"] * 4)
        self.assertEqual(wrong_passwords("u091"), 1)
        self.assertTrue(self.world.binds("u091", OLD))

    def test_of_an_account_that_is_locked_or_disabled_does_not_happen(self):
        for _ in range(3):
            self.world.binds("u092", "wrong-password")
        self.expect(self.world.authenticate("u092", OLD, code=1), "failed", "locked")
        self.expect(self.world.change("u092", OLD, NEW, code=1), "failed", "locked")
        self.expect(self.world.authenticate("dora", OLD, code=1), "denied", "disabled")
        self.expect(self.world.reset("u092", "", "--unlock-only"), "applied")
        self.expect(self.world.authenticate("u092", OLD), "ok")

    def test_is_refused_under_another_operation_than_its_seal_says(self):
        prepared = self.world.prepare("u093", OLD, op="authenticate")
        for op in ("reset", "change"):
            status, answer = self.world.submit({**prepared, "op": op})
            self.assertEqual((status, answer["error"]["code"]), (409, "conflict"), op)
        self.world.submit(prepared)
        self.assertEqual(self.world.follow(prepared["jti"])["outcome"], "ok")


if __name__ == "__main__":
    unittest.main(verbosity=2)

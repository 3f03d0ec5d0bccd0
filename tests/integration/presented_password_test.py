#!/usr/bin/env python3
"""The operations that present the person's password, told as sentences: the change and the sign-in. Run inside ad-lab."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trouble import changes, wrong_passwords  # noqa: E402
from world import AD, World  # noqa: E402

OLD, NEW = AD["AD_USER_PW"], "Fresh-Passw0rd-1"


class PresentedPasswords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def change(self, user, old, new, code=0):
        return self.world.reset(user, f"{old}\n{new}\n", "--change", code=code)

    def sign_in(self, user, password, code=0):
        answer = self.world.reset(user, password, "--authenticate", code=code)
        return answer["outcome"] if code == 0 else (answer["outcome"], answer["reason"])

    def locks(self, user):
        for _ in range(3):
            self.world.binds(user, "wrong-password")


class AChange(PresentedPasswords):
    def test_replaces_the_password_that_the_person_knows_exactly_once(self):
        before = changes("alice")
        self.assertEqual(self.change("alice", OLD, NEW)["outcome"], "applied")
        self.assertEqual(changes("alice"), before + 1)
        self.assertTrue(self.world.binds("alice", NEW))

    def test_is_refused_when_the_current_password_is_wrong(self):
        answer = self.change("u001", "not-the-one", NEW, code=1)
        self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", "old_password_wrong"))
        self.assertTrue(self.world.binds("u001", OLD))

    def test_obeys_the_rules_that_a_reset_obeys_and_the_history(self):
        for password, reason in (("Sh0rt-1", "too_short"), ("onlylowercaseletters", "not_complex"), (OLD, "in_history")):
            answer = self.change("u002", OLD, password, code=1)
            self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", reason))

    def test_says_until_when_the_password_is_too_young(self):
        self.world.helpdesk_sets("gina", "First-Passw0rd-1")
        answer = self.change("gina", "First-Passw0rd-1", "Second-Passw0rd-1", code=1)
        self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", "too_young"))
        self.assertGreater(answer["retry_after"], 1_700_000_000)

    def test_works_for_who_must_change_the_password_before_signing_in(self):
        self.world.reset("u003", "Given-Passw0rd-1", "--must-change")
        self.assertEqual(self.sign_in("u003", "Given-Passw0rd-1", code=1), ("failed", "must_change"))
        self.assertEqual(self.change("u003", "Given-Passw0rd-1", NEW)["outcome"], "applied")
        self.assertEqual(self.sign_in("u003", NEW), "ok")

    def test_is_denied_where_a_reset_is(self):
        for user, reason in (("boss", "protected"), ("hugo", "out_of_scope"), ("dora", "disabled")):
            answer = self.change(user, OLD, NEW, code=1)
            self.assertEqual((answer["outcome"], answer["reason"]), ("denied", reason))
            self.assertEqual(wrong_passwords(user), 0)

    def test_presents_nothing_for_a_locked_account(self):
        self.locks("u004")
        self.assertEqual(self.change("u004", OLD, NEW, code=1)["reason"], "locked")


class ASignIn(PresentedPasswords):
    def test_tells_the_right_password_from_a_wrong_one(self):
        self.assertEqual(self.sign_in("u010", OLD), "ok")
        self.assertEqual(self.sign_in("u010", "not-the-one", code=1), ("rejected", "old_password_wrong"))
        self.assertEqual(self.sign_in("u010", "Grüße-🔑", code=1)[0], "denied", "one more would be too near")

    def test_never_locks_anybody_out_however_often_it_is_asked(self):
        outcomes = [self.sign_in("u011", f"wrong-{i}", code=1) for i in range(5)]
        self.assertEqual(outcomes[0], ("rejected", "old_password_wrong"))
        self.assertEqual(set(outcomes[1:]), {("denied", "lockout_near")}, "the third wrong one locks: two before, nothing is tried")
        self.assertEqual(wrong_passwords("u011"), 1)
        self.assertTrue(self.world.binds("u011", OLD), "the account is not locked")

    def test_says_when_it_may_be_tried_again(self):
        self.sign_in("u012", "wrong", code=1)
        answer = self.world.reset("u012", "wrong", "--authenticate", code=1)
        self.assertEqual(answer["reason"], "lockout_near")
        self.assertGreater(answer["retry_after"], 1_700_000_000)

    def test_says_that_the_account_is_locked(self):
        self.locks("u013")
        self.assertEqual(self.sign_in("u013", OLD, code=1), ("failed", "locked"))

    def test_is_denied_for_whom_nothing_is_served(self):
        for user, reason in (("boss", "protected"), ("hugo", "out_of_scope"), ("dora", "disabled")):
            self.assertEqual(self.sign_in(user, OLD, code=1), ("denied", reason))


class AnUnlock(PresentedPasswords):
    def test_ends_the_lock_and_leaves_the_password_alone(self):
        self.locks("u020")
        self.assertFalse(self.world.binds("u020", OLD))
        self.assertEqual(self.world.reset("u020", "", "--unlock-only")["outcome"], "applied")
        self.assertTrue(self.world.binds("u020", OLD))


if __name__ == "__main__":
    unittest.main(verbosity=2)

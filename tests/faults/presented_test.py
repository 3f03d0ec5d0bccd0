#!/usr/bin/env python3
"""An agent killed at every named step of a change and of a sign-in, while another stands by. Run inside ad-lab (CTest does)."""
import signal
import unittest

from stage import STEPS, Stage, accounts
from trouble import changes, wrong_passwords
from world import AD

OLD, NEW = AD["AD_USER_PW"], "Fresh-Passw0rd-1"
SIGN_IN_STEPS = ("received", "verified", "journaled", "before_bind", "answered", "journaled_done")


class AKilledAgent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Stage()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def killed_at(self, step, op, user, typed, code):
        """What the person hears whose agent dies there."""
        self.world.arm(step, "kill", op=op)
        asked = self.world.begin_reset(user, typed, f"--{op}")
        self.assertEqual(self.world.processes["agent1"].wait(30), -signal.SIGKILL, step)
        return self.world.finish_reset(asked, code)

    def test_costs_nobody_a_change_and_no_old_password_is_counted(self):
        for step in STEPS:
            with self.subTest(step):
                user = next(accounts)
                before = changes(user)
                answer = self.killed_at(step, "change", user, f"{OLD}\n{NEW}\n", 0)
                self.assertEqual(answer["outcome"], "applied", f"{step}: {answer}")
                self.assertEqual((changes(user), wrong_passwords(user)), (before + 1, 0), step)
                self.assertTrue(self.world.binds(user, NEW), step)

    def test_with_a_wrong_password_in_a_change_counts_it_once(self):
        """Up to the moment it was sent nobody counts it; afterwards the truth may be lost, but it is not sent again by itself."""
        for step in ("before_modify", "modify_sent", "answered"):
            with self.subTest(step):
                user = next(accounts)
                before = changes(user)
                self.killed_at(step, "change", user, f"wrong-password\n{NEW}\n", 1)
                self.assertEqual(changes(user), before, step)
                self.assertLessEqual(wrong_passwords(user), 1, f"{step}: the client asks again, and is told that it is too near the lock")

    def test_never_has_a_sign_in_tried_twice(self):
        for step in SIGN_IN_STEPS:
            with self.subTest(step):
                user = next(accounts)
                answer = self.killed_at(step, "authenticate", user, "wrong-password", 3)
                self.assertEqual(answer["outcome"], "unknown", step)
                sent = SIGN_IN_STEPS.index(step) >= SIGN_IN_STEPS.index("answered")
                self.assertEqual(wrong_passwords(user), 1 if sent else 0, step)


if __name__ == "__main__":
    unittest.main(verbosity=2)

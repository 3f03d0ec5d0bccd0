#!/usr/bin/env python3
"""An agent in trouble at every named step of a change or a sign-in, while another stands by: real programs, real Samba.

After each: the caller was told the truth, a change was made at most once, and no wrong password was shown to the domain
controller twice; its own badPwdCount says so. Run inside ad-lab (CTest does).
"""
import signal
import subprocess
import unittest

from stage import LEASE_S, KILLED_S, NOISE_S, NOT_SENT, Reset, SENT, STEPS, Stage, Staged, settle_late, wait_stopped, wait_until
from trouble import marker, wrong_passwords
from world import AD

OLD, WRONG = AD["AD_USER_PW"], "Wrong-Passw0rd-9"
SIGN_IN_NOT_SENT = ("received", "verified", "journaled", "before_sign_in")
SIGN_IN_SENT = ("answered", "journaled_done", "reported")


class Own(Staged):
    def show(self, what, job):
        print(f"  {what}: {job.seen.get('outcome')}/{job.seen.get('reason')} after {job.seconds:.2f} s, {job.moved} change(s), {wrong_passwords(job.user)} wrong password(s)", flush=True)

    def die(self, step):
        try:
            self.assertEqual(self.world.processes["agent1"].wait(20), -signal.SIGKILL, step)
        except subprocess.TimeoutExpired:
            self.fail(f"{step}: agent1 lives\n{self.world.logs()}")

    def outcome(self, job):
        return job.seen["outcome"], job.seen.get("reason")

    def expect_truth(self, job, step):
        """Either it was done, once, and that was said; or nothing was and nothing will be."""
        done = self.outcome(job) == ("applied", None)
        self.assertTrue(done or self.outcome(job) == ("failed", "void"), f"{step}: {job.seen}\n{self.world.logs()}")
        self.assertEqual(job.moved, int(done), step)
        self.assertTrue(self.world.binds(job.user, job.password if done else OLD), step)
        self.assertTrue(marker(job.user).endswith(";A" if done else ";V"), step)
        return done


class AChange(Own):
    def change(self, **more):
        return Reset(self.world, op="change", **{"old": OLD, **more})

    def test_with_a_killed_agent_is_done_once_or_void(self):
        for step in STEPS:
            with self.subTest(step):
                self.world.arm(step, "kill", op="change")
                job = self.change().run()
                self.die(step)
                self.show(f"killed at {step}", job)
                done = self.expect_truth(job, step)
                if step != "modify_sent":
                    self.assertEqual(done, step in SENT, step)
                self.assertLess(job.seconds, self.undisturbed + KILLED_S + NOISE_S, step)
                self.world.restart("agent1")  # it settles what it left, and shows nothing again
                wait_until("settled intents", lambda: not self.world.open_intents("agent1"))
                self.assertEqual((job.moved, wrong_passwords(job.user)), (int(done), 0), step)

    def test_with_a_wrong_old_password_and_a_killed_agent_is_counted_once(self):
        for step in STEPS:
            with self.subTest(step):
                self.world.arm(step, "kill", op="change")
                job = self.change(old=WRONG).run()
                self.die(step)
                self.world.restart("agent1")
                wait_until("settled intents", lambda: not self.world.open_intents("agent1"))
                self.show(f"wrong, killed at {step}", job)
                self.assertIn(self.outcome(job), (("failed", "void"), ("rejected", "old_password_wrong")), step)
                self.assertEqual(job.moved, 0, step)
                counted = wrong_passwords(job.user)
                self.assertLessEqual(counted, 1, f"{step}: shown twice")
                if step != "modify_sent":
                    self.assertEqual(counted, int(step in SENT), step)

    def test_whose_only_agent_was_killed_is_settled_when_that_comes_back(self):
        for step in ("before_modify", "modify_sent", "answered"):
            with self.subTest(step):
                self.world.arm(step, "kill", op="change")
                self.world.end("agent2", signal.SIGKILL)
                self.world.wait_ready(1)
                job = self.change().submit()
                self.die(step)
                self.world.restart("agent1", ready=1)
                job.follow(20)
                self.show(f"alone, killed at {step}", job)
                self.expect_truth(job, step)
                self.world.start_agent("agent2")
                self.world.wait_ready(2)

    def test_with_a_frozen_agent_is_done_once_or_void_also_when_it_wakes(self):
        for step in ("before_modify", "modify_sent"):
            with self.subTest(step):
                pid = self.world.arm(step, "stop", op="change")
                job = self.change().submit()
                wait_stopped(pid)
                job.follow(20)
                settle_late(self.world, pid, job.jti)
                self.show(f"frozen at {step}", job)
                self.expect_truth(job, step)
                self.assertLess(job.seconds, self.undisturbed + LEASE_S + NOISE_S, step)

    def test_that_was_voided_may_be_begun_anew(self):
        self.world.arm("before_modify", "kill", op="change")
        job = self.change().run()
        self.assertEqual(self.outcome(job), ("failed", "void"))
        again = self.change(user=job.user).run()
        self.assertEqual(self.outcome(again), ("applied", None), self.world.logs())


class AChangeWithoutAMarker(Own):
    """Nobody can void it nor tell whose change it was: never twice, never a lie."""
    @classmethod
    def setUpClass(cls):
        cls.world = Stage(marker_attribute="")
        cls.undisturbed = cls.measure(cls.world)

    def change_in_the_hands_of_agent1(self):
        """Just then it may be asked of an earlier one that is in doubt still, and the change goes to the other: then another change."""
        for _ in range(5):
            job = Reset(self.world, op="change", old=OLD, life_s=8).submit()
            job.follow(20, until=("final", "resolving"))
            if self.world.processes["agent1"].poll() is not None:
                break
        return job

    def test_is_never_sent_again(self):
        for step in (*NOT_SENT[2:], *SENT):
            with self.subTest(step):
                self.world.arm(step, "kill", op="change")
                job = self.change_in_the_hands_of_agent1()
                self.die(step)
                self.show(f"without a marker, killed at {step}", job)
                if job.moved:
                    self.assertIn(job.seen["outcome"], ("applied", "unknown"), f"{step}: {job.seen}")
                else:
                    self.assertEqual(job.seen["outcome"], "in_doubt", f"{step}: {job.seen}")
                self.assertLessEqual(job.moved, 1, step)
                self.assertEqual(wrong_passwords(job.user), 0, step)


class ASignIn(Own):
    def sign_in(self, **more):
        return Reset(self.world, op="authenticate", password=WRONG, **more)

    def expect_shown(self, job, step, times):
        counted = wrong_passwords(job.user)
        self.assertIn(counted, times, f"{step}: shown {counted} times\n{self.world.logs()}")
        self.assertEqual(job.moved, 0, step)

    def test_with_a_killed_agent_is_unknown_and_never_tried_again(self):
        for step in SIGN_IN_NOT_SENT + SIGN_IN_SENT:
            with self.subTest(step):
                self.world.arm(step, "kill", op="authenticate")
                job = self.sign_in().run()
                self.die(step)
                self.world.restart("agent1")
                wait_until("settled intents", lambda: not self.world.open_intents("agent1"))
                self.show(f"killed at {step}", job)
                self.expect_shown(job, step, {int(step in SIGN_IN_SENT)})
                said = {("unknown", None), ("rejected", "old_password_wrong")} if step == "reported" else {("unknown", None)}  # it may just have left
                self.assertIn(self.outcome(job), said, f"{step}: {job.seen}")
                self.assertLess(job.seconds, self.undisturbed + KILLED_S + NOISE_S, step)

    def test_with_an_agent_killed_or_frozen_while_the_controller_answers_is_not_tried_again(self):
        for how in ("kill", "stop"):
            with self.subTest(how):
                job = self.sign_in()
                self.world.restart("agent1", WB_FAILPOINT=f"bind_sent:{how}:{self.world.dn_of(job.user)}")
                pid = self.world.processes["agent1"].pid
                job.submit()
                if how == "kill":
                    self.die("bind_sent")
                    job.follow(20)
                    self.world.restart("agent1")
                else:
                    wait_stopped(pid)
                    job.follow(20)
                    settle_late(self.world, pid, job.jti)
                wait_until("settled intents", lambda: not self.world.open_intents("agent1"))
                self.show(f"bind sent, then {how}", job)
                self.expect_shown(job, how, {0, 1})
                self.assertEqual(self.outcome(job), ("unknown", None), f"{how}: {job.seen}")

    def test_with_a_frozen_agent_is_tried_at_most_once_also_when_it_wakes(self):
        for step in ("before_sign_in", "answered"):
            with self.subTest(step):
                pid = self.world.arm(step, "stop", op="authenticate")
                job = self.sign_in().submit()
                wait_stopped(pid)
                job.follow(20)
                settle_late(self.world, pid, job.jti)
                self.show(f"frozen at {step}", job)
                self.expect_shown(job, step, {0, 1})
                self.assertEqual(self.outcome(job), ("unknown", None), f"{step}: {job.seen}")
                self.assertEqual(self.world.job(job.jti)["outcome"], "unknown", "what it says later changes nothing")

    def test_whose_only_agent_was_killed_is_unknown_when_that_comes_back(self):
        self.world.arm("answered", "kill", op="authenticate")
        self.world.end("agent2", signal.SIGKILL)
        self.world.wait_ready(1)
        job = self.sign_in().submit()
        self.die("answered")
        self.world.restart("agent1", ready=1)
        job.follow(20)
        self.expect_shown(job, "alone", {1})
        self.assertEqual(self.outcome(job), ("unknown", None))
        self.world.start_agent("agent2")
        self.world.wait_ready(2)


if __name__ == "__main__":
    unittest.main(verbosity=2)

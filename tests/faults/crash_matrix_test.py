#!/usr/bin/env python3
"""An agent in trouble at every named step, while another stands by: real service, real agents, real Samba.

After each: one change of the password in the directory, counted from its own replication metadata, the right outcome
at the caller, within the bound. Run inside ad-lab (CTest does). Prints what it measured.
"""
import signal
import unittest

from stage import LEASE_S, KILLED_S, NOISE_S, NOT_SENT, Reset, SENT, STEPS, Stage, Staged, settle_late, wait_stopped
from trouble import at_once, changes


class AKilledAgent(Staged):
    def test_at_any_step_costs_one_change_the_truth_and_at_most_two_seconds(self):
        for step in STEPS:
            with self.subTest(step):
                pid = self.world.arm(step, "kill")
                reset = Reset(self.world).run()
                self.assertEqual(self.world.processes[("agent1")].wait(20), -signal.SIGKILL, f"killed at {step} (pid {pid})")
                self.expect_applied_once(reset, KILLED_S, f"killed at {step}")

    def test_that_comes_back_settles_what_it_left_without_writing(self):
        """Both agents die with the job in their hands; the first one back finds out what happened."""
        for step in ("before_modify", "modify_sent", "answered", "journaled_done"):
            with self.subTest(step):
                self.world.arm(step, "kill")
                self.world.end("agent2", signal.SIGKILL)
                self.world.wait_ready(1)
                reset = Reset(self.world).submit()
                self.assertEqual(self.world.processes["agent1"].wait(20), -signal.SIGKILL, step)
                self.world.restart("agent1", ready=1)
                reset.follow(20)
                self.expect_applied_once(reset, 10, f"killed at {step}, alone, started again")
                self.world.start_agent("agent2")
                self.world.wait_ready(2)


class AFrozenAgent(Staged):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first_world = cls.world

    def frozen_at(self, world, step):
        pid = world.arm(step, "stop")
        reset = Reset(world).submit()
        wait_stopped(pid)
        reset.follow(20)
        # The account goes on living: another reset, served by the other agent, before the first one wakes up.
        newer = Reset(world, user=reset.user)
        if newer.before != reset.before + 1:
            raise AssertionError(f"{step}: {newer.before - reset.before} changes while frozen")
        newer.submit().follow(20)
        settle_late(world, pid, reset.jti)
        world.end("agent1")  # drained: nothing of it is under way any more
        return step, reset, newer

    def steps(self, steps):
        world = Stage()
        try:
            return [self.judge(world, *self.frozen_at(world, step)) for step in steps]
        finally:
            world.close()

    def judge(self, world, step, reset, newer):
        what = f"frozen at {step}"
        print(f"  {what}: {reset.seen['outcome']} after {reset.seconds:.2f} s, then {newer.seen['outcome']} after {newer.seconds:.2f} s", flush=True)
        self.assertEqual((reset.seen["outcome"], newer.seen["outcome"]), ("applied", "applied"), f"{what}\n{world.logs()}")
        self.assertEqual(changes(reset.user), reset.before + 2, f"{what}: one change each")
        self.assertTrue(world.binds(newer.user, newer.password), f"{what}: the late agent must not overwrite the newer password")
        self.assertLess(reset.seconds, self.undisturbed + LEASE_S + NOISE_S, what)
        self.assertEqual(world.job(reset.jti)["outcome"], "applied", "what was said stays said")
        return step

    def test_at_any_step_costs_at_most_the_lease_and_never_overwrites(self):
        """Three worlds side by side on one DC: most of the time is waiting for leases."""
        done = at_once(*(lambda steps=STEPS[i::3]: self.steps(steps) for i in range(3)))
        self.assertEqual(sorted(sum(done, [])), sorted(STEPS))


class WithoutAMarker(Staged):
    """Nobody can tell whose change it was: applied once, or `unknown`; never a lie, never twice."""
    @classmethod
    def setUpClass(cls):
        cls.world = Stage(marker_attribute="")
        cls.undisturbed = cls.measure(cls.world)

    def expect_no_lie(self, reset, step):
        outcome, moved = reset.seen["outcome"], reset.moved
        print(f"  without a marker, {step}: {outcome}, {moved} change(s), after {reset.seconds:.2f} s", flush=True)
        self.assertIn(outcome, ("applied", "unknown"), f"{step}: {reset.seen}\n{self.world.logs()}")
        self.assertLessEqual(moved, 1, step)
        if outcome == "applied":
            self.assertEqual(moved, 1, step)
            self.assertTrue(self.world.binds(reset.user, reset.password), step)
        return outcome

    def test_a_killed_agent_before_the_write_costs_nothing(self):
        for step in NOT_SENT:
            with self.subTest(step):
                self.world.arm(step, "kill")
                reset = Reset(self.world).run()
                self.expect_applied_once(reset, KILLED_S, f"without a marker, killed at {step}")

    def test_a_killed_agent_after_the_write_never_lies(self):
        for step in SENT:
            with self.subTest(step):
                self.world.arm(step, "kill")
                reset = Reset(self.world).run()
                self.expect_no_lie(reset, step)
                self.assertLess(reset.seconds, self.undisturbed + KILLED_S)

    def test_a_frozen_agent_never_writes_twice(self):
        for step in ("before_modify", "modify_sent"):
            with self.subTest(step):
                pid = self.world.arm(step, "stop")
                reset = Reset(self.world).submit()
                wait_stopped(pid)
                reset.follow(20)
                settle_late(self.world, pid, reset.jti)
                self.world.end("agent1")
                self.expect_no_lie(reset, f"frozen at {step}")


if __name__ == "__main__":
    unittest.main(verbosity=2)

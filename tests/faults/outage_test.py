#!/usr/bin/env python3
"""Links cut, the service killed, the domain controller killed or frozen, with a reset under way. Run inside ad-lab."""
import contextlib
import signal
import unittest

from stage import KILLED_S, LEASE_S, NOISE_S, Reset, Stage, Staged, settle_late, thaw, wait_stopped, wait_until
from trouble import Controller, Relay, changes, unread

STEPS = ("received", "before_modify", "answered", "journaled_done")
RECONNECT_S = 4  # a link that is down is dialled again with full jitter: rand(0, 0.5 s * 2^n)


class ByRelay(Stage):
    """agent1 reaches the service through a relay of ours."""

    def make_agent(self, name, **more):
        if name != "agent1":
            return super().make_agent(name, **more)
        self.relay = Relay(self.port)
        return super().make_agent(name, service_url=f"https://127.0.0.1:{self.relay.port}", **more)

    def close(self):
        super().close()
        self.relay.close()


class ACutLink(Staged):
    @classmethod
    def setUpClass(cls):
        cls.world = ByRelay()
        cls.undisturbed = cls.measure(cls.world)

    def cut_at(self, step, cut):
        """The link goes while agent1 stands at this step; then agent1 goes on, without it, while agent2 has the job as well."""
        pid = self.world.arm(step, "stop")
        reset = Reset(self.world).submit()
        wait_stopped(pid)
        cut()
        thaw(pid)
        reset.follow(20)
        settle_late(self.world, pid, reset.jti)
        self.world.relay.heal()
        return reset

    def test_costs_at_most_two_seconds_and_no_second_change(self):
        for step in STEPS:
            with self.subTest(step):
                self.expect_applied_once(self.cut_at(step, self.world.relay.cut), KILLED_S, f"link cut at {step}")

    def test_that_goes_deaf_costs_at_most_the_lease(self):
        for step in STEPS:
            with self.subTest(step):
                self.expect_applied_once(self.cut_at(step, self.world.relay.go_deaf), LEASE_S + NOISE_S, f"link deaf at {step}")


class AKilledService(Staged):
    """A world for each case: agents that have lost a link several times in a minute take their time (section 1)."""
    @classmethod
    def setUpClass(cls):
        world = Stage()
        cls.undisturbed = cls.measure(world)
        world.close()

    @classmethod
    def tearDownClass(cls):
        pass

    @contextlib.contextmanager
    def a_world(self, name):
        with self.subTest(name):
            self.world = Stage()
            try:
                yield
            finally:
                self.world.close()

    def restarted_at(self, failpoint):
        reset = Reset(self.world)
        self.world.end("service")
        self.world.start_service(WB_FAILPOINT=f"{failpoint}:kill")
        self.world.wait_ready(2)
        with self.assertRaises((OSError, AssertionError)):  # no 202: the caller asks again, as scripts/reset does
            reset.submit()
        self.assertEqual(self.world.processes.pop("service").wait(20), -signal.SIGKILL, failpoint)
        self.world.start_service()
        return reset

    def test_forgets_no_job_that_it_had_stored(self):
        for failpoint in ("service.job_stored", "service.job_leased", "service.job_offered"):
            with self.a_world(failpoint):
                reset = self.restarted_at(failpoint)
                reset.follow(30)
                self.expect_applied_once(reset, LEASE_S + RECONNECT_S, f"service killed at {failpoint}")

    def test_answers_the_same_request_the_same_way_afterwards(self):
        with self.a_world("submitted again"):
            reset = self.restarted_at("service.job_offered")
            self.assertEqual(self.world.submit(reset.prepared)[0], 202)
            reset.follow(30)
            self.expect_applied_once(reset, LEASE_S + RECONNECT_S, "submitted again after a crash")
            again = self.world.submit(reset.prepared)[1]
            self.assertEqual((again["jti"], again["state"]), (reset.jti, "final"))

    def test_gets_the_result_that_waited_in_the_agent(self):
        for step in ("before_modify", "answered"):
            with self.a_world(step):
                pid = self.world.arm(step, "stop")
                reset = Reset(self.world).submit()
                wait_stopped(pid)
                self.world.end("service", signal.SIGKILL)
                thaw(pid)
                self.world.start_service()
                reset.follow(30)
                self.expect_applied_once(reset, LEASE_S + RECONNECT_S, f"service killed while an agent stood at {step}")


class ADomainController(Staged):
    def setUp(self):
        self.dc = Controller()
        if not self.dc.answers():
            self.dc.start()
        self.world.wait_ready(2)

    def test_frozen_between_request_and_answer_applies_once(self):
        pid = self.world.arm("before_modify", "stop")
        reset = Reset(self.world).submit()
        wait_stopped(pid)
        with self.dc.frozen():
            thaw(pid)  # the request goes into a controller that stands still
            wait_until("patience at its end", lambda: "job.unanswered" in self.world.log("agent1"), 30)
            self.assertNotEqual(self.world.job(reset.jti)["state"], "final", "nothing is known yet, and nothing was said")
        reset.follow(60)
        self.expect_applied_once(reset, 45, "DC frozen between request and answer, then thawed")

    def test_killed_before_it_has_read_the_request_applies_once(self):
        pid = self.world.arm("before_modify", "stop")
        reset = Reset(self.world).submit()
        wait_stopped(pid)
        with self.dc.frozen(), contextlib.suppress(ProcessLookupError):
            thaw(pid)
            wait_until("request in its socket", lambda: unread(self.dc.address) > 0, 10)
            self.dc.kill()
        self.dc.start()
        reset.follow(90)
        self.expect_applied_once(reset, 60, "DC killed with the request unread, then started")

    def test_killed_after_the_write_and_before_the_answer_applies_once(self):
        pid = self.world.arm("modify_sent", "stop")
        reset = Reset(self.world).submit()
        wait_stopped(pid)
        wait_until("write", lambda: changes(reset.user) == reset.before + 1)
        # The answer lies in the agent's socket. It is taken away: what the agent finds is a dead controller.
        self.dc.kill()
        self.dc.start()
        thaw(pid)
        reset.follow(90)
        self.expect_applied_once(reset, 60, "DC killed after the write")


if __name__ == "__main__":
    unittest.main(verbosity=2)

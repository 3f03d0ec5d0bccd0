#!/usr/bin/env python3
"""A domain of two controllers, one of which freezes with a reset in it. Run inside ad-lab run -2."""
import contextlib
import os
import signal
import unittest

from stage import Reset, Stage, Staged, thaw, wait_stopped, wait_until
from trouble import Controller, changes
from world import AD

URIS = [AD["AD_URI"], os.environ.get("AD_URI2", "")]


class AFrozenController(Staged):
    @classmethod
    def setUpClass(cls):
        # forty processes are two controllers: patience is short, so that the test is
        cls.world = Stage(uris=URIS, connect_timeout_ms=1500, operation_timeout_ms=2000)

    @contextlib.contextmanager
    def frozen_with_a_reset(self, life_s=12):
        """dc1 stands still, all of it, with a Modify in its socket; the reset's caller has been told `in_doubt`."""
        group = Controller("dc1").pid
        pid = self.world.arm("before_modify", "stop")
        reset = Reset(self.world, life_s=life_s)
        self.assertEqual(reset.prepared["pre"]["dc"], "dc1.corp.example")
        reset.submit()
        wait_stopped(pid)
        os.killpg(group, signal.SIGSTOP)
        try:
            thaw(pid)
            reset.follow(60, until=("resolving", "final"))
            self.assertEqual((reset.seen["state"], reset.seen["outcome"]), ("resolving", "in_doubt"), self.world.logs())
            yield reset
        finally:
            os.killpg(group, signal.SIGCONT)

    def on_the_other(self, user):
        """A reset of this account that was probed on dc2, because dc1 does not answer."""
        def prepared():
            try:
                reset = Reset(self.world, user=user, uri=URIS[1])
                return reset if reset.prepared["pre"]["dc"] == "dc2.corp.example" else None
            except AssertionError:
                return None  # not ready yet: the agents are on their way to dc2
        return wait_until("a probe on dc2", prepared, 60)

    def test_never_thaws_over_a_password_that_was_set_elsewhere(self):
        with self.frozen_with_a_reset() as reset:
            second = self.on_the_other(reset.user)
            status, answer = self.world.submit(second.prepared)
            self.assertEqual((status, answer["error"]["code"]), (409, "in_doubt"), "not on another DC until it is settled")
            self.assertEqual(changes(reset.user, uri=URIS[1]), second.before, "and dc2 was not written")
        settled = reset.follow(90)
        print(f"  thawed: {settled['outcome']} {settled.get('reason', '')}", flush=True)
        # It may have served the request that it found, or not: its caller had hung up. Either way, the truth.
        if settled["outcome"] == "applied":
            self.assertEqual((reset.moved, self.world.binds(reset.user, reset.password)), (1, True))
        else:
            self.assertEqual((settled["outcome"], settled["reason"], reset.moved), ("failed", "void", 0))
        # As a client does: what one controller wrote reaches the other only after the probe, sometimes (reprobe), or between two
        # attempts of one job (unknown: a marker that is not its own).
        for _ in range(5):
            again = Reset(self.world, user=reset.user).run()
            if again.seen["outcome"] not in ("reprobe", "unknown"):
                break
        self.assertEqual(again.seen["outcome"], "applied", "settled: the account takes new jobs")

    def test_can_be_given_up_by_an_operator_who_takes_the_risk(self):
        with self.frozen_with_a_reset() as reset:
            second = self.on_the_other(reset.user)
            self.assertEqual(self.world.submit(second.prepared)[0], 409)
            without = self.world.tool("reset-service", "jobs", "release", reset.jti, "--config", self.world.config("service"), code=2)
            self.assertIn("accept-risk", without)
            self.world.tool("reset-service", "jobs", "release", reset.jti, "--accept-risk", "--config", self.world.config("service"))
            wait_until("released job", lambda: self.world.job(reset.jti)["state"] == "final", 20)
            self.assertEqual(self.world.job(reset.jti)["outcome"], "unknown")
            third = self.on_the_other(reset.user)
            third.submit().follow(60)
            self.assertEqual(third.seen["outcome"], "applied")
            self.assertEqual(changes(reset.user, uri=URIS[1]), third.before + 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)

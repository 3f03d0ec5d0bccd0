#!/usr/bin/env python3
"""The agent's machine lets it down: a full disk, a disk that fails, a clock that is wrong. Run inside ad-lab."""
import contextlib
import json
import signal
import unittest
import urllib.error
import urllib.request

from stage import KILLED_S, Reset, Stage, Staged, thaw, wait_stopped, wait_until
from trouble import fill, shim, tiny_disk
from world import DOMAIN, free_port


class Asked(Stage):
    """Agents that tell their health."""

    def make_agent(self, name, **more):
        made = super().make_agent(name, **more)
        self.doors = getattr(self, "doors", {}) | {name: free_port()}
        config = json.loads(self.config(name).read_text(encoding="utf-8"))
        self.config(name).write_text(json.dumps(config | {"metrics": {"listen": f"127.0.0.1:{self.doors[name]}"}}), encoding="utf-8")
        return made

    def health(self, name):
        """(status, the domain's reason) of /readyz."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.doors[name]}/readyz", timeout=5) as answer:
                return answer.status, json.load(answer)["domains"][DOMAIN]["reason"]
        except urllib.error.HTTPError as e:
            with e:
                return e.code, json.load(e)["domains"][DOMAIN]["reason"]


class OnATinyDisk(Asked):
    """agent1 keeps its state on a file system of 1 MiB of its own."""

    def make_agent(self, name, **more):
        if name == "agent1":
            self.mounts = contextlib.ExitStack()
            (self.folder / name).mkdir(mode=0o700)
            self.mounts.enter_context(tiny_disk(self.folder / name, 1024))
        return super().make_agent(name, **more)

    def close(self):
        for name in list(self.processes):
            self.end(name, signal.SIGKILL)
        self.mounts.close()
        super().close()


class AFullDisk(Staged):
    @classmethod
    def setUpClass(cls):
        cls.world = OnATinyDisk()
        cls.undisturbed = cls.measure(cls.world)

    def test_before_the_intent_makes_the_agent_step_back_until_there_is_room(self):
        self.world.restart("agent1")
        hog = fill(self.world.folder / "agent1")
        reset = Reset(self.world).run()
        self.expect_applied_once(reset, KILLED_S, "no room for the intent")
        self.assertEqual(reset.seen["agent"], self.world.agent_id("agent2"), "without a record nothing is written")
        self.assertIsNone(self.world.journal_row("agent1", reset.jti))
        wait_until("agent1 not ready", lambda: self.world.ready_agents() == 1)
        self.assertIn("reason=journal", self.world.log("service"))
        self.assertEqual(self.world.health("agent1"), (503, "journal"), "it tells its operator what it tells the service")
        hog.unlink()
        self.world.wait_ready(2)
        self.assertEqual(self.world.health("agent1"), (200, ""))
        self.expect_applied_once(Reset(self.world).run(), KILLED_S, "with room again")

    def test_after_the_intent_changes_nothing_about_the_answer(self):
        pid = self.world.arm("before_modify", "stop")
        reset = Reset(self.world).submit()
        wait_stopped(pid)
        hog = fill(self.world.folder / "agent1")
        thaw(pid)
        reset.follow(20)
        self.expect_applied_once(reset, KILLED_S + 1, "no room for the outcome")
        hog.unlink()


class AFailingDisk(Staged):
    """EIO from a library in front of libc's write and sync, on the journal's files only: nearer to a dying disk than
    anything else that needs neither a kernel module nor a device."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flag = cls.world.folder / "disk-is-broken"
        cls.env = {"LD_PRELOAD": shim(cls.world.folder), "WB_SHIM_EIO": f"journal.sqlite@{cls.flag}"}

    def tearDown(self):
        self.flag.unlink(missing_ok=True)

    def test_before_the_intent_makes_the_agent_step_back_until_it_works(self):
        self.world.restart("agent1", **self.env)
        self.flag.touch()
        reset = Reset(self.world).run()
        self.expect_applied_once(reset, KILLED_S, "EIO at the intent")
        self.assertEqual(reset.seen["agent"], self.world.agent_id("agent2"))
        wait_until("agent1 not ready", lambda: self.world.ready_agents() == 1)
        self.flag.unlink()
        self.world.wait_ready(2)

    def test_after_the_intent_loses_nothing_even_when_the_agent_dies_then(self):
        self.world.restart("agent1", WB_FAILPOINT="before_modify:stop:reset", **self.env)
        pid = self.world.processes["agent1"].pid
        reset = Reset(self.world).submit()
        wait_stopped(pid)
        self.flag.touch()
        thaw(pid)
        reset.follow(20)
        self.expect_applied_once(reset, KILLED_S + 1, "EIO at the outcome")
        self.flag.unlink()
        self.world.restart("agent1")  # killed; what it finds on its disk is an open intent at most
        self.assertEqual((reset.moved, self.world.job(reset.jti)["outcome"]), (1, "applied"))


class Skewed(Asked):
    """Certificates of yesterday, so that an agent whose clock is behind finds them valid."""

    def make_certificates(self):
        self.openssl_env = {"LD_PRELOAD": shim(self.folder), "WB_SHIM_CLOCK_S": "-86400"}
        super().make_certificates()

    def skew(self, seconds, ready):
        self.restart("agent1", ready, LD_PRELOAD=shim(self.folder), WB_SHIM_CLOCK_S=str(seconds))


class AWrongClock(Staged):
    @classmethod
    def setUpClass(cls):
        cls.world = Skewed()
        cls.undisturbed = cls.measure(cls.world)

    def test_by_four_minutes_is_corrected(self):
        for minutes in (-4, 4):
            with self.subTest(minutes):
                self.world.skew(60 * minutes, ready=2)
                reset = Reset(self.world).run()
                self.expect_applied_once(reset, KILLED_S, f"agent1's clock {minutes:+} min")
                self.assertEqual(reset.seen["agent"], self.world.agent_id("agent1"), "it was not passed over")
                self.assertIn("clock.skewed", self.world.log("agent1"))

    def test_by_six_minutes_makes_the_agent_step_back_and_say_why(self):
        for minutes in (-6, 6):
            with self.subTest(minutes):
                before = self.world.log("service").count("reason=clock_skew")
                self.world.skew(60 * minutes, ready=1)
                wait_until("the reason", lambda: self.world.log("service").count("reason=clock_skew") > before)
                self.assertEqual(self.world.health("agent1"), (503, "clock_skew"))
                reset = Reset(self.world).run()
                self.expect_applied_once(reset, KILLED_S, f"agent1's clock {minutes:+} min")
                self.assertEqual(reset.seen["agent"], self.world.agent_id("agent2"))

    def test_of_a_killed_agent_leaves_the_other_one_the_truth(self):
        self.world.restart("agent1", LD_PRELOAD=shim(self.world.folder), WB_SHIM_CLOCK_S="240", WB_FAILPOINT="answered:kill:reset")
        self.expect_applied_once(Reset(self.world).run(), KILLED_S, "a fast clock, then killed")


if __name__ == "__main__":
    unittest.main(verbosity=2)

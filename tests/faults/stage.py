"""Two agents, the first of which gets into trouble; and what must be true afterwards, whatever it was.

The service asks the agent that was enrolled first when both are idle: agent1 is the one that gets each job, agent2
stands by.
"""
import itertools
import os
import pathlib
import signal
import sqlite3
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trouble import changes, is_stopped, wait_stopped  # noqa: E402
from world import World, wait_until  # noqa: E402

# Every named step of an agent with a reset in its hands, in order.
BEFORE_INTENT = ("received", "verified")
NOT_SENT = (*BEFORE_INTENT, "journaled", "before_modify")
SENT = ("modify_sent", "answered", "journaled_done", "reported")
STEPS = (*NOT_SENT, *SENT)

ACCEPT_S, LEASE_S, KILLED_S = 2, 5, 2  # docs/PROTOCOL.md section 6; what a killed agent may cost
NOISE_S = 1  # two cores, sanitizers, and Samba beside them

accounts = map("u{:03}".format, itertools.count())  # from any thread
passwords = map("Matrix-Passw0rd-{}".format, itertools.count())


def rule(step, how, op="reset"):
    return f"{step}:{how}" if step == "modify_sent" else f"{step}:{how}:{op}"


class Stage(World):
    def restart(self, name, ready=2, **env):
        """The same agent anew; its old self may be dead, frozen or well."""
        process = self.processes.get(name)
        if process:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                self.end(name, signal.SIGKILL)
            else:
                self.processes.pop(name)
        links = self.log(name).count(" link.up ")  # what the service still believes of the old process is no answer
        self.start_agent(name, **env)
        self.wait_link(name, links)
        self.wait_ready(ready)

    def wait_link(self, name, before):
        wait_until(f"link of {name}", lambda: self.log(name).count(" link.up ") > before, 30)

    def arm(self, step, how, ready=2, op="reset"):
        if self.open_intents("agent1"):  # settling them comes by the later steps, too
            self.restart("agent1", ready)
            wait_until("settled intents", lambda: not self.open_intents("agent1"))
        self.restart("agent1", ready, WB_FAILPOINT=rule(step, how, op))
        return self.processes["agent1"].pid

    def open_intents(self, name):
        with sqlite3.connect(f"file:{self.folder / name / 'journal.sqlite'}?mode=ro", uri=True, timeout=10) as db:
            return db.execute("SELECT count(*) FROM job WHERE result_jws IS NULL").fetchone()[0]

    def journal_row(self, name, jti):
        """(fence, result or None) as the agent recorded it, or None."""
        with sqlite3.connect(f"file:{self.folder / name / 'journal.sqlite'}?mode=ro", uri=True, timeout=10) as db:
            return db.execute("SELECT fence, result_jws FROM job WHERE jti = ?", (jti,)).fetchone()


class Reset:
    """One reset (or another job with a password) in our hands: prepared at once, submitted when asked, followed to what the caller hears."""

    def __init__(self, world, user=None, password=None, life_s=120, uri=None, **order):
        """uri: the controller whose record of the account counts. order: op, and old for a change."""
        self.world, self.user, self.password, self.uri = world, user or next(accounts), password or next(passwords), uri
        self.before = changes(self.user, uri=uri)
        self.prepared = world.prepare(self.user, self.password, life_s, **order)
        self.jti = self.prepared["jti"]

    def submit(self):
        self.start = time.monotonic()
        status, answer = self.world.submit(self.prepared)
        if status != 202:
            raise AssertionError(f"submit: {status} {answer}")
        return self

    def follow(self, seconds=30, until=("final",)):
        self.seen = self.world.follow(self.jti, seconds, until)
        self.seconds = time.monotonic() - self.start
        return self.seen

    def run(self):
        self.submit().follow()
        return self

    @property
    def moved(self):
        return changes(self.user, uri=self.uri) - self.before


class Staged(unittest.TestCase):
    """A test on a stage; see expect_applied_once for what a reset must have come to."""
    world = None

    @classmethod
    def setUpClass(cls):
        cls.world = Stage()
        cls.undisturbed = cls.measure(cls.world)

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    @staticmethod
    def measure(world):
        return statistics.median(Reset(world).run().seconds for _ in range(3))

    def expect_applied_once(self, reset, within, what):
        print(f"  {what}: {reset.seen['outcome']} after {reset.seconds:.2f} s, attempts {reset.seen['attempts']} (undisturbed {self.undisturbed:.2f} s)", flush=True)
        self.assertEqual(reset.seen["outcome"], "applied", f"{what}: {reset.seen}\n{reset.world.logs()}")
        self.assertEqual(reset.moved, 1, f"{what}: exactly one change in the directory")
        self.assertTrue(reset.world.binds(reset.user, reset.password), what)
        self.assertLess(reset.seconds, self.undisturbed + within, f"{what}: time to outcome")


def thaw(pid):
    os.kill(pid, signal.SIGCONT)


def settle_late(world, pid, jti):
    """The woken agent has done with this job whatever it will do: recorded an answer, or dropped it."""
    def done():
        if is_stopped(pid):
            thaw(pid)  # by a later job, which came by the same step
        row = world.journal_row("agent1", jti)
        return (row and row[1]) or any(jti in line for line in world.log("agent1").splitlines() if "job.cancelled" in line or "job.refused" in line)
    thaw(pid)
    try:
        wait_until("end of the late attempt", done, 30)
    except AssertionError as e:
        raise AssertionError(f"{e}: {jti}\n{world.logs()}") from None


__all__ = ["ACCEPT_S", "BEFORE_INTENT", "KILLED_S", "LEASE_S", "NOISE_S", "NOT_SENT", "Reset", "SENT", "STEPS", "Stage", "Staged", "accounts", "passwords", "rule",
           "settle_late", "thaw", "wait_stopped", "wait_until"]

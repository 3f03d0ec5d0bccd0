#!/usr/bin/env python3
"""Two who want the same account: two jobs, one job twice, an administrator, a late write. Run inside ad-lab.

Late writes are real ones: a relay between an agent and the domain controller holds the Modify back and lets it go when
somebody else has been there.
"""
import signal
import unittest

from stage import KILLED_S, NOISE_S, Reset, Stage, Staged, accounts, passwords, settle_late, thaw, wait_stopped, wait_until
from trouble import ADMIN_DISPLAY_NAME, Relay, administrator_writes, at_once, changes, marker
from world import AD



class TwoJobsForOneAccount(Staged):
    def test_at_once_are_one_applied_and_one_busy(self):
        pid = self.world.arm("before_modify", "stop")
        first = Reset(self.world)
        second = Reset(self.world, user=first.user)
        first.submit()
        wait_stopped(pid)
        status, answer = self.world.submit(second.prepared)
        self.assertGreaterEqual(status, 400)
        self.assertEqual(answer["error"]["code"], "busy")
        thaw(pid)
        first.follow(20)
        self.assertEqual((first.seen["outcome"], first.moved), ("applied", 1))
        self.assertTrue(self.world.binds(first.user, first.password))

    def test_prepared_together_and_sent_one_after_the_other_do_not_overwrite(self):
        self.world.restart("agent1")
        first = Reset(self.world)
        second = Reset(self.world, user=first.user)  # its probe saw the same password
        first.run()
        second.run()
        self.assertEqual((first.seen["outcome"], second.seen["outcome"]), ("applied", "superseded"))
        self.assertEqual(first.moved, 1)
        self.assertTrue(self.world.binds(first.user, first.password))


class OneJobSentTwice(Staged):
    def test_at_once_has_one_answer_and_one_write(self):
        reset = Reset(self.world)
        answers = at_once(*(lambda: self.world.submit(reset.prepared) for _ in range(4)))
        self.assertEqual({status for status, _ in answers}, {202})
        self.assertEqual({answer["jti"] for _, answer in answers}, {reset.jti})
        seen = at_once(*(lambda: self.world.follow(reset.jti) for _ in range(4)))
        self.assertEqual({one["result"] for one in seen}, {seen[0]["result"]}, "the same signed result")
        self.assertEqual((seen[0]["outcome"], reset.moved), ("applied", 1))

    def test_again_later_has_the_same_answer_and_no_write(self):
        reset = Reset(self.world).run()
        status, answer = self.world.submit(reset.prepared)
        self.assertEqual((status, answer["state"]), (202, "final"))
        self.assertEqual((self.world.job(reset.jti)["result"], reset.moved), (reset.seen["result"], 1))

    def test_can_be_waited_for_in_the_submit_itself(self):
        reset = Reset(self.world)
        body = {"probe": reset.prepared["probe"], "sealed": reset.prepared["sealed"]}
        status, answer = self.world.call("/api/v1/jobs?wait_ms=10000", body)
        self.assertEqual((status, answer["outcome"], reset.moved), (200, "applied", 1))
        self.assertEqual(self.world.call("/api/v1/jobs?wait_ms=10000", body)[1]["result"], answer["result"])


class AnAdministrator(Staged):
    """Whatever they do while a job is under way, no answer is a lie, and what they set stays."""

    def interrupted(self, step, deed):
        """agent1 dies at this step, alone; then the deed; then agent2 settles the job."""
        if "agent2" in self.world.processes:
            self.world.end("agent2")
        # A controller may drop what it has not served when the connection ends: a Modify that shall land gets its time.
        landing = step == "modify_sent"
        pid = self.world.arm(step, "stop" if landing else "kill", ready=1)
        reset = Reset(self.world).submit()
        if landing:
            wait_stopped(pid)
            wait_until("write", lambda: reset.moved == 1)
            self.world.processes["agent1"].kill()
        self.assertEqual(self.world.processes.pop("agent1").wait(20), -signal.SIGKILL, step)
        deed(reset)
        self.world.start_agent("agent2")
        reset.follow(30)
        self.world.start_agent("agent1")
        self.world.wait_ready(2)
        print(f"  {step}, then an administrator: {reset.seen['outcome']} after {reset.seconds:.2f} s", flush=True)
        return reset

    def helpdesk(self, reset):
        self.world.helpdesk_sets(reset.user, "Helpdesk-Choice-1")

    def writes_marker(self, value):
        def deed(reset):
            administrator_writes(reset.user, self.world.dn_of(reset.user), "adminDisplayName", value(reset) if callable(value) else value)
        return deed

    def test_who_changes_the_password_first_is_not_overwritten(self):
        for step in ("received", "journaled", "before_modify"):
            with self.subTest(step):
                reset = self.interrupted(step, self.helpdesk)
                self.assertEqual((reset.seen["outcome"], reset.moved), ("superseded", 1), self.world.logs())
                self.assertTrue(self.world.binds(reset.user, "Helpdesk-Choice-1"))

    def test_who_changes_the_password_afterwards_is_not_overwritten(self):
        for step in ("modify_sent", "answered", "journaled_done"):
            with self.subTest(step):
                reset = self.interrupted(step, self.helpdesk)
                self.assertEqual((reset.seen["outcome"], reset.moved), ("applied", 2), "it was, and then it was changed")
                self.assertTrue(self.world.binds(reset.user, "Helpdesk-Choice-1"))

    def test_who_clears_or_overwrites_the_marker_of_a_write_makes_it_unknown(self):
        for name, value in (("cleared", None), ("overwritten", "Somebody Else"), ("as it was", lambda reset: reset.prepared["pre"]["mk"])):
            with self.subTest(name):
                reset = self.interrupted("modify_sent", self.writes_marker(value))
                self.assertEqual(reset.seen["outcome"], "unknown", f"{name}: {reset.seen}")
                self.assertEqual(reset.moved, 1, name)
                self.assertTrue(self.world.binds(reset.user, reset.password), name)

    def test_who_overwrites_the_marker_before_the_write_stops_it(self):
        reset = self.interrupted("before_modify", self.writes_marker("Somebody Else"))
        self.assertEqual((reset.seen["outcome"], reset.moved), ("unknown", 0), self.world.logs())
        self.assertEqual(marker(reset.user), "Somebody Else", "nothing is ever written over a foreign marker")


class ByHeldDirectory(Stage):
    """agent1 reaches the domain controller through a relay of ours, and gives up on an answer after 2 s."""

    def make_agent(self, name, **more):
        if name == "agent1":
            self.relay = Relay(636, "127.0.0.53")
            more = {"uri": f"ldaps://127.0.0.1:{self.relay.port}", "operation_timeout_ms": 2000, **more}
        return super().make_agent(name, **more)

    def close(self):
        super().close()
        self.relay.close()


class ALateWrite(Staged):
    def setUp(self):
        self.world = ByHeldDirectory()
        self.undisturbed = self.measure(self.world)

    def tearDown(self):
        self.world.close()

    def held(self, life_s, with_agent2):
        """A reset whose Modify agent1 has sent, and which the relay holds."""
        if not with_agent2:
            self.world.end("agent2")
        pid = self.world.arm("before_modify", "stop", ready=2 if with_agent2 else 1)
        reset = Reset(self.world, life_s=life_s).submit()
        wait_stopped(pid)
        self.world.relay.go_deaf()
        thaw(pid)
        return reset

    def let_go(self):
        """What was held arrives at the controller, in order, and is served."""
        self.world.relay.hear()
        self.world.relay.wait_quiet()

    def test_finds_the_job_done_by_another_agent(self):
        reset = self.held(120, with_agent2=True)
        reset.follow(60)
        self.expect_applied_once(reset, 30, "Modify held back, done by the other agent")
        self.let_go()
        self.assertEqual(reset.moved, 1, "the late one failed")
        self.assertTrue(self.world.binds(reset.user, reset.password))

    def test_of_a_voided_job_cannot_touch_the_next_password(self):
        reset = self.held(10, with_agent2=False)
        reset.follow(60, until=("resolving", "final"))
        self.assertEqual((reset.seen["state"], reset.seen["outcome"]), ("resolving", "in_doubt"), self.world.logs())
        self.world.end("agent1", signal.SIGKILL)
        self.world.start_agent("agent2")
        self.world.wait_ready(1)
        settled = reset.follow(90)
        self.assertEqual((settled["outcome"], settled["reason"]), ("failed", "void"), self.world.logs())
        self.assertTrue(marker(reset.user).startswith(f"wb1;{reset.jti};") and marker(reset.user).endswith(";V"))
        newer = Reset(self.world, user=reset.user).run()
        self.assertEqual(newer.seen["outcome"], "applied")
        proof = marker(reset.user)
        self.let_go()
        self.assertEqual(reset.moved, 1, "the newer one, and nothing else")
        self.assertEqual(marker(reset.user), proof, "the second job's proof stands")
        self.assertTrue(self.world.binds(newer.user, newer.password))
        self.assertEqual(self.world.job(reset.jti)["outcome"], "failed", "what was settled stays settled")

    def test_that_lands_before_the_job_is_resolved_is_found_applied(self):
        reset = self.held(10, with_agent2=False)
        reset.follow(60, until=("resolving", "final"))
        self.assertEqual(reset.seen["outcome"], "in_doubt")
        self.world.end("agent1", signal.SIGKILL)
        self.let_go()
        self.assertEqual(reset.moved, 1, f"it landed: the caller was told that it may\n{self.world.logs()}")
        self.world.start_agent("agent2")
        self.world.wait_ready(1)
        self.assertEqual(reset.follow(90)["outcome"], "applied")
        self.assertTrue(self.world.binds(reset.user, reset.password))


class AFrozenAgent(Staged):
    def test_whose_job_was_voided_sends_nothing_when_it_wakes(self):
        self.world.end("agent2")
        pid = self.world.arm("before_modify", "stop", ready=1)
        reset = Reset(self.world, life_s=10).submit()
        wait_stopped(pid)
        self.world.start_agent("agent2")
        # att 2 would apply it: here agent2 comes too late for that
        reset.follow(60, until=("resolving", "final"))
        if reset.seen["state"] == "resolving":
            reset.follow(90)
        newer = Reset(self.world, user=reset.user).run()
        self.assertEqual(newer.seen["outcome"], "applied")
        proof = marker(reset.user)
        settle_late(self.world, pid, reset.jti)
        self.world.end("agent1")
        self.assertEqual(marker(reset.user), proof)
        self.assertTrue(self.world.binds(newer.user, newer.password))
        self.assertEqual(changes(reset.user), newer.before + 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)

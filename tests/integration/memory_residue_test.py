#!/usr/bin/env python3
"""What a live agent's memory holds of passwords after 1,000 resets: nothing. Run inside ad-lab, on an unsanitized build
(sanitizers keep freed memory). It first shows that it would find one, in an agent that was frozen with it in its hands.
"""
import collections
import os
import pathlib
import secrets
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from world import World, memory_of, wait_until  # noqa: E402

RESETS, LOADERS, USERS = int(os.environ.get("WB_RESIDUE_RESETS", 1000)), 4, 100
TUNABLES = {"GLIBC_TUNABLES": "glibc.malloc.perturb=90:glibc.malloc.tcache_count=0"}  # as docs/OPERATIONS.md has them in the unit


def found(pid, canary):
    """Where the canary stands, in UTF-8 and as the directory gets it; any part of 12 characters counts."""
    places = collections.Counter()
    for where, memory in memory_of(pid):
        for spelling in (canary.encode(), canary.encode("utf-16le")):
            places[where.split()[-1] if len(where.split()) > 5 else "unnamed"] += memory.count(spelling)
    return {place: count for place, count in places.items() if count}


class AnAgentsMemory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(agents=("agent1",))

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def restart(self, **env):
        self.world.end("agent1", signal.SIGKILL)
        links = self.world.log("agent1").count(" link.up ")
        self.world.start_agent("agent1", **env)
        wait_until("a link", lambda: self.world.log("agent1").count(" link.up ") > links)
        self.world.wait_ready(1)
        return self.world.processes["agent1"].pid

    def reset(self, user, password):
        prepared = self.world.prepare(user, password)
        status, answer = self.world.call("/api/v1/jobs?wait_ms=20000", {"probe": prepared["probe"], "op": "reset", "sealed": prepared["sealed"]})
        self.assertEqual((status, answer.get("outcome")), (200, "applied"), f"{answer}\n{self.world.logs()}")

    def test_1_shows_a_password_to_this_test_while_it_is_there(self):
        canary = "Cn1-" + secrets.token_hex(12)
        pid = self.restart(WB_FAILPOINT="modify_sent:stop", **TUNABLES)
        prepared = self.world.prepare("u001", canary)
        self.world.submit(prepared)
        wait_until("a frozen agent", lambda: " T " in pathlib.Path(f"/proc/{pid}/stat").read_text()[:80])
        self.assertTrue(found(pid, canary), "or the next test proves nothing")
        os.kill(pid, signal.SIGCONT)

    def test_2_holds_nothing_after_a_thousand_resets(self):
        canary = "Cn2-" + secrets.token_hex(8)  # in all of them, and in nothing else
        pid = self.restart(**TUNABLES)
        start, wrong = time.monotonic(), []

        def load(loader):
            try:
                for turn in range(loader, RESETS, LOADERS):
                    self.reset(f"u{turn % USERS:03}", f"{canary}-{turn}")
            except Exception as e:  # told by the test's own thread
                wrong.append(e)
        loaders = [threading.Thread(target=load, args=(i,)) for i in range(LOADERS)]
        for thread in loaders:
            thread.start()
        for thread in loaders:
            thread.join()
        self.assertFalse(wrong, wrong)
        took = time.monotonic() - start
        service = self.world.processes["service"].pid
        size = sum(len(memory) for _, memory in memory_of(pid))
        print(f"{RESETS} resets in {took:.1f} s; {size >> 20} MiB of the agent's memory read: {found(pid, canary) or 'no copy'}; the service's: {found(service, canary) or 'no copy'}")
        self.assertEqual(found(pid, canary), {})
        self.assertEqual(found(service, canary), {}, "it never had one")

    def test_3_is_never_written_to_a_core_file(self):
        for name in ("agent1", "service"):
            limits = pathlib.Path(f"/proc/{self.world.processes[name].pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ", name)


if __name__ == "__main__":
    unittest.main(verbosity=2)

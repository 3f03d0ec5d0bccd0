#!/usr/bin/env python3
"""A planned restart of every agent under load loses nothing and delays nothing beyond the bound. Run inside ad-lab."""
import itertools
import queue
import secrets
import statistics
import threading
import time
import unittest

from stage import NOISE_S, Reset, Stage

LOADERS = 4
DRAIN_S = 2  # nothing should be felt; two cores, sanitizers and a start of an agent under load are


class Load:
    """Resets without a pause, from several at once, each on accounts of its own, until stop()."""

    def __init__(self, world, loaders=LOADERS):
        self.world, self.done, self.failed, self.going = world, queue.Queue(), queue.Queue(), threading.Event()
        self.going.set()
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True) for i in range(loaders)]
        for thread in self.threads:
            thread.start()

    def run(self, loader):
        for turn in itertools.count():
            if not self.going.is_set():
                return
            try:
                # no account again within ten turns of its loader: each reset has its own proof in the directory
                reset = Reset(self.world, user=f"u{loader * 10 + turn % 10 + 50:03}", password=f"Rolling-Passw0rd-{secrets.token_hex(6)}")
                self.done.put(reset.run())
            except Exception as e:  # told by stop(), in the test's own thread
                self.failed.put(e)
                return

    def stop(self):
        """All that were done."""
        self.going.clear()
        for thread in self.threads:
            thread.join(60)
        if not self.failed.empty():
            raise AssertionError("the load broke") from self.failed.get()
        return list(self.done.queue)


class ARollingRestart(unittest.TestCase):
    def setUp(self):
        self.world = Stage()

    def tearDown(self):
        self.world.close()

    def test_of_all_agents_under_load_loses_and_delays_nothing(self):
        calm = Load(self.world)
        time.sleep(3)
        before = [reset.seconds for reset in calm.stop()]
        load = Load(self.world)
        for name in ("agent1", "agent2"):
            for _ in range(2):
                links = self.world.log(name).count(" link.up ")
                self.assertEqual(self.world.end(name), 0, "it drained and left cleanly")
                self.world.start_agent(name)
                self.world.wait_link(name, links)
                self.world.wait_ready(2)
        resets = load.stop()
        took = sorted(reset.seconds for reset in resets)
        p99 = took[int(len(took) * 0.99)]
        print(f"  {len(took)} resets during four restarts: p50 {statistics.median(took):.2f} s, p99 {p99:.2f} s, worst {took[-1]:.2f} s"
              f" (calm: p50 {statistics.median(before):.2f} s, worst {max(before):.2f} s)", flush=True)
        self.assertGreater(len(took), 20, "a load, or nothing is proven")
        for reset in resets:
            self.assertEqual(reset.seen["outcome"], "applied", f"{reset.seen}\n{self.world.logs()}")
        for user, mine in itertools.groupby(sorted(resets, key=lambda r: (r.user, r.start)), key=lambda r: r.user):
            mine = list(mine)
            self.assertEqual(mine[-1].moved, 1, f"{user}: the last one changed it once, and nothing came after")
            for earlier, later in zip(mine, mine[1:]):
                self.assertEqual(later.before, earlier.before + 1, f"{user}: one change for each")
        self.assertLess(p99, max(before) + DRAIN_S + NOISE_S)


if __name__ == "__main__":
    unittest.main(verbosity=2)

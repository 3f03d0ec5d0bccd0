#!/usr/bin/env python3
"""Random faults under load: soak.py MINUTES [SEED]. Run inside ad-lab (scripts/test soak does).

Several loaders reset passwords without a pause; meanwhile agents are killed, frozen and restarted, the domain controller is
frozen, the service is killed. Every reset is then held against the promise: `applied` means one change and a password
that works; any refusal means no change; `in_doubt` and `unknown` may be either, but never two. The seed is printed; it
replays the choice of faults, not their timing.
"""
import collections
import contextlib
import itertools
import queue
import random
import signal
import sys
import threading
import time

from stage import Reset, Stage
from trouble import Controller, frozen

MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 1
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
LOADERS = 4
NOTHING_DONE = ("rejected", "denied", "failed", "superseded", "invalid", "reprobe", "busy", "expired", "unavailable")
LONGEST_S = 150  # a job lives 120 s; then its caller is told


class Soak:
    def __init__(self):
        self.world, self.dc, self.dice = Stage(), Controller(), random.Random(SEED)
        self.going, self.seen, self.wrong = threading.Event(), queue.Queue(), queue.Queue()
        self.going.set()
        self.pause = threading.Event()
        self.lock = threading.Lock()  # the world's processes

    # ---- load ---------------------------------------------------------------------------------------------------
    def load(self, loader):
        for turn in itertools.count():
            if not self.going.is_set():
                return
            user = f"u{loader * 25 + turn % 25:03}"
            try:
                reset = Reset(self.world, user=user, password=f"Soak-Passw0rd-{loader}-{turn}", life_s=40)
            except (AssertionError, OSError, ValueError):
                self.pause.wait(0.2)  # nobody there to probe: a fault is on
                continue
            reset.start = time.monotonic()
            if self.submitted(reset):
                self.judge(reset)

    def submitted(self, reset):
        """As scripts/reset: asked again while there is no answer."""
        while True:
            try:
                status, _ = self.world.submit(reset.prepared)
                return status == 202
            except OSError:
                self.pause.wait(0.2)
                if time.monotonic() > reset.start + 40:
                    return False

    def judge(self, reset):
        try:
            told = reset.follow(LONGEST_S, until=("resolving", "final"))
            first = told["outcome"]
            if told["state"] == "resolving":
                told = reset.follow(300)
            outcome, moved = told["outcome"], reset.moved
            self.seen.put((outcome, reset.seconds, first))
            if moved > 1:
                raise AssertionError(f"{moved} changes")
            if outcome in ("applied", "applied_but") and (moved != 1 or not self.world.binds(reset.user, reset.password)):
                raise AssertionError(f"told {outcome}, {moved} changes")
            if outcome in NOTHING_DONE and moved != 0:
                raise AssertionError(f"told {outcome}, {moved} changes")
        except Exception as e:  # of one reset; the soak goes on and says so at the end
            self.wrong.put(f"{reset.user} {reset.jti}: {e!r:.2000}")

    # ---- faults -------------------------------------------------------------------------------------------------
    def kill_agent(self, name):
        self.world.end(name, signal.SIGKILL)
        self.pause.wait(self.dice.uniform(0, 2))
        self.world.start_agent(name)

    def drain_agent(self, name):
        self.world.end(name)
        self.world.start_agent(name)

    def freeze_agent(self, name):
        with frozen(self.world.processes[name].pid):
            self.pause.wait(self.dice.uniform(1, 12))

    def freeze_controller(self, _):
        with self.dc.frozen():
            self.pause.wait(self.dice.uniform(0.5, 10))

    def kill_service(self, _):
        self.world.end("service", signal.SIGKILL)
        self.world.start_service()

    def fault(self):
        kinds = {self.kill_agent: 4, self.freeze_agent: 3, self.drain_agent: 2, self.freeze_controller: 1, self.kill_service: 1}
        what = self.dice.choices(list(kinds), list(kinds.values()))[0]
        name = self.dice.choice(("agent1", "agent2"))
        what(name)
        return what.__name__

    def run(self):
        print(f"seed {SEED}, {MINUTES:g} minutes", flush=True)
        loaders = [threading.Thread(target=self.load, args=(i,), daemon=True) for i in range(LOADERS)]
        for loader in loaders:
            loader.start()
        faults, until = collections.Counter(), time.monotonic() + 60 * MINUTES
        while time.monotonic() < until:
            self.pause.wait(self.dice.uniform(0.2, 3))
            faults[self.fault()] += 1
        self.going.clear()
        for loader in loaders:
            loader.join(LONGEST_S + 330)
        outcomes = list(self.seen.queue)
        took = sorted(seconds for _, seconds, _ in outcomes)
        print(f"{len(outcomes)} resets: {dict(collections.Counter(o for o, _, _ in outcomes))}; faults: {dict(faults)}")
        if took:
            print(f"time to outcome: p50 {took[len(took) // 2]:.2f} s, p99 {took[int(len(took) * .99)]:.2f} s, worst {took[-1]:.2f} s")
        wrong = list(self.wrong.queue)
        for one in wrong:
            print("WRONG:", one)
        if any(loader.is_alive() for loader in loaders):
            wrong.append("a loader never came back")
        applied = sum(o == "applied" for o, _, _ in outcomes)
        print("soak: " + ("FAILED" if wrong or not applied else "passed"))
        return 1 if wrong or not applied else 0


def main():
    soak = Soak()
    with contextlib.closing(soak.world):
        return soak.run()


sys.exit(main())

#!/usr/bin/env python3
"""Time to outcome of a reset while the agent that has it is killed, frozen or stopped in an orderly way, at a random moment.

Run by scripts/bench failover inside `ad-lab run --fast`, with the release build: no failpoints, signals from outside.
Several worlds of two agents and a service each share one domain controller, so that the waiting is done side by side; the
undisturbed line is measured in the same company. Submit to outcome is timed. Each trial is also checked: applied, and one change in
the directory.

    bench/failover.py [TRIALS] [SEED]
"""
import collections
import os
import pathlib
import random
import signal
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("WB_BIN", str(TOP / "build/release"))
sys.path[:0] = [str(TOP / "tests/support"), str(TOP / "tests/faults")]
from stage import Reset, Stage  # noqa: E402
from trouble import at_once  # noqa: E402

TRIALS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
SIDE_BY_SIDE = 8
KINDS = {"undisturbed": None, "killed (SIGKILL)": signal.SIGKILL, "frozen (SIGSTOP)": signal.SIGSTOP, "drained (SIGTERM)": signal.SIGTERM}
Trial = collections.namedtuple("Trial", "seconds hit attempts outcome moved")


def trial(world, user, how, moment):
    if how:
        world.restart("agent1")
    reset = Reset(world, user=user).submit()
    signalled = reset.start
    if how:
        threading.Event().wait(moment)
        world.processes["agent1"].send_signal(how)
        signalled = time.monotonic()
    reset.follow(60)
    hit = signalled - reset.start < reset.seen["duration_ms"] / 1000
    return Trial(reset.seconds, hit, reset.seen["attempts"], reset.seen["outcome"], reset.moved)


def line(name, trials):
    took = sorted(t.seconds for t in trials)
    at = lambda share: took[min(len(took) - 1, int(len(took) * share))]
    again = sum(t.attempts > 1 for t in trials)
    print(f"{name:<34} {len(took):5}  {took[0]:6.3f} {at(.5):6.3f} {at(.9):6.3f} {at(.99):6.3f} {took[-1]:6.3f}  {again:6}", flush=True)


def main():
    print(f"seed {SEED}; fast PBKDF2 DC, {os.cpu_count()} cores, {SIDE_BY_SIDE} worlds side by side; seconds from submit to outcome\n")
    print(f"{'':<34} {'n':>5}  {'min':>6} {'p50':>6} {'p90':>6} {'p99':>6} {'max':>6}  second agent needed")
    usual = []
    wrong = []
    for name, how in KINDS.items():
        mine, lock = [], threading.Lock()

        def some(i):
            dice = random.Random(f"{SEED} {name} {i}")
            world = Stage()
            try:
                while True:
                    with lock:
                        # of a disturbance that came too late nothing can be learned
                        if sum(t.hit or not how for t in mine) >= TRIALS:
                            return
                    moment = dice.uniform(0, usual[len(usual) // 2] if usual else 0)
                    done = trial(world, f"u{i * 10 + dice.randrange(10):03}", how, moment)
                    with lock:
                        mine.append(done)
            finally:
                world.close()

        at_once(*(lambda i=i: some(i) for i in range(SIDE_BY_SIDE)))
        if not how:
            usual = sorted(t.seconds for t in mine)
        line(name + (", job in its hands" if how else ""), [t for t in mine if t.hit or not how])
        wrong += [(name, t) for t in mine if t.outcome != "applied" or t.moved != 1]
    for name, t in wrong:
        print(f"WRONG: {name}: {t}")
    sys.exit(1 if wrong else 0)


main()

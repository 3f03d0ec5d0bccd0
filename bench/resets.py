#!/usr/bin/env python3
"""Resets per second, end to end, against a raw libldap loop on the same directory in the same run.

Run by scripts/bench inside ad-lab, once against the stock DC and once against one with a fast PBKDF2. Ratios are what
counts: each figure of ours stands over the mean of the loops right before and after it. There are three: `raw` does
one bare modify a reset; `swap` sends the one modify that exactly-once effect needs (pwdLastSet and marker swapped,
history enforced) and nothing else; `same work` sends all LDAP operations of one of our resets (guardrail read, that
swap, read-back), so that what the directory is asked for is told from what our programs cost.
Submit to outcome is timed; the probe that precedes it (while the person types) is said apart, and so is its CPU.
"Added" is over the same work.
"""
import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("WB_BIN", str(TOP / "build/release"))
sys.path.insert(0, str(TOP / "tests/support"))
from world import AD, BIN, World  # noqa: E402

FAST = bool(os.environ.get("AD_FAST"))
ROUNDS = {1: 300, 4: 600, 8: 800} if FAST else {1: 60, 4: 100, 8: 100}


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600)
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr[-2000:]}")
    if done.stderr:
        sys.stderr.write(done.stderr)
    return json.loads(done.stdout)


def main():
    world = World(agents=("agent1",), connections=8)
    parts = {"agent": world.processes["agent1"].pid, "service": world.processes["service"].pid, "DC": int(pathlib.Path(AD["AD_ROOT"], "dc1/main.pid").read_text())}
    raw = lambda n, count: {work: run(BIN / "raw_loop", AD["AD_URI"], AD["AD_CA"], AD["AD_SVC"], AD["AD_SVC_PW"], AD["AD_BASE"], n, count, work) for work in ("bare", "swap", "same")}
    load = lambda n, count: run(BIN / "load", world.client_file, world.folder / "ca.pem", n, count, *parts.values())
    load(4, 50)  # warm up
    print(f"\n{'fast PBKDF2 DC' if FAST else 'stock DC'} (Samba {os.environ.get('AD_SAMBA', '4.24')}, one process, {os.cpu_count()} cores)")
    print("in flight |  raw/s  p50 ms  p99 ms | swap/s : raw | same work/s  p50 ms | ours/s  p50 ms  p99 ms | ours : raw  : swap  : same work | added p50 ms: in all, in the agent |"
          " probe+seal ms | CPU s per 1000 resets: raw  agent service  DC | and per 1000 probes: agent service")
    for n, count in ROUNDS.items():
        before, ours, after = raw(n, count), load(n, count), raw(n, count)
        mean = lambda work, what: (before[work][what] + after[work][what]) / 2
        rate, swap_rate, same_rate = (mean(work, "rate") for work in ("bare", "swap", "same"))
        same_p50 = mean("same", "p50_ms")
        cpu = {name: ours["cpu"][str(pid)] for name, pid in parts.items()}
        print(f"{n:9} | {rate:6.1f} {mean('bare', 'p50_ms'):7.2f} {max(before['bare']['p99_ms'], after['bare']['p99_ms']):7.2f} | {swap_rate:6.1f} {swap_rate / rate:5.2f} | {same_rate:11.1f} {same_p50:7.2f} |"
              f" {ours['rate']:6.1f} {ours['p50_ms']:7.2f} {ours['p99_ms']:7.2f} | {ours['rate'] / rate:10.2f} {ours['rate'] / swap_rate:7.2f} {ours['rate'] / same_rate:12.2f} |"
              f" {ours['p50_ms'] - same_p50:20.2f} {ours['agent_p50_ms']:13.2f} | {ours['probe_and_seal_ms']:13.2f} |"
              f" {before['bare']['cpu_s_per_1000']:26.2f} {cpu['agent'][1]:6.2f} {cpu['service'][1]:7.2f} {cpu['DC'][1]:5.1f} | {cpu['agent'][0]:25.2f} {cpu['service'][0]:7.2f}", flush=True)
        if ours["applied"] != count:
            sys.exit(f"only {ours['applied']} of {count} were applied")
    print("resident MiB after the run: " + ", ".join(f"{name} {resident_mib(pid):.1f}" for name, pid in parts.items()))
    world.close()


main()

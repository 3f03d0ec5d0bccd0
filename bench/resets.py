#!/usr/bin/env python3
"""Resets per second, end to end, against a raw libldap loop on the same directory in the same run.

Run by scripts/bench inside ad-lab, once against the stock DC and once against one with a fast PBKDF2. Ratios are what
counts: each figure of ours stands over the mean of the loops right before and after it. There are two: `raw` does one
bare modify a reset; `same work` sends the LDAP operations of one of our resets (guardrail read, swap with history
enforced, read-back) and nothing else, so that what the directory is asked for is told from what our programs cost.
Submit to outcome is timed; the probe that precedes it (while the person types) is said apart, CPU includes it.
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
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


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
    raw = lambda n, count, work: run(BIN / "raw_loop", AD["AD_URI"], AD["AD_CA"], AD["AD_SVC"], AD["AD_SVC_PW"], AD["AD_BASE"], n, count, work)
    load = lambda n, count: run(BIN / "load", world.client_file, world.folder / "ca.pem", n, count)
    load(4, 50)  # warm up
    print(f"\n{'fast PBKDF2 DC' if FAST else 'stock DC'} (Samba {os.environ.get('AD_SAMBA', '4.24')}, one process, {os.cpu_count()} cores)")
    print("in flight |  raw/s  p50 ms  p99 ms | same work/s  p50 ms | ours/s  p50 ms  p99 ms | ours : raw  ours : same work | added p50 ms: in all, in the agent | probe+seal ms |"
          " CPU s/1000: raw  agent service  DC")
    for n, count in ROUNDS.items():
        before = [raw(n, count, "bare"), raw(n, count, "same")]
        used = {name: cpu_seconds(pid) for name, pid in parts.items()}
        ours = load(n, count)
        used = {name: (cpu_seconds(pid) - used[name]) * 1000 / count for name, pid in parts.items()}
        after = [raw(n, count, "bare"), raw(n, count, "same")]
        rate, same_rate = ((b["rate"] + a["rate"]) / 2 for b, a in zip(before, after))
        p50, same_p50 = ((b["p50_ms"] + a["p50_ms"]) / 2 for b, a in zip(before, after))
        print(f"{n:9} | {rate:6.1f} {p50:7.2f} {max(before[0]['p99_ms'], after[0]['p99_ms']):7.2f} | {same_rate:11.1f} {same_p50:7.2f} |"
              f" {ours['rate']:6.1f} {ours['p50_ms']:7.2f} {ours['p99_ms']:7.2f} | {ours['rate'] / rate:10.2f} {ours['rate'] / same_rate:16.2f} |"
              f" {ours['p50_ms'] - same_p50:20.2f} {ours['agent_p50_ms']:13.2f} | {ours['probe_and_seal_ms']:13.2f} |"
              f" {before[0]['cpu_s_per_1000']:15.2f} {used['agent']:6.2f} {used['service']:7.2f} {used['DC']:5.1f}", flush=True)
        if ours["applied"] != count:
            sys.exit(f"only {ours['applied']} of {count} were applied")
    print("resident MiB after the run: " + ", ".join(f"{name} {resident_mib(pid):.1f}" for name, pid in parts.items()))
    world.close()


main()

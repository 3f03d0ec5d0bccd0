#!/usr/bin/env python3
"""Resets per second, end to end, against a raw libldap loop on the same directory in the same run.

Run by scripts/bench inside ad-lab, once against the stock DC and once against one with a fast PBKDF2. Ratios are what
counts: each figure of ours stands over the mean of the raw loops right before and after it. Submit to outcome is
timed; the probe that precedes it (while the person types) is said apart.
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
    raw = lambda n, count: run(BIN / "raw_loop", AD["AD_URI"], AD["AD_CA"], AD["AD_SVC"], AD["AD_SVC_PW"], AD["AD_BASE"], n, count)
    load = lambda n, count: run(BIN / "load", world.client_file, world.folder / "ca.pem", n, count)
    load(4, 50)  # warm up
    print(f"\n{'fast PBKDF2 DC' if FAST else 'stock DC'} (Samba {os.environ.get('AD_SAMBA', '4.24')}, one process, {os.cpu_count()} cores)")
    print("in flight |  raw/s  p50 ms  p99 ms | ours/s  p50 ms  p99 ms | ratio | added p50 ms, of which agent | probe+seal ms | CPU s/1000: raw  agent service  DC")
    for n, count in ROUNDS.items():
        before = raw(n, count)
        used = {name: cpu_seconds(pid) for name, pid in parts.items()}
        ours = load(n, count)
        used = {name: (cpu_seconds(pid) - used[name]) * 1000 / count for name, pid in parts.items()}
        after = raw(n, count)
        rate = (before["rate"] + after["rate"]) / 2
        p50 = (before["p50_ms"] + after["p50_ms"]) / 2
        print(f"{n:9} | {rate:6.1f} {p50:7.2f} {max(before['p99_ms'], after['p99_ms']):7.2f} | {ours['rate']:6.1f} {ours['p50_ms']:7.2f} {ours['p99_ms']:7.2f} | {ours['rate'] / rate:5.2f} |"
              f" {ours['p50_ms'] - p50:12.2f} {ours['agent_p50_ms']:15.2f} | {ours['probe_and_seal_ms']:13.2f} |"
              f" {before['cpu_s_per_1000']:15.2f} {used['agent']:6.2f} {used['service']:7.2f} {used['DC']:5.1f}", flush=True)
        if ours["applied"] != count:
            sys.exit(f"only {ours['applied']} of {count} were applied")
    print("resident MiB after the run: " + ", ".join(f"{name} {resident_mib(pid):.1f}" for name, pid in parts.items()))
    world.close()


main()

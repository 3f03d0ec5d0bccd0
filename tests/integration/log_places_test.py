#!/usr/bin/env python3
"""Where the log goes, told by what arrives there, in mount namespaces with a /dev and a /run of their own; and `audit verify`, on a chain made here by what
docs/OPERATIONS.md says of it."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
AGENT = pathlib.Path(os.environ.get("WB_BIN", TOP / "build/dev")) / "writeback-agent"
SERVICE = AGENT.with_name("reset-service")
CONFIG = """
service: {{url: https://reset.example}}
state_dir: {folder}/state
domains:
  - domain: corp.example
    directory: {{uris: [ldaps://dc1], bind_dn: svc@corp.example, bind_password_file: p}}
    guardrails: {{allow_ous: ['OU=x,DC=y']}}
"""


def run(program, *words):
    return subprocess.run([str(program), *words], capture_output=True, text=True, timeout=60, check=False)


class Place(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="wb-log-")))
        self.config = self.folder / "agent.yaml"

    def start(self, more):
        """An agent that is not enrolled: it says so, and ends with 78."""
        self.config.write_text(more + CONFIG.format(folder=self.folder), encoding="utf-8")
        return run(AGENT, "run", "--config", str(self.config))


class AnAgent(Place):
    def test_logs_json_to_standard_error(self):
        done = self.start("log: {format: json}\n")
        self.assertEqual(done.returncode, 78, done.stderr)
        said = json.loads(done.stderr)
        self.assertEqual((said["event"], said["level"], said["where"]), ("agent.not_started", "warn", "agent.identity"))
        self.assertRegex(said["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$")

    def test_says_at_once_that_no_syslog_reads_where_it_should(self):
        done = self.start("log: {to: syslog, syslog_socket: none}\n")
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"^\S+ error log\.lost\n$")

    def test_logs_to_a_file_that_nobody_else_reads(self):
        done = self.start("log: {format: json, to: file, file: log}\n")
        self.assertEqual((done.returncode, done.stderr), (78, ""))
        self.assertEqual(json.loads((self.folder / "log").read_text(encoding="utf-8"))["event"], "agent.not_started")
        self.assertEqual(stat.S_IMODE((self.folder / "log").stat().st_mode), 0o600)

    def test_does_not_start_where_its_file_cant_be(self):
        done = self.start("log: {to: file, file: missing/log}\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing/log", done.stderr)


class AService(Place):
    def test_has_the_same_section(self):
        self.config.write_text(f"""log: {{format: json, to: file, file: log}}
listen: {{certificate_file: none.pem, key_file: none.key}}
public_url: https://reset.example
state_dir: {self.folder}/state
""", encoding="utf-8")
        done = run(SERVICE, "serve", "--config", str(self.config))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("service.not_started", [json.loads(line)["event"] for line in (self.folder / "log").read_text(encoding="utf-8").splitlines()])


SYSLOGD = shutil.which("rsyslogd", path=os.environ.get("PATH", "") + ":/usr/sbin")


@unittest.skipIf(SYSLOGD is None, "no rsyslogd: another syslog daemon is installed")
class Rsyslog(Place):
    """The real one, with the lines that docs/OPERATIONS.md has for it."""
    def setUp(self):
        super().setUp()
        self.socket, self.kept = self.folder / "syslog.sock", self.folder / "kept"
        chapter = (TOP / "docs/OPERATIONS.md").read_text(encoding="utf-8").partition("\n### Syslog\n")[2].partition("\n## ")[0]
        self.input, self.forward, self.example = re.findall(r"^    (\S.*)$", chapter, re.M)

    def rsyslogd(self, lines, *words):
        file = self.folder / "rsyslog.conf"
        file.write_text("\n".join([f'global(workDirectory="{self.folder}")', 'module(load="imuxsock" SysSock.Use="off")', *lines, ""]), encoding="utf-8")
        return [SYSLOGD, "-f", str(file), "-i", str(self.folder / "pid"), *words]

    def arrived(self, form):
        """What the daemon made of one record of an agent that is not enrolled: (its own fields, structured data, message)."""
        lines = ['module(load="mmpstrucdata")', self.input.replace("/run/writeback-syslog.sock", str(self.socket)), 'action(type="mmpstrucdata")',
                 'template(name="t" type="string" string="%pri% %hostname% %app-name% %procid% %msgid% %timestamp:::date-rfc3339%|%$!%|%msg%\\n")',
                 f'action(type="omfile" file="{self.kept}" template="t")']
        with subprocess.Popen(self.rsyslogd(lines, "-n"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            try:
                self.until(self.socket.exists)
                done = self.start(f"log: {{format: {form}, to: syslog, syslog_socket: {self.socket}}}\n")
                self.assertEqual((done.returncode, done.stderr), (78, ""))
                self.until(lambda: self.kept.exists() and self.kept.read_text(encoding="utf-8").endswith("\n"))
            finally:
                daemon.terminate()
        head, data, message = self.kept.read_text(encoding="utf-8").split("|", 2)
        return head.split(" "), json.loads(data)["rfc5424-sd"]["writeback@32473"], message

    def until(self, there):
        poll = threading.Event()
        for _ in range(1_000):
            if there():
                return
            poll.wait(0.02)
        self.fail("rsyslogd did not do it within 20 s")

    def test_reads_event_and_fields_of_rfc_5424(self):
        (pri, host, app, pid, event, time), data, message = self.arrived("text")
        self.assertEqual((pri, host, app, event), ("28", socket.gethostname(), "writeback-agent", "agent.not_started"))
        self.assertTrue(pid.isdigit())
        self.assertRegex(time, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}")
        self.assertEqual((data["event_id"], data["where"], data["kind"]), ("1004", "agent.identity", "refused"))
        self.assertIn(str(self.folder / "state"), data["detail"])
        self.assertTrue(message.startswith("agent.not_started where=agent.identity kind=refused "), message)

    def test_reads_json_as_the_message(self):
        _, data, message = self.arrived("json")
        self.assertEqual({name: str(value) for name, value in json.loads(message).items() if name in data}, data)

    def test_takes_the_lines_that_forward(self):
        done = subprocess.run(self.rsyslogd([self.input, self.forward], "-N1"), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("error", done.stderr)

    def test_is_shown_what_an_event_looks_like(self):
        self.assertRegex(self.example, r'^<28>1 \S+ srv1 writeback-agent 4711 link\.down \[writeback@32473 event_id="1018" (?:\w+="[^"]*" ?)+\] link\.down ')


def inside(folder, to):
    """In the namespace: listens at both sockets, starts the agent and prints what came."""
    where = {"syslog": "/dev/log", "journal": "/run/systemd/journal/socket"}[to]
    pathlib.Path(where).parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taker:
        taker.bind(where)
        taker.settimeout(20)
        done = run(AGENT, "run", "--config", f"{folder}/agent.yaml")
        print(json.dumps([done.returncode, done.stderr, taker.recv(65536).decode("ascii")]))


class InANamespace(Place):
    def arrived(self, to, form="text"):
        self.config.write_text(f"log: {{format: {form}, to: {to}}}\n" + CONFIG.format(folder=self.folder), encoding="utf-8")
        script = f"mount -t tmpfs none /dev && mount -t tmpfs none /run && exec {sys.executable} {__file__} --inside {self.folder} {to}"
        done = subprocess.run(["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        code, stderr, text = json.loads(done.stdout)
        self.assertEqual((code, stderr), (78, ""))
        return text

    def test_syslog_gets_severity_name_and_event(self):
        self.assertRegex(self.arrived("syslog"), r"^<28>\w{3} [ \d]\d \d\d:\d\d:\d\d writeback-agent\[\d+\]: agent\.not_started where=agent\.identity kind=refused ")

    def test_syslog_gets_json_where_that_is_wanted(self):
        self.assertEqual(json.loads(self.arrived("syslog", "json").partition("]: ")[2])["event"], "agent.not_started")

    def test_journald_gets_fields(self):
        fields = dict(line.split("=", 1) for line in self.arrived("journal").splitlines())
        self.assertEqual((fields["PRIORITY"], fields["SYSLOG_IDENTIFIER"], fields["WRITEBACK_EVENT"], fields["WRITEBACK_WHERE"]), ("4", "writeback-agent", "agent.not_started", "agent.identity"))
        self.assertTrue(fields["MESSAGE"].startswith("agent.not_started where="))


class AnAudit(Place):
    def chain(self, rows, seq=1, before=hashlib.sha256(b"wb.audit.v1").digest()):
        lines = []
        for row in rows:
            text = json.dumps({**row, "seq": seq}, sort_keys=True, separators=(",", ":"))
            after = hashlib.sha256(before + text.encode()).digest()
            lines.append(f'{{"hash":"{after.hex()}","prev":"{before.hex()}","row":{text}}}\n')
            before, seq = after, seq + 1
        return lines, f"{seq - 1}:{before.hex()}"

    def verify(self, *words):
        done = run(AGENT, "audit", "verify", *map(str, words))
        return done.returncode, done.stdout + done.stderr

    def test_is_sound_by_what_the_documents_say_and_broken_when_it_was_touched(self):
        lines, head = self.chain([{"activity": "job.settled", "jti": f"J{i}"} for i in range(6)])
        one, two = self.folder / "a.jsonl.1", self.folder / "a.jsonl"
        one.write_text("".join(lines[:3]), encoding="utf-8")
        two.write_text("".join(lines[3:]), encoding="utf-8")
        self.assertEqual(self.verify(two, one, "--head", head), (0, f"sound: 6 rows behind 0, head {head}\n"))
        self.assertEqual(self.verify(two)[0], 0)
        two.write_text("".join(lines[3:]).replace("J4", "J9"), encoding="utf-8")
        code, said = self.verify(one, two)
        self.assertEqual((code, said.splitlines()[0]), (1, "broken at row 5: its hash is not that of its text"))
        two.write_text("".join(lines[3:])[:-20], encoding="utf-8")
        code, said = self.verify(one, two)
        self.assertEqual(code, 0)
        self.assertIn("unfinished", said)
        self.assertEqual(self.verify(one, two, "--head", head)[0], 1)
        self.assertEqual(self.verify(one, two, "--head", "nonsense")[0], 1)
        self.assertEqual(self.verify(self.folder / "none")[0], 1)

    def test_is_found_by_the_configuration(self):
        lines, head = self.chain([{"activity": "job.settled"}])
        self.config.write_text("audit: {file: a.jsonl}\n" + CONFIG.format(folder=self.folder), encoding="utf-8")
        (self.folder / "a.jsonl").write_text("".join(lines), encoding="utf-8")
        self.assertEqual(self.verify("--config", self.config), (0, f"sound: 1 rows behind 0, head {head}\n"))
        self.config.write_text(CONFIG.format(folder=self.folder), encoding="utf-8")
        self.assertEqual(self.verify("--config", self.config)[0], 1)
        self.config.write_text("audit: {}\n", encoding="utf-8")
        self.assertEqual(self.verify("--config", self.config)[0], 78)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(*sys.argv[2:4])
    else:
        unittest.main()

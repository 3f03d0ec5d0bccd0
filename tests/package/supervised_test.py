#!/usr/bin/env python3
"""Both programs, as a service manager sees them: what they say, when, and that they end. No systemd and no directory is needed."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from world import BIN, free_port  # noqa: E402

SERVICE = """listen: {{address: 127.0.0.1, port: {port}, certificate_file: cert.pem, key_file: key.pem}}
public_url: https://localhost:{port}
state_dir: {folder}/service
"""
AGENT = """service: {{url: "https://localhost:{port}", ca_file: cert.pem}}
state_dir: {folder}/agent
metrics: {{listen: "127.0.0.1:{metrics}"}}
domains:
  - domain: corp.example
    directory: {{uris: ["ldaps://127.0.0.1:1"], ca_file: cert.pem, bind_dn: CN=x, bind_password_file: password, base_dn: "DC=corp,DC=example"}}
    guardrails: {{allow_ous: ["OU=x,DC=corp,DC=example"]}}
"""


class ASupervisedProgram(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wb-supervised-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.port, metrics = free_port(), free_port()
        for name in ("service", "agent"):
            (self.folder / name).mkdir(mode=0o700)
        for name, text in (("service.yaml", SERVICE), ("agent.yaml", AGENT), ("password", "x")):
            (self.folder / name).write_text(text.format(port=self.port, folder=self.folder, metrics=metrics), encoding="utf-8")
        (self.folder / "password").chmod(0o600)
        self.done("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost",
                  "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:TRUE")

    def done(self, *words):
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=30, check=True).stdout

    def started(self, name, *words):
        """A process that is ready, and what it is heard on."""
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(heard.close)
        heard.bind(str(self.folder / f"{name}.notify"))
        heard.settimeout(20)
        with open(self.folder / f"{name}.log", "w", encoding="utf-8") as log:
            process = subprocess.Popen([BIN / words[0], *words[1:]], cwd=self.folder, stderr=log, env={**os.environ, "NOTIFY_SOCKET": heard.getsockname(), "WATCHDOG_USEC": "90000"})
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.kill)
        self.hear(heard, "READY=1")
        return process, heard

    def hear(self, heard, word):
        while (said := heard.recv(256).decode()) != word and not said.startswith(word + "\n"):
            self.assertEqual(said, "WATCHDOG=1", f"before {word}")

    def ends(self, process, heard):
        process.send_signal(signal.SIGTERM)
        self.hear(heard, "STOPPING=1")
        self.assertEqual(process.wait(20), 0)

    def test_says_that_it_is_ready_lives_reloads_and_stops_and_then_ends(self):
        service, of_service = self.started("service", "reset-service", "serve", "--config", "service.yaml")
        for _ in range(3):
            self.assertEqual(of_service.recv(256), b"WATCHDOG=1")
        token = self.done(BIN / "reset-service", "token", "create", "--domain", "corp.example", "--config", "service.yaml").splitlines()[-1]
        (self.folder / "token").write_text(token, encoding="utf-8")
        self.done(BIN / "writeback-agent", "enroll", "--service", f"https://localhost:{self.port}", "--token-file", "token", "--config", "agent.yaml")
        agent, of_agent = self.started("agent", "writeback-agent", "run", "--config", "agent.yaml")
        for _ in range(3):
            self.assertEqual(of_agent.recv(256), b"WATCHDOG=1")
        agent.send_signal(signal.SIGHUP)
        self.hear(of_agent, "RELOADING=1")
        self.hear(of_agent, "READY=1")
        self.ends(agent, of_agent)
        self.ends(service, of_service)


if __name__ == "__main__":
    unittest.main()

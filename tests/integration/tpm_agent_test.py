#!/usr/bin/env python3
"""An agent whose keys lie in a TPM (swtpm), from its enrolment to its link; no directory is needed for that."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from world import wait_until  # noqa: E402

BIN = pathlib.Path(os.environ["WB_BIN"])
CURVE = ["-algorithm", "EC", "-pkeyopt", "group:P-256"]
OPENSSL = "openssl_conf = all\n[all]\nproviders = those\n[those]\ndefault = on\ntpm2 = on\n[on]\nactivate = 1\n"
SERVICE = """listen: {{address: 127.0.0.1, port: {port}, certificate_file: cert.pem, key_file: key.pem}}
public_url: https://localhost:{port}
tenant: default
state_dir: {folder}/service
"""
AGENT = """service: {{url: "https://localhost:{port}", ca_file: cert.pem}}
state_dir: {folder}/agent
domains:
  - domain: corp.example
    directory: {{uris: ["ldaps://127.0.0.1:1"], ca_file: cert.pem, bind_dn: CN=x, bind_password_file: password, base_dn: "DC=corp,DC=example"}}
    guardrails: {{allow_ous: ["OU=x,DC=corp,DC=example"]}}
"""


def free_ports(count):
    """The first of some ports in a row."""
    while True:
        held = []
        try:
            for _ in range(count):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", held[0].getsockname()[1] + len(held) - 1 if held[1:] else 0))
            return held[0].getsockname()[1]
        except (OSError, OverflowError):
            pass
        finally:
            for one in held:
                one.close()


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class AnAgentWithATpm(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wb-tpm-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.port, tpm = free_ports(1), free_ports(2)
        for name in ("tpm", "service", "agent"):
            (self.folder / name).mkdir(mode=0o700)
        for name, text in (("openssl.cnf", OPENSSL), ("service.yaml", SERVICE), ("agent.yaml", AGENT), ("password", "x")):
            (self.folder / name).write_text(text.format(port=self.port, folder=self.folder) if name.endswith("yaml") else text)
        (self.folder / "password").chmod(0o600)
        self.tpm = {"OPENSSL_CONF": str(self.folder / "openssl.cnf"), "TPM2OPENSSL_TCTI": f"swtpm:host=127.0.0.1,port={tpm}", "TSS2_LOG": "all+none"}
        self.done("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost",
                  "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:TRUE")
        self.started("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}/tpm", "--flags", "not-need-init,startup-clear",
                     "--server", f"type=tcp,bindaddr=127.0.0.1,port={tpm}", "--ctrl", f"type=tcp,bindaddr=127.0.0.1,port={tpm + 1}")
        wait_until("TPM", lambda: listening(tpm + 1))

    def done(self, *words, env=None, code=0):
        run = subprocess.run(words, cwd=self.folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(run.returncode, code, f"{words}\n{run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def agent(self, *words, env=None, code=0):
        return self.done(BIN / "writeback-agent", *words, "--config", "agent.yaml", env=self.tpm if env is None else env, code=code)

    def started(self, *words, env=None):
        """A process, and where it writes."""
        log = open(self.folder / f"{pathlib.Path(words[0]).name}.log", "w+", encoding="utf-8")  # pylint: disable=consider-using-with
        self.addCleanup(log.close)
        process = subprocess.Popen([str(w) for w in words], cwd=self.folder, env={**os.environ, **(env or {})}, stdout=log, stderr=log)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.kill)
        return pathlib.Path(log.name)

    def key(self, name):
        self.done("openssl", "genpkey", "-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2", *CURVE, "-quiet", "-out", f"{name}.tss", env=self.tpm)
        return f"file:{self.folder}/{name}.tss"

    def test_is_enrolled_and_connected_and_has_no_private_key_in_a_file(self):
        service = self.started(BIN / "reset-service", "serve", "--config", "service.yaml")
        wait_until("service", lambda: "service.started" in service.read_text())
        (self.folder / "token").write_text(self.done(BIN / "reset-service", "token", "create", "--domain", "corp.example", "--config", "service.yaml").splitlines()[-1])
        named = self.folder / "agent" / "as.pem"
        named.write_text(self.key("as"))
        named.chmod(0o600)
        enroll = ("enroll", "--service", f"https://localhost:{self.port}", "--token-file", "token")
        self.assertIn("no key behind the file: URI", self.agent(*enroll, env={}, code=1), "without the provider")
        self.agent(*enroll)
        self.agent("domain", "init")
        self.agent("keys", "rotate", "--discard", "--uri", self.key("ae"))
        self.assertEqual(self.agent("keys", "list").count("file: (provider)"), 2)
        agent = self.started(BIN / "writeback-agent", "run", "--config", "agent.yaml", env=self.tpm)
        wait_until("link and statement", lambda: "agent.active" in service.read_text() and "link.up" in agent.read_text())
        for file in (self.folder / "agent").glob("a[se]*.pem"):
            self.assertEqual(file.read_text().split(":")[0], "file", f"{file} has a private key in it")


if __name__ == "__main__":
    unittest.main()

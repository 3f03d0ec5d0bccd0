#!/usr/bin/env python3
"""The pages can be checked: the same sources build the same bytes, and a service says, and serves, what was built. The second build is the test's own."""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mail_server import certificates  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WB_BIN", TOP / "build/dev"))
SUMS = (BIN / "portal/SHA256SUMS").read_text()


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False, **more)


class ThePages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="wb-pages-")))

    def service(self):
        """A service of a copy of the pages; its URL."""
        shutil.copytree(BIN / "portal", self.folder / "portal")
        certificates(self.folder, "tls", "IP:127.0.0.1")
        (self.folder / "tls.key").chmod(0o600)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        (self.folder / "service.yaml").write_text(f"listen: {{address: 127.0.0.1, port: {port}, certificate_file: tls.pem, key_file: tls.key}}\n"
                                                  f"public_url: https://127.0.0.1:{port}\nstate_dir: state\nportal_dir: portal\n")
        return f"https://127.0.0.1:{port}"

    def start(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:  # sd_notify(3): told when it listens
            supervisor.bind(str(self.folder / "notify"))
            supervisor.settimeout(30)
            log = self.enterContext(open(self.folder / "log", "wb"))
            process = subprocess.Popen([BIN / "reset-service", "serve", "--config", self.folder / "service.yaml"], stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")})
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            while b"READY=1" not in supervisor.recv(1024):
                pass

    def compared(self, url):
        return run(TOP / "scripts/compare-pages", url, BIN / "portal", env={**os.environ, "CURL_CA_BUNDLE": str(self.folder / "tls-ca.pem")})

    def test_are_the_same_bytes_when_they_are_built_again(self):
        built = run("npm", "run", "--silent", "build", "--", "--outDir", self.folder / "again", "--logLevel", "warn", cwd=TOP / "portal")
        self.assertEqual(built.returncode, 0, built.stderr)
        self.assertEqual((self.folder / "again/SHA256SUMS").read_text(), SUMS)
        self.assertEqual(run("sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS", cwd=self.folder / "again").stdout, "")
        listed = {line.split("  ", 1)[1] for line in SUMS.splitlines()} | {"SHA256SUMS"}
        self.assertEqual({str(p.relative_to(BIN / "portal")) for p in (BIN / "portal").rglob("*") if p.is_file()}, listed, "nothing stands beside the list")

    def test_name_no_file_without_its_digest(self):
        pages = sorted((BIN / "portal").glob("*.html"))
        self.assertIn("index.html", [page.name for page in pages])
        for page in pages:
            named = re.findall(r'<(?:script|link)[^>]*(?:src|href)="/(assets/[^"]+)"([^>]*)>', page.read_text())
            self.assertGreater(len(named), 1, page.name)
            for name, rest in named:
                digest = base64.b64encode(hashlib.sha384((BIN / "portal" / name).read_bytes()).digest()).decode()
                self.assertIn(f'integrity="sha384-{digest}"', rest, f"{page.name}: {name}")

    def test_are_what_a_service_says_and_serves(self):
        url = self.service()
        told = run(BIN / "reset-service", "version", "--assets", "--config", self.folder / "service.yaml")
        self.assertEqual((told.returncode, told.stdout), (0, SUMS), told.stderr)
        self.start()
        done = self.compared(url)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"serves the {len(SUMS.splitlines())} files", done.stdout)

    def test_are_told_from_others_by_name(self):
        url = self.service()
        asset = next((self.folder / "portal/assets").glob("sealing-*.js.gz"), None) or next((self.folder / "portal/assets").glob("*.js.gz"))
        asset.write_bytes(asset.read_bytes() + b"\0")
        (self.folder / "portal/signin.html").write_text("<!doctype html>")
        (self.folder / "portal/not-me.html").unlink()
        told = run(BIN / "reset-service", "version", "--assets", "--config", self.folder / "service.yaml")
        self.assertNotEqual(told.stdout, SUMS)
        self.start()
        done = self.compared(url)
        self.assertEqual(done.returncode, 1, done.stdout)
        for name in (f"assets/{asset.name}", "signin.html", "not-me.html"):
            self.assertIn(f"{name}: FAILED", done.stdout)
        self.assertNotIn("index.html: FAILED", done.stdout)
        for wrong in ("http://127.0.0.1", "", "--output=/tmp/x"):
            self.assertEqual(run(TOP / "scripts/compare-pages", wrong).returncode, 2)


if __name__ == "__main__":
    unittest.main()

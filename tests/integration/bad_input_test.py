#!/usr/bin/env python3
"""What goes wrong at an operator's hands or around them: each has its own message, its own exit code (or the agent runs on and says so), and its own
finding of `writeback-agent check`. A clock that is off: faults/machine_test.py. Run inside ad-lab."""
import http.server
import json
import os
import pathlib
import sqlite3
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trouble import fill, tiny_disk  # noqa: E402
from world import AD, BIN, DOMAIN, World, free_port, wait_until  # noqa: E402


class AWebPage(http.server.BaseHTTPRequestHandler):
    """What a proxy or a portal answers to everything."""

    def do_GET(self):  # noqa: N802
        page = b"<html><body>Sign in to the network</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(agents=("agent1",))
        cls.addClassCleanup(cls.world.close)

    def setUp(self):
        self.file = self.world.config("agent1")
        self.addCleanup(self.file.write_text, self.file.read_text())
        if "agent1" in self.world.processes:
            self.world.end("agent1")

    def agent(self, *words, code):
        return self.world.tool("writeback-agent", *words, "--config", self.file, code=code)

    def ends(self, code):
        """What the daemon says when it can't start."""
        done = subprocess.run([BIN / "writeback-agent", "--config", self.file], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def found(self, code="fail"):
        done = subprocess.run([BIN / "writeback-agent", "check", "--json", "--config", self.file], capture_output=True, text=True, timeout=90, check=False)
        return {one["code"]: one for one in json.loads(done.stdout)["checks"] if one["result"] == code}

    def test_a_key_file_that_others_may_read_is_named_with_the_command_that_mends_it(self):
        key = self.world.folder / "agent1" / "as.pem"
        key.chmod(0o644)
        self.addCleanup(key.chmod, 0o600)
        self.assertIn(f"chmod 600 {key}", self.ends(77))
        self.assertIn("enrolment.keys", self.found())

    def test_root_in_the_agents_folder_is_told_the_command_and_nothing_is_spent_or_written(self):
        """As `writeback-agent` has it on a packaged installation."""
        state, token = self.world.folder / "agent1", self.world.folder / "token"
        self.agent("keys", "rotate", code=0)  # from now on there is a keys.json, which root could read
        token.write_text(self.world.tool("reset-service", "token", "create", "--domain", DOMAIN, "--config", self.world.config("service")))

        def given_to(user):
            for path in (state, *state.iterdir()):
                os.chown(path, user, user)

        def contents():
            return {path.relative_to(state): path.is_file() and path.read_bytes() for path in state.rglob("*") if not path.is_socket()}
        given_to(65534)
        self.addCleanup(given_to, 0)
        before = contents()
        for words in (("enroll", "--again", "--service", self.world.url, "--token-file", token), ("enroll", "--service", self.world.url, "--token-file", token), ("keys", "rotate"), ("keys", "rotate", "--signing"),
                      ("keys", "list"), ("keys", "pin-root", "A" * 43), ("roster", "renew"), ("domain", "init")):
            with self.subTest(words[:2]):
                self.assertIn(f"folder.owner: {state} belongs to another user; run it as its owner: runuser -u nobody -- writeback-agent ...", self.agent(*words, code=77))
        self.assertEqual(contents(), before)
        with sqlite3.connect(self.world.folder / "service/store.sqlite", timeout=10) as store:
            self.assertEqual(store.execute("SELECT count(*) FROM tokens WHERE used_by IS NULL AND id = ?", (token.read_text().split(".")[1],)).fetchone(), (1,))

    def test_a_key_that_the_yaml_must_not_have_is_named_with_line_and_column(self):
        self.file.write_text(self.file.read_text()[:-1] + ',\n "no_such_key": 1}')
        self.assertRegex(self.ends(78), r"2:\d+: .*no_such_key")
        self.assertIn("config.problem", self.found())

    def test_a_token_that_was_used_or_is_out_of_date_is_told_from_one_that_nobody_knows(self):
        token, state = self.world.folder / "token", self.world.folder / "unenrolled"
        state.mkdir(mode=0o700)
        config = json.loads(self.file.read_text()) | {"state_dir": str(state)}
        self.file.write_text(json.dumps(config))
        words = ("enroll", "--service", self.world.url, "--token-file", token)
        self.assertIn("used already", self.agent(*words, code=5))
        kind, name, secret, *more = token.read_text().strip().split(".")
        token.write_text(".".join((kind, name, ("B" if secret[0] == "A" else "A") + secret[1:], *more)))
        self.assertIn("unknown", self.agent(*words, code=5))
        token.write_text(self.world.tool("reset-service", "token", "create", "--domain", DOMAIN, "--config", self.world.config("service")))
        with sqlite3.connect(self.world.folder / "service/store.sqlite", timeout=10) as store:
            store.execute("UPDATE tokens SET expires = unixepoch() - 1 WHERE used_by IS NULL")
        self.assertIn("out of date", self.agent(*words, code=5))
        self.assertIn("a token is good once, within an hour", self.found()["enrolment.missing"]["meaning"])

    def test_a_full_disk_at_the_start_is_named(self):
        state = self.world.folder / "tiny"
        state.mkdir(mode=0o700)
        with tiny_disk(state, 1024):
            subprocess.run(["cp", "-a", f"{self.world.folder}/agent1/.", state], check=True)
            for database in (*state.glob("*.db*"), *state.glob("*.sqlite*"), *state.glob("journal*")):
                database.unlink(missing_ok=True)  # named by more than one pattern
            self.file.write_text(json.dumps(json.loads(self.file.read_text()) | {"state_dir": str(state)}))
            hog = fill(state)
            self.assertRegex(self.ends(74), "SQLITE_FULL|No space left")
            self.assertIn("state.space", self.found())
            hog.unlink()

    def service_ends(self, code):
        """The same of the service."""
        done = subprocess.run([BIN / "reset-service", "serve", "--config", self.world.config("service")], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def without_the_service(self):
        self.world.end("service")
        self.addCleanup(self.world.start_service)

    def test_a_key_file_of_the_services_that_others_may_read_is_named_with_the_command_that_mends_it(self):
        self.without_the_service()
        state = self.world.folder / "service"
        for key in (self.world.folder / "service.key", state / "sr.pem", state / "vault-1.key", *state.glob("sk-*.pem")):
            with self.subTest(key.name):
                self.addCleanup(key.chmod, 0o600)
                key.chmod(0o640)
                self.assertRegex(self.service_ends(77), rf"where=key\.mode .*chmod 600 {key.with_suffix('')}")  # a log's field is not endless
                key.chmod(0o600)
        (state / "sr.pem").chmod(0o644)
        self.assertIn("key.mode: ", self.world.tool("reset-service", "token", "create", "--domain", DOMAIN, "--config", self.world.config("service"), code=77))

    def test_a_full_disk_at_the_services_start_is_named(self):
        self.without_the_service()
        config = self.world.config("service")
        self.addCleanup(config.write_text, config.read_text())
        state = self.world.folder / "tiny-service"
        state.mkdir(mode=0o700)
        with tiny_disk(state, 1024):
            config.write_text(config.read_text().replace("state_dir: service", "state_dir: tiny-service"))
            hog = fill(state)
            self.assertRegex(self.service_ends(74), "SQLITE_FULL|No space left")
            hog.unlink()

    def test_a_service_that_is_not_there_or_not_to_be_trusted_is_told_from_one_that_refuses(self):
        words = ("roster", "renew")
        config = json.loads(self.file.read_text())
        stranger = {"ca_file": str(AD["AD_CA"])}
        self.file.write_text(json.dumps(config | {"service": config["service"] | stranger}))
        self.assertIn("certificate", self.agent(*words, code=69))
        proxy = {"proxy": {"use": f"http://127.0.0.1:{free_port()}"}}
        self.file.write_text(json.dumps(config | {"service": config["service"] | proxy}))
        self.assertIn("proxy.", self.agent(*words, code=69))
        self.file.write_text(json.dumps(config | {"service": config["service"] | {"more_urls": [f"https://127.0.0.1:{free_port()}"]}}))
        self.without_the_service()
        self.assertRegex(self.agent(*words, code=69), "service/agent/v1/agents: .*https.post.*; .*https.post")
        self.file.write_text(json.dumps(config))
        self.assertIn("https.post: ", self.agent(*words, code=69))

    def test_a_web_page_in_the_services_place_is_named(self):
        page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), AWebPage)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.world.folder / "service.pem", self.world.folder / "service.key")
        page.socket = context.wrap_socket(page.socket, server_side=True)
        serving = threading.Thread(target=page.serve_forever)
        serving.start()
        self.addCleanup(page.server_close)
        self.addCleanup(serving.join)
        self.addCleanup(page.shutdown)
        config = json.loads(self.file.read_text())
        config["service"]["url"] = f"https://127.0.0.1:{page.server_address[1]}"
        self.file.write_text(json.dumps(config))
        self.assertIn("service.web_page", self.found())
        token = self.world.folder / "token"
        token.write_text(self.world.tool("reset-service", "token", "create", "--domain", DOMAIN, "--config", self.world.config("service")))
        said = self.agent("enroll", "--again", "--service", config["service"]["url"], "--token-file", token, code=69)
        self.assertIn("link.web_page: HTTP status 200, with a web page of its own where the service should be", said)
        self.world.start_agent("agent1")

        def said():
            done = subprocess.run([BIN / "writeback-agent", "status", "--json", "--config", self.file], capture_output=True, text=True, timeout=20, check=False)
            return done.returncode == 0 and "web_page" in done.stdout
        wait_until(f"the reason web_page in the status of {DOMAIN}", said)


if __name__ == "__main__":
    unittest.main()

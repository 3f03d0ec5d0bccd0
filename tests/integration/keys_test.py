#!/usr/bin/env python3
"""Keys that change while people reset their passwords: real service, agents and Samba AD. Run inside ad-lab (CTest does)."""
import concurrent.futures
import json
import pathlib
import re
import shutil
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from world import DOMAIN, World, wait_until  # noqa: E402


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def agent(self, name, *words, code=0):
        return self.world.tool("writeback-agent", *words, "--config", self.world.config(name), code=code)

    def service(self, *words, code=0):
        return self.world.tool("reset-service", *words, "--config", self.world.config("service"), code=code)

    def applied(self, user, password):
        answer = self.world.reset(user, password)
        self.assertEqual(answer["outcome"], "applied", f"{answer}\n{self.world.logs()}")

    def said(self, name, event):
        wait_until(f"{event} of {name}", lambda: event in self.world.log(name))

    def fingerprint(self, out):
        return re.search(r"^agent: *(\S+)", out, re.M)[1], re.search(r"^fingerprint: *(\S+)", out, re.M)[1]

    def token(self):
        file = self.world.folder / "token"
        file.write_text(self.service("token", "create", "--domain", DOMAIN))
        return file


class ARotation(Keys):
    def test_of_every_key_loses_no_job(self):
        """Writers go on all the time, and half of the passwords are sealed well before they are sent."""
        over, done = threading.Event(), []

        def write(user):
            number = 0
            while not over.is_set():
                number += 1
                prepared = self.world.prepare(user, f"Fresh-Passw0rd-{number}")  # also while a roster changes somebody is ready
                if number % 2:
                    over.wait(0.3)  # a person who thinks: its keys may be former ones by then
                status, answer = self.world.submit(prepared)
                if (status, answer.get("error", {}).get("code")) == (409, "conflict"):
                    continue  # sealed two rosters ago: nothing was taken, the client seals anew
                self.assertEqual(status, 202, answer)
                done.append((self.world.follow(prepared["jti"])["outcome"], prepared["jti"]))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, f"u0{n}") for n in range(60, 64)]
            try:
                for turn in range(3):
                    for name in ("agent1", "agent2"):
                        out = self.agent(name, "keys", "rotate")
                        kid = re.search(r"^encryption: (\S+)", out, re.M)[1]
                        self.world.processes[name].send_signal(signal.SIGHUP)
                        self.said(name, f"keys.rotated kid={kid}")
                    before = len(done)
                    self.service("keys", "rotate", *(["--withdraw"] if turn else []))
                    wait_until("more resets", lambda: len(done) >= before + 8)
                for name in ("agent1", "agent2"):
                    number, kid = self.fingerprint(self.agent(name, "keys", "rotate", "--signing"))
                    self.assertIn(kid, self.service("agents", "list"))
                    self.assertIn("another key", self.agent("agent1", "approve", number, "--fingerprint", "A" * 43, code=1))
                    self.agent("agent1", "approve", number, "--fingerprint", kid)
                    self.said(name, f"keys.signing_changed kid={kid}")
                    self.assertRegex(self.agent(name, "keys", "list"), rf"signing         {kid}  \d{{4}}-\d\d-\d\dT")
                    self.assertNotIn("  next", self.agent(name, "keys", "list"))
                    before = len(done)
                    wait_until("resets under the next signing key", lambda: len(done) >= before + 8)
                self.agent("agent1", "roster", "renew")
                self.agent("agent1", "keys", "succeed-root")
                before = len(done)
                wait_until("resets under the new root", lambda: len(done) >= before + 8)
            finally:
                over.set()
            for writer in writers:
                writer.result()
        self.assertEqual({outcome for outcome, _ in done}, {"applied"}, f"{done}\n{self.world.logs()}")
        print(f"{len(done)} resets while AE changed 6 times, SK 3 times, AS twice, the roster and the root once: all applied")
        self.assertIn("three former keys", self.agent("agent1", "keys", "rotate", code=1))
        self.assertIn("  former", self.agent("agent1", "keys", "list"))


class ARevocation(Keys):
    def test_cuts_the_link_within_three_seconds_and_others_go_on(self):
        """What the agent held goes to others: tests/integration/service_trust_test.cpp."""
        ours = self.world.agent_id("agent2")
        for how, user in (("roster", "u064"), ("operator", "u065")):
            start = time.monotonic()
            if how == "roster":
                self.agent("agent1", "revoke", ours)
            else:
                self.service("agents", "revoke", ours)
            wait_until("the cut", lambda: f"agent.revoked agent={ours} why={how}" in self.world.log("service"), 3)
            print(f"revoked by {how}: cut after {time.monotonic() - start:.2f} s, the command included")
            self.world.wait_ready(1)
            self.applied(user, "Fresh-Passw0rd-1")
            if how == "roster":
                self.world.approve("agent2", by="agent1")
                self.world.wait_ready(2)
        self.assertIn("revoked", self.service("agents", "list"))
        self.said("service", "hello.invalid_revoked")
        self.assertEqual(self.world.ready_agents(), 1)
        # Its host comes back as another agent, with keys of its own.
        self.world.end("agent2")
        number, print_ = self.fingerprint(self.agent("agent2", "enroll", "--again", "--service", self.world.url, "--token-file", self.token()))
        self.assertNotEqual(number, ours)
        self.agent("agent1", "approve", number, "--fingerprint", print_, "--instead-of", ours)
        self.world.start_agent("agent2")
        self.world.wait_ready(2)


class AClone(Keys):
    def test_is_not_let_in_beside_the_living_one_and_rings(self):
        self.world.end("agent2")
        shutil.copytree(self.world.folder / "agent2", self.world.folder / "clone")
        self.world.config("clone").write_text(self.world.config("agent2").read_text().replace(str(self.world.folder / "agent2"), str(self.world.folder / "clone")))
        self.world.start_agent("agent2")
        self.world.wait_ready(2)
        self.world.end("agent1")  # so that the one that lives says something with each reset
        self.world.start_agent("clone")
        self.said("clone", "code=duplicate")  # seen to dial; what the living one says after that tells that there are two
        self.applied("u069", "Fresh-Passw0rd-1")
        self.said("service", "agent.cloned")
        self.assertIn("stop the agent", self.agent("clone", "enroll", "--again", "--service", self.world.url, "--token-file", self.token(), code=1))
        self.assertIn("in use by another agent", self.agent("clone", "run", code=1))
        self.world.end("clone")
        before = self.world.agent_id("clone")
        number, print_ = self.fingerprint(self.agent("clone", "enroll", "--again", "--service", self.world.url, "--token-file", self.token()))
        self.assertNotEqual(number, before)
        self.agent("agent1", "approve", number, "--fingerprint", print_)
        self.world.start_agent("clone")
        self.world.wait_ready(2)


class AMovedHost(Keys):
    """docs/OPERATIONS.md, "Moving or rebuilding an agent host"."""

    def opens(self, name):
        return re.search(r"^encryption +(\S+)", self.agent(name, "keys", "list"), re.M)[1]

    def sealed_to(self, user):
        return {one["header"]["kid"] for one in json.loads(self.world.prepare(user, "Fresh-Passw0rd-1")["sealed"])["recipients"]}

    def serves_alone(self, name, other, user):
        self.world.end(other)
        self.world.wait_ready(1)
        self.applied(user, "Fresh-Passw0rd-1")
        self.world.start_agent(other)
        self.world.wait_ready(2)

    def test_1_hands_over_the_domain_with_its_root_and_the_old_one_opens_nothing(self):
        old, key_of_old, moved = self.world.agent_id("agent1"), self.opens("agent1"), self.world.folder / "agent1"
        self.assertIn(key_of_old, self.sealed_to("u072"))
        number, print_ = self.world.make_agent("moved")
        self.world.start_agent("moved")  # it waits for its approval
        self.said("service", f"agent.connected agent={number}")
        self.world.wait_ready(2)
        self.agent("agent1", "approve", number, "--fingerprint", print_, "--instead-of", old)
        self.said("service", f"agent.revoked agent={old} why=roster")
        wait_until("statements of the two that stay", lambda: self.sealed_to("u072") == {self.opens("moved"), self.opens("agent2")})
        passphrase, stick = self.world.folder / "passphrase", self.world.folder / "stick.pem"
        passphrase.write_text("correct horse battery staple\n")
        self.agent("agent1", "keys", "export-root", stick, "--passphrase-file", passphrase, "--remove")
        self.agent("moved", "keys", "import-root", stick, "--passphrase-file", passphrase)
        self.agent("moved", "roster", "renew")
        self.world.wait_ready(2)
        self.assertNotIn(key_of_old, self.sealed_to("u072"), "though it runs, and is linked")
        self.assertRegex(self.service("agents", "list"), rf"{old} +pending")
        self.world.end("agent1")
        shutil.rmtree(moved)  # the purge
        self.service("agents", "revoke", old)
        self.assertRegex(self.service("agents", "list"), rf"{old} +revoked")
        self.serves_alone("moved", "agent2", "u072")

    def test_2_that_was_lost_is_rebuilt_with_a_root_that_lay_elsewhere(self):
        lost = self.world.agent_id("agent2")
        self.world.end("agent2", signal.SIGKILL)
        shutil.rmtree(self.world.folder / "agent2")
        number, print_ = self.world.make_agent("rebuilt")
        self.agent("rebuilt", "approve", number, "--fingerprint", print_, "--instead-of", lost, "--root", self.world.folder / "stick.pem", "--passphrase-file", self.world.folder / "passphrase")
        self.world.start_agent("rebuilt")
        self.world.wait_ready(2)
        self.serves_alone("rebuilt", "moved", "u073")


class ADomainsRoot(Keys):
    def test_1_serves_from_elsewhere_and_comes_back(self):
        passphrase, stick = self.world.folder / "passphrase", self.world.folder / "stick.pem"
        passphrase.write_text("correct horse battery staple\n")
        root = self.world.folder / "agent1" / f"dr-{DOMAIN}.pem"
        self.agent("agent1", "keys", "export-root", stick, "--passphrase-file", passphrase, "--remove")
        self.assertFalse(root.exists())
        self.assertNotIn(b"BEGIN PRIVATE KEY", stick.read_bytes())
        self.assertIn("not on this machine", self.agent("agent1", "roster", "renew", code=1))
        elsewhere = ["--root", stick, "--passphrase-file", passphrase]
        self.agent("agent1", "roster", "renew", *elsewhere)
        self.agent("agent2", "roster", "renew", *elsewhere)
        (self.world.folder / "wrong").write_text("another one altogether\n")
        self.assertIn("passphrase", self.agent("agent1", "roster", "renew", "--root", stick, "--passphrase-file", self.world.folder / "wrong", code=1))
        self.agent("agent1", "keys", "import-root", stick, "--passphrase-file", passphrase)
        self.agent("agent1", "roster", "renew")
        self.world.wait_ready(2)
        self.applied("u066", "Fresh-Passw0rd-1")

    def test_2_that_is_succeeded_is_followed_by_agents_and_clients(self):
        before = json.loads(self.world.client_file.read_text())["dr"]
        out = self.agent("agent1", "keys", "succeed-root")
        after = re.search(r"^root: (\S+)", out, re.M)[1]
        self.assertNotEqual(before, after)
        for name in ("agent1", "agent2"):
            self.said(name, f"root.changed domain={DOMAIN} dr={after}")
        self.world.wait_ready(2)
        self.applied("u067", "Fresh-Passw0rd-1")  # the credential still names the former root
        self.agent("agent1", "roster", "renew")

    def test_3_that_is_lost_is_replaced_by_people_and_never_silently(self):
        root = self.world.folder / "agent1" / f"dr-{DOMAIN}.pem"
        root.rename(self.world.folder / "lost.pem")
        self.service("roots", "forget", "--domain", DOMAIN, code=2)
        self.service("roots", "forget", "--domain", DOMAIN, "--accept-risk")
        wait_until("no ready agent", lambda: self.world.ready_agents() == 0)
        self.world.end("agent1")
        self.world.end("agent2")
        self.assertIn("--root-lost", self.agent("agent1", "domain", "init", code=1))
        new = re.search(r"^root: (\S+)", self.agent("agent1", "domain", "init", "--root-lost"), re.M)[1]
        self.world.start_agent("agent1")
        self.world.start_agent("agent2")
        self.world.wait_ready(1)
        self.world.approve("agent2", by="agent1")
        self.said("agent2", "keys.invalid")  # it believes the root it knew
        self.assertEqual(self.world.reset("u068", "Fresh-Passw0rd-1", code=3)["reason"], "foreign_root")
        self.world.end("agent2")
        self.agent("agent2", "keys", "pin-root", new)
        self.world.start_agent("agent2")
        self.world.wait_ready(2)
        self.world.client_file.unlink()
        self.service("client", "create", "--domain", DOMAIN, "--out", self.world.client_file)
        self.applied("u068", "Fresh-Passw0rd-1")


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""docker-compose.yml, run: on an engine of this test's own, on a base image made here from the mirror that this machine's apt uses.

WB_PACKAGES is not asked: the images are made of build/package, as a user's are. Exit code 69: no container engine can be started here."""
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/package"), str(TOP / "tests/support")]

import debian12  # noqa: E402
import engine  # noqa: E402
from world import wait_until  # noqa: E402

STATE = pathlib.Path(os.environ.get("WB_STATE_DIR", TOP / ".state")) / "compose"
PROJECT = "wb-compose-test"
BASE = "debian:bookworm-slim"
LIVE = ("dc", "mail", "service", "agent1", "agent2")
ONCE = ("setup", "tokens", "enrol", "credential")
DC_CAPABILITIES = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "NET_BIND_SERVICE"}
BUILD_SECONDS, UP_SECONDS, VERB_SECONDS = 1200, 180, 60
ENGINE = None  # started below, before the tests


def docker(*words, seconds=VERB_SECONDS, code=0, said=None, program=("docker",)):
    run = subprocess.run([*program, *words], env=ENGINE.environment, cwd=TOP, input=said, capture_output=True, text=True, timeout=seconds, check=False,
                         **({} if said is not None else {"stdin": subprocess.DEVNULL}))
    if code is not None and run.returncode != code:
        raise AssertionError(f"{words}: exit code {run.returncode}\n{run.stdout[-4000:]}{run.stderr[-4000:]}")
    return run.stdout


def base_image():
    """What Docker Hub calls so, as good as: Debian 12 without documentation. Kept with the engine's data."""
    if docker("image", "inspect", BASE, code=None).strip() not in ("", "[]"):
        return
    with tempfile.TemporaryDirectory(prefix="wb-base-", dir=STATE) as folder:
        tar = pathlib.Path(folder, "base.tar")
        left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale")]
        debian12.make(tar, "--include=ca-certificates", *left_out)
        docker("import", str(tar), BASE, seconds=BUILD_SECONDS)


def compose(*words, **more):
    plugin = subprocess.run(["docker", "compose", "version"], env=ENGINE.environment, capture_output=True, timeout=VERB_SECONDS, check=False).returncode == 0
    return docker("-p", PROJECT, *words, program=("docker", "compose") if plugin else ("docker-compose",), **more)


def inspect(service):
    [container] = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={PROJECT}", "--filter", f"label=com.docker.compose.service={service}").split()
    return json.loads(docker("inspect", container))[0]


def up():
    compose("up", "-d", "--build", seconds=BUILD_SECONDS)
    for name in LIVE:
        wait_until(f"healthy {name}", lambda name=name: inspect(name)["State"]["Health"]["Status"] == "healthy", UP_SECONDS)


def reset(name, password):
    return json.loads(compose("run", "--rm", "-T", "client", name, said=password, seconds=UP_SECONDS, code=None).strip().splitlines()[-1])


def binds(name, password):
    """At the domain controller, by LDAPS: true, or false where it says 49."""
    script = ('umask 077; cat >/tmp/try; LDAPTLS_CACERT=/run/secrets/ca.pem ldapsearch -x -H ldaps://dc1.corp.example -D "$1@corp.example" -y /tmp/try -s base -b "" '
              'defaultNamingContext >/dev/null 2>&1; echo $?; rm /tmp/try')
    code = compose("exec", "-T", "dc", "sh", "-c", script, "sh", name, said=password).strip()
    if code not in ("0", "49"):
        raise AssertionError(f"ldapsearch: {code}")
    return code == "0"


def first_password():
    return compose("exec", "-T", "dc", "cat", "/run/secrets/people.password")


class ComposedWorld(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        compose("down", "-v", "-t", "2", seconds=UP_SECONDS)
        cls.addClassCleanup(compose, "down", "-v", "-t", "2", seconds=UP_SECONDS)
        try:
            up()
        except BaseException:
            print(compose("logs", "--no-color", "--tail=20", code=None), file=sys.stderr)
            raise

    def call(self, path, body=None, token=""):
        """Through the published port, as a person's browser would."""
        words = ["curl", "-sS", "-m", "20", "--cacert", "/dev/stdin", "--connect-to", "::127.0.0.1:", f"https://reset.corp.example:8443{path}", "-H", f"Authorization: Bearer {token}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        ca = compose("exec", "-T", "service", "cat", "/run/secrets/ca.pem")
        return json.loads(ENGINE.inside(*words, input=ca, capture_output=True, timeout=VERB_SECONDS).stdout)

    def agents(self):
        return compose("exec", "-T", "service", "reset-service", "agents", "list").splitlines()

    def test_resets_a_password_that_the_domain_controller_then_takes(self):
        before = first_password()
        self.assertTrue(binds("bob", before))
        self.assertEqual(reset("bob", "Composed-Passw0rd-1")["outcome"], "applied")
        self.assertTrue(binds("bob", "Composed-Passw0rd-1"))
        self.assertFalse(binds("bob", before))

    def test_says_why_a_password_is_refused(self):
        self.assertEqual(reset("alice", "short")["reason"], "too_short")

    def test_goes_on_when_an_agent_is_killed(self):
        self.addCleanup(compose, "start", "agent1")
        docker("kill", inspect("agent1")["Id"])
        self.assertEqual(reset("alice", "Composed-Passw0rd-2")["outcome"], "applied")
        self.assertTrue(binds("alice", "Composed-Passw0rd-2"))
        compose("start", "agent1")
        wait_until("agent1 healthy again", lambda: inspect("agent1")["State"]["Health"]["Status"] == "healthy", UP_SECONDS)

    def test_mails_a_code_into_the_catcher(self):
        for words in (["settings", "set", "scope=all", "methods=email", "contact_attributes=otherMailbox"], ["routes", "add", "corp.example"]):
            compose("exec", "-T", "service", "reset-service", *words, "--domain", "corp.example")
        asked = self.call("/api/v1/sspr/captcha")
        number = next(n for n in range(10_000_000) if hashlib.sha256(f"{asked['salt']}{n}".encode()).hexdigest() == asked["challenge"])
        solved = {key: asked[key] for key in ("algorithm", "challenge", "salt", "signature")} | {"number": number}
        session = self.call("/api/v1/sspr/sessions?mkt=en", {"name": "bob@corp.example", "captcha": base64.b64encode(json.dumps(solved).encode()).decode()})
        self.call("/api/v1/sspr/session/method", {"method": "email"}, session["token"])
        mail = wait_until("mail", lambda: re.search(r"To: bob@home\.example.*?\n.*?\b(\d{8})\b", compose("logs", "--no-color", "mail"), re.DOTALL), VERB_SECONDS)
        answered = self.call("/api/v1/sspr/session/answer", {"code": mail[1]}, session["token"])
        self.assertEqual(answered["session"]["phase"], "choosing", answered)

    def test_gives_nobody_more_than_they_need(self):
        for name in LIVE + ONCE:
            container = inspect(name)
            host = container["HostConfig"]
            self.assertFalse(host["Privileged"], name)
            self.assertTrue(host["ReadonlyRootfs"], name)
            self.assertEqual(host["CapDrop"], ["ALL"], name)
            self.assertEqual({c.removeprefix("CAP_") for c in host["CapAdd"] or []}, {"dc": DC_CAPABILITIES, "setup": {"CHOWN"}}.get(name, set()), name)
            self.assertIn("no-new-privileges:true", host["SecurityOpt"], name)
            self.assertEqual(container["Config"]["User"] in ("", "root", "0"), name in ("dc", "setup"), name)
            self.assertEqual("Healthcheck" in container["Config"], name in LIVE, name)
            if name in ONCE:
                self.assertEqual(container["State"]["ExitCode"], 0, name)

    def test_keeps_each_secret_with_its_reader(self):
        seen = {name: set(compose("exec", "-T", name, "ls", "/run/secrets").split()) for name in LIVE}
        self.assertEqual(seen["service"], {"ca.pem", "cert.pem", "key.pem"})
        self.assertEqual(seen["mail"], {"cert.pem", "key.pem"})
        self.assertEqual(seen["agent1"], {"ca.pem", "svc-writeback.password"})
        account = compose("exec", "-T", "agent1", "cat", "/run/secrets/svc-writeback.password")
        for name in LIVE:
            self.assertNotIn(account, json.dumps(inspect(name)), name)
            self.assertNotIn(account, compose("logs", "--no-color", name))

    def test_has_a_domain_controller_that_the_service_cannot_reach(self):
        address = next(iter(inspect("dc")["NetworkSettings"]["Networks"].values()))["IPAddress"]
        connect = ["timeout", "3", "bash", "-c", ": </dev/tcp/$0/636"]
        for container, host, code in (("agent1", "dc1.corp.example", 0), ("agent1", address, 0), ("service", "dc1.corp.example", 1), ("service", address, 124)):
            compose("exec", "-T", container, *connect, host, code=code)

    def test_taken_down_and_up_again_knows_its_agents_and_people(self):
        self.assertEqual(reset("alice", "Composed-Passw0rd-3")["outcome"], "applied")
        agents = self.agents()
        compose("down", "-t", "30", seconds=UP_SECONDS)
        up()
        self.assertTrue(binds("alice", "Composed-Passw0rd-3"))
        self.assertEqual(self.agents(), agents)
        self.assertEqual(reset("alice", "Composed-Passw0rd-4")["outcome"], "applied")


if __name__ == "__main__":
    try:
        ENGINE = engine.Engine(STATE)
    except engine.NoEngine as no:
        print(f"compose: no container engine can be started here: {no}", file=sys.stderr)
        sys.exit(69)
    try:
        base_image()
        ended = unittest.main(exit=False, verbosity=2)
    except debian12.NoMirror as no:
        sys.exit(f"compose: {no}")
    finally:
        ENGINE.stop()
    sys.exit(not ended.result.wasSuccessful())

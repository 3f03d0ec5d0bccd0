#!/usr/bin/env python3
"""The main job, told as sentences: real service, real agents, real directory. Run inside ad-lab (CTest does)."""
import base64
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from world import AD, BIN, DOMAIN, World, free_port, memory_of, wait_until  # noqa: E402

NEW = "Fresh-Passw0rd-1"


def ulid_hex(ulid):
    number = 0
    for letter in ulid:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)
    return f"{number:032x}"


def payload_of(jws):
    part = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class AReset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def test_arrives_in_the_directory_and_the_old_password_is_refused(self):
        self.assertTrue(self.world.binds("alice", AD["AD_USER_PW"]))
        answer = self.world.reset("alice", NEW)
        self.assertEqual(answer["outcome"], "applied")
        self.assertEqual(answer["attempts"], 1)
        self.assertEqual(answer["dc"], "dc1.corp.example")
        self.assertTrue(answer["agent"] and answer["correlation_id"])
        self.assertTrue(self.world.binds("alice", NEW))
        self.assertFalse(self.world.binds("alice", AD["AD_USER_PW"]))

    def test_changes_the_password_exactly_once(self):
        before = self.world.versions("u001")
        self.world.reset("u001", NEW)
        self.assertEqual(self.world.versions("u001"), before + 1)

    def test_is_called_the_same_in_every_line_of_both_logs(self):
        """By the correlation id, and by the trace id that its caller's own tracing uses; without one the correlation id's bits are it."""
        trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
        for sent in ({"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}, {}):
            sealed = self.world.prepare("u003", "short", op="reset")
            _, job = self.world.call("/api/v1/jobs", {key: sealed[key] for key in ("probe", "op", "sealed")}, **sent)
            answer = self.world.job(job["jti"], wait_ms=10_000)
            self.assertEqual(answer["reason"], "too_short")
            expected = trace_id if sent else ulid_hex(job["correlation_id"])
            agents = [name for name in self.world.processes if name.startswith("agent")]
            for names, least in ((["service"], {"job.queued", "job.offered", "job.settled"}), (agents, {"password.refused", "job.settled"})):
                lines = [line for name in names for line in self.world.log(name).splitlines() if f"jti={job['jti']}" in line]
                self.assertLessEqual(least, {line.split()[2] for line in lines}, names)
                for line in lines:
                    self.assertIn(f"correlation_id={job['correlation_id']} trace_id={expected}", line)

    def test_says_which_version_of_the_account_holds_it(self):
        """`usn` is the account's uSNChanged right after the write: the place in the controller's log to look for it."""
        before = self.world.read_number("u002", "uSNChanged")
        _, submitted = self.world.submit(self.world.prepare("u002", NEW))
        result = payload_of(self.world.job(submitted["jti"], wait_ms=10_000)["result"])
        self.assertEqual((result["code"], result["usn"]), ("applied", self.world.read_number("u002", "uSNChanged")))
        self.assertGreater(result["usn"], before)

    def test_finds_people_by_every_kind_of_name(self):
        for i, name in enumerate(["bob", "bob@corp.example", "CORP\\bob"]):
            password = f"Name-Passw0rd-{i}"
            self.assertEqual(self.world.reset(name, password)["outcome"], "applied", name)
            self.assertTrue(self.world.binds("bob", password))

    def test_carries_any_unicode_byte_exactly(self):
        passwords = ["Grüße-Köln-ß1", "naïve-e\u0301-Combining-1", "naïve-\u00e9-Composed-1", "🔑🐎-Correct-1", "пароль-Ab1-Ж",
                     "Quote\"s'-`and`-\\back\\1", "  Blanks around 1A  ", "Tab\there-1A", "<xml>&amp;%00-1A", "A1-" + "ж" * 253, "Aa1-" + "𝔸" * 126]
        for i, password in enumerate(passwords):
            self.assertEqual(self.world.reset(f"u{i + 10:03}", password)["outcome"], "applied", ascii(password))
            self.assertTrue(self.world.binds(f"u{i + 10:03}", password), ascii(password))

    def test_refuses_what_is_no_password_before_the_directory_sees_it(self):
        before = self.world.versions("u030")
        for password in (b"", b"\xff\xfe-Passw0rd-1", ("A1-" + "ж" * 254).encode(), b"Nul-\0-Passw0rd-1"):
            answer = self.world.reset("u030", password, code=1)
            self.assertEqual(answer["outcome"], "rejected", password[:20])
            self.assertIn(answer["reason"], ("empty", "not_unicode", "too_long"))
        self.assertEqual(self.world.versions("u030"), before)

    def test_names_the_rule_that_refused_it(self):
        self.world.reset("carol", "First-Passw0rd-1")
        for password, reason in (("Sh0rt-1", "too_short"), ("onlylowercaseletters", "not_complex"), ("First-Passw0rd-1", "in_history")):
            answer = self.world.reset("carol", password, code=1)
            self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", reason))
            self.assertTrue(answer["text"])
        self.assertIn("8", self.world.reset("carol", "Sh0rt-1", code=1)["text"], "the length that is needed")

    def test_says_until_when_a_password_is_too_young(self):
        self.world.helpdesk_sets("gina", "First-Passw0rd-1")  # a moment ago; her minimum age is one day
        answer = self.world.reset("gina", "Second-Passw0rd-1", code=1)
        self.assertEqual((answer["outcome"], answer["reason"]), ("rejected", "too_young"))
        self.assertGreater(answer["retry_after"], 1_700_000_000)

    def test_is_denied_for_administrators_and_outside_the_scope(self):
        for user, reason in (("boss", "protected"), ("Administrator", "protected"), ("krbtgt", "protected"), ("hugo", "out_of_scope")):
            answer = self.world.reset(user, NEW, code=1)
            self.assertEqual(answer["outcome"], "denied", user)
            self.assertIn(answer["reason"], (reason, "out_of_scope"))

    def test_says_when_there_is_no_such_account(self):
        for user in ("nobody-here", "*", "a)(objectClass=*", "x" * 200):
            self.assertEqual(self.world.reset(user, NEW, code=1)["reason"], "not_found", user)

    def test_unlocks_when_asked(self):
        for _ in range(3):
            self.world.binds("u040", "wrong-password")
        self.assertFalse(self.world.binds("u040", AD["AD_USER_PW"]), "three wrong ones lock the account")
        self.assertEqual(self.world.reset("u040", NEW, "--unlock")["outcome"], "applied")
        self.assertTrue(self.world.binds("u040", NEW))

    def test_can_demand_a_change_at_the_next_sign_in(self):
        self.assertEqual(self.world.reset("u041", NEW, "--must-change")["outcome"], "applied")
        self.assertFalse(self.world.binds("u041", NEW), "773: must change")

    def test_leaves_no_password_in_the_service_nor_in_any_file(self):
        canary = "Canary-7f3b9c-Passw0rd"
        self.assertEqual(self.world.reset("u050", canary)["outcome"], "applied")
        needles = [canary.encode(), canary.encode("utf-16le"), json.dumps(canary).encode()]
        service = self.world.processes["service"].pid
        scanned = 0
        for where, content in memory_of(service):
            scanned += len(content)
            for needle in needles:
                self.assertNotIn(needle, content, f"service memory: {where}")
        self.assertGreater(scanned, 1 << 20, "a scan that saw nothing proves nothing")
        for path in self.world.folder.rglob("*"):
            if path.is_file() and path.name != "try":
                content = path.read_bytes()
                for needle in needles:
                    self.assertNotIn(needle, content, path.name)

    def test_finds_a_canary_where_there_is_one(self):
        """The scan above can fail: the same scan of a process that holds the password finds it."""
        holder = subprocess.Popen([sys.executable, "-c", "import sys; s = 'Canary-' + 'planted-42'; print('ok', flush=True); sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(holder.stdout.readline(), b"ok\n")
        found = any(b"Canary-planted-42" in content for _, content in memory_of(holder.pid))
        holder.communicate(b"")
        self.assertTrue(found)


class AProbe(unittest.TestCase):
    """What the client is told of accounts of every kind: tests/support/ad/README.md lists them."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(agents=("agent1",), contacts=["mail", "otherMailbox", "proxyAddresses", "mobile"])

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def probe(self, name, **more):
        status, seen = self.world.call("/api/v1/probes", {"name": name, **more})
        self.assertEqual(status, 200, seen)
        return seen

    def states(self, name):
        return {key for key, value in self.probe(name)["answer"]["state"].items() if value is True}

    def test_says_what_is_special_about_an_account(self):
        told = {name: self.states(name) for name in ("alice", "ivan", "sven", "otto", "maxi", "erik", "svc-awk")}
        self.assertEqual(told, {"alice": set(), "ivan": {"cannot_change"}, "sven": {"smart_card"}, "otto": {"account_expired"}, "maxi": {"expired"},
                                "erik": {"must_change"}, "svc-awk": {"never_expires"}})

    def test_says_until_when_an_account_is_locked(self):
        for _ in range(3):
            self.world.binds("u080", "wrong-password")
        before = time.time()
        state = self.probe("u080")["answer"]["state"]
        self.assertTrue(state["locked"])
        self.assertAlmostEqual(state["locked_until"], before + 1800, delta=30)
        self.assertNotIn("locked_until", self.probe("alice")["answer"]["state"])

    def test_tells_contacts_and_groups_to_who_asks(self):
        pia = self.probe("pia", want=["contacts"])["answer"]
        self.assertEqual((pia["language"], sorted(pia["contacts"])), ("de-AT", ["mail", "mobile", "otherMailbox", "proxyAddresses"]))
        self.assertEqual(sorted(pia["contacts"]["otherMailbox"]), ["pia@club.example", "pia@home.example"])
        self.assertEqual(self.probe("pia")["answer"]["contacts"], {})
        groups = self.probe("ralf", want=["groups"])["answer"]["groups"]
        self.assertTrue({f"CN={name},OU=People,{AD['AD_BASE']}" for name in ("inner-allowed", "reset-allowed")} <= set(groups), groups)

    def test_never_leaves_out_a_group_that_is_asked_for_by_name(self):
        inner, stranger = f"cn=INNER-allowed,ou=people,{AD['AD_BASE'].lower()}", f"CN=Domain Admins,CN=Users,{AD['AD_BASE']}"
        groups = self.probe("ralf", want=["groups"], groups=[stranger, inner])["answer"]["groups"]
        self.assertEqual(groups[0], inner, "first, and as it was spelled")
        self.assertEqual((len(groups), stranger in groups), (len({g.lower() for g in groups}), False), "each once, and no other")

    def test_says_nothing_of_whom_the_guardrails_keep_from_us(self):
        for name, outcome, reason in (("nadia", "denied", "protected"), ("boss", "denied", "protected"), ("pc1$", "failed", "not_found"), ("dc1$", "failed", "not_found")):
            seen = self.probe(name, want=["contacts", "groups"])
            self.assertEqual((seen["outcome"], seen["reason"], seen.get("answer")), (outcome, reason, None), name)

    def test_resets_whoever_lives_in_an_awkward_place(self):
        self.assertEqual(self.world.reset("awk", NEW)["outcome"], "applied")
        self.assertTrue(self.world.binds("awk", NEW))


class AKilledAgent(unittest.TestCase):
    def setUp(self):
        self.world = World()

    def tearDown(self):
        self.world.close()

    def test_costs_nobody_a_reset(self):
        self.world.end("agent1", signal.SIGKILL)
        self.assertEqual(self.world.reset("u070", NEW)["outcome"], "applied")
        self.assertTrue(self.world.binds("u070", NEW))

    def test_with_the_job_in_its_hands_hands_it_to_the_other(self):
        for step in ("received", "journaled", "before_modify", "answered"):
            user = {"received": "u060", "journaled": "u061", "before_modify": "u062", "answered": "u063"}[step]
            for name in ("agent1", "agent2"):
                if name in self.world.processes:
                    self.world.end(name)
            self.world.start_agent("agent1", WB_FAILPOINT=f"{step}:kill:reset")
            self.world.wait_ready(1)
            before = self.world.versions(user)
            reset = self.world.begin_reset(user, NEW)
            self.assertEqual(self.world.processes.pop("agent1").wait(timeout=30), -signal.SIGKILL, step)
            self.world.start_agent("agent2")
            answer = self.world.finish_reset(reset)
            self.assertEqual((answer["outcome"], answer["attempts"]), ("applied", 2), f"{step}: {answer}")
            self.assertEqual(self.world.versions(user), before + 1, f"{step}: exactly one change")


class AnAgent(unittest.TestCase):
    def setUp(self):
        self.world = World()

    def tearDown(self):
        self.world.close()

    def test_gets_no_job_before_it_is_approved(self):
        self.world.make_agent("stranger")
        self.world.start_agent("stranger")
        wait_until("its connection", lambda: "agent.connected" in self.world.log("service") and self.world.log("service").count("agent.connected") >= 3)
        self.assertEqual(self.world.ready_agents(), 2)

    def test_ends_cleanly_on_sigterm(self):
        self.assertEqual(self.world.end("agent1"), 0)
        self.assertEqual(self.world.reset("u071", NEW)["outcome"], "applied")
        self.assertEqual(self.world.end("service"), 0)

    def test_stays_up_and_says_why_while_the_service_is_away(self):
        self.world.end("service", signal.SIGKILL)
        wait_until("its complaint", lambda: "link.down" in self.world.log("agent1"))
        self.world.start_service()
        self.world.wait_ready(2)
        self.assertEqual(self.world.reset("u072", NEW)["outcome"], "applied")

    def test_is_not_ready_while_the_directory_is_away_and_recovers(self):
        dc = int(pathlib.Path(AD["AD_ROOT"], "dc1/main.pid").read_text())
        for name in ("agent1", "agent2"):
            self.world.end(name)
        import os
        os.kill(dc, signal.SIGSTOP)
        try:
            self.world.start_agent("agent1")
            wait_until("its reason", lambda: "directory.not_ready" in self.world.log("agent1"), 30)
            self.assertEqual(self.world.ready_agents(), 0)
            self.assertEqual(self.world.reset("u073", NEW, code=3)["outcome"], "unavailable")
        finally:
            os.kill(dc, signal.SIGCONT)
        self.world.wait_ready(1)
        self.assertEqual(self.world.reset("u073", NEW)["outcome"], "applied")

    def test_refuses_a_config_with_every_problem_at_once(self):
        bad = self.world.folder / "bad.yaml"
        bad.write_text("service:\n  url: http://x\nwindow: 1000\nnonsense: 1\ndomains:\n  - domain: corp.example\n    directory:\n      uris: [ldap://dc1]\n")
        out = self.world.tool("writeback-agent", "check-config", bad, code=78)
        for line in (":2:", ":3:", ":4:", "uris", "guardrails"):
            self.assertIn(line, out)
        self.assertEqual(subprocess.run([BIN / "writeback-agent", "run", "--config", bad], capture_output=True).returncode, 78)

    def test_is_drained_from_the_service_and_the_last_one_by_force_alone(self):
        def agents(*words, code=0):
            return self.world.tool("reset-service", "agents", *words, "--config", self.world.config("service"), code=code)
        first, second = self.world.agent_id("agent1"), self.world.agent_id("agent2")
        drain = [BIN / "reset-service", "agents", "drain", first, "--config", self.world.config("service")]
        # The service writes down who is ready a moment after it knows; until then this would be the last one.
        wait_until("the first one drained", lambda: subprocess.run(drain, capture_output=True, timeout=60).returncode == 0)
        self.world.wait_ready(1)
        self.assertRegex(agents("list"), rf"{first} +drained ")
        said = [self.world.reset(f"u0{n}", NEW)["agent"] for n in range(80, 84)]
        self.assertEqual(set(said), {second})
        refused = agents("drain", second, code=1)
        self.assertIn("--force", refused)
        self.assertIn(DOMAIN, refused)
        self.assertEqual(self.world.end("service"), 0)
        self.world.start_service()
        self.world.wait_ready(1)
        agents("drain", second, "--force")
        self.world.wait_ready(0)
        self.assertEqual(self.world.reset("u084", NEW, code=3)["outcome"], "unavailable")
        agents("resume", first)
        agents("resume", second)
        self.world.wait_ready(2)
        self.assertEqual(self.world.reset("u084", NEW)["outcome"], "applied")

    def test_tells_the_service_what_its_doctor_finds(self):
        admin = self.world.folder / "admin.json"
        self.world.tool("reset-service", "client", "create", "--domain", DOMAIN, "--scope", "settings", "--out", admin, "--config", self.world.config("service"))
        self.world.client_file = admin

        def troubles(name):
            (one,) = [one for one in self.world.call("/api/v1/agents")[1]["agents"] if one["id"] == self.world.agent_id(name)]
            found = one["connected"] and one["connected"]["findings"]
            return found and (one["connected"]["ready"], [(line["code"], line["subject"]) for line in found["list"] if line["result"] in ("warn", "fail")])
        self.assertEqual(wait_until("its findings", lambda: troubles("agent1")), (True, []))
        self.assertEqual(self.world.end("agent2"), 0)
        config, port = json.loads(self.world.config("agent2").read_text()), free_port()
        config["domains"][0]["directory"]["uris"].append(f"ldaps://127.0.0.1:{port}")
        self.world.config("agent2").write_text(json.dumps(config))
        self.world.start_agent("agent2")
        self.assertEqual(wait_until("its findings", lambda: troubles("agent2")), (True, [("directory.tcp", f"127.0.0.1:{port}")]))

    def looked_over(self, code=0):
        """The doctor's report: what is not well, and the whole."""
        said = json.loads(self.world.tool("writeback-agent", "check", "--json", "--user", "alice", "--config", self.world.config("agent1"), code=code))
        return [line["code"] for line in said["checks"] if line["result"] in ("warn", "fail") and line["code"] != "config.audited"], said

    def test_is_found_well_by_the_doctor_running_and_stopped(self):
        troubles, said = self.looked_over()
        self.assertEqual(troubles, [], said)
        self.assertEqual([line["subject"] for line in said["checks"] if line["result"] == "skip"], [str(self.world.folder / "agent1/journal.sqlite")], "the running agent has it open")
        self.assertEqual(self.world.end("agent1"), 0)
        self.world.end("service")
        troubles, said = self.looked_over(code=1)
        self.assertEqual(troubles, ["service.tcp"], said)
        self.assertIn("every row of it is whole", json.dumps(said))
        self.world.start_service()
        self.world.start_agent("agent1")
        self.world.wait_ready(2)
        self.assertEqual(self.world.reset("u076", NEW)["outcome"], "applied", "nothing was spoilt by being looked at")


class AStranger(unittest.TestCase):
    def setUp(self):
        self.world = World(agents=("agent1",))

    def tearDown(self):
        self.world.close()

    def test_without_a_credential_reaches_nothing(self):
        client = json.loads(self.world.client_file.read_text())
        client["secret"] = "A" * len(client["secret"])
        self.world.client_file.write_text(json.dumps(client))
        self.assertEqual(self.world.reset("u074", NEW, code=3)["reason"], "unauthorized")
        self.assertTrue(self.world.binds("u074", AD["AD_USER_PW"]))

    def test_who_swaps_the_domain_root_is_found_out(self):
        client = json.loads(self.world.client_file.read_text())
        client["dr"] = "A" * 43
        self.world.client_file.write_text(json.dumps(client))
        answer = self.world.reset("u075", NEW, code=3)
        self.assertIn("root", answer["reason"])
        self.assertTrue(self.world.binds("u075", AD["AD_USER_PW"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""The real agent behind real proxies, load balancers and a box that reads TLS. Run inside ad-lab."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from proxies import Haproxy, KerberosSquid, Squid, Stunnel, Tinyproxy, keytab_of  # noqa: E402
from trouble import Relay  # noqa: E402
from world import World, free_port, wait_until  # noqa: E402

ACCOUNT = "u090"


class OneAgent(unittest.TestCase):
    """A world with one agent, which each test starts anew with other words in `service`."""
    service_options = {}

    @classmethod
    def setUpClass(cls):
        cls.world = World(agents=("agent1",))
        cls.plain = json.loads(cls.world.config("agent1").read_text())
        cls.addClassCleanup(cls.world.close)

    def agent_with(self, env=None, **service):
        """Writes agent.yaml and starts the agent anew; what it logs from now on is self.said()."""
        world = self.world
        if "agent1" in world.processes:
            world.end("agent1", signal.SIGKILL)
        world.config("agent1").write_text(json.dumps({**self.plain, "service": {**self.plain["service"], **service}}))
        self.before = len(world.log("agent1"))
        world.start_agent("agent1", **(env or {}))

    def restart_service(self, **options):
        self.world.end("service")
        file = self.world.config("service")
        kept = [line for line in file.read_text().splitlines() if not line.startswith(("channel_binding", "heartbeat_ms"))]
        file.write_text("\n".join(kept + [f"{key}: {value}" for key, value in options.items()]) + "\n")
        self.world.start_service()

    def said(self):
        return self.world.log("agent1")[self.before:]

    def wait_said(self, words, seconds=20):
        try:
            wait_until(words, lambda: words in self.said(), seconds)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.said()}\n{self.world.log('service')[-2000:]}") from None

    def serves(self):
        self.world.wait_ready(1)
        self.assertTrue(self.world.authenticate(ACCOUNT, "Start-Passw0rd!")["outcome"] == "ok")

    def secret(self, name, text):
        file = self.world.folder / name
        file.write_text(text)
        file.chmod(0o600)
        return str(file)


class AProxy(OneAgent):
    def test_without_sign_in_carries_link_and_enrolment(self):
        with Tinyproxy(self.world) as proxy:
            self.agent_with(proxy={"use": proxy.url})
            self.wait_said(f"link.up service=127.0.0.1:{self.world.port}")
            self.assertIn(f"proxy=127.0.0.1:{proxy.port}", self.said())
            self.serves()
            before = proxy.log().count("CONNECT")
            self.world.approve("agent1", by="agent1")
            self.assertGreater(proxy.log().count("CONNECT"), before, "the roster went another way")

    def test_of_the_environment_is_used_where_that_is_said(self):
        with Tinyproxy(self.world) as proxy:
            self.agent_with({"https_proxy": proxy.url, "no_proxy": "example.com"}, proxy={"use": "environment"})
            self.wait_said(f"proxy=127.0.0.1:{proxy.port}")
            self.agent_with({"https_proxy": proxy.url, "NO_PROXY": "localhost,127.0.0.0/8"}, proxy={"use": "environment"})
            self.wait_said('proxy="" ')
            self.agent_with({"https_proxy": proxy.url})
            self.wait_said('proxy="" ')

    def test_that_forbids_the_port_is_named_with_its_status(self):
        with Tinyproxy(self.world, allow_port=1) as proxy:
            self.agent_with(proxy={"use": proxy.url})
            self.wait_said("where=proxy.connect")
            self.assertIn("answered CONNECT with 403", self.said())

    def test_that_is_frozen_keeps_nobody_from_stopping(self):
        with Tinyproxy(self.world) as proxy:
            proxy.process.send_signal(signal.SIGSTOP)
            self.agent_with(proxy={"use": proxy.url})
            self.wait_said("agent.started")
            began = time.monotonic()
            self.assertEqual(self.world.end("agent1"), 0)
            self.assertLess(time.monotonic() - began, 5)

    def test_with_basic_takes_the_password_of_the_file(self):
        word = "Pr0xy-geheim"
        with Squid(self.world, sign_in="basic", password=word) as proxy:
            self.agent_with(proxy={"use": proxy.url})
            self.wait_said("where=proxy.sign_in")
            self.assertIn("answered CONNECT with 407: it wants Basic; service.proxy.sign_in is none", self.said())
            self.assertIn(" reason=proxy_auth ", self.said())
            basic = {"use": proxy.url, "sign_in": "basic", "user": "tom", "password_file": self.secret("proxy.password", "wrong\n")}
            self.agent_with(proxy=basic)
            self.wait_said("the user and password of ours was no")
            self.secret("proxy.password", word + "\n")  # read again at the next try
            self.wait_said("link.up")
            self.serves()
            os.chmod(basic["password_file"], 0o644)
            self.agent_with(proxy=basic)
            self.wait_said("where=proxy.password_file")
            self.assertIn("is open to others", self.said())
            self.assertNotIn(word, self.world.log("agent1"))

    def test_with_negotiate_takes_the_ticket_of_the_keytab(self):
        keytab = self.world.folder / "client.keytab"
        keytab_of("svc-wb", keytab)
        kerberos = {"KRB5_CLIENT_KTNAME": f"FILE:{keytab}", "KRB5CCNAME": f"FILE:{self.world.folder}/tickets"}
        with KerberosSquid(self.world, sign_in="negotiate") as proxy:
            self.agent_with({"KRB5CCNAME": f"FILE:{self.world.folder}/no-tickets"}, proxy={"use": proxy.url, "sign_in": "negotiate"})
            self.wait_said("where=proxy.sign_in")
            self.assertIn("it wants Negotiate; no Kerberos ticket of ours was taken", self.said())
            self.agent_with(kerberos, proxy={"use": proxy.url, "sign_in": "negotiate"})
            self.wait_said("link.up")
            self.assertIn(f"proxy=dc1.corp.example:{proxy.port}", self.said())
            self.serves()


class ALoadBalancer(OneAgent):
    def test_that_passes_tls_on_is_bound_and_changes_gateways(self):
        self.restart_service()
        first, second = Relay(self.world.port), Relay(self.world.port)
        with Haproxy(self.world, mode="tcp", ports=[first.port, second.port]) as balancer:
            self.agent_with(url=f"https://127.0.0.1:{balancer.port}")
            self.wait_said("link.up")
            self.serves()
            first.cut()
            first.close()
            wait_until("second link", lambda: self.said().count(" link.up ") == 2)
            self.serves()
        second.close()

    def test_that_ends_tls_needs_both_sides_to_allow_it(self):
        self.restart_service(channel_binding="exporter")
        with Haproxy(self.world, mode="http", ports=[self.world.port]) as balancer:
            url = f"https://127.0.0.1:{balancer.port}"
            self.agent_with(url=url)
            self.wait_said("where=session.refused detail=channel_binding")
            self.restart_service(channel_binding="none")
            self.wait_said("channel_binding: require forbids that", 30)
            self.assertIn("where=session.challenge", self.said())
            self.assertNotIn(" link.up ", self.said())
            self.agent_with(url=url, channel_binding="allow_none")
            self.wait_said("link.up")
            self.serves()

    def test_that_cuts_idle_connections_does_not_cut_a_link(self):
        self.restart_service(heartbeat_ms=1000, channel_binding="none")
        for mode in ("tcp", "http"):
            with self.subTest(mode), Haproxy(self.world, mode=mode, ports=[self.world.port], idle_ms=2_000) as balancer:
                self.agent_with(url=f"https://127.0.0.1:{balancer.port}", channel_binding="allow_none")
                self.wait_said("link.up")
                began = time.monotonic()
                wait_until("two idle limits", lambda: time.monotonic() - began > 4.5)
                self.assertNotIn("link.down", self.said())
                self.assertEqual(self.said().count(" link.up "), 1)

    def test_that_cuts_before_the_heartbeat_is_noticed_and_dialled_again(self):
        """The same with a heartbeat that is too slow: this is what the tests above would look like if it did not help."""
        self.restart_service(heartbeat_ms=10_000, channel_binding="none")
        with Haproxy(self.world, mode="tcp", ports=[self.world.port], idle_ms=1_000) as balancer:
            self.agent_with(url=f"https://127.0.0.1:{balancer.port}", channel_binding="allow_none")
            wait_until("second link", lambda: self.said().count(" link.up ") >= 2, 30)
            self.assertIn("link.down", self.said())

    def test_that_cuts_before_the_heartbeat_is_found_out_and_lived_with(self):
        self.restart_service(heartbeat_ms=10_000, channel_binding="none")
        with Haproxy(self.world, mode="tcp", ports=[self.world.port], idle_ms=1_000) as balancer:
            self.agent_with(url=f"https://127.0.0.1:{balancer.port}", channel_binding="allow_none")
            self.wait_said("reason=idle_timeout", 60)
            found = self.said().index("link.idle_limit")
            wait_until("another link", lambda: " link.up " in self.said()[found:], 60)
            began = time.monotonic()
            wait_until("four idle limits", lambda: time.monotonic() - began > 4.5)
            self.assertEqual(self.said()[found:].count(" link.up "), 1, "it says something in time now")
            self.serves()


class ABoxThatReadsTls(OneAgent):
    def test_is_refused_with_its_ca_named(self):
        with Stunnel(self.world) as box:
            self.agent_with(url=f"https://127.0.0.1:{box.port}")
            self.wait_said("where=link.tls")
            self.assertIn("issuer CN = Corp Inspection CA", self.said())
            self.assertNotIn(" link.up ", self.said())

    def test_is_refused_before_the_hello_while_the_channel_must_be_bound(self):
        with Stunnel(self.world) as box:
            self.agent_with(url=f"https://127.0.0.1:{box.port}", intercept_ca_file=str(box.ca_file))
            self.wait_said("intercepted by CN = Corp Inspection CA; channel_binding: require forbids that")

    def test_is_found_by_the_service_where_this_machine_trusts_it_anyway(self):
        with Stunnel(self.world) as box:
            both = self.world.folder / "both-cas.pem"
            both.write_text((self.world.folder / "ca.pem").read_text() + box.ca_file.read_text())
            self.agent_with(url=f"https://127.0.0.1:{box.port}", ca_file=str(both))
            self.wait_said("where=session.refused detail=channel_binding")

    def test_is_accepted_and_marked_where_both_sides_allow_it(self):
        self.restart_service(channel_binding="none")
        self.addCleanup(self.restart_service)
        door = free_port()
        with Stunnel(self.world) as box:
            self.plain["metrics"] = {"listen": f"127.0.0.1:{door}"}
            self.agent_with(url=f"https://127.0.0.1:{box.port}", intercept_ca_file=str(box.ca_file), channel_binding="allow_none")
            self.wait_said('link.intercepted by="CN = Corp Inspection CA"')
            self.serves()
            self.assertEqual(json.loads(get(door, "/readyz"))["intercepted_by"], "CN = Corp Inspection CA")
            self.assertIn("writeback_agent_link_intercepted 1\n", get(door, "/metrics"))


def get(port, path):
    import urllib.request
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


class ANetwork(OneAgent):
    """Packets to and from the service's port are dropped, or answered with a reset, in the lab's own network namespace."""

    def rule(self, verdict):
        def nft(*words):
            subprocess.run(["nft", *words], check=True, capture_output=True, timeout=10)
        nft("add table inet trouble; add chain inet trouble in { type filter hook input priority 0; }; "
            + "; ".join(f"add rule inet trouble in tcp {end} {self.world.port} tcp flags & rst != rst {verdict}" for end in ("dport", "sport")))
        self.addCleanup(lambda: subprocess.run(["nft", "delete table inet trouble"], capture_output=True, timeout=10))
        return lambda: nft("delete table inet trouble")

    def test_that_resets_the_link_is_noticed_at_once_and_lived_through(self):
        self.restart_service(heartbeat_ms=1000)
        self.agent_with()
        self.wait_said("link.up")
        heal = self.rule("reject with tcp reset")
        self.wait_said("link.down", 10)
        heal()
        wait_until("second link", lambda: self.said().count(" link.up ") == 2, 30)
        self.serves()

    def test_that_swallows_packets_is_noticed_by_what_is_not_acknowledged(self):
        self.restart_service(heartbeat_ms=1000)
        self.agent_with()
        self.wait_said("link.up")
        heal = self.rule("drop")
        began = time.monotonic()
        self.wait_said("link.down", 40)
        self.assertLess(time.monotonic() - began, 30, "TCP_USER_TIMEOUT is 20 s")
        heal()
        wait_until("second link", lambda: self.said().count(" link.up ") == 2, 30)
        self.serves()


class SeveralAddresses(OneAgent):
    def test_are_tried_in_turn(self):
        dead = f"https://127.0.0.1:{free_port()}"
        self.agent_with(url=dead, more_urls=[f"https://[::1]:{free_port()}", self.world.url])
        self.wait_said("link.up")
        self.assertIn(f"link.down service={dead}", self.said())
        self.assertIn("link.down service=https://[::1]:", self.said())
        self.serves()


if __name__ == "__main__":
    unittest.main(verbosity=2)

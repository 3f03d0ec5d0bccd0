#!/usr/bin/env python3
"""Mail, through a real SMTP server (Debian's aiosmtpd): what arrives, and by which name each trouble is told."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mail_server import PASSWORD, USER, MailServer, certificates  # noqa: E402

PEER = pathlib.Path(os.environ["WB_BIN"]) / "mail_peer"


FOLDER = tempfile.TemporaryDirectory(prefix="wb-mail-")


def setUpModule():
    unittest.addModuleCleanup(FOLDER.cleanup)
    folder = pathlib.Path(FOLDER.name)
    certificates(folder, "mail", "DNS:localhost,IP:127.0.0.1")
    certificates(folder, "other", "DNS:elsewhere.example")
    for name, text in {"password": PASSWORD, "wrong": "not that one"}.items():
        (folder / name).write_text(text + "\n")
        (folder / name).chmod(0o600)


class Mail(unittest.TestCase):
    folder = pathlib.Path(FOLDER.name)

    def send(self, port, **given):
        words = {"ca": self.folder / "mail-ca.pem", "user": USER, "password_file": self.folder / "password", "deadline_ms": 10_000, "account": "alice"} | given
        done = subprocess.run([PEER, str(port), *(f"{name}={value}" for name, value in words.items())], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        self.assertNotIn(PASSWORD, done.stdout)
        return done.stdout.strip()

    def server(self, **settings):
        return self.enterContext(MailServer(self.folder, **settings))


class AMail(Mail):
    def test_arrives_through_starttls_and_a_sign_in(self):
        server = self.server()
        self.assertEqual(self.send(server.port, language="de", account="älice <b>"), "accepted 250")
        mail, (sender, encrypted, signed_in) = server.wait_for("alice@example.org")
        self.assertEqual((sender, encrypted, signed_in), ("no-reply@contoso.example", True, True))
        self.assertEqual(mail["Subject"], "Ihr Code für Contoso Größe AG")
        self.assertEqual((mail["From"].addresses[0].display_name, mail["From"].addresses[0].addr_spec), ("Contoso Größe AG", "no-reply@contoso.example"))
        self.assertEqual((mail["To"], mail["Auto-Submitted"], mail["Content-Language"]), ("alice@example.org", "auto-generated", "de"))
        self.assertRegex(mail["Message-ID"], r"^<[0-9A-Z]{26}@contoso\.example>$")
        self.assertLess(abs(mail["Date"].datetime.timestamp() - time.time()), 60)
        self.assertEqual((mail.get_content_type(), [part.get_content_type() for part in mail.iter_parts()]), ("multipart/alternative", ["text/plain", "text/html"]))
        self.assertEqual(mail.defects, [])
        text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
        self.assertEqual(re.search(r"^(\d{8})\r?$", text, re.M)[1], "12345678")
        self.assertIn("Passwort von älice <b> zurücksetzen", text)
        self.assertIn("<strong>12345678</strong>", html)
        self.assertIn("älice &lt;b&gt;", html)

    def test_arrives_through_implicit_tls(self):
        server = self.server(implicit_tls=True)
        self.assertEqual(self.send(server.port, security="tls", host="127.0.0.1"), "accepted 250")
        mail, (_, encrypted, signed_in) = server.wait_for("alice@example.org")
        self.assertEqual((mail["Subject"], encrypted, signed_in), ("Your code for Contoso Größe AG", True, True))

    def test_arrives_without_either_on_this_machine_alone(self):
        server = self.server(encrypted=False, sign_in=False)
        self.assertEqual(self.send(server.port, security="none", user=""), "accepted 250")
        server.wait_for("alice@example.org")
        for elsewhere in ("mail.example.org", "192.0.2.1", "::ffff:192.0.2.1", "localhost.example.org", "localhost/x", ""):
            self.assertRegex(self.send(server.port, security="none", user="", host=elsewhere), "^fault refused smtp.settings: security none is for this machine alone$")

    def test_goes_to_hosts_alone(self):
        for host in ("", "a/b", "a@b", "user:x@localhost", "localhost:25", "a b", "[::1"):
            self.assertRegex(self.send(1, host=host), "^fault refused smtp.settings: host is no name and no address$")
        self.assertRegex(self.send(1, hello="x\r\nMAIL FROM:<a@b>"), "^fault refused smtp.settings: hello is no domain name$")

    def test_keeps_a_line_that_is_a_dot(self):
        server = self.server()
        self.assertEqual(self.send(server.port, raw="Subject: s\r\n\r\n.\r\n..\r\nRCPT TO:<eve@example.org>\r\n"), "accepted 250")
        mail, _ = server.wait_for("alice@example.org")
        self.assertEqual(mail.get_payload().splitlines(), [".", "..", "RCPT TO:<eve@example.org>"])

    def test_is_not_sent_in_another_form_than_mail_has(self):
        for raw in ("", "no end", "bare\nLF\r\n", "bare\rCR\r\n", "x" * 999 + "\r\n"):
            self.assertEqual(self.send(1, raw=raw), "fault internal smtp.message: not in the form of RFC 5322")
        for to in ("alice", "a@example.org\r\nDATA", "a@example.org> X", "<a@example.org>", "a b@example.org", "@" * 255):
            for words in ({"to": to, "raw": "s\r\n"}, {"from": to, "raw": "s\r\n"}):
                self.assertEqual(self.send(1, **words), "fault internal smtp.message: not in the form of RFC 5322")
        self.assertTrue(self.send(1, raw="x\r\n" * 30_000).startswith("fault unreachable smtp.connect: "), "the largest that is taken")


class ASignIn(Mail):
    def test_with_the_wrong_password_is_told(self):
        server = self.server()
        self.assertEqual(self.send(server.port, password_file=self.folder / "wrong"), "fault refused smtp.sign_in: the server answered 535")

    def test_that_the_server_wants_and_nobody_makes_is_told(self):
        server = self.server()
        self.assertEqual(self.send(server.port, user=""), "fault refused smtp.sign_in: the server answered 530")

    def test_with_a_password_that_others_can_read_is_not_tried(self):
        open_to_others = self.folder / "open"
        open_to_others.write_text(PASSWORD)
        open_to_others.chmod(0o644)
        for file in (open_to_others, self.folder / "none"):
            self.assertRegex(self.send(1, password_file=file), "^fault refused smtp.password_file")


class ACertificate(Mail):
    def test_of_another_authority_is_not_believed(self):
        for settings, security in (({}, "starttls"), ({"implicit_tls": True}, "tls")):
            server = self.server(**settings)
            self.assertRegex(self.send(server.port, security=security, ca=self.folder / "other-ca.pem"), "^fault refused smtp.tls: ")
            self.assertRegex(self.send(server.port, security=security, ca=self.folder / "missing.pem"), "^fault refused smtp.tls: ")
            self.assertEqual(server.inbox.envelopes, [])

    def test_for_another_name_is_not_believed(self):
        server = self.server(certificate="other")
        self.assertRegex(self.send(server.port, ca=self.folder / "other-ca.pem"), "^fault refused smtp.tls: ")

    def test_that_is_not_shown_gets_no_mail_and_no_password(self):
        server = self.server(encrypted=False)
        self.assertRegex(self.send(server.port), "^fault refused smtp.tls: ")
        self.assertEqual(server.inbox.envelopes, [])


class AServersNo(Mail):
    def test_is_told_as_what_it_means(self):
        answers = {"RCPT nobody@example.org": "550 5.1.1 no such mailbox: nobody@example.org", "RCPT full@example.org": "452 4.2.2 full", "DATA spam@example.org": "554 5.7.1 spam",
                   "DATA busy@example.org": "451 4.3.0 busy"}
        server = self.server(answers=answers)
        for to, told in {"nobody": "recipient_refused 550", "full": "later 452", "spam": "message_refused 554", "busy": "later 451", "alice": "accepted 250"}.items():
            self.assertEqual(self.send(server.port, to=f"{to}@example.org"), told)


class AServerInTrouble(Mail):
    """Scripted: what no good server does. Each answer is said after one line of the client's; None: it says nothing more."""

    @contextlib.contextmanager
    def scripted(self, *answers):
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with contextlib.suppress(OSError):
                peer, _ = listener.accept()
                with peer, peer.makefile("rb") as lines:
                    for answer in answers:
                        if answer is None:
                            peer.settimeout(10)
                            while peer.recv(65536):  # until the client has had enough
                                pass
                            return
                        peer.sendall(answer)
                        line = lines.readline()
                        while answer.startswith(b"354") and line not in (b".\r\n", b""):
                            line = lines.readline()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.close()
            thread.join(15)

    def told(self, *answers):
        with self.scripted(*answers) as port:
            began = time.monotonic()
            told = self.send(port, security="none", user="", deadline_ms=400).split(": ")[0]
            self.assertLess(time.monotonic() - began, 12, "it ends: after the deadline, a second of libcurl's, and what a busy machine takes")
            return told

    def test_is_told_by_name(self):
        ok, ehlo, data = b"250 OK\r\n", b"250 mail.test\r\n", b"354 go on\r\n"
        hello = b"220 mail.test ESMTP\r\n"
        expected = [
            ("fault timed_out smtp.connect", (None,)),
            ("fault timed_out smtp.session", (hello, ehlo, ok, None)),
            ("fault lost smtp.answer", (hello, ehlo, ok, ok, data, None)),
            ("accepted 250", (hello, ehlo, ok, ok, data, ok, None)),  # and no answer to QUIT
            ("fault unreachable smtp.connect", (hello, ehlo, ok)),
            ("fault malformed smtp.session", (b"220 x\r\n", ehlo, b"999 what\r\n")),
            ("fault refused smtp.greeting", (b"554 go away\r\n", None)),
            ("later 421", (b"421 closing\r\n", None)),
            ("fault lost smtp.answer", (hello, ehlo, ok, ok, data)),  # cut where the last word should be
        ]
        with concurrent.futures.ThreadPoolExecutor(len(expected)) as pool:  # most of them wait
            for (told, answers), heard in zip(expected, pool.map(lambda row: self.told(*row[1]), expected)):
                self.assertEqual(heard, told, answers)

    def test_that_is_not_there_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        self.assertRegex(self.send(port), "^fault unreachable smtp.connect: ")
        self.assertRegex(self.send(port, host="no-such-host.invalid"), "^fault unreachable smtp.connect: ")

    def where_no_name_is_told(self, *words):
        """What the peer says, in a network of its own where the name server is there and says nothing; it must not wait for it."""
        resolver = self.folder / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        silent = "import socket, subprocess, sys\nwith socket.socket(type=socket.SOCK_DGRAM) as s:\n  s.bind(('127.0.0.1', 53))\n  subprocess.run(sys.argv[1:], check=True)"
        as_user = [] if os.geteuid() == 0 else ["--map-root-user"]
        began = time.monotonic()
        done = subprocess.run(["unshare", *as_user, "--mount", "--net", "sh", "-ec", 'ip link set lo up; mount --bind "$0" /etc/resolv.conf; exec "$@"', resolver,
                               sys.executable, "-c", silent, PEER, *words], capture_output=True, text=True, timeout=60, check=False)
        self.assertLess(time.monotonic() - began, 4, "a resolver waits for ten seconds")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_whose_name_nobody_tells_is_left_at_the_deadline(self):
        self.assertRegex(self.where_no_name_is_told("25", "host=relay.example", "deadline_ms=300"), "^fault timed_out smtp.connect: ")

    def test_whose_name_nobody_tells_is_left_by_https_too(self):
        self.assertRegex(self.where_no_name_is_told("443", "https=reset.example", "deadline_ms=300"), "^fault timed_out https.post: ")

    def test_that_talks_without_end_is_left(self):
        with self.scripted(*[b"220-more\r\n" * 100_000] * 5) as port:
            self.assertRegex(self.send(port, security="none", user="", deadline_ms=1500), "^fault unreachable smtp.connect: Too large")


if __name__ == "__main__":
    unittest.main()

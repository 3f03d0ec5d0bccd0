"""A real SMTP server for tests: Debian's aiosmtpd on loopback, with certificates, users and a will of its own.

    with MailServer(folder) as server: ... server.wait_for("alice@example.org") -> email.message.EmailMessage

STARTTLS and a sign-in are required unless said otherwise; `implicit_tls` speaks TLS from the first byte. What it does with a
mail goes by its recipient: accepted, or what `answers` says ({"RCPT a@b": "550 ...", "DATA a@b": "451 ..."}).
"""
import asyncio
import email
import email.policy
import logging
import pathlib
import ssl
import subprocess
import threading
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

logging.getLogger("mail").setLevel(logging.CRITICAL)  # it tells of every trouble that the tests make on purpose
warnings.filterwarnings("ignore", module="aiosmtpd")
USER, PASSWORD = "writeback", "Relay-Passw0rd"


def certificates(folder, name, names):
    """An authority of its own and a certificate by it: folder/name-ca.pem, name.pem, name.key."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", f"/CN={name} CA", "-keyout", f"{name}-ca.key", "-out", f"{name}-ca.pem")
    openssl("req", *curve, "-subj", "/CN=mail", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    pathlib.Path(folder, "san").write_text(f"subjectAltName={names}\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.pem", "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san", "-out", f"{name}.pem")


class Inbox:
    def __init__(self, answers):
        self.answers, self.envelopes, self.arrived = answers, [], threading.Condition()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        refusal = self.answers.get(f"RCPT {address}")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        refusal = self.answers.get(f"DATA {envelope.rcpt_tos[0]}")
        if refusal:
            return refusal
        with self.arrived:
            self.envelopes.append((envelope.rcpt_tos[0], envelope.mail_from, server.transport.get_extra_info("ssl_object") is not None, session.authenticated, envelope.content))
            self.arrived.notify_all()
        return "250 taken"


def known(_server, _session, _envelope, _mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class MailServer:
    def __init__(self, folder, implicit_tls=False, encrypted=True, sign_in=True, certificate="mail", answers=None):
        context = None
        if encrypted:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pathlib.Path(folder, f"{certificate}.pem"), pathlib.Path(folder, f"{certificate}.key"))
        settings = {"hostname": "mail.test", "auth_required": sign_in, "authenticator": known if sign_in else None, "auth_require_tls": encrypted,
                    "tls_context": None if implicit_tls else context, "require_starttls": encrypted and not implicit_tls}
        if implicit_tls:
            settings["auth_require_tls"] = False  # aiosmtpd counts STARTTLS alone as TLS
        self.inbox = Inbox(answers or {})
        self.loop = asyncio.new_event_loop()
        self.started = self.loop.create_server(lambda: SMTP(self.inbox, loop=self.loop, **settings), "127.0.0.1", 0, ssl=context if implicit_tls else None)

    def __enter__(self):
        self.listener = self.loop.run_until_complete(self.started)
        self.port = self.listener.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.listener.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def wait_for(self, recipient, limit_s=10):
        """The newest mail to that address, parsed; and what the server knew of its sender: (from, encrypted, signed in)."""
        until = time.monotonic() + limit_s
        with self.inbox.arrived:
            while True:
                for to, sender, encrypted, signed_in, content in reversed(self.inbox.envelopes):
                    if to == recipient:
                        return email.message_from_bytes(content, policy=email.policy.default), (sender, encrypted, signed_in)
                left = until - time.monotonic()
                if left <= 0 or not self.inbox.arrived.wait(left):
                    raise AssertionError(f"no mail to {recipient} within {limit_s} s")

    def wait_until(self, true, limit_s=10):
        """What `true` says of all mails so far, as (to, from, encrypted, signed in, content), as soon as it is something."""
        until = time.monotonic() + limit_s
        with self.inbox.arrived:
            while not (said := true(self.inbox.envelopes)):
                left = until - time.monotonic()
                if left <= 0 or not self.inbox.arrived.wait(left):
                    raise AssertionError(f"not within {limit_s} s; mails to {[one[0] for one in self.inbox.envelopes]}")
            return said

#!/usr/bin/python3
"""The demo's post office: takes every mail that the service sends, and shows them on a page of this machine.

    post_office.py --links https://127.0.0.1:4711 --told FILE     until SIGTERM; FILE then holds {"smtp": PORT, "page": "http://127.0.0.1:PORT/"}

GET / is the page, which comes anew when a mail has; GET /mails the same as JSON, the newest first, with how many have ever come; GET /mails?past=N
waits, ten seconds at most, until that is more than N. Mails are text from outside: they are shown as text, and
nothing becomes a link but addresses below --links. Only who asks for 127.0.0.1 or localhost is answered, so that no other site's page reads along.
"""
import argparse
import email
import email.policy
import html
import http.server
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from mail_server import Inbox, MailServer  # noqa: E402

KEPT = 200  # mails; the oldest go
PATIENCE_S = 10
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid #8888; border-radius: .5rem; padding: .25rem 1rem; margin: 1rem 0; }
h2 { font-size: 1.1rem; margin: .5rem 0 0; } p.about { color: GrayText; margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; } strong { font: bold 1.4rem ui-monospace, monospace; user-select: all; }
"""
SCRIPT = """
const shown = document.querySelector('main').dataset.arrived;
let arrived = shown;
while (arrived === shown) arrived = String((await (await fetch(`/mails?past=${shown}`)).json()).arrived);
location.reload();
"""


class Kept(Inbox):
    """The newest mails, parsed, and how many have ever come."""

    def __init__(self):
        super().__init__({})
        self.mails, self.came = [], 0

    async def handle_DATA(self, server, session, envelope):
        mail = {"to": envelope.rcpt_tos[0], "at": time.strftime("%H:%M:%S"), **read(envelope.content)}
        with self.arrived:
            self.came += 1
            self.mails = [mail, *self.mails[:KEPT - 1]]
            self.arrived.notify_all()
        return "250 taken"

    def now(self, past=-1):
        with self.arrived:
            self.arrived.wait_for(lambda: self.came > past, PATIENCE_S)
            return self.came, list(self.mails)


def read(content):
    """Subject and text; a mail that is none is shown as such."""
    try:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        body = mail.get_body(("plain",))
        return {"subject": str(mail["Subject"] or ""), "text": body.get_content() if body else ""}
    except (ValueError, LookupError, AttributeError) as e:
        return {"subject": f"(unreadable: {type(e).__name__})", "text": ""}


def shown(text, links):
    """As HTML: escaped, addresses below `links` as links, a code on a line of its own in bold."""
    pieces, at = [], 0
    for match in re.finditer(re.escape(links) + r"/[\w/#=&?%.@+~-]*", text) if links else ():
        pieces += [html.escape(text[at:match.start()]), f'<a href="{html.escape(match[0])}" target="_blank" rel="noreferrer">{html.escape(match[0])}</a>']
        at = match.end()
    pieces.append(html.escape(text[at:]))
    return re.sub(r"^(\s*)(\d{4}[ -]?\d{4})(\s*)$", r"\1<strong>\2</strong>\3", "".join(pieces), flags=re.M)


def page(came, mails, links):
    articles = "".join(f'<article><h2 dir="auto">{html.escape(m["subject"])}</h2><p class="about">to {html.escape(m["to"])}, {m["at"]}</p><pre dir="auto">{shown(m["text"], links)}</pre></article>'
                       for m in mails)
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>({came}) The demo\'s mail-box</title>'
            f'<link rel="stylesheet" href="/style.css"><script type="module" src="/page.js"></script><main data-arrived="{came}"><h1>Mail-box of everybody in the demo</h1>'
            f'{articles or "<p>No mail yet. This page comes anew by itself when one has arrived.</p>"}</main></html>')


class Desk(http.server.BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", 20
    inbox, links = None, ""

    def do_GET(self):
        host = self.headers.get("Host", "")
        if host.rpartition(":")[0] not in ("127.0.0.1", "localhost"):
            return self.say(421, "text/plain", "not here")
        path, asked, past = self.path.partition("?past=")
        if asked and not (path == "/mails" and re.fullmatch(r"\d{1,9}", past, re.A)):
            return self.say(400, "text/plain", "GET /mails?past=NUMBER")
        came, mails = self.inbox.now(int(past) if asked else -1)
        answers = {"/": ("text/html", lambda: page(came, mails, self.links)), "/mails": ("application/json", lambda: json.dumps({"arrived": came, "mails": mails})),
                   "/style.css": ("text/css", lambda: STYLE), "/page.js": ("text/javascript", lambda: SCRIPT)}
        kind, content = answers.get(path, ("text/plain", None))
        return self.say(200 if content else 404, kind, content() if content else "no such page")

    def say(self, status, kind, text):
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": len(body), "Cache-Control": "no-store", "Content-Security-Policy": POLICY,
                            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Office:
    """with Office(links) as office: office.smtp (a port), office.page (a URL), office.inbox"""

    def __init__(self, links=""):
        self.server = MailServer(None, encrypted=False, sign_in=False)
        self.server.inbox = self.inbox = Kept()
        self.links = links

    def __enter__(self):
        self.server.__enter__()
        self.smtp = self.server.port
        desk = type("ThisDesk", (Desk,), {"inbox": self.inbox, "links": self.links})
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), desk)
        self.page = f"http://127.0.0.1:{self.web.server_address[1]}/"
        self.thread = threading.Thread(target=self.web.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.web.shutdown()
        self.web.server_close()
        self.server.__exit__()


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--links", required=True)
    words.add_argument("--told", required=True)
    given = words.parse_args()
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: ended.set())
    with Office(given.links) as office:
        pathlib.Path(given.told + ".new").write_text(json.dumps({"smtp": office.smtp, "page": office.page}), encoding="utf-8")
        os.replace(given.told + ".new", given.told)
        ended.wait()


if __name__ == "__main__":
    main()

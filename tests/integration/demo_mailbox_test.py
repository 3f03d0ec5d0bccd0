#!/usr/bin/env python3
"""The demo's mail-box: what arrives by SMTP is on the page, and only as text."""
import email.message
import http.client
import json
import pathlib
import smtplib
import sys
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/demo"))
from post_office import KEPT, Office, shown  # noqa: E402

SERVICE = "https://127.0.0.1:4711"


class TheMailbox(unittest.TestCase):
    def setUp(self):
        self.office = Office(SERVICE)
        self.enterContext(self.office)

    def send(self, *contents):
        with smtplib.SMTP("127.0.0.1", self.office.smtp, timeout=10) as relay:
            for content in contents:
                relay.sendmail("no-reply@corp.example", ["alice@home.example"], content)

    def get(self, path, method="GET", host=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.office.web.server_address[1], timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={} if host is None else {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def mails(self, query=""):
        return json.loads(self.get("/mails" + query)[2])

    def test_shows_a_code_that_has_arrived(self):
        mail = email.message.EmailMessage()
        mail["Subject"] = "Your code"
        mail.set_content("Your code for Grüße:\n\n    12345678\n")
        self.send(mail.as_bytes())
        self.assertIn("<strong>12345678</strong>", self.get("/")[2])
        self.assertEqual([(m["to"], m["subject"]) for m in self.mails()["mails"]], [("alice@home.example", "Your code")])

    def test_tells_whoever_waits_when_another_mail_has_come(self):
        self.assertEqual(self.mails()["arrived"], 0)
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(self.mails, "?past=0")
            self.send(b"Subject: one\r\n\r\n.")
            self.assertEqual(waiting.result(timeout=8)["arrived"], 1)
        self.assertEqual(self.mails("?past=0")["arrived"], 1)
        for nonsense in ("-1", "1e9", "٣", "", "1" * 10):
            self.assertEqual(self.get("/mails?past=" + urllib.parse.quote(nonsense))[0], 400)

    def test_shows_a_mail_as_text_whatever_it_holds(self):
        mail = email.message.EmailMessage()
        mail["Subject"] = "<script>alert(1)</script>"
        mail.set_content('<img src=x onerror=alert(2)> " onmouseover="alert(3)\n')
        self.send(mail.as_bytes(), b"no mail at all", b"Content-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe", b"\r\n\r\n\x80")
        status, headers, text = self.get("/")
        self.assertEqual(status, 200)
        self.assertNotRegex(text, r"<script>|<img|\" onmouseover=\"")
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("script-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(len(self.mails()["mails"]), 4)

    def test_makes_links_of_nothing_but_the_services_own_pages(self):
        text = shown(f'{SERVICE}/not-me#wbt1."><b> {SERVICE}.evil.example/ javascript:alert(1) https://evil.example/', SERVICE)
        self.assertEqual(text.count("<a "), 1)
        self.assertIn(f'<a href="{SERVICE}/not-me#wbt1." ', text)
        self.assertNotIn("<b>", text)

    def test_keeps_the_newest_mails(self):
        self.send(*(f"Subject: {n}\r\n\r\n.".encode() for n in range(KEPT + 2)))
        kept = self.mails()
        self.assertEqual((len(kept["mails"]), kept["mails"][0]["subject"], kept["arrived"]), (KEPT, str(KEPT + 1), KEPT + 2))

    def test_answers_nobody_who_came_by_another_name(self):
        self.assertEqual(self.get("/mails", host="evil.example:80")[0], 421)
        self.assertEqual(self.get("/mails", host="")[0], 421)
        self.assertEqual(self.get("/../../etc/passwd")[0], 404)
        self.assertEqual(self.get("/", method="POST")[0], 501)
        self.assertEqual(self.get("/", host="localhost:80")[0], 200)


if __name__ == "__main__":
    unittest.main()

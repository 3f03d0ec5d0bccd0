#!/usr/bin/env python3
"""What an organisation writes itself instead of a letter's shipped text: refused by name where it would not do, shown before it is saved,
and what the mail then really says, through a real SMTP server."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_stories import PEER, Conformance  # noqa: E402


def setUpModule():
    unittest.enterModuleContext(PEER)


class AnOwnText(Conformance):
    CODE = {"subject": "Contoso: {account}", "text": "Guten Tag {account} <b>&\n\n{code}\n\nIn {minutes} Minuten vorbei.\n\n{helpdesk}"}

    def setUp(self):
        super().setUp()
        self.admin = PEER.bearer(PEER.settings)

    def now(self, letter, language="de"):
        return PEER.call("GET", f"/api/v1/letters/{letter}/{language}", token=self.admin)

    def put(self, letter, wording, language="de", tag=None):
        tag = tag or self.now(letter, language).headers["etag"]
        return PEER.call("PUT", f"/api/v1/letters/{letter}/{language}", wording, self.admin, {"If-Match": tag})

    def give_back(self, letter, language="de"):
        return PEER.call("DELETE", f"/api/v1/letters/{letter}/{language}", token=self.admin, headers={"If-Match": self.now(letter, language).headers["etag"]})

    def code_mail(self, who, address, language):
        """The mail with the code for an address that somebody registers, who asks in that language; None: another one's turn."""
        begun = PEER.call("POST", f"/api/v1/sspr/sign-ins?mkt={language}", {"name": f"{who}@corp.example", "captcha": PEER.solution("sign_in")})
        PEER.try_password(begun.json["token"], "authenticate", "Correct-Horse-5")
        self.assertEqual(PEER.call("POST", "/api/v1/me/email", {"address": address}, begun.json["token"]).status, 200)
        return PEER.mail.wait_for(address)[0]

    def changes(self):
        """What the audit says of settings, the oldest first: (actor, setting, old, new)."""
        lines = PEER.call("GET", "/api/v1/audit?activity=sspr.policy_changed&limit=1000", token=self.reader).body.decode().splitlines()
        rows = [json.loads(line)["row"] for line in lines]
        return [(row["actor"], row["details"]["setting"], row["details"]["old_value"], row["details"]["new_value"]) for row in rows]

    def test_is_what_the_mail_really_says_until_the_shipped_one_is_back(self):
        shipped = self.now("registration_code").json
        self.assertEqual((shipped["version"], shipped["own"], shipped["subject"]), (0, False, shipped["shipped"]["subject"]))
        saved = self.put("registration_code", self.CODE)
        self.assertEqual((saved.status, saved.json["version"], saved.json["own"], saved.json["actor"]), (200, 1, True, f"client:{PEER.settings['id']}"))
        self.assertEqual(saved.json["shipped"], shipped["shipped"])
        mail = self.code_mail("u14", "u14@german.example", "de")
        self.assertEqual((mail["Subject"], mail["Content-Language"]), ("Contoso: u14@corp.example", "de"))
        plain, html = (mail.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
        self.assertRegex(plain, r"^Guten Tag u14@corp.example <b>&\n\n\d{4}[ -]?\d{4}\n\nIn 5 Minuten vorbei\.\s*$")
        self.assertIn("Guten Tag u14@corp.example &lt;b&gt;&amp;</p>", html)
        self.assertNotIn("<b>", html)
        self.assertNotIn("Contoso", self.code_mail("u15", "u15@italian.example", "it")["Subject"], "another language")
        back = self.give_back("registration_code")
        self.assertEqual((back.json["version"], back.json["own"], back.json["text"]), (2, False, shipped["text"]))
        mail = self.code_mail("u16", "u16@german.example", "de")
        self.assertNotIn("Contoso", mail["Subject"])

    def test_is_shown_as_people_would_get_it_before_it_is_saved(self):
        path = "/api/v1/letters/password_reset/de"
        shown = PEER.call("POST", f"{path}/preview", {"subject": "{organisation} {time}", "text": "Für {account}\num {time}: <i>\n\n{link}\n\n{helpdesk}"}, self.admin).json
        self.assertRegex(shown["subject"], r"^corp\.example \d\d:\d\d UTC am \d+\. \w+$")
        self.assertRegex(shown["text"], r"^Für alex@corp\.example\num \d\d:\d\d UTC am .*: <i>\n\nhttps://\S+/#example\n$")
        self.assertIn("&lt;i&gt;", shown["html"])
        self.assertRegex(shown["html"], r'<html lang="de">[^$]*<a href="https://\S+/#example">')
        self.assertEqual(self.now("password_reset").json["version"], 0)

    def test_that_would_not_do_is_refused_by_name_and_nothing_is_saved(self):
        text = self.CODE["text"]
        refused = {
            "letter_unknown_placeholder": [{"text": text + "{cdoe}"}, {"text": text + "{link}"}, {"subject": "{"}],
            "letter_missing_placeholder": [{"text": "Guten Tag {account}"}],
            "letter_secret_in_subject": [{"subject": "{code}"}],
            "letter_subject": [{"subject": ""}, {"subject": "x" * 201}, {"subject": "x\r\nBcc: everybody@corp.example"}, {"subject": "x\nX-Mine: 1"}, {"subject": "x\x00"}],
            "letter_text": [{"text": ""}, {"text": text + "\r\n"}, {"text": text + "\x1b"}, {"text": text + "x" * 3000}],
        }
        path = "/api/v1/letters/verification_code/de"
        for code, bodies in refused.items():
            for part in bodies:
                self.refused(422, code, "PUT", path, {**self.CODE, **part}, self.admin, {"If-Match": '"0"'})
                self.refused(422, code, "POST", f"{path}/preview", {**self.CODE, **part}, self.admin)
        told = PEER.call("PUT", f"{path}?mkt=de", {**self.CODE, "text": "{cdoe}"}, self.admin, {"If-Match": '"0"'})
        self.assertEqual(told.json["detail"], "Diese Mail kennt {cdoe} nicht.")
        for body in ({"subject": "x"}, {**self.CODE, "html": "<b>"}, {**self.CODE, "text": 1}, []):
            self.refused(400, "malformed_request", "PUT", path, body, self.admin, {"If-Match": '"0"'})
        self.assertEqual(self.now("verification_code").json["version"], 0)

    def test_is_kept_in_versions_and_audited_with_what_was_said_and_is(self):
        first = self.now("help_wanted").json
        before = len(self.changes())
        self.put("help_wanted", {"subject": first["subject"], "text": "Eins"})
        self.put("help_wanted", {"subject": "Zwei", "text": "Zwei"})
        self.put("help_wanted", {"subject": "Zwei", "text": "Zwei"})  # nothing changed
        self.put("help_wanted", first["shipped"])  # the shipped text is none of one's own
        who = f"client:{PEER.settings['id']}"
        quoted = lambda text: json.dumps(text, ensure_ascii=False)  # noqa: E731
        self.assertEqual(self.changes()[before:], [
            (who, "letter.help_wanted.de.text", quoted(first["text"]), '"Eins"'),
            (who, "letter.help_wanted.de.subject", quoted(first["subject"]), '"Zwei"'), (who, "letter.help_wanted.de.text", '"Eins"', '"Zwei"'),
            (who, "letter.help_wanted.de.subject", '"Zwei"', quoted(first["subject"])), (who, "letter.help_wanted.de.text", '"Zwei"', quoted(first["text"]))])
        history = PEER.call("GET", "/api/v1/letters/help_wanted/de/history", token=self.admin).json["versions"]
        self.assertEqual([(one["version"], one["own"]) for one in history], [(3, None), (2, {"subject": "Zwei", "text": "Zwei"}), (1, {"subject": first["subject"], "text": "Eins"})])
        self.assertEqual(len(PEER.call("GET", "/api/v1/letters/help_wanted/de/history?limit=1", token=self.admin).json["versions"]), 1)
        self.refused(400, "malformed_request", "GET", "/api/v1/letters/help_wanted/de/history?limit=0", token=self.admin)

    def test_of_somebody_who_was_faster_stays(self):
        path, mine = "/api/v1/letters/frozen/de", {"subject": "Meine", "text": "Meine"}
        self.put("frozen", {"subject": "Ihre", "text": "Ihre"}, tag='"0"')
        for method, body in (("PUT", mine), ("DELETE", None)):
            self.refused(412, "precondition_failed", method, path, body, self.admin, {"If-Match": '"0"'})
            self.refused(428, "precondition_required", method, path, body, self.admin)
        self.assertEqual(self.now("frozen").json["subject"], "Ihre")

    def test_belongs_to_its_domain_and_to_those_who_decide(self):
        self.put("reminder", {"subject": "Bald", "text": "{link}"}, "fr")
        own = {one["letter"]: one["own"] for one in PEER.call("GET", "/api/v1/letters", token=self.admin).json["letters"]}
        self.assertEqual((own["reminder"], own["verification_code"]), (["fr"], []))
        for path in ("/api/v1/letters", "/api/v1/letters/reminder/fr"):
            self.refused(403, "forbidden", "GET", path, token=self.client)
            self.refused(401, "unauthorized", "GET", path)
        for path in ("nothing/de", "reminder/xx", "reminder/DE", "reminder/..", "%2e/de"):
            self.refused(404, "not_found", "GET", f"/api/v1/letters/{path}", token=self.admin)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""What a real service answers is what docs/openapi.json says, success and refusal, of every operation."""
import concurrent.futures
import email
import email.policy
import json
import pathlib
import re
import sys
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_stories import PEER, Another, Conformance, link_of, reset_link_of  # noqa: E402
from openapi import DOCUMENT, OPERATIONS, RESOLVER, STRICT, app_code, problems  # noqa: E402


def setUpModule():
    unittest.enterModuleContext(PEER)


class TheDocument(Conformance):
    def test_is_served(self):
        self.assertEqual(PEER.call("GET", "/api/v1/openapi.json").json, DOCUMENT)
        self.assertEqual(PEER.call("GET", "/healthz").json["version"], DOCUMENT["info"]["version"])

    def test_has_every_name_of_a_query_and_every_tag(self):
        self.assertRaisesRegex(AssertionError, "nonsense", PEER.call, "GET", "/api/v1/sspr/captcha?for=sign_in&mkt=de&nonsense=1")
        self.assertEqual({tag for operation in OPERATIONS for tag in operation.shape["tags"]}, {tag["name"] for tag in DOCUMENT["tags"]})

    def test_has_good_schemas_and_examples_that_fit_them(self):
        for name, schema in STRICT["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
            for example in schema.get("examples", []):
                self.assertEqual(problems(example, schema), [], name)


class AClient(Conformance):
    def test_resets_a_password(self):
        self.assertEqual(self.probe("alice")["outcome"], "ok")
        order, jti = self.order("alice")
        done = PEER.call("POST", "/api/v1/jobs?wait_ms=20000", order, self.client)
        self.assertEqual((done.status, done.json["outcome"], done.json["jti"]), (200, "applied", jti))
        self.assertEqual(PEER.call("GET", f"/api/v1/jobs/{jti}", token=self.client).json["state"], "final")
        self.refused(404, "not_found", "GET", f"/api/v1/jobs/{jti}", token=self.stranger)

    def test_is_told_to_wait_and_why_nothing_was_set(self):
        (order, jti), (busy, _) = self.order("slow"), self.order("slow")  # both before the first: it is not slow for long
        taken = PEER.call("POST", "/api/v1/jobs", order, self.client)
        self.assertEqual(taken.status, 202)
        self.refused(409, "busy", "POST", "/api/v1/jobs", busy, self.client)
        self.assertEqual(PEER.call("GET", f"/api/v1/jobs/{jti}?wait_ms=20000", token=self.client).json["outcome"], "applied")
        order, _ = self.order("short")
        told = PEER.call("POST", "/api/v1/jobs?wait_ms=20000", order, self.client).json
        self.assertEqual((told["outcome"], told["reason"]), ("rejected", "too_short"))
        self.assertEqual(self.probe("nobody")["outcome"], "failed")

    def test_hears_how_a_job_goes(self):
        order, jti = self.order("slow")
        self.assertEqual(PEER.call("POST", "/api/v1/jobs", order, self.client).status, 202)
        heard = PEER.call("GET", f"/api/v1/jobs/{jti}/events", token=self.client).body.decode()
        events = re.findall(r"event: (\w+)\ndata: (.*)\n\n", heard)
        for name, data in events:
            self.assertEqual(problems(json.loads(data), {"$ref": f"#/components/schemas/{'JobProgress' if name == 'state' else 'Job'}"}), [], heard)
        self.assertEqual([name for name, _ in events][-2:], ["state", "outcome"])
        self.assertEqual((json.loads(events[-1][1])["jti"], json.loads(events[-1][1])["outcome"]), (jti, "applied"))
        self.assertEqual(json.loads(events[-1][1]), PEER.call("GET", f"/api/v1/jobs/{jti}", token=self.client).json)

    def test_ends_a_lock(self):
        order = {"probe": self.probe("locked")["probe"], "op": "unlock"}
        self.assertEqual(PEER.call("POST", "/api/v1/jobs?wait_ms=20000", order, self.client).json["outcome"], "applied")

    def test_is_refused_by_name(self):
        order, _ = self.order("alice")
        other, _ = self.order("u00")
        self.refused(409, "conflict", "POST", "/api/v1/jobs", {**order, "probe": other["probe"]}, self.client)
        self.refused(404, "not_found", "POST", "/api/v1/jobs", {**order, "probe": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, self.client)
        self.refused(404, "not_found", "POST", "/api/v1/jobs", order, self.stranger)
        self.refused(413, "too_large", "POST", "/api/v1/jobs", {**order, "sealed": "x" * 25_000}, self.client)
        self.refused(413, "too_large", "POST", "/api/v1/jobs", {**order, "sealed": "x" * 70_000}, self.client)
        self.refused(400, "bad_request", "POST", "/api/v1/jobs", {**order, "op": "probe"}, self.client)
        self.refused(400, "bad_request", "POST", "/api/v1/jobs?wait_ms=soon", order, self.client)
        self.refused(403, "forbidden", "GET", "/api/v1/keys", token=self.reader)
        self.refused(401, "unauthorized", "GET", "/api/v1/keys", token="wbc1.none.none")
        unlock = {"probe": order["probe"], "op": "unlock"}
        self.assertEqual(PEER.call("POST", "/api/v1/jobs?wait_ms=20000", order, self.client).status, 200)
        self.refused(409, "conflict", "POST", "/api/v1/jobs", unlock, self.client)
        again, _ = self.order("alice")
        self.refused(410, "gone", "POST", "/api/v1/jobs", {**again, "probe": order["probe"]}, self.client)

    def test_gets_the_first_answer_again_by_an_idempotency_key(self):
        def ask(key, token=self.client, **body):
            return PEER.call("POST", "/api/v1/probes", body, token, {"Idempotency-Key": key})
        first, again = ask('"one"', name="u01"), ask('"one"', name="u01")
        self.assertEqual((first.body, first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")), (again.body, None, "true"))
        other = ask('"one"', name="u02")
        self.assertEqual((other.status, other.code), (422, "idempotency_key_reused"))
        self.assertNotEqual(ask('"one"', self.stranger, name="u01").body, first.body)
        for key in ("x" * 129, "with blank", "x" * 2_000):
            self.assertEqual(ask(key, name="u01").code, "bad_request")
        self.assertEqual(ask("wrong", nothing=1).body, ask("wrong", nothing=1).body)

        def at_once(_):
            with Another() as another:
                return another.call("POST", "/api/v1/probes", {"name": "u03"}, self.client, {"Idempotency-Key": "at-once"})
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(at_once, range(4)))
        self.assertEqual(len({answer.body for answer in answers if answer.status == 200}), 1, "one probe was made")
        self.assertLessEqual({answer.code for answer in answers if answer.status != 200}, {"idempotency_in_progress"})

    def test_reads_the_audit(self):
        page = PEER.call("GET", "/api/v1/audit?limit=5", token=self.reader)
        for line in page.body.decode().splitlines():
            self.assertEqual(problems(json.loads(line), {"$ref": "#/components/schemas/AuditLine"}), [])
        self.assertRegex(page.headers["audit-next"], r"^\d+$")
        for query in ("limit=0", "limit=x", "activity=none", "from=yesterday"):
            self.refused(400, "bad_request", "GET", f"/api/v1/audit?{query}", token=self.reader)
        self.refused(403, "forbidden", "GET", "/api/v1/audit", token=self.client)


class ASettingsClient(Conformance):
    def test_looks_saves_and_takes_back(self):
        admin = PEER.bearer(PEER.settings)
        now = PEER.call("GET", "/api/v1/settings", token=admin)
        tag, settings = now.headers["etag"], now.json["settings"]
        changed = {**settings, "reconfirm_days": 90}
        self.assertEqual(PEER.call("PUT", "/api/v1/settings?dry_run=1", changed, admin).json["saved"], False)
        self.refused(428, "precondition_required", "PUT", "/api/v1/settings", changed, admin)
        self.assertEqual(PEER.call("PUT", "/api/v1/settings", changed, admin, {"If-Match": tag}).json["settings"]["reconfirm_days"], 90)
        self.refused(412, "precondition_failed", "PUT", "/api/v1/settings", changed, admin, {"If-Match": tag})
        self.refused(422, "invalid_settings", "PUT", "/api/v1/settings?dry_run=1", {**changed, "methods_required": 3}, admin)
        self.assertEqual(PEER.call("POST", "/api/v1/settings/restore", {"version": now.json["version"]}, admin).json["settings"], settings)
        self.refused(404, "not_found", "POST", "/api/v1/settings/restore", {"version": 99}, admin)
        self.assertGreaterEqual(len(PEER.call("GET", "/api/v1/settings/history", token=admin).json["versions"]), 3)
        self.refused(403, "forbidden", "GET", "/api/v1/settings", token=self.client)

    def test_writes_a_letter_anew(self):
        admin, path = PEER.bearer(PEER.settings), "/api/v1/letters/invitation/it"
        now = PEER.call("GET", path, token=admin)
        wanted = {"subject": "Per {account}", "text": "{link}"}
        self.assertEqual(PEER.call("POST", f"{path}/preview", wanted, admin).json["subject"], "Per alex@corp.example")
        saved = PEER.call("PUT", path, wanted, admin, {"If-Match": now.headers["etag"]})
        self.assertEqual(next(one for one in PEER.call("GET", "/api/v1/letters", token=admin).json["letters"] if one["letter"] == "invitation")["own"], ["it"])
        self.assertEqual(PEER.call("DELETE", path, token=admin, headers={"If-Match": saved.headers["etag"]}).json["subject"], now.json["subject"])
        self.assertEqual([one["own"] for one in PEER.call("GET", f"{path}/history", token=admin).json["versions"]], [None, wanted])

    def test_sees_what_became_of_it_all(self):
        admin, token = PEER.bearer(PEER.settings), PEER.begin("u09")
        PEER.prove(token, "reset")
        done = PEER.set_password(token, "Correct-Horse-8")
        while done.status == 202:
            done = PEER.call("GET", "/api/v1/sspr/session?wait_ms=5000", token=token)
        report = PEER.call("GET", "/api/v1/reports", token=admin).json
        self.assertGreaterEqual(report["days"][-1]["resets"], 1)
        self.assertTrue(report["methods"]["questions"] >= 1 and report["coverage"]["ready"] >= 1, report)
        self.assertEqual(PEER.call("GET", "/api/v1/reports?from=2020-01-01&to=2020-01-02", token=admin).json["days"], [])
        for query in ("from=yesterday", "from=2026-01-01&to=2026-12-31", "from=2026-01-02&to=2026-01-01"):
            self.refused(400, "malformed_request", "GET", f"/api/v1/reports?{query}", token=admin)

    def test_sees_the_agents_and_lets_another_in(self):
        admin = PEER.bearer(PEER.settings)
        agents = PEER.call("GET", "/api/v1/agents", token=admin).json["agents"]
        self.assertEqual([(one["state"], one["connected"] and one["connected"]["ready"]) for one in agents], [("active", True), ("pending", None)])
        self.assertRegex(PEER.call("POST", "/api/v1/agents/tokens", None, admin).json["token"], r"^wbe1\.")
        self.assertEqual(self.refused(409, "last_ready_agent", "POST", f"/api/v1/agents/{agents[0]['id']}/drain", None, admin).json["domain"], "corp.example")
        self.assertEqual([PEER.call("POST", f"/api/v1/agents/{PEER.spare_agent}/{act}", None, admin).json["drained"] for act in ("drain", "resume")], [True, False])
        self.assertEqual(PEER.call("POST", f"/api/v1/agents/{PEER.spare_agent}/revoke", None, admin).json["state"], "revoked")
        self.refused(404, "not_found", "POST", "/api/v1/agents/01ARZ3NDEKTSV4RRFFQ69G5FAV/revoke", None, admin)


class AHelpdesk(Conformance):
    def test_looks_people_up_and_helps_them(self):
        desk = PEER.bearer(PEER.helpdesk)
        page = PEER.call("GET", "/api/v1/people?limit=2", token=desk).json
        self.assertEqual((len(page["people"]), page["next"]), (2, page["people"][-1]["sub"]))
        path = f"/api/v1/people/{page['people'][0]['sub']}"
        person = PEER.call("GET", path, token=desk).json
        self.assertEqual(PEER.call("POST", f"{path}/unblock", None, desk).json, {"lifted": 0})
        self.assertGreater(PEER.call("POST", f"{path}/freeze", None, desk).json["frozen"], 0)
        self.assertEqual(PEER.call("POST", f"{path}/thaw", None, desk).json["frozen"], 0)
        self.assertEqual(PEER.call("POST", f"{path}/methods", {"kind": "email", "address": "her@told.example"}, desk).json["kind"], "email")
        self.refused(409, "address_known", "POST", f"{path}/methods", {"kind": "email", "address": "her@told.example"}, desk)
        self.refused(422, "address_inside", "POST", f"{path}/methods", {"kind": "email", "address": "somebody@corp.example"}, desk)
        PEER.mail.wait_for("her@told.example")
        method = person["methods"][0]["id"]
        self.assertEqual(PEER.call("DELETE", f"{path}/methods/{method}", token=desk).json, {"removed": method})
        self.refused(404, "not_found", "GET", "/api/v1/people/nobody", token=desk)

    def test_lets_somebody_in_again(self):
        """By a pass, by a link that a real SMTP server delivers, and by a temporary password."""
        desk = PEER.bearer(PEER.helpdesk)
        path = f"/api/v1/people/{PEER.call('POST', '/api/v1/people', {'name': 'u08@corp.example'}, desk).json['sub']}"
        given = PEER.call("POST", f"{path}/pass", None, desk).json
        self.assertIsNone(given["barrier"])
        self.assertEqual(PEER.call("GET", path, token=desk).json["pass_until"], given["expires"])
        token = PEER.begin("u08")
        PEER.call("POST", "/api/v1/sspr/session/method", {"method": "pass"}, token)
        self.assertEqual(PEER.call("POST", "/api/v1/sspr/session/answer", {"code": given["pass"].lower()}, token).json["session"]["passed"], ["pass"])
        PEER.call("POST", f"{path}/pass", {"minutes": 10}, desk)
        self.assertEqual(PEER.call("DELETE", f"{path}/pass", token=desk).json, {"removed": 1})
        self.refused(409, "no_mailbox", "POST", f"{path}/reset-link", token=desk)

        person, address = PEER.sign_in("u08"), "u08@home.example"
        PEER.call("POST", "/api/v1/me/email", {"address": address}, person)
        PEER.call("POST", "/api/v1/me/proof", {"code": PEER.code_for(address)}, person)
        self.assertEqual(PEER.call("POST", f"{path}/reset-link", None, desk).json["sent"], 1)
        link = PEER.mail.wait_until(lambda mails: next((found for to, *_, content in mails if to == address and (found := reset_link_of(content))), None))
        self.assertTrue(link.startswith(f"dr={PEER.trust['pin']}&name=u08%40corp.example&pass="))
        token = PEER.begin("u08")
        PEER.call("POST", "/api/v1/sspr/session/method", {"method": "pass"}, token)
        self.assertEqual(PEER.call("POST", "/api/v1/sspr/session/answer", {"code": link[-14:]}, token).json["session"]["passed"], ["email"])

        def temporary(who, password):
            path = f"/api/v1/people/{PEER.call('POST', '/api/v1/people', {'name': f'{who}@corp.example'}, desk).json['sub']}/temporary-password"
            offer = PEER.call("POST", f"{path}/seal", None, desk).json
            order = {"probe": offer["probe"], "sealed": PEER.sealed_for(offer["keys"], offer["answer"], password)["sealed"]}
            answer = PEER.call("POST", path, order, desk)
            seen = [answer.status]
            while answer.status == 202:
                answer = PEER.call("POST", path, order, desk)
            return seen[0], answer
        self.assertEqual(temporary("u08", "Monday-Morning-1")[1].json["code"], "applied")
        first, last = temporary("slow", "Monday-Morning-1")
        self.assertEqual((first, last.json["code"]), (202, "applied"))
        refused = temporary("short", "Monday-Morning-1")[1]
        self.assertEqual((refused.status, refused.code, refused.json["directory"]["reason"]), (422, "password_refused", "too_short"))

    def test_invites_people_to_register(self):
        """By a mail, through a real SMTP server, to the mailbox that the organisation keeps."""
        desk, path = PEER.bearer(PEER.helpdesk), f"/api/v1/people/{PEER.call('POST', '/api/v1/people', {'name': 'fresh@corp.example'}, PEER.bearer(PEER.helpdesk)).json['sub']}"
        self.assertEqual(PEER.call("POST", f"{path}/invite", None, desk).json, {"ordered": 1, "next": None})
        mail = PEER.mail.wait_until(lambda mails: next((content for to, *_, content in mails if to == "fresh@corp.example"), None))
        self.assertIn(f"/register#dr={PEER.trust['pin']}", email.message_from_bytes(mail, policy=email.policy.default).get_body(("plain",)).get_content())
        page = PEER.call("POST", "/api/v1/invitations", {}, desk).json
        self.assertEqual((page["ordered"], page["next"]), (0, None), "nobody else is missing, and fresh was written to just now")
        self.refused(404, "not_found", "POST", "/api/v1/people/nobody/invite", None, desk)
        alice = PEER.call("GET", "/api/v1/people?name=u10@corp.example", token=desk).json["people"] or PEER.call("GET", "/api/v1/people?limit=1", token=desk).json["people"]
        self.refused(409, "not_to_invite", "POST", f"/api/v1/people/{alice[0]['sub']}/invite", None, desk)

    def test_tells_a_sign_in_page_who_must_register(self):
        page = PEER.bearer(PEER.registration)
        new = PEER.call("GET", "/api/v1/registration?name=somebody-new@corp.example", token=page).json
        self.assertEqual(new["required"], True)
        self.assertTrue(new["link"].endswith(f"/register#dr={PEER.trust['pin']}"), new["link"])
        self.refused(400, "malformed_request", "GET", "/api/v1/registration", token=page)


class AnAdministrator(Conformance):
    def test_who_has_signed_in_and_proven_a_second_method_does_what_clients_do(self):
        token = PEER.sign_in("chief")
        for path in ("settings", "letters", "people", "audit"):
            self.refused(403, "second_proof_needed", "GET", f"/api/v1/{path}", token=token)
        app = PEER.call("POST", "/api/v1/me/app", None, token).json
        code, next_code = app_code(app["secret"]), app_code(app["secret"], 1)
        self.assertEqual(PEER.call("POST", "/api/v1/me/proof", {"code": code}, token).status, 200)
        self.refused(403, "second_by_app", "POST", "/api/v1/me/second/code", token=token)
        self.assertEqual(PEER.call("POST", "/api/v1/me/second", {"code": next_code}, token).json["level"], 2)
        settings = PEER.call("GET", "/api/v1/settings", token=token).json["settings"]
        self.assertEqual(PEER.call("PUT", "/api/v1/settings?dry_run=1", settings, token).json["changes"], [])
        me = next(one for one in PEER.call("GET", "/api/v1/people?name=chief@corp.example", token=token).json["people"])
        self.refused(403, "own_account", "POST", f"/api/v1/people/{me['sub']}/unblock", None, token)
        self.assertEqual(PEER.call("GET", "/api/v1/audit?limit=1", token=token).status, 200)
        self.refused(401, "unauthorized", "GET", "/api/v1/keys", token=token)

    def test_that_is_none_is_told_so(self):
        self.refused(403, "administrator_needed", "GET", "/api/v1/settings", token=PEER.sign_in("u08"))
        self.refused(401, "unauthorized", "GET", "/api/v1/settings", token="wbp1.none.none")


class APerson(Conformance):
    def test_resets_a_password(self):
        token = PEER.begin("u03")
        self.assertEqual(PEER.call("GET", "/api/v1/sspr/session", token=token).json["session"]["phase"], "proving")
        PEER.prove(token, "reset")
        done = PEER.set_password(token, "Correct-Horse-8")
        while done.status == 202:
            done = PEER.call("GET", "/api/v1/sspr/session?wait_ms=5000", token=token)
        self.assertEqual((done.json["session"]["phase"], done.json["session"]["result"]["code"]), ("done", "applied"))
        self.assertIn("wbd=", done.headers["set-cookie"])

    def test_waits_for_a_slow_directory(self):
        token = PEER.begin("slow")
        PEER.prove(token, "reset")
        self.assertEqual(PEER.set_password(token, "Correct-Horse-9").status, 202)
        self.assertEqual(PEER.call("GET", "/api/v1/sspr/session", token=token).status, 202)
        answer = PEER.call("GET", "/api/v1/sspr/session?wait_ms=9000", token=token)
        while answer.status == 202:
            answer = PEER.call("GET", "/api/v1/sspr/session?wait_ms=9000", token=token)
        self.assertEqual(answer.json["session"]["phase"], "done")
        token = PEER.begin("slow")
        self.assertEqual(PEER.prove(token, "unlock").status, 202)

    def test_ends_a_lock(self):
        answer = PEER.prove(PEER.begin("locked"), "unlock")
        self.assertIn(answer.status, (200, 202))

    def test_is_told_what_is_wrong(self):
        token = PEER.begin("short")
        self.refused(409, "wrong_step", "POST", "/api/v1/sspr/session/seal", token=token)
        self.refused(400, "malformed", "POST", "/api/v1/sspr/session/method", {"method": "sms"}, token)
        asked = PEER.call("POST", "/api/v1/sspr/session/method", {"method": "questions"}, token).json["session"]["questions"]
        wrong = [{"question": one["id"], "answer": "no"} for one in asked]
        self.refused(422, "wrong_answer", "POST", "/api/v1/sspr/session/answer", {"answers": wrong}, token)
        PEER.prove(token, "reset")
        answer = PEER.set_password(token, "short")
        while answer.status == 202:
            answer = PEER.call("GET", "/api/v1/sspr/session?wait_ms=5000", token=token)
        self.assertEqual((answer.status, answer.code, answer.json["directory"]["reason"]), (422, "password_refused", "too_short"))
        self.refused(404, "not_found", "POST", "/api/v1/sspr/session/password", {"probe": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "sealed": "x"}, token)
        self.assertEqual(PEER.call("DELETE", "/api/v1/sspr/session", token=token).json["session"]["end"]["code"], "cancelled")
        self.refused(403, "cancelled", "POST", "/api/v1/sspr/session/method", {"method": "questions"}, token)
        self.refused(401, "no_session", "GET", "/api/v1/sspr/session", token="wbs1.none.none")

    def test_changes_a_password_and_registers_what_proves_them(self):
        token = PEER.sign_in("u05")
        self.assertEqual(PEER.try_password(token, "change", "Correct-Horse-6", old="Correct-Horse-5").json["code"], "applied")
        me = PEER.call("GET", "/api/v1/me", token=token).json
        self.assertEqual((me["name"], [m["kind"] for m in me["methods"]]), ("u05@corp.example", ["questions"]))
        answers = [{"question": one["id"], "answer": f"another {at}"} for at, one in enumerate(me["registration"]["questions"][:5])]
        self.assertEqual(PEER.call("POST", "/api/v1/me/questions", {"answers": answers}, token).status, 200)
        self.refused(422, "answers_count", "POST", "/api/v1/me/questions", {"answers": answers[:2]}, token)
        app = PEER.call("POST", "/api/v1/me/app", None, token).json
        code, next_code = app_code(app["secret"]), app_code(app["secret"], 1)
        self.assertEqual(len(PEER.call("POST", "/api/v1/me/proof", {"code": code}, token).json["methods"]), 2)
        self.refused(422, "wrong_answer", "POST", "/api/v1/me/second", {"code": code}, token)
        self.assertEqual(PEER.call("POST", "/api/v1/me/second", {"code": next_code}, token).json["level"], 2)
        self.assertEqual(len(PEER.call("DELETE", f"/api/v1/me/methods/{app['id']}", token=token).json["methods"]), 1)
        self.refused(404, "not_found", "DELETE", f"/api/v1/me/methods/{app['id']}", token=token)
        self.assertEqual(PEER.call("POST", "/api/v1/me/confirm", None, token).json["registration"]["reconfirm"], False)
        self.assertEqual(PEER.call("DELETE", "/api/v1/me/sign-in", token=token).status, 200)
        self.refused(401, "no_session", "GET", "/api/v1/me", token=token)

    def test_gets_codes_and_news_by_mail_and_says_that_it_was_somebody_else(self):
        """Through a real SMTP server: an address is registered, a reset goes by its code, and the link in the notification freezes."""
        token = PEER.sign_in("u06")
        address = "u06@home.example"
        begun = PEER.call("POST", "/api/v1/me/email", {"address": address}, token)
        self.assertEqual((begun.status, begun.json["label"]), (200, "u…@h…example"), begun.body)
        self.assertEqual(PEER.call("POST", "/api/v1/me/proof", {"code": PEER.code_for(address)}, token).status, 200)
        said, _ = PEER.mailed(address, "wants to register this address for u06@corp.example")
        self.assertNotIn("wants to reset", said)
        PEER.call("POST", "/api/v1/me/second/code", None, token)
        second = PEER.code_for(address, 2)
        said, _ = PEER.mailed(address, "has signed in as u06@corp.example with the right password")
        self.assertIn(second, said)
        self.assertIn("If this was not you, somebody knows your password", said)
        self.refused(422, "wrong_answer", "POST", "/api/v1/me/second", {"code": "00000000"}, token)
        self.assertEqual(PEER.call("POST", "/api/v1/me/second", {"code": second}, token).json["level"], 2)
        reset = PEER.begin("u06")
        PEER.call("POST", "/api/v1/sspr/session/method", {"method": "email"}, reset)
        self.assertEqual(PEER.call("POST", "/api/v1/sspr/session/answer", {"code": PEER.code_for(address, 3)}, reset).json["session"]["phase"], "choosing")
        PEER.call("POST", "/api/v1/sspr/session/choice", {"choice": "reset"}, reset)
        done = PEER.set_password(reset, "Correct-Horse-8")
        while done.status == 202:
            done = PEER.call("GET", "/api/v1/sspr/session?wait_ms=5000", token=reset)
        self.assertEqual(done.json["session"]["phase"], "done")
        link = PEER.mail.wait_until(lambda mails: next((found for to, *_, content in mails if to == address and (found := link_of(content))), None))
        said, _ = PEER.mailed(address, re.escape(link))
        self.assertTrue(said.rstrip().endswith(f"/not-me#{link}&dr={PEER.trust['pin']}"), said)
        self.assertEqual(PEER.call("POST", "/api/v1/sspr/not-me", {"token": link}).json["frozen"], True)
        self.refused(403, "frozen", "POST", "/api/v1/me/app", token=PEER.sign_in("u06"))
        self.refused(410, "link_expired", "POST", "/api/v1/sspr/not-me", {"token": link[:-1] + ("A" if link[-1] != "A" else "B")})

    def test_asks_the_administrators_for_help(self):
        answers = []
        for name in ("u11", "nobody"):
            token = PEER.begin(name)
            first = PEER.call("POST", "/api/v1/sspr/session/help", None, token)
            answers.append(first.json)
            again = PEER.call("POST", "/api/v1/sspr/session/help", None, token)
            self.assertNotEqual(again.json["text"], first.json["text"])
            PEER.call("DELETE", "/api/v1/sspr/session", token=token)
        self.assertEqual(answers[0], answers[1])

    def test_does_not_begin_without_an_organisation_or_the_work(self):
        self.assertEqual(PEER.call("GET", "/api/v1/sspr/brand?domain=elsewhere.example").json["name"], "")
        self.refused(404, "unknown_organisation", "POST", "/api/v1/sspr/sessions?mkt=de", {"name": "a@elsewhere.example", "captcha": PEER.solution()})
        self.refused(403, "captcha_failed", "POST", "/api/v1/sspr/sessions", {"name": "a@corp.example", "captcha": "AAAA"})
        self.refused(400, "malformed", "POST", "/api/v1/sspr/sessions", {"name": "a@corp.example"})

    def test_that_nobody_knows_sees_what_everybody_sees(self):
        token = PEER.begin("nobody")
        asked = PEER.call("POST", "/api/v1/sspr/session/method", {"method": "questions"}, token).json["session"]["questions"]
        self.assertEqual(len(asked), 3)
        answers = [{"question": one["id"], "answer": f"answer {one['id']}"} for one in asked]
        self.refused(422, "wrong_answer", "POST", "/api/v1/sspr/session/answer", {"answers": answers}, token)
        self.refused(400, "malformed", "POST", "/api/v1/sspr/session/answer", {"code": 1}, token)


class TheseTests(unittest.TestCase):  # the last of this file: unittest runs classes in the order of their names within a module
    def test_have_seen_every_success_that_the_document_has(self):
        wanted = {(operation.name, int(status)) for operation in OPERATIONS for status in operation.shape["responses"] if status.startswith("2")}
        missing = sorted(wanted - PEER.seen)
        self.assertEqual(missing, [], "no test of this file gets these answers from a service: add a call of each")


if __name__ == "__main__":
    assert RESOLVER
    unittest.main()

#!/usr/bin/env python3
"""What nobody should send, made from docs/openapi.json for every operation: each answer is a problem with a code, never the service's
own trouble, and nothing in the store has changed where nothing was done."""
import contextlib
import hashlib
import json
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from openapi import OPERATIONS, Peer, misfit, resolved  # noqa: E402

PEER = Peer()
KIB = 1024
OPEN_BODY = {"type": "object"}  # of operations that take none
SESSION_PATH = "/api/v1/sspr/session"


def setUpModule():
    unittest.enterModuleContext(PEER)


def example(schema, depth=0):
    """The least that the schema takes."""
    schema = resolved(schema)
    if schema.get("examples"):
        return schema["examples"][0]
    for choice in ("oneOf", "anyOf"):
        if choice in schema and "properties" not in schema:
            return example(schema[choice][0], depth + 1)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if isinstance(kind, list):  # the first of several
        kind = kind[0]
    if kind == "object":
        return {name: example(schema["properties"][name], depth + 1) for name in schema.get("required", [])}
    if kind == "array":
        return [example(schema["items"], depth + 1)] * max(1, schema.get("minItems", 0))
    return {"string": "x" * max(1, schema.get("minLength", 0)), "integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind)


def shapes(operation):
    """Every object that a body of this operation may be."""
    schema = operation.body_schema() or OPEN_BODY
    return [resolved(one) for one in schema["oneOf"]] if "oneOf" in schema and "properties" not in schema else [schema]


def of_another_type(value):
    return [other for other in (None, True, 7, -1, 2 ** 53, 1.5, 1e308, "x", "", [], {}, [[]], ["x"], {"x": 1}) if type(other) is not type(value)]


def hostile_bodies(operation):
    """(what, bytes); no two are alike, and none is what the operation takes."""
    if operation.shape["requestBody"].get("required"):
        yield "no body", b""
    for text in (b"{", b"[]", b"null", b"0", b'"x"', b"{}{}", b"\x00", b"{'a':1}", b"<a/>", b"NaN", b"{\"a\":NaN}", b"a=b&c=d", b"\xef\xbb\xbf{}"):
        yield f"not what JSON or an object is: {text!r}", text
    yield "deep nesting", b"[" * 30_000
    yield "deep objects", b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    yield "invalid UTF-8", b'{"\xff\xfe":"\xc3\x28"}'
    yield "a lone surrogate", b'{"name":"\\ud800"}'
    yield "larger than any body", b'{"a":"' + b"x" * (64 * KIB) + b'"}'
    for schema in shapes(operation):
        good = example(schema)
        if not isinstance(good, dict):
            continue
        yield "unknown member", json.dumps({**good, "unexpected": 1}).encode()
        for name, member in schema.get("properties", {}).items():
            value = good.get(name, example(member))
            with_it = {**good, name: value}
            for other in of_another_type(value):
                if other is not None or name in schema.get("required", []):  # null is as absent
                    yield f"{name}: {json.dumps(other)}", json.dumps({**with_it, name: other}).encode()
            if name in schema.get("required", []):
                yield f"without {name}", json.dumps({k: v for k, v in good.items() if k != name}).encode()
            yield f"{name} twice", json.dumps(with_it)[:-1].encode() + f", {json.dumps(name)}: {json.dumps(value)}}}".encode()
            for size in (60 * KIB, 70 * KIB):
                yield f"{name} of {size} bytes", json.dumps({**with_it, name: "x" * size}).encode()
            yield f"{name} with raw bytes", json.dumps({**good, name: "@"}).encode().replace(b"@", b"\xc0\x80\xff")
            yield f"{name} in the deep", json.dumps({**good, name: "@"}).encode().replace(b'"@"', b"[" * 200 + b"]" * 200)


def path_of(operation, **real):
    """With the ids that are given, for what must not happen to somebody who is there; else with those of nobody."""
    path = operation.path.replace("{jti}", "01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{letter}/{language}", "verification_code/en")
    for name, text in real.items():
        path = path.replace(f"{{{name}}}", text)
    return path


class Hostile(unittest.TestCase):
    # Not `limits` and `audit`: whoever is refused is counted, and said so.
    TABLES = ("sspr_sessions", "people", "person_methods", "jobs", "probes", "sspr_settings", "letters", "clients", "tokens", "agents", "members", "answered", "tickets", "invited", "suffixes")

    @classmethod
    def setUpClass(cls):
        cls.client, cls.reader, cls.stranger = (PEER.bearer(one) for one in (PEER.writeback, PEER.audit, PEER.stranger))
        cls.scoped = {"audit": cls.reader, "settings": PEER.bearer(PEER.settings), "helpdesk": PEER.bearer(PEER.helpdesk), "registration": PEER.bearer(PEER.registration)}
        cls.token = PEER.begin("u04")
        cls.person = PEER.sign_in("u07")
        PEER.call("GET", SESSION_PATH, token=cls.token)  # its account is looked up
        cls.real = {"sub": PEER.call("POST", "/api/v1/people", {"name": "u07@corp.example"}, cls.scoped["helpdesk"]).json["sub"]}

    def rows(self):
        with contextlib.closing(sqlite3.connect(f"file:{PEER.store}?mode=ro", uri=True)) as store:
            known = {name for name, in store.execute("SELECT name FROM sqlite_master WHERE type='table'")}
            self.assertLessEqual(set(self.TABLES), known)
            return {name: hashlib.sha256(repr(store.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall()).encode()).hexdigest() for name in self.TABLES}

    def credential(self, operation):
        for requirement in operation.shape.get("security", []):
            if "client" in requirement:
                return next((self.scoped[scope] for scope in self.scoped if scope in requirement["client"]), self.client)
            if "session" in requirement:
                return self.token
            if "person" in requirement:
                return self.person
        return None

    def problem(self, what, answer, operation=None):
        self.assertLess(answer.status, 500, what)
        self.assertGreaterEqual(answer.status, 400, what)
        self.assertEqual(answer.headers["content-type"], "application/problem+json", what)
        self.assertRegex(answer.code, r"^[a-z_]+$", what)
        if operation:
            self.assertEqual(misfit(operation, answer), "", what)


class ABody(Hostile):
    def test_that_the_document_does_not_have_is_refused_and_changes_nothing(self):
        before, sent = self.rows(), 0
        for operation in OPERATIONS:
            if "requestBody" not in operation.shape:
                continue
            for what, body in hostile_bodies(operation):
                with self.subTest(operation=operation.name, what=what):
                    self.problem(what, PEER.send(operation.method, path_of(operation, **self.real), body, self.credential(operation)), operation)
                    sent += 1
        self.assertGreater(sent, 200)
        self.assertEqual(self.rows(), before)

    def test_where_none_belongs_is_no_trouble(self):
        """It is not read, or it is refused: the answer is one that the document has."""
        for operation in OPERATIONS:
            if "requestBody" in operation.shape or operation.name == "endSession":
                continue
            for body in (b"{", b"[" * 1_000, b"\xff", b'{"a":1}'):
                answer = PEER.send(operation.method, path_of(operation), body, self.credential(operation))
                self.assertEqual(misfit(operation, answer), "")
                self.assertLess(answer.status, 500)


class ACredential(Hostile):
    def test_of_somebody_else_opens_nothing(self):
        before = self.rows()
        forged = [None, "", "x", "wbc1", "wbc1..", "wbs1.a.b", "wbc1.a.b", "wbc1." + "a" * 4_000 + ".b", self.client[:-1], self.client + "x", self.token[:-1] + "!",
                  self.token.replace("wbs1", "wbc1"), self.client.replace("wbc1", "wbs1"), "\u00e4", self.client + " " + self.client]
        for operation in OPERATIONS:
            mine = self.credential(operation)
            if mine is None:
                continue
            others = {self.client, self.reader, self.token} - {mine}
            for token in [*forged, *others]:
                with self.subTest(operation=operation.name, token=token):
                    headers = {"Authorization": f"Bearer {token}".encode()} if token is not None else {}
                    answer = PEER.send(operation.method, path_of(operation, **self.real), b"{}" if operation.method == "POST" else None, None, headers)
                    self.problem(token, answer, operation)
                    self.assertIn(answer.status, (401, 403))
        self.assertEqual(self.rows(), before)

    def test_of_another_domain_sees_and_spends_nothing(self):
        probe = PEER.call("POST", "/api/v1/probes", {"name": "u05"}, self.client).json
        order = {"probe": probe["probe"], "op": "unlock"}
        before = self.rows()
        self.problem("a probe of others", PEER.call("POST", "/api/v1/jobs", order, self.stranger))
        self.assertEqual(self.rows(), before)
        jti = PEER.call("POST", "/api/v1/jobs?wait_ms=9000", order, self.client).json["jti"]
        self.assertEqual(PEER.call("GET", f"/api/v1/jobs/{jti}", token=self.stranger).status, 404)
        told = PEER.call("GET", "/api/v1/audit", token=self.stranger).body.decode().splitlines()
        self.assertEqual({json.loads(line)["row"]["domain"] for line in told}, {"other.example"})


class AMethod(Hostile):
    def test_that_is_not_there_is_refused_with_those_that_are(self):
        paths = {path_of(operation): {o.method for o in OPERATIONS if o.path == operation.path} for operation in OPERATIONS}
        for path, there in paths.items():
            for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} - there:
                with self.subTest(path=path, method=method):
                    answer = PEER.send(method, path, b"{}" if method in ("POST", "PUT", "PATCH") else None, self.client)
                    self.assertEqual(answer.status, 405)
                    self.problem(method, answer)
                    self.assertEqual(set(answer.headers["allow"].split(", ")), there)


class APath(Hostile):
    def test_that_is_not_there_is_a_problem(self):
        for path in ("/", "/api", "/api/v1", "/api/v1/", "/api/v1/jobs/", "/api/v1/jobs/a/b", "/api/v1//keys", "/api/v1/keys/", "/API/v1/keys", "/api/v1/jobs/%00", "/api/v1/jobs/..%2f..",
                     "/api/v1/jobs/" + "x" * 129, "/api/v1/jobs/%ff%fe", "/api/v1/jobs/'%20OR%201=1--", "/api/v2/keys", "/healthz/x"):
            with self.subTest(path=path):
                answer = PEER.send("GET", path, None, self.client)
                self.problem(path, answer)
                self.assertIn(answer.status, (400, 404))

    def test_with_a_query_of_nonsense_is_a_problem_or_the_same(self):
        for operation in OPERATIONS:
            for query in ("wait_ms=-1", "wait_ms=1e3", "wait_ms=99999999999999999999", "wait_ms=%00", "limit=-1", "limit=1001", "after=-1", "after=x", "from=2026-02-30", "mkt=" + "x" * 900,
                          "mkt=%27", "a=b&a=c"):
                if operation.method != "GET":
                    continue
                with self.subTest(operation=operation.name, query=query):
                    answer = PEER.send("GET", f"{path_of(operation)}?{query}", None, self.credential(operation))
                    self.assertLess(answer.status, 500)
                    self.assertEqual(misfit(operation, answer), "")


class ASession(Hostile):
    def test_whose_steps_come_out_of_order_stays_where_it_is(self):
        token = PEER.begin("u06")
        asked = PEER.call("POST", f"{SESSION_PATH}/method", {"method": "questions"}, token).json["session"]
        before = self.rows()
        for step, body in (("choice", {"choice": "reset"}), ("choice", {"choice": "unlock"}), ("seal", None), ("password", {"probe": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "sealed": "{}"})):
            with self.subTest(step=step):
                answer = PEER.call("POST", f"{SESSION_PATH}/{step}", body, token)
                self.problem(step, answer)
                self.assertEqual(answer.code, "wrong_step")
        self.assertEqual(self.rows(), before)
        self.assertEqual(PEER.call("GET", SESSION_PATH, token=token).json["session"], asked)
        PEER.prove(token, "reset")
        for step, body in (("method", {"method": "questions"}), ("answer", {"code": "123456"})):
            self.problem(step, PEER.call("POST", f"{SESSION_PATH}/{step}", body, token))
        self.assertEqual(PEER.call("GET", SESSION_PATH, token=token).json["session"]["phase"], "new_password")

    def test_takes_no_password_that_was_sealed_for_another(self):
        mine, theirs = PEER.begin("u07"), PEER.begin("u08")
        for token in (mine, theirs):
            PEER.prove(token, "reset")
        offers = [PEER.call("POST", f"{SESSION_PATH}/seal", None, token).json for token in (mine, theirs)]
        sealed = PEER.sealed_for(offers[1]["keys"], offers[1]["answer"], "Correct-Horse-7")["sealed"]
        before = self.rows()["jobs"]
        for body in ({"probe": offers[1]["probe"], "sealed": sealed}, {"probe": offers[0]["probe"], "sealed": sealed}, {"probe": offers[0]["probe"], "sealed": "{}"}):
            self.problem(body["probe"], PEER.call("POST", f"{SESSION_PATH}/password", body, mine))
        self.assertEqual(self.rows()["jobs"], before)
        self.assertEqual(PEER.call("GET", SESSION_PATH, token=mine).json["session"]["passwords_left"], 5)

    def test_that_is_over_takes_nothing_more(self):
        token = PEER.begin("u09")
        PEER.call("DELETE", SESSION_PATH, token=token)
        for step, body in (("method", {"method": "questions"}), ("answer", {"code": "1"}), ("choice", {"choice": "reset"}), ("seal", None), ("password", {"probe": "x", "sealed": "x"})):
            self.problem(step, PEER.call("POST", f"{SESSION_PATH}/{step}", body, token))

    def test_begins_once_for_one_proof_of_work(self):
        work = PEER.solution()
        body = {"name": "u10@corp.example", "captcha": work}
        self.assertEqual(PEER.call("POST", "/api/v1/sspr/sessions", body).status, 201)
        self.assertEqual(PEER.call("POST", "/api/v1/sspr/sessions", body).json["captcha"], "used")


if __name__ == "__main__":
    unittest.main()

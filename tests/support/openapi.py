"""docs/openapi.json as a judge of what the service answers, and a client that knows nothing else. api_peer is the service."""
import base64
import copy
import dataclasses
import email
import email.policy
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import ssl
import struct
import subprocess
import tempfile
import time
import urllib.parse

import jsonschema

from mail_server import PASSWORD, MailServer, certificates

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WB_BIN", TOP / "build/dev"))
DOCUMENT = json.loads((TOP / "docs/openapi.json").read_text())


def strict(schema):
    """Answers may grow, says the document; what this version answers must all stand in it."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out


STRICT = {**DOCUMENT, "components": {**DOCUMENT["components"], "schemas": strict(copy.deepcopy(DOCUMENT["components"]["schemas"]))}}
RESOLVER = jsonschema.RefResolver.from_schema(STRICT)


def resolved(thing):
    return RESOLVER.resolve(thing["$ref"])[1] if "$ref" in thing else thing


def problems(value, schema):
    found = sorted(jsonschema.Draft202012Validator(schema, resolver=RESOLVER).iter_errors(value), key=lambda e: list(map(str, e.path)))
    return [f"{'/'.join(map(str, e.path))}: {e.message}" for e in found]


def app_code(secret, steps=0):
    """RFC 6238, of an authenticator app."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), "sha1").digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1_000_000:06}"


@dataclasses.dataclass(frozen=True)
class Operation:
    method: str
    path: str
    shape: dict = dataclasses.field(compare=False, hash=False)

    @property
    def name(self):
        return self.shape["operationId"]

    def fits(self, method, path):
        wanted, got = self.path.split("/"), path.partition("?")[0].split("/")
        return method == self.method and len(wanted) == len(got) and all(w == g or w.startswith("{") for w, g in zip(wanted, got))

    def unknown_names(self, path):
        """Names in this path's query that the document does not have."""
        known = {one["name"] for one in map(resolved, self.shape.get("parameters", [])) if one["in"] == "query"}
        return set(urllib.parse.parse_qs(path.partition("?")[2], keep_blank_values=True)) - known

    def body_schema(self):
        body = self.shape.get("requestBody")
        return body and resolved(resolved(body)["content"]["application/json"]["schema"])


OPERATIONS = [Operation(method.upper(), path, shape) for path, item in DOCUMENT["paths"].items() for method, shape in item.items()]


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["code"]


def misfit(operation, answer):
    """What is wrong with this answer to that operation; empty: nothing."""
    responses = operation.shape["responses"]
    if str(answer.status) not in responses:
        return f"{operation.name}: {answer.status} stands nowhere in the document: {answer.body[:300]}"
    response = resolved(responses[str(answer.status)])
    if "etag" in answer.headers and "ETag" not in response.get("headers", {}):
        return f"{operation.name}: {answer.status} with an ETag that stands nowhere in the document"
    content = response.get("content", {})
    kind = answer.headers.get("content-type", "")
    if not content and not kind:
        return f"{operation.name}: {answer.status} with a body" if answer.body else ""
    if kind not in content:
        return f"{operation.name}: {answer.status} with content type {kind!r}"
    if not kind.endswith("json") or kind.endswith("ndjson"):
        return ""
    wrong = problems(answer.json, content[kind]["schema"])
    return f"{operation.name}: {answer.status}: {wrong}\n{answer.body[:600]}" if wrong else ""


class Peer:
    """The service and its agent; `writeback`, `audit`, `stranger` (of another domain): clients' credentials."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="wb-api-")
        folder = pathlib.Path(self.folder.name)
        certificates(folder, "mail", "DNS:localhost,IP:127.0.0.1")
        (folder / "password").write_text(PASSWORD + "\n")
        (folder / "password").chmod(0o600)
        self.mail = MailServer(folder)
        self.mail.__enter__()
        self.process = subprocess.Popen([BIN / "api_peer", str(self.mail.port), folder / "mail-ca.pem", folder / "password"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.ca, self.store = told["ca"], told["store"]
        self.spare_agent = told["spare_agent"]
        self.writeback, self.audit, self.stranger = told["writeback"], told["audit"], told["stranger"]
        self.settings, self.helpdesk, self.registration = told["settings"], told["helpdesk"], told["registration"]
        self.url = self.writeback["url"]
        self.trust = {"pin": self.writeback["dr"], "tenant": "default", "domain": "corp.example"}
        self.connection, self.seen = None, set()
        return self

    def __exit__(self, *_):
        self.hang_up()
        self.process.stdin.close()
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.mail.__exit__()
        self.folder.cleanup()
        assert code == 0, f"api_peer: exit {code}"

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def send(self, method, path, body=None, token=None, headers=None):
        """As it stands: body is bytes, or anything else as JSON. One connection, made again when the service ends it."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(urllib.parse.urlsplit(self.url).netloc, timeout=30, context=ssl.create_default_context(cafile=self.ca))
        try:
            self.connection.request(method, path, content, {**sent, **(headers or {})})
            got = self.connection.getresponse()
            answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        except (http.client.HTTPException, OSError):
            self.hang_up()
            raise
        if answer.headers.get("connection") == "close":
            self.hang_up()
        return answer

    def call(self, method, path, body=None, token=None, headers=None):
        """The same, and the document has what is asked and what is answered."""
        operation = next(o for o in OPERATIONS if o.fits(method, path))
        unknown = operation.unknown_names(path)
        assert not unknown, f"{operation.name}: {sorted(unknown)} of the query stand nowhere in the document"
        answer = self.send(method, path, body, token, headers)
        wrong = misfit(operation, answer)
        assert not wrong, wrong
        self.seen.add((operation.name, answer.status))
        return answer

    # ---- what a portal and a page do ---------------------------------------------------------------------------
    def solution(self, purpose="reset"):
        asked = self.call("GET", f"/api/v1/sspr/captcha?for={purpose}").json
        number = next(n for n in range(asked["maxnumber"] + 1) if hashlib.sha256(f"{asked['salt']}{n}".encode()).hexdigest() == asked["challenge"])
        solved = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")} | {"number": number}
        return base64.b64encode(json.dumps(solved).encode()).decode()

    def begin(self, name):
        """The token of a session."""
        return self.call("POST", "/api/v1/sspr/sessions", {"name": f"{name}@corp.example", "captcha": self.solution()}).json["token"]

    def mailed(self, address, pattern, count=1):
        """The last of `count` letters there whose text the pattern fits: others may come between, for letters are sent side by side. (its text, the match)"""
        def last(mails):
            texts = (email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",)).get_content() for to, *_, content in mails if to == address)
            found = [(text, match) for text in texts if (match := re.search(pattern, text, re.M))]
            return len(found) >= count and found[-1]
        return self.mail.wait_until(last)

    def code_for(self, address, count=1):
        """The last of `count` codes that were mailed there."""
        return self.mailed(address, r"^\s*(\d{4}[ -]?\d{4})\s*$", count)[1].group(1)

    def try_password(self, token, op, password, old=None):
        """Sealed to what is offered: `authenticate`, or a change."""
        offer = self.call("POST", "/api/v1/sspr/sign-in/seal", None, token).json
        sealed = self.sealed_for(offer["keys"], offer, password, op, **({"old": old} if old else {}))["sealed"]
        return self.call("POST", f"/api/v1/sspr/sign-in/{'change' if old else 'password'}", {"probe": offer["probe"], "sealed": sealed}, token)

    def sign_in(self, name, password="Correct-Horse-5"):
        """The token of somebody who has signed in."""
        token = self.call("POST", "/api/v1/sspr/sign-ins", {"name": f"{name}@corp.example", "captcha": self.solution("sign_in")}).json["token"]
        signed_in = self.try_password(token, "authenticate", password)
        assert signed_in.status == 200, signed_in.body
        return token

    def prove(self, token, choice=None):
        """By security questions, and then perhaps a choice."""
        asked = self.call("POST", "/api/v1/sspr/session/method", {"method": "questions"}, token).json["session"]["questions"]
        answers = [{"question": one["id"], "answer": f"answer {one['id']}"} for one in asked]
        answer = self.call("POST", "/api/v1/sspr/session/answer", {"answers": answers}, token)
        return self.call("POST", "/api/v1/sspr/session/choice", {"choice": choice}, token) if choice else answer

    def sealed_for(self, keys, answer, password, op="reset", **more):
        """Node and portal/seal, as a page would do it."""
        script = ("import { readFileSync } from 'node:fs'; import { webcrypto } from 'node:crypto'; globalThis.crypto ??= webcrypto;"
                  f"const {{ sealFor }} = await import({json.dumps((TOP / 'portal/seal/seal.mjs').as_uri())});"
                  "const { keys, answer, password, ...how } = JSON.parse(readFileSync(0, 'utf8'));"
                  "console.log(JSON.stringify(await sealFor(keys, answer, password, how)));")
        how = {**self.trust, "op": op, **more}
        done = subprocess.run(["node", "--input-type=module", "-e", script], input=json.dumps({"keys": keys, "answer": answer, "password": password, **how}),
                              capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def set_password(self, token, password):
        offer = self.call("POST", "/api/v1/sspr/session/seal", None, token).json
        sealed = self.sealed_for(offer["keys"], offer["answer"], password)["sealed"]
        return self.call("POST", "/api/v1/sspr/session/password", {"probe": offer["probe"], "sealed": sealed}, token)

    @staticmethod
    def bearer(client):
        return f"wbc1.{client['id']}.{client['secret']}"

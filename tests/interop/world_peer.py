#!/usr/bin/python3
"""The real world behind a browser: Active Directory, two agents, the service with its pages, an SMTP server. Run inside ad-lab.

    world_peer.py ADMINISTRATOR...     these accounts administrate self-service

Prints {url, pin}; then answers each line of its input, a word and perhaps JSON, with a line of JSON, until that ends:
  letter {to, subject}   {text, html}: the next mail to that address with that subject; or {came}: the subjects of those that did come
  account NAME           {guid, changes, locked, must_change}, as the domain controller has it
  binds [NAME, PASSWORD] {binds}: whether the domain controller takes it
  mail NAME              {}: the directory gets that person's address, NAME@corp.example
  lock NAME              {}: three wrong passwords
  traced ID              {service, agents}: the events with that trace id in their logs, and of which operation
  require N              {}: so many methods are needed for a reset
  arm STEP               {}: agent1, which gets the jobs as long as it is idle, kills itself at this step of its next reset
  ended                  {code}: how agent1 has ended, once it has; a new one is in its place
"""
import email
import email.policy
import json
import pathlib
import subprocess
import sys
import uuid

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "faults")]
from self_service_world import SelfServiceWorld, thumbprint  # noqa: E402
from stage import Stage  # noqa: E402
from trouble import attributes, changes  # noqa: E402
from world import AD, BIN, DOMAIN  # noqa: E402


def own(mail, kind):
    return mail.get_body((kind,)).get_content()


def modify(ldif):
    subprocess.run(["ldapmodify", "-x", "-H", AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"]], input=ldif, text=True, check=True, capture_output=True, timeout=20)


class RealWorld(SelfServiceWorld, Stage):
    def __init__(self, administrators, **more):
        self.read = set()  # which mails, by their place
        group = f"CN=SSPR-Admins,CN=Users,{AD['AD_BASE']}"
        super().__init__(**more)
        members = "".join(f"member: CN={name},OU=Bench,OU=People,{AD['AD_BASE']}\n" for name in administrators)
        modify(f"dn: {group}\nchangetype: add\nobjectClass: group\nsAMAccountName: sspr-admins\n{members}")
        self.open_to_everybody()
        self.settings("methods=email,app_code,questions,pass", "questions_to_register=3", f"administrator_groups+={group}", "brand_name=Corp Example")

    def start_service(self, **env):
        """Each browser has an address of its own, as the limits expect of people: it says which, as a balancer would."""
        config = self.config("service")
        config.write_text(config.read_text().replace("listen: {address", "listen: {trusted_proxies: [127.0.0.1], address", 1))
        super().start_service(**env)

    def settings(self, *changed):
        self.tool("reset-service", "settings", "set", *changed, "--domain", DOMAIN, "--config", self.config("service"))

    def letter(self, to, subject):
        def found(mails):
            for at, (address, *_, content) in enumerate(mails):
                mail = email.message_from_bytes(content, policy=email.policy.default)
                if address == to and at not in self.read and mail["Subject"] == subject:
                    self.read.add(at)
                    return {"text": own(mail, "plain"), "html": own(mail, "html")}
            return None
        try:
            return self.mail.wait_until(found)
        except AssertionError:
            came = [email.message_from_bytes(content, policy=email.policy.default)["Subject"] for address, *_, content in self.mail.inbox.envelopes if address == to]
            return {"came": came}

    def account(self, name):
        seen = attributes(name, "objectGUID", "lockoutTime", "pwdLastSet")
        return {"guid": str(uuid.UUID(bytes_le=seen["objectGUID"][0])), "changes": changes(name), "locked": seen["lockoutTime"] not in ([], [b"0"]), "must_change": seen["pwdLastSet"] == [b"0"]}

    def traced(self, trace, *programs):
        lines = [line.split() for name in programs for line in self.log(name).splitlines() if f" trace_id={trace} " in line]
        return sorted({" ".join([event, *(word for word in fields if word.startswith("op="))]) for _, _, event, *fields in lines})

    def answer(self, word, said):
        match word:
            case "letter":
                return self.letter(**said)
            case "account":
                return self.account(said)
            case "binds":
                return {"binds": self.binds(*said)}
            case "mail":
                modify(f"dn: CN={said},OU=Bench,OU=People,{AD['AD_BASE']}\nchangetype: modify\nadd: mail\nmail: {said}@{DOMAIN}\n")
            case "lock":
                for _ in range(3):
                    self.binds(said, "Wrong-Passw0rd-1")
            case "traced":
                return {"service": self.traced(said, "service"), "agents": self.traced(said, "agent1", "agent2")}
            case "require":
                self.settings(f"methods_required={said}")
            case "arm":
                self.arm(said, "kill")
            case "ended":
                code = self.processes["agent1"].wait(20)
                self.restart("agent1")
                return {"code": code}
            case _:
                raise ValueError(f"no such word: {word}")
        return {}


def tell(what):
    print(json.dumps(what), flush=True)


world = RealWorld(sys.argv[1:], pages=(BIN / "portal").resolve(), contacts=["mail"])
try:
    tell({"url": world.url, "pin": thumbprint(world.call("/api/v1/keys")[1]["roster"])})
    for line in sys.stdin:
        asked, _, argument = line.strip().partition(" ")
        tell(world.answer(asked, json.loads(argument or "null")))
finally:
    world.close()

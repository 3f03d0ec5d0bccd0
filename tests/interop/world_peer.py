#!/usr/bin/python3
"""The real world behind a browser: Active Directory, two agents, the service with its pages, an SMTP server. Run inside ad-lab.

Prints {url, pin}; then answers each line of its input with a line of JSON, until that ends:
  code ADDRESS          {code}: the next code that is mailed there
  binds NAME PASSWORD   {binds, changes}: whether the domain controller takes it, and how often the password was changed (the password as JSON)
  arm STEP              {}: agent1, which gets the jobs as long as it is idle, kills itself at this step of its next reset
  ended                 {code}: how agent1 has ended, once it has
"""
import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "faults")]
from self_service_world import SelfServiceWorld, thumbprint  # noqa: E402
from stage import Stage  # noqa: E402
from world import AD, BIN  # noqa: E402


class RealWorld(SelfServiceWorld, Stage):
    read_mails = 0

    def code(self, address):
        def found(mails):
            for at, (to, *_, content) in enumerate(mails[self.read_mails:], self.read_mails):
                code = to == address and re.search(rb"^\s*(\d{4}[ -]?\d{4})\s*$", content, re.M)
                if code:
                    return at, code[1].decode()
            return None
        at, digits = self.mail.wait_until(found)
        self.read_mails = at + 1
        return {"code": digits}

    def answer(self, line):
        word, _, rest = line.strip().partition(" ")
        if word == "code":
            return self.code(rest)
        if word == "binds":
            name, _, password = rest.partition(" ")
            return {"binds": self.binds(name, json.loads(password)), "changes": self.versions(name)}
        if word == "arm":
            self.arm(rest, "kill")
            return {}
        if word == "ended":
            return {"code": self.processes["agent1"].wait(20)}
        raise ValueError(f"no such word: {word}")


def tell(what):
    print(json.dumps(what), flush=True)


world = RealWorld(pages=(BIN / "portal").resolve())
try:
    world.open_to_everybody()
    tell({"url": world.url, "pin": thumbprint(world.call("/api/v1/keys")[1]["roster"]), "password": AD["AD_USER_PW"]})
    for asked in sys.stdin:
        tell(world.answer(asked))
finally:
    world.close()

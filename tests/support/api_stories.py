"""What the stories of openapi_conformance_test.py share: the service they are told of, and letters that it sends."""
import email
import email.policy
import re
import unittest

from openapi import Peer

PEER = Peer()


def link_of(content):
    """The token of a "this wasn't me" link in a mail about a reset; None: there is none."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    found = re.search(r"not-me#(wbn1\.[\w.-]+)", mail.get_body(("plain",)).get_content())
    return found and "was reset" in mail["Subject"] and found.group(1)


def reset_link_of(content):
    """What an administrator's link has in its fragment; None: there is none."""
    found = re.search(r"/#(dr=\S+)", email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",)).get_content())
    return found and found.group(1)


class Another(Peer):
    """A second connection to the same service."""

    def __enter__(self):
        self.__dict__.update(PEER.__dict__)
        self.connection = None
        return self

    def __exit__(self, *_):
        self.hang_up()


class Conformance(unittest.TestCase):
    def setUp(self):
        self.client, self.reader, self.stranger = (PEER.bearer(one) for one in (PEER.writeback, PEER.audit, PEER.stranger))

    def probe(self, name):
        return PEER.call("POST", "/api/v1/probes", {"name": name}, self.client).json

    def order(self, name, password="Correct-Horse-7"):
        """The body of a job, and its jti."""
        probe = self.probe(name)
        made = PEER.sealed_for(PEER.call("GET", "/api/v1/keys", token=self.client).json, probe["answer"], password)
        return {"probe": probe["probe"], "op": "reset", "sealed": made["sealed"]}, made["jti"]

    def refused(self, status, code, *request, **more):
        answer = PEER.call(*request, **more)
        self.assertEqual((answer.status, answer.code), (status, code), answer.body)
        return answer

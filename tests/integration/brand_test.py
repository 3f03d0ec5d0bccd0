#!/usr/bin/env python3
"""How an organisation looks, as whoever comes is told by a real service: its own look where the domain is known, else nobody's."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_stories import PEER, Conformance  # noqa: E402


def setUpModule():
    unittest.enterModuleContext(PEER)


class AnOrganisationsLook(Conformance):
    NOBODY = {"name": "", "text": "", "colour": "", "logo": "", "helpdesk": ""}

    def look(self, query=""):
        answer = PEER.call("GET", f"/api/v1/sspr/brand{query}")
        self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "public, max-age=300"))
        return answer.json

    def test_is_shown_to_whoever_comes_and_nothing_else_of_the_settings_is(self):
        admin = PEER.bearer(PEER.settings)
        now = PEER.call("GET", "/api/v1/settings", token=admin)
        chosen = {"name": "Contoso", "text": "Ask at the <b>desk</b>", "colour": "#0B57b0", "logo": "data:image/png;base64,iVBORw0KGgo=", "helpdesk": "mailto:help@corp.example"}
        changed = {**now.json["settings"], "brand_name": chosen["name"], "brand_text": chosen["text"], "brand_colour": chosen["colour"], "brand_logo": chosen["logo"], "helpdesk": chosen["helpdesk"]}
        saved = PEER.call("PUT", "/api/v1/settings", changed, admin, {"If-Match": now.headers["etag"]})
        self.assertEqual(saved.status, 200, saved.body)
        self.addCleanup(lambda: PEER.call("POST", "/api/v1/settings/restore", {"version": now.json["version"]}, admin))
        for query in ("", "?domain=corp.example", "?domain=CORP.Example", f"?root={PEER.trust['pin']}", f"?root={PEER.trust['pin']}&domain=elsewhere.example"):
            self.assertEqual(self.look(query), chosen, query)
        for query in ("?domain=", "?domain=elsewhere.example", "?root=", "?root=AAAA", "?root=AAAA&domain=corp.example", "?domain=%27%20OR%201=1--", f"?domain={'x' * 4000}"):
            self.assertEqual(self.look(query), self.NOBODY, query)
        session = PEER.begin("u13")
        self.assertEqual(PEER.call("GET", "/api/v1/sspr/session", token=session).json["brand"], chosen)
        PEER.call("DELETE", "/api/v1/sspr/session", token=session)
        person = PEER.sign_in("u13")
        self.assertEqual(PEER.call("GET", "/api/v1/me", token=person).json["brand"], chosen)
        PEER.call("DELETE", "/api/v1/me/sign-in", token=person)

    def test_is_not_sent_again_to_whoever_has_it(self):
        """A logo is up to 16 KiB; who has the look of now is told so, by the tag that came with it."""
        path = "/api/v1/sspr/brand?domain=corp.example"
        first = PEER.call("GET", path)
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
            again = PEER.call("GET", path, headers={"If-None-Match": known})
            self.assertEqual((again.status, again.body, again.headers["etag"], again.headers["cache-control"]), (304, b"", tag, "public, max-age=300"), known)
        for other in ('"another"', tag[1:-1], tag[:-2] + '"', f'"x{tag}"', ""):
            self.assertEqual(PEER.call("GET", path, headers={"If-None-Match": other}).json, first.json, other)
        admin = PEER.bearer(PEER.settings)
        now = PEER.call("GET", "/api/v1/settings", token=admin)
        PEER.call("PUT", "/api/v1/settings", {**now.json["settings"], "brand_name": "Fabrikam"}, admin, {"If-Match": now.headers["etag"]})
        self.addCleanup(lambda: PEER.call("POST", "/api/v1/settings/restore", {"version": now.json["version"]}, admin))
        changed = PEER.call("GET", path, headers={"If-None-Match": tag})
        self.assertEqual((changed.status, changed.json["name"]), (200, "Fabrikam"))


if __name__ == "__main__":
    unittest.main()

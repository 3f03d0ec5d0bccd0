"""The world of end-to-end tests with self-service in it: a mail relay, and everybody of the domain may use it."""
import base64
import hashlib
import json

from mail_server import PASSWORD, USER, MailServer, certificates
from world import DOMAIN, World


def thumbprint(jws):
    """RFC 7638, of the key that a roster carries."""
    header = json.loads(base64.urlsafe_b64decode(jws.split(".")[0] + "=="))
    jwk = json.dumps({name: header["jwk"][name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()


class SelfServiceWorld(World):
    """The usual world with a relay. `pages`: the folder of the built pages, or none are served."""

    def __init__(self, *args, pages=None, **directory):
        self.pages = pages
        super().__init__(*args, **directory)

    def start_service(self, **env):
        if "service" not in self.processes and not (self.folder / "password").exists():
            certificates(self.folder, "mail", "DNS:localhost,IP:127.0.0.1")
            (self.folder / "password").write_text(PASSWORD + "\n")
            (self.folder / "password").chmod(0o600)
            self.mail = MailServer(self.folder)
            self.mail.__enter__()
            with open(self.config("service"), "a", encoding="utf-8") as config:
                config.write(f"mail: {{host: 127.0.0.1, port: {self.mail.port}, ca_file: mail-ca.pem, user: {USER}, password_file: password, sender_address: no-reply@{DOMAIN}}}\n")
                if self.pages:
                    config.write(f"portal_dir: {self.pages}\n")
        super().start_service(**env)

    def close(self):
        super().close()
        self.mail.__exit__()

    def open_to_everybody(self):
        self.tool("reset-service", "settings", "set", "scope=all", "--domain", DOMAIN, "--config", self.config("service"))
        self.tool("reset-service", "routes", "add", DOMAIN, "--domain", DOMAIN, "--config", self.config("service"))

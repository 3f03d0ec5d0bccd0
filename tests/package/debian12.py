"""A minimal Debian 12, made of the mirror that this machine's apt uses already: so no mirror's name is written down.

NoMirror says that apt has none here."""
import os
import re
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MAKE_SECONDS = 1200


class NoMirror(Exception):
    pass


def mirrors():
    """(address, suite) of Debian 12 and of what mends it; Debian 12 itself first."""
    asked = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages", "Origin: Debian"],
                           capture_output=True, text=True, timeout=60, check=True)
    found = sorted({tuple(line.split()) for line in asked.stdout.splitlines() if re.search(r" bookworm(-updates|-security)?$", line)}, key=lambda one: (len(one[1]), one))
    if not found or found[0][1] != "bookworm":
        raise NoMirror("apt knows no Debian 12 mirror here (has apt-get update been run?)")
    return found


def make(tar, *words):
    """Its root file system, as a tar file; `words` are more of mmdebstrap's."""
    # mmdebstrap does not read the machine's apt.conf: a proxy is handed on, and not left in what is made.
    asked = subprocess.run(["apt-config", "shell", "PROXY", "Acquire::http::Proxy"], capture_output=True, text=True, timeout=60, check=True)
    proxy = {"http_proxy": found[1]} if (found := re.match(r"PROXY='(.+)'$", asked.stdout)) else {}
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *words, "bookworm", tar, *[f"deb [signed-by={KEYRING}] {address} {suite} main" for address, suite in mirrors()]],
                   env={**os.environ, **proxy}, stdin=subprocess.DEVNULL, timeout=MAKE_SECONDS, check=True)

"""What stands between an agent and its service: tinyproxy, squid, haproxy, stunnel of Debian, each started here on loopback.

Each has a folder of its own below the world's, runs in the foreground and is ended by pid.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

from world import AD, die_with_parent, free_port, wait_until


class Between:
    """One such program. `program` and `configure()` (its configuration's text) by the kind."""
    program = ()
    name = "127.0.0.1"  # by which it is dialled

    def __init__(self, world, **options):
        self.world, self.options, self.port = world, options, free_port()
        self.folder = world.folder / f"{type(self).__name__.lower()}-{self.port}"
        self.folder.mkdir()
        self.file = self.folder / "conf"
        self.file.write_text(self.configure(**options))
        self.process = None
        self.start()

    def configure(self, **_):
        raise NotImplementedError

    def environment(self):
        return {}

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(word).replace("@conf", str(self.file)) for word in self.program], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=die_with_parent, env={**os.environ, **self.environment()})
        try:
            wait_until(f"{type(self).__name__} that listens", self.listening)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log()}") from None

    def listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.program[0]} ended with {self.process.returncode}\n{self.log()}")
        with socket.socket() as s:
            return s.connect_ex((self.name, self.port)) == 0

    def log(self):
        return "".join(p.read_text(errors="replace") for p in sorted(self.folder.glob("*log")))

    @property
    def url(self):
        return f"http://{self.name}:{self.port}"

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Tinyproxy(Between):
    program = ("tinyproxy", "-d", "-c", "@conf")

    def configure(self, allow_port=None):
        return (f"Port {self.port}\nListen 127.0.0.1\nTimeout 600\nLogFile \"{self.folder}/tinyproxy.log\"\nLogLevel Connect\nMaxClients 50\n"
                f"ConnectPort {allow_port or self.world.port}\n")


class Squid(Between):
    """sign_in: basic (tom, with the password given) or negotiate (as HTTP/ at dc1, whose own keys any member of the domain gets tickets for)."""
    # In user namespaces of its own: squid refuses to be root, and an ordinary user has no other. Its Kerberos part insists on a
    # host name that resolves.
    program = ("unshare", "-U", "-r", "-u", "sh", "-c", 'hostname dc1 && exec unshare -U --map-user=65534 --map-group=65534 squid -N -f "$0"', "@conf")

    def configure(self, sign_in, password=None):
        common = (f"http_port {self.name}:{self.port}\npid_filename none\ncache deny all\ncache_log {self.folder}/cache.log\naccess_log stdio:{self.folder}/access.log\n"
                  f"coredump_dir {self.folder}\nshutdown_lifetime 0 seconds\nacl ours port {self.world.port}\nacl CONNECT method CONNECT\nnetdb_filename none\npinger_enable off\n"
                  "acl known proxy_auth REQUIRED\nhttp_access allow CONNECT ours known\nhttp_access deny all\n")
        if sign_in == "basic":
            digest = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"], input=password, capture_output=True, text=True, check=True).stdout
            (self.folder / "users").write_text(f"tom:{digest}")
            return f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {self.folder}/users\nauth_param basic children 1\n{common}"
        return ("auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -s GSS_C_NO_NAME -r -k "
                f"{AD['AD_ROOT']}/dc1/private/secrets.keytab\nauth_param negotiate children 1\n{common}")

    def environment(self):
        return {"KRB5RCACHETYPE": "none", "TMPDIR": str(self.folder)}


class KerberosSquid(Squid):
    name = "dc1.corp.example"  # 127.0.0.53


class Haproxy(Between):
    """mode tcp passes TLS on to the first of `ports` that lives; mode http ends it and speaks TLS of its own to the service."""
    program = ("haproxy", "-db", "-f", "@conf")

    def configure(self, mode, ports, idle_ms=30_000):
        pem = self.folder / "both.pem"
        pem.write_text((self.world.folder / "service.pem").read_text() + (self.world.folder / "service.key").read_text())
        bind, server = ("", "check inter 200 fall 1") if mode == "tcp" else (f" ssl crt {pem}", f"ssl verify required ca-file {self.world.folder}/ca.pem check inter 200 fall 1")
        servers = "".join(f"  server gateway{i} 127.0.0.1:{port} {server}{' backup' if i else ''}\n" for i, port in enumerate(ports))
        return (f"global\n  maxconn 500\ndefaults\n  mode {mode}\n  timeout connect 2s\n  timeout client {idle_ms}ms\n  timeout server {idle_ms}ms\n  timeout tunnel {idle_ms}ms\n"
                f"listen front\n  bind 127.0.0.1:{self.port}{bind}\n{servers}")


class Stunnel(Between):
    """A box that reads TLS: a certificate for the service by a CA of its own in front, TLS to the service behind."""
    program = ("stunnel4", "@conf")

    def configure(self):
        make_ca(self.folder, "Corp Inspection CA", "IP:127.0.0.1")
        inner = free_port()
        return (f"foreground = yes\npid =\nsyslog = no\n[front]\naccept = 127.0.0.1:{self.port}\nconnect = 127.0.0.1:{inner}\ncert = {self.folder}/leaf.pem\nkey = {self.folder}/leaf.key\n"
                f"[behind]\nclient = yes\naccept = 127.0.0.1:{inner}\nconnect = 127.0.0.1:{self.world.port}\nverifyChain = yes\nCAfile = {self.world.folder}/ca.pem\n")

    @property
    def ca_file(self):
        return self.folder / "ca.pem"


def make_ca(folder, name, san):
    """ca.pem, and leaf.pem with leaf.key for `san`."""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-days", "2", "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *curve, "-subj", "/CN=leaf", "-keyout", "leaf.key", "-out", "leaf.csr")
    (folder / "san").write_text(f"subjectAltName={san}\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san", "-out", "leaf.pem")


def keytab_of(account, file):
    """The account's keys, from the lab's controller itself."""
    root, inside = AD["AD_ROOT"].removesuffix("/run/ad"), "/run/ad/exported.keytab"
    done = subprocess.run(["chroot", root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "KRB5_CONFIG=/run/ad/krb5.conf", "samba-tool", "domain", "exportkeytab",
                           inside, f"--principal={account}", "-s", "/run/ad/dc1/etc/smb.conf"], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    shutil.move(pathlib.Path(AD["AD_ROOT"], "exported.keytab"), file)


def values(log, event, key):
    """What `key` was in each line of this event."""
    return re.findall(rf' {re.escape(event)} .*?\b{key}=("[^"]*"|\S*)', log)

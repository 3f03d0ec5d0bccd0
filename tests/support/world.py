"""One world for end-to-end tests: the real reset-service and real agents against the lab's domain controller.

Runs inside `tests/support/ad/ad-lab run`; binaries from WB_BIN (the build directory). Everything is in one temporary
folder and every process is ours: ended by pid, at the latest when this process ends.
"""
import base64
import ctypes
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WB_BIN", TOP / "build/dev"))
AD = {name: os.environ.get(name, "") for name in ("AD_URI", "AD_CA", "AD_BASE", "AD_SVC", "AD_SVC_PW", "AD_ADMIN", "AD_ADMIN_PW", "AD_USER_PW", "AD_DOMAIN", "AD_ROOT")}
DOMAIN = AD["AD_DOMAIN"]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, check, seconds=20):
    """Polls a readiness check; the wait is bounded and the answer is the check's, never the clock's."""
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} within {seconds} s")
        select.select([], [], [], 0.02)
    return answer


class World:
    openssl_env = {}  # of the program that makes the certificates
    guardrails = {}  # options of agent.yaml's `guardrails` beside allow_ous

    def __init__(self, agents=("agent1", "agent2"), **directory):
        """directory: options of agent.yaml's `directory` that differ from the usual ones."""
        self.directory = directory
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wb-e2e-"))
        self.processes = {}
        self.preparer, self.binding = None, threading.Lock()
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.make_certificates()
        (self.folder / "svc-wb").write_text(AD["AD_SVC_PW"])
        (self.folder / "svc-wb").chmod(0o600)
        (self.folder / "service.yaml").write_text(
            f"listen: {{address: 127.0.0.1, port: {self.port}, certificate_file: service.pem, key_file: service.key}}\n"
            f"public_url: {self.url}\ntenant: demo\nstate_dir: service\n")
        (self.folder / "service").mkdir(mode=0o700)
        self.start_service()
        for name in agents:
            self.make_agent(name)
        self.tool("writeback-agent", "domain", "init", "--config", self.config(agents[0]))
        for name in agents[1:]:
            self.approve(name, by=agents[0])
        for name in agents:
            self.start_agent(name)
        self.client_file = self.folder / "client.json"
        self.tool("reset-service", "client", "create", "--domain", DOMAIN, "--out", self.client_file, "--config", self.config("service"))
        self.wait_ready(len(agents))

    # ---- parts -------------------------------------------------------------------------------------------------
    def make_certificates(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True, env={**os.environ, **self.openssl_env})
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "60", "-subj", "/CN=e2e CA", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout", "service.key", "-out", "service.csr")
        (self.folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "service.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "60", "-extfile", "san", "-out", "service.pem")

    def config(self, name):
        return self.folder / f"{name}.yaml"

    def make_agent(self, name, uri=None, service_url=None, **more):
        directory = {"type": "active_directory", "uris": [uri or AD["AD_URI"]], "ca_file": AD["AD_CA"], "bind_dn": AD["AD_SVC"],
                     "bind_password_file": str(self.folder / "svc-wb"), "base_dn": AD["AD_BASE"], "marker_attribute": "adminDisplayName"}
        directory.update(self.directory | more)
        (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        # JSON is YAML: no quoting of our own
        self.config(name).write_text(json.dumps({
            "service": {"url": service_url or self.url, "ca_file": str(self.folder / "ca.pem")}, "state_dir": str(self.folder / name),
            "domains": [{"domain": DOMAIN, "directory": directory, "guardrails": {"allow_ous": [f"OU=People,{AD['AD_BASE']}"], "volume": {"mode": "off"}, "probes": {"mode": "off"}, **self.guardrails}}]}))
        token = self.tool("reset-service", "token", "create", "--domain", DOMAIN, "--config", self.config("service"))
        (self.folder / "token").write_text(token)
        out = self.tool("writeback-agent", "enroll", "--service", self.url, "--token-file", self.folder / "token", "--config", self.config(name))
        return re.search(r"^agent: *(\S+)", out, re.M)[1], re.search(r"^fingerprint: *(\S+)", out, re.M)[1]

    def approve(self, name, by):
        identity = self.tool("reset-service", "agents", "list", "--config", self.config("service"))
        mine = json.loads((self.folder / name / "identity.json").read_text())["agent"]
        fingerprint = re.search(rf"{mine}\s.*?([\w-]{{43}})", identity)[1]
        self.tool("writeback-agent", "approve", mine, "--fingerprint", fingerprint, "--config", self.config(by))

    def start(self, name, *command, env=None):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                    env={**os.environ, **(env or {})}, preexec_fn=die_with_parent)

    def start_service(self, **env):
        self.start("service", BIN / "reset-service", "serve", "--config", self.config("service"), env=env)
        wait_until("listening service", self.listening)

    def listening(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def start_agent(self, name, **env):
        self.start(name, BIN / "writeback-agent", "--config", self.config(name), env=env)

    def end(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(how)
        return process.wait(timeout=20)

    def close(self):
        if self.preparer:
            self.preparer.close()
        for name in list(self.processes):
            self.end(name, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- questions ---------------------------------------------------------------------------------------------
    def tool(self, program, *args, code=0):
        done = subprocess.run([str(BIN / program), *map(str, args)], capture_output=True, text=True, timeout=60)
        if done.returncode != code:
            raise AssertionError(f"{program} {args[0]}: exit {done.returncode}, wanted {code}\n{done.stdout}{done.stderr}{self.logs()}")
        return done.stdout if code == 0 else done.stdout + done.stderr

    def ready_agents(self):
        client = json.loads(self.client_file.read_text())
        request = urllib.request.Request(f"{self.url}/api/v1/keys", headers={"Authorization": f"Bearer wbc1.{client['id']}.{client['secret']}"})
        try:
            with urllib.request.urlopen(request, timeout=5, context=ssl.create_default_context(cafile=self.folder / "ca.pem")) as answer:
                return json.load(answer)["ready_agents"]
        except OSError:
            return 0

    def wait_ready(self, count):
        try:
            wait_until(f"{count} ready agents", lambda: self.ready_agents() == count)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.logs()}") from None

    def begin_reset(self, user, password, *flags):
        """scripts/reset as a person's side would run it; finish_reset() waits for its line."""
        process = subprocess.Popen([str(TOP / "scripts/reset"), user, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent,
                                   env={**os.environ, "WB_CLIENT_FILE": str(self.client_file), "WB_CA_FILE": str(self.folder / "ca.pem")})
        process.stdin.write(password if isinstance(password, bytes) else password.encode())
        process.stdin.close()
        process.stdin = None
        return process

    def finish_reset(self, process, code=0):
        out, err = process.communicate(timeout=150)
        if process.returncode != code:
            raise AssertionError(f"{' '.join(process.args)}: exit {process.returncode}, wanted {code}\n{out}{err}\n{self.logs()}")
        return json.loads(out)

    def reset(self, user, password, *flags, code=0):
        return self.finish_reset(self.begin_reset(user, password, *flags), code)

    def change(self, user, old, new, code=0):
        """As the person: the old password and the new one."""
        return self.reset(user, f"{old}\n{new}\n", "--change", code=code)

    def authenticate(self, user, password, code=0):
        return self.reset(user, password, "--authenticate", code=code)

    # ---- the API, step by step ---------------------------------------------------------------------------------
    def prepare(self, user, password, life_s=120, **order):
        """Probe and seal: {probe, op, jti, sealed, pre}. order: op, and old for a change. AssertionError when the service says no."""
        self.preparer = self.preparer or Preparer(self.client_file, self.folder / "ca.pem")
        answer = self.preparer.ask(user=user, password=password, life_s=life_s, **order)
        if "refused" in answer:
            raise AssertionError(f"probe of {user}: {answer['refused']}\n{self.logs()}")
        return answer

    def call(self, path, body=None, timeout=40, **more_headers):
        """(status, answer); OSError when the service is not there."""
        client = json.loads(self.client_file.read_text())
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=ssl.create_default_context(cafile=self.folder / "ca.pem"))
        try:
            headers = {"Authorization": f"Bearer wbc1.{client['id']}.{client['secret']}", "Content-Type": "application/json", **more_headers}
            connection.request("POST" if body is not None else "GET", path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except http.client.HTTPException as e:
            raise ConnectionError(str(e)) from None
        finally:
            connection.close()

    def submit(self, prepared, **opts):
        body = {"probe": prepared["probe"], "op": prepared["op"], "sealed": prepared["sealed"], **({"opts": opts} if opts else {})}
        return self.call("/api/v1/jobs", body)

    def job(self, jti, wait_ms=0):
        status, answer = self.call(f"/api/v1/jobs/{urllib.parse.quote(jti)}?wait_ms={wait_ms}")
        if status != 200:
            raise AssertionError(f"job {jti}: {status} {answer}")
        return answer

    def follow(self, jti, seconds=30, until=("final",)):
        """What the caller hears: the job in one of these states; a service that restarts meanwhile is asked again."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                seen = self.job(jti, wait_ms=max(0, min(25_000, int((deadline - time.monotonic()) * 1000))) if until == ("final",) else 0)
                if seen["state"] in until:
                    return seen
            except OSError:
                seen = {"state": "no answer"}
            if time.monotonic() > deadline:
                raise AssertionError(f"job {jti} after {seconds} s: {seen}\n{self.logs()}")
            select.select([], [], [], 0.02)

    def agent_id(self, name):
        return json.loads((self.folder / name / "identity.json").read_text())["agent"]

    def binds(self, user, password):
        """Whether this password logs in. Only tests ask this; the product never does."""
        with self.binding:  # one file, whoever asks
            (self.folder / "try").write_bytes(password if isinstance(password, bytes) else password.encode())
            done = subprocess.run(["ldapwhoami", "-x", "-H", AD["AD_URI"], "-D", f"{user}@{DOMAIN}", "-y", self.folder / "try"], capture_output=True, text=True, timeout=20)
        return done.returncode == 0

    def helpdesk_sets(self, user, password):
        """Somebody else changes the password, by another tool."""
        value = base64.b64encode(f'"{password}"'.encode("utf-16le")).decode()
        dn = self.dn_of(user)
        subprocess.run(["ldapmodify", "-x", "-H", AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"]], text=True, check=True, capture_output=True, timeout=20,
                       input=f"dn:: {base64.b64encode(dn.encode()).decode()}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {value}\n")

    def dn_of(self, user):
        done = subprocess.run(["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"], "-b", AD["AD_BASE"],
                               f"(sAMAccountName={user})", "1.1"], capture_output=True, text=True, timeout=20, check=True)
        plain = re.search(r"^dn: (.*)", done.stdout, re.M)
        return plain[1] if plain else base64.b64decode(re.search(r"^dn:: (.*)", done.stdout, re.M)[1]).decode()

    def versions(self, user):
        """How often the password was changed: msDS-KeyVersionNumber counts each change of unicodePwd."""
        return self.read_number(user, "msDS-KeyVersionNumber")

    def read_number(self, user, attribute):
        """As the administrator sees it."""
        done = subprocess.run(["ldapsearch", "-x", "-LLL", "-H", AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"], "-b", AD["AD_BASE"],
                               f"(sAMAccountName={user})", attribute], capture_output=True, text=True, timeout=20, check=True)
        return int(re.search(rf"{attribute}: (\d+)", done.stdout)[1])

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self):
        return "\n".join(f"--- {p.name}\n" + "\n".join(p.read_text(errors="replace").splitlines()[-15:]) for p in sorted(self.folder.glob("*.log")))


class Preparer:
    """tests/support/prepare.mjs, kept running; any thread may ask."""

    def __init__(self, client_file, ca_file):
        self.process = subprocess.Popen(["node", str(TOP / "tests/support/prepare.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "WB_CLIENT_FILE": str(client_file), "WB_CA_FILE": str(ca_file)})
        self.changed, self.answers, self.asked, self.ended = threading.Condition(), {}, 0, False
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            with self.changed:
                self.answers[answer["id"]] = answer
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def ask(self, **what):
        with self.changed:
            self.asked += 1
            mine = self.asked
            self.process.stdin.write(json.dumps({"id": mine, **what}) + "\n")
            self.process.stdin.flush()
            if not self.changed.wait_for(lambda: mine in self.answers or self.ended, 60) or mine not in self.answers:
                raise AssertionError("prepare.mjs gave no answer")
            return self.answers.pop(mine)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.reader.join(20)
        self.process.stdout.close()


def memory_of(pid):
    """Yields (where, bytes) of every readable private part of a process."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, mode, *_, = line.split()
            if mode[0] != "r" or "[v" in line:  # [vvar], [vdso]
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            if end - start > 1 << 32:  # the sanitizers' shadow: terabytes, mostly not there
                continue
            try:
                mem.seek(start)
                yield line.strip(), mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue

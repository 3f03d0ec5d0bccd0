"""Trouble for the fault tests: processes frozen, links cut, the domain controller killed, disks full, clocks wrong.

Everything here is undone by its owner (`with`, or close()), and touches only processes that the test or its lab started.
"""
import base64
import concurrent.futures
import contextlib
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import threading
import time

from world import AD, TOP, wait_until


# ---- processes -------------------------------------------------------------------------------------------------
def is_stopped(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "Tt"


def wait_stopped(pid, seconds=20):
    wait_until(f"stop of {pid}", lambda: is_stopped(pid), seconds)


@contextlib.contextmanager
def frozen(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


# ---- the domain controller --------------------------------------------------------------------------------------
class Controller:
    """A domain controller of the lab: dc1, dc2, or other. All but those of a pair are one process: stopped, all of it stands still."""
    ADDRESSES = {"dc1": "127.0.0.53", "dc2": "127.0.0.54", "other": "127.0.0.63"}

    def __init__(self, name="dc1"):
        self.name, self.folder = name, pathlib.Path(AD["AD_ROOT"], name)
        self.address = (self.ADDRESSES[name], 636)

    @property
    def pid(self):
        return int((self.folder / "main.pid").read_text())

    def frozen(self):
        return frozen(self.pid)

    def kill(self):
        """Power off: no process of it is left when this returns."""
        pid = self.pid
        os.killpg(pid, signal.SIGKILL)
        wait_until("death of the DC", lambda: not self.answers() and not pathlib.Path(f"/proc/{pid}/exe").exists())

    def answers(self):
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex(self.address) == 0

    def start(self):
        """As ad-lab starts it: its files are still there."""
        root, inside = AD["AD_ROOT"].removesuffix("/run/ad"), f"/run/ad/{self.name}"
        fast = ["LD_PRELOAD=/run/ad/fastpbkdf2.so"] if os.environ.get("AD_FAST") else []
        with open(self.folder / "log/stdout", "ab") as log:
            process = subprocess.Popen(["chroot", root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                                        "KRB5_CONFIG=/run/ad/krb5.conf", *fast, "samba", "-s", f"{inside}/etc/smb.conf", "-F", "--no-process-group", "-M", "single",
                                        "--debug-stdout"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        (self.folder / "main.pid").write_text(str(process.pid))
        self.process = process  # kept: a Popen that is forgotten complains
        wait_until("DC that answers", self.answers, 60)


def unread(address):
    """Bytes that lie in the sockets of whoever listens at address (IPv4), not yet read by it: rx_queue of /proc/net/tcp."""
    wanted = "".join(f"{int(part):02X}" for part in reversed(address[0].split("."))) + f":{address[1]:04X}"
    total = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted and fields[3] == "01":  # established
            total += int(fields[4].split(":")[1], 16)
    return total


# ---- the directory's own record ---------------------------------------------------------------------------------
UNICODE_PWD, ADMIN_DISPLAY_NAME = 0x9005A, 0x900C2


def attributes(user, *names, uri=None):
    """As Administrator: {name: [bytes]} of an account."""
    done = subprocess.run(["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", uri or AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"], "-b", AD["AD_BASE"],
                           f"(sAMAccountName={user})", *names], capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise AssertionError(f"ldapsearch {user}: {done.stderr}")
    found = {name: [] for name in names}
    for line in done.stdout.splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            found.setdefault(name.rstrip(":"), []).append(base64.b64decode(value) if name.endswith(":") else value.encode())
    return found


def changes(user, attribute=UNICODE_PWD, uri=None):
    """How often an attribute was written: its version in replPropertyMetaData (MS-ADTS 3.1.1.1.9), which every write moves by one."""
    blob = attributes(user, "replPropertyMetaData", uri=uri)["replPropertyMetaData"][0]
    version, _, count, _ = struct.unpack_from("<IIII", blob)
    assert version == 1, version
    for i in range(count):
        attid, times = struct.unpack_from("<II", blob, 16 + 48 * i)
        if attid == attribute:
            return times
    return 0


def wrong_passwords(user):
    """As the DC counts them towards the lock."""
    return int((attributes(user, "badPwdCount")["badPwdCount"] or [b"0"])[0])


def marker(user):
    found = attributes(user, "adminDisplayName")["adminDisplayName"]
    return found[0].decode() if found else None


def administrator_writes(user, dn, attribute, value):
    """value None: cleared."""
    change = f"replace: {attribute}\n" + (f"{attribute}: {value}\n" if value else "")
    subprocess.run(["ldapmodify", "-x", "-H", AD["AD_URI"], "-D", AD["AD_ADMIN"], "-w", AD["AD_ADMIN_PW"]], text=True, check=True, capture_output=True, timeout=20,
                   input=f"dn:: {base64.b64encode(dn.encode()).decode()}\nchangetype: modify\n{change}-\n")


# ---- a link in our hands ----------------------------------------------------------------------------------------
class Relay:
    """127.0.0.1:port in front of another local port. Can be cut (both ends see a reset) or go deaf (nothing moves, nothing is said)."""

    def __init__(self, port, host="127.0.0.1"):
        self.to, self.deaf, self.refusing = (host, port), threading.Event(), threading.Event()
        self.pairs, self.finished, self.lock, self.closing = [], {}, threading.Lock(), False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = self.listener.getsockname()[1]
        self.wake, self.waker = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.closing:
            with self.lock:
                ends = {end: other for a, b in self.pairs for end, other in ((a, b), (b, a))}
            watched = [self.wake, self.listener] + ([] if self.deaf.is_set() else [end for end in ends if end not in self.finished])
            try:
                ready, _, _ = select.select(watched, [], [], 0.1)
                self.pass_ends_on(ends)
            except (OSError, ValueError):
                continue  # one was closed meanwhile
            for end in ready:
                if end is self.wake:
                    self.wake.recv(64)
                elif end is self.listener:
                    self.accept()
                elif not self.deaf.is_set():
                    self.pass_on(end, ends[end])

    def accept(self):
        here, _ = self.listener.accept()
        try:
            if self.refusing.is_set():
                raise OSError
            there = socket.create_connection(self.to, timeout=5)
        except OSError:
            here.close()
            return
        for end in (here, there):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(5)
        with self.lock:
            self.pairs.append((here, there))

    def pass_on(self, end, other):
        try:
            data = end.recv(65536)
        except OSError:
            data = b""
        if data:
            with contextlib.suppress(OSError):  # the other one is gone: its answers go nowhere
                other.sendall(data)
            return
        self.finished[end] = time.monotonic()
        if other in self.finished:
            self.drop([pair for pair in self.pairs if end in pair], reset=False)

    def pass_ends_on(self, ends):
        """A domain controller that sees the end of a connection forgets what it has not served yet: give it a moment."""
        for end in [end for end, since in self.finished.items() if time.monotonic() > since + 0.3]:
            with contextlib.suppress(OSError, KeyError):
                ends[end].shutdown(socket.SHUT_WR)

    def drop(self, pairs, reset=True):
        with self.lock:
            self.pairs = [pair for pair in self.pairs if pair not in pairs]
        for pair in pairs:
            for end in pair:
                self.finished.pop(end, None)
                if reset:
                    with contextlib.suppress(OSError):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() sends a reset
                end.close()

    def cut(self):
        """Every connection of now is reset; until heal() new ones are refused."""
        self.refusing.set()
        self.drop(list(self.pairs))
        self.waker.send(b".")

    def go_deaf(self):
        """A router lost its power: what is said is taken and goes nowhere."""
        self.deaf.set()
        self.waker.send(b".")

    def hear(self):
        """The router is back, and has lost nothing: what was held is passed on."""
        self.deaf.clear()
        self.waker.send(b".")

    def wait_quiet(self):
        """Until nothing is held any more, and the far end has served and closed what the near end has left."""
        wait_until("quiet relay", lambda: not self.busy(), 20)

    def busy(self):
        with self.lock:
            ends = [end for pair in self.pairs for end in pair if end.fileno() >= 0]
        poll = select.poll()
        for end in ends:
            poll.register(end, select.POLLRDHUP | select.POLLIN)
        return self.finished or poll.poll(0)

    def heal(self):
        """A new beginning: what was held back is lost, new connections work."""
        self.drop(list(self.pairs))
        self.refusing.clear()
        self.deaf.clear()
        self.waker.send(b".")

    def close(self):
        self.closing = True
        self.waker.send(b".")
        self.thread.join(10)
        self.drop(list(self.pairs))
        for end in (self.listener, self.wake, self.waker):
            end.close()


# ---- disks and clocks -------------------------------------------------------------------------------------------
def shim(folder):
    """tests/support/shim.c as a library to preload; see there for what WB_SHIM_... make it do."""
    library = pathlib.Path(folder) / "shim.so"
    if not library.exists():
        subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, TOP / "tests/support/shim.c"], check=True)
    return str(library)


@contextlib.contextmanager
def tiny_disk(folder, kib):
    """A file system of its own in `folder` (empty so far), inside the lab's mount namespace."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=700", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Leaves no byte; returns the file to remove."""
    hog = pathlib.Path(folder) / "hog"
    with open(hog, "wb", 0) as f:
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    f.write(b"\0" * size)
    return hog


# ---- several at once --------------------------------------------------------------------------------------------
def at_once(*calls):
    """Runs them in threads of their own; their answers in order. A child process must not outlive its thread, so none may be left."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


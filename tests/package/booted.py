"""The throwaway machine with a systemd of its own as process 1, in a container (systemd-nspawn) that shares the network.

Nothing that the host has enabled is started in it, and its systemd gets cgroups of its own. NoBoot says why none can be booted here."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import throwaway

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from world import wait_until  # noqa: E402

CGROUPS = pathlib.Path("/sys/fs/cgroup")
BOOT_SECONDS = 60


class NoBoot(Exception):
    pass


def boot():
    """One, or NoBoot where this machine can't."""
    if not shutil.which("systemd-nspawn"):
        raise NoBoot("there is no systemd-nspawn; scripts/install package brings it")
    try:
        return Booted()
    except (AssertionError, OSError, subprocess.SubprocessError) as why:
        raise NoBoot(str(why)) from why


class Booted(throwaway.Machine):
    def __init__(self):
        super().__init__()
        for folder in ("etc/systemd/system", "etc/systemd/network", *(f"etc/rc{level}.d" for level in "S0123456")):
            subprocess.run(["rm", "-rf", self.root / folder], check=True)
            (self.root / folder).mkdir(mode=0o755)
        for file in ("usr/sbin/policy-rc.d", "etc/machine-id", "etc/fstab"):
            (self.root / file).unlink(missing_ok=True)
            if file.startswith("etc"):
                (self.root / file).touch()
        self._name, self._one = f"wb-{os.getpid()}", None
        words = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-M", self._name, "-D", self.root, "--kill-signal=SIGRTMIN+3", "--console=pipe",
                 "--resolv-conf=off", "--timezone=off", "-b", "systemd.unit=multi-user.target"]
        self.console = open(self.root.parent / "console", "w+", encoding="utf-8")  # pylint: disable=consider-using-with
        self._nspawn = subprocess.Popen(words, env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, stdin=subprocess.DEVNULL,  # pylint: disable=consider-using-with
                                        stdout=self.console, stderr=self.console, preexec_fn=self._own_cgroups)
        try:
            self._one = wait_until("process 1", self._process_one, BOOT_SECONDS)
            wait_until("systemd", lambda: self.run("systemctl", "is-system-running", code=None).strip() in ("running", "degraded"), BOOT_SECONDS)
        except BaseException:
            self._nspawn.kill()
            self.throw_away()
            raise

    def _own_cgroups(self):
        hybrid = [folder for folder in CGROUPS.iterdir() if (folder / "cgroup.procs").exists()] if not (CGROUPS / "cgroup.procs").exists() else [CGROUPS]
        for folder in hybrid:
            own = folder / self._name
            own.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):
                if (folder / file).exists() and (own / file).exists():
                    (own / file).write_text((folder / file).read_text())
            (own / "cgroup.procs").write_text("0")

    def _process_one(self):
        if self._nspawn.poll() is not None:
            raise AssertionError("systemd-nspawn has ended:\n" + (self.root.parent / "console").read_text(encoding="utf-8", errors="replace"))
        children = pathlib.Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text(encoding="utf-8").split()
        return next((pid for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == "systemd"), None)

    def _cgroups_gone(self):
        left = [folder for own in (*CGROUPS.glob(self._name), *CGROUPS.glob(f"*/{self._name}")) for folder in (own, *own.rglob("*/")) if folder.is_dir()]
        for folder in reversed(left):
            try:
                folder.rmdir()
            except OSError:
                return False  # what was killed has not gone yet
        return True

    def inside(self, words):
        return ["nsenter", "-t", self._one, "-a", "--", "env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *words]

    def run(self, *words, code=0, stdin=None):
        run = subprocess.run(self.inside(words), input=stdin, capture_output=True, text=True, timeout=120, check=False, **({} if stdin else {}))
        if code is not None and run.returncode != code:
            raise AssertionError(f"{words}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def unit(self, name, *properties):
        """What systemd knows of a unit, in the order asked for."""
        said = dict(line.split("=", 1) for line in self.run("systemctl", "show", name, "-p", ",".join(properties)).splitlines())
        return tuple(said[one] for one in properties)

    def throw_away(self):
        with contextlib.suppress(ProcessLookupError):
            if self._one:
                os.kill(int(self._one), signal.SIGKILL)  # and with process 1 all that it has started
        self._nspawn.wait(20)
        self.console.close()
        wait_until("end of the cgroups", self._cgroups_gone)
        super().throw_away()

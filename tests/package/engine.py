"""A container engine of the test's own: Debian's dockerd in a network namespace, with a way out through slirp4netns, its data in a folder.

The machine's own engine, if there is one, its networks and its packet filter are left alone. NoEngine says why there can be none here."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from world import wait_until  # noqa: E402

START_SECONDS = 60
STOP_SECONDS = 60


class NoEngine(Exception):
    pass


class Engine:
    """`data`: where images and volumes are kept between runs. Everything started here ends with stop()."""

    def __init__(self, data):
        if os.geteuid() != 0:
            raise NoEngine("a container engine needs root")
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        for program in ("dockerd", "slirp4netns", "nsenter", "setpriv", "ip"):
            if not shutil.which(program, path=path):
                raise NoEngine(f"there is no {program}; scripts/install compose brings it")
        data = data.resolve()  # dockerd never ends looking for the mount of a relative path
        data.mkdir(parents=True, exist_ok=True)
        self._run = pathlib.Path(tempfile.mkdtemp(prefix="wb-engine-", dir="/run"))
        self._log = data / "dockerd.log"
        self._started = []
        self.environment = {"DOCKER_CONFIG": str(self._run / "config"), **os.environ, "DOCKER_HOST": f"unix://{self._run}/socket", "PATH": path}
        try:
            self._start(data)
        except BaseException:
            self.stop()
            raise

    def _start(self, data):
        with open(self._log, "w", encoding="utf-8") as log:
            def start(*words, **more):
                words = ["setpriv", "--pdeathsig", "TERM", *[str(w) for w in words]]
                self._started.append(subprocess.Popen(words, env=self.environment, stderr=log, start_new_session=True, **more))  # pylint: disable=consider-using-with
                return self._started[-1]
            # The namespace lives as long as this cat, which ends when we do.
            self._holder = start("unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat >/dev/null", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if self._holder.stdout.readline() != b"up\n":
                raise NoEngine(f"this machine lets nobody make a network namespace ({self._log})")
            self._network = f"--net=/proc/{self._holder.pid}/ns/net"
            quiet = {"stdin": subprocess.DEVNULL, "stdout": log}
            start("slirp4netns", "--configure", "--mtu=1400", "--disable-host-loopback", "--netns-type=path", f"/proc/{self._holder.pid}/ns/net", "tap0", **quiet)
            daemon = start("nsenter", self._network, "dockerd", "--data-root", data / "docker", "--exec-root", self._run / "exec",
                           "--pidfile", self._run / "pid", "-H", self.environment["DOCKER_HOST"], **quiet)

        def up():
            if daemon.poll() is not None:
                raise NoEngine(f"dockerd can't run on this machine: {self._last_words()}")
            return subprocess.run(["docker", "info"], env=self.environment, capture_output=True, timeout=START_SECONDS, check=False).returncode == 0
        wait_until("dockerd", up, START_SECONDS)

    def _last_words(self):
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else f"it says nothing in {self._log}"

    def inside(self, *words, **more):
        """Runs a command in the engine's network, where published ports are."""
        return subprocess.run(["nsenter", self._network, *[str(w) for w in words]], env=self.environment, text=True, check=True, **more)

    def stop(self):
        for process in reversed(self._started):
            if process.stdin:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        for mounted in sorted((line.split()[1] for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines()), reverse=True):
            if mounted.startswith(str(self._run)):
                subprocess.run(["umount", "-l", mounted], check=False)
        shutil.rmtree(self._run, ignore_errors=True)

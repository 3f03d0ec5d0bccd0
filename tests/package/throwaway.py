"""This machine once more, to be installed on and thrown away: an overlay over its root, in a mount namespace of this process.

The packages' dependencies are there already (the build needs them), nothing is downloaded, and nothing of it is left."""
import os
import pathlib
import subprocess
import sys
import tempfile


def enter():
    """Starts this test anew as root in a mount namespace, once."""
    if os.environ.get("WB_THROWAWAY"):
        return
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    kept = [f"{name}={os.environ[name]}" for name in ("WB_PACKAGES", "WB_STATE_DIR") if name in os.environ]
    words = [*root, "env", "WB_THROWAWAY=1", *kept, "unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv]
    os.execvp(words[0], words)


class Machine:
    def __init__(self):
        mount = pathlib.Path(tempfile.mkdtemp(prefix="wb-machine-", dir="/var/tmp"))
        self._at = mount
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", mount], check=True)
        for name in ("upper", "work", "root"):
            (mount / name).mkdir(mode=0o755)
        self.root = mount / "root"
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={mount}/upper,workdir={mount}/work", "overlay", self.root], check=True)
        # A package that was installed on the machine itself must not be what we look at.
        for gone in ("etc/writeback-agent", "etc/reset-service", "var/lib/writeback-agent", "var/lib/reset-service"):
            subprocess.run(["rm", "-rf", self.root / gone], check=True)
        (self.root / "var/lib/man-db/auto-update").unlink(missing_ok=True)  # dpkg's trigger for it takes seconds

    def mount_kernel(self):
        for name in ("proc", "dev", "sys"):
            subprocess.run(["mount", "--rbind", f"/{name}", self.root / name], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.root / "tmp"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.root / "run"], check=True)

    def put(self, file, name):
        """A file of ours, in the machine."""
        (self.root / name).write_bytes(pathlib.Path(file).read_bytes())
        return f"/{name}"

    def run(self, *words, code=0):
        run = subprocess.run(["chroot", self.root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *words],
                             capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
        if code is not None and run.returncode != code:
            raise AssertionError(f"{words}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def throw_away(self):
        subprocess.run(["umount", "-R", "-l", self._at], check=True)
        self._at.rmdir()

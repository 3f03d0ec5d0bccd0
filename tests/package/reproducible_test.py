#!/usr/bin/env python3
"""Made again, the packages and the programs' objects are the same bytes. Needs build/release and what scripts/package made of it."""
import hashlib
import os
import pathlib
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "USER": "somebody", "CCACHE_DISABLE": "1"}


def digests(folder, pattern):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob(pattern))}


def run(*words, folder=TOP, umask=0o022, **environment):
    done = subprocess.run([str(w) for w in words], cwd=folder, env={**os.environ, **ELSEWHERE, **environment}, umask=umask, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


class Packages(unittest.TestCase):
    def test_are_the_same_bytes_when_made_by_somebody_else_in_another_time_zone_under_another_umask(self):
        with tempfile.TemporaryDirectory() as again:
            run("scripts/package", umask=0o027, WB_PACKAGES_TO=again)
            made = digests(TOP / "build/package", "*.deb")
            self.assertEqual(len(made), 2)
            self.assertEqual(digests(pathlib.Path(again), "*.deb"), made)


class Objects(unittest.TestCase):
    def test_are_the_same_bytes_when_compiled_at_another_place(self):
        with tempfile.TemporaryDirectory() as there:
            other = pathlib.Path(there) / "elsewhere"
            other.mkdir()
            run("bash", "-c", 'git ls-files -z | tar --null -T - -cf - | tar -xf - -C "$1"', "bash", other)
            run("cmake", "--preset", "release", folder=other)
            run("cmake", "--build", "--preset", "release", "--target", "platform", folder=other)
            made = digests(TOP / "build/release", "libplatform.a")
            self.assertEqual(len(made), 1)
            self.assertEqual(digests(other / "build/release", "libplatform.a"), made)


if __name__ == "__main__":
    unittest.main()

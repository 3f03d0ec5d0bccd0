#!/usr/bin/env python3
"""The packages' contents, and their life on a machine: installed, upgraded, removed, purged. WB_PACKAGES: the folder with both .debs."""
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import throwaway  # noqa: E402

PACKAGES = pathlib.Path(os.environ.get("WB_PACKAGES", pathlib.Path(__file__).resolve().parents[2] / "build/package"))
NAMES = {"writeback-agent": "agent.yaml", "reset-service": "service.yaml"}


def package(name):
    return next(PACKAGES.glob(f"{name}_*_amd64.deb"))


def output(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60, check=True).stdout


def append(file, text):
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def repacked(deb, to, version, change):
    """The same package as another version's; change(root) makes it differ, in its files or in DEBIAN/."""
    with tempfile.TemporaryDirectory(prefix="wb-deb-") as folder:
        root = pathlib.Path(folder, "root")
        output("dpkg-deb", "-R", deb, root)
        control = root / "DEBIAN/control"
        control.write_text(re.sub(r"^Version: .*", f"Version: {version}", control.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
        change(root)
        output("dpkg-deb", "--root-owner-group", "-Znone", "-b", root, to)


def keys_of(schema, above=""):
    """Every key that the JSON Schema of a configuration has, as a.b.c."""
    for name, one in schema.get("properties", {}).items():
        yield above + name
        yield from keys_of(one.get("items", one), f"{above}{name}.")


class ThePackages(unittest.TestCase):
    def test_hold_the_programs_for_everybody_and_the_configuration_for_root_alone(self):
        files = {}
        for name in NAMES:
            for line in output("dpkg-deb", "-c", package(name)).splitlines():
                mode, owner, _, _, _, path = line.split(None, 5)
                self.assertEqual(owner, "root/root", line)
                self.assertNotRegex(mode, "^-....*[st]", "neither setuid nor sticky")
                files[path[1:].split(" -> ")[0]] = mode
        for program in ("writeback-agent", "writeback-passwords", "reset-service"):
            self.assertEqual(files[f"/usr/bin/{program}"], "-rwxr-xr-x")
            self.assertIn(f"/usr/share/man/man1/{program}.1.gz", files)
        for name, file in NAMES.items():
            self.assertEqual(files[f"/etc/{name}/"], "drwxr-x---")
            self.assertEqual(files[f"/etc/{name}/{file}"], "-rw-r-----")
        self.assertEqual(files["/etc/reset-service/tls/"], "drwxr-x---")
        self.assertEqual(files["/usr/share/reset-service/portal/index.html"], "-rw-r--r--")
        self.assertIn("/usr/share/doc/reset-service/examples/seal/seal.mjs", files)
        for beside in ("writeback-agent/agent.schema.json", "writeback-agent/prometheus/alerts.yml", "writeback-agent/grafana/writeback.json", "reset-service/reset-service.schema.json",
                       "bash-completion/completions/writeback-agent", "bash-completion/completions/writeback-passwords", "bash-completion/completions/reset-service"):
            self.assertEqual(files[f"/usr/share/{beside}"], "-rw-r--r--")
        for unit in ("writeback-agent", "writeback-agent@", "reset-service"):
            self.assertIn(f"/lib/systemd/system/{unit}.service", files)

    def test_have_a_page_for_each_configuration_with_every_key_in_it(self):
        for name, file in NAMES.items():
            with tempfile.TemporaryDirectory(prefix="wb-deb-") as folder:
                output("dpkg-deb", "-x", package(name), folder)
                shared = pathlib.Path(folder, "usr/share")
                page = shared / f"man/man5/{name}.yaml.5.gz"
                read = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"}, capture_output=True, text=True, timeout=60, check=True)
                self.assertEqual(read.stderr, "")
                shown = re.sub(".\b", "", read.stdout)
                self.assertRegex(shown, rf"NAME\n +{name}\.yaml - configuration of {name}\n")
                told = set(re.findall(r"^       ((?:[a-z_0-9]+(?:\[\])?\.)*[a-z_0-9]+)(?=:|$| )", shown.partition("\nOPTIONS\n")[2], re.M))
                self.assertEqual({key.replace("[]", "") for key in told}, set(keys_of(json.loads(next(shared.glob(f"{name}/*.schema.json")).read_text(encoding="utf-8")))))
                program = gzip.decompress((shared / f"man/man1/{name}.1.gz").read_bytes()).decode().replace("\\-", "-")
                self.assertIn(f"{name}.yaml (5)", program.partition("SEE ALSO")[2])

    def test_have_a_page_for_each_program_with_every_verb_and_exit_code(self):
        pages = {}
        for name in NAMES:
            with tempfile.TemporaryDirectory(prefix="wb-deb-") as folder:
                output("dpkg-deb", "-x", package(name), folder)
                for page in pathlib.Path(folder, "usr/share/man/man1").iterdir():
                    read = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "400"}, capture_output=True, text=True, timeout=60, check=True)
                    self.assertEqual(read.stderr, "", page)
                    pages[page.name.removesuffix(".1.gz")] = re.sub(".\b", "", read.stdout)
                version = output(f"{folder}/usr/bin/{name}", "version").split()[-1]
                self.assertIn(f" {version} ", next(iter(re.findall(rf"^{name} .*$", pages[name], re.M)), f"no {version}"))
        self.assertEqual(set(pages), {*NAMES, "writeback-passwords"})
        self.assertRegex(pages["writeback-agent"], r"--again: for a host that was restored")
        self.assertRegex(pages["writeback-agent"], r"(?m)^EXIT STATUS\n(.*\n)*? +74 +the disk is full")
        self.assertRegex(pages["reset-service"], r"(?m)^EXIT STATUS\n(.*\n)*? +78 +configuration")

    def test_have_every_document_that_their_own_documents_units_and_pages_name(self):
        for name in NAMES:
            with tempfile.TemporaryDirectory(prefix="wb-deb-") as folder:
                output("dpkg-deb", "-x", package(name), folder)
                place = pathlib.Path(folder, "usr/share/doc", name)
                texts = {file.name: file.read_text(encoding="utf-8") for file in place.glob("*.md") if file.name not in ("ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md")}  # which lead into the sources
                named = {pathlib.Path(link).name for text in texts.values() for link in re.findall(r"\]\(([^)\s#:]+\.md)", text)}
                self.assertGreater(len(named), 5)
                self.assertEqual({one for one in named if not (place / one).is_file()} - {"README.md"}, set())
                for unit in pathlib.Path(folder, "lib/systemd/system").iterdir():
                    self.assertTrue(pathlib.Path(folder, re.search(r"^Documentation=file://(.*)$", unit.read_text(encoding="utf-8"), re.M)[1].lstrip("/")).is_file(), unit)

    def test_have_the_configuration_as_conffiles_and_no_other(self):
        for name, file in NAMES.items():
            with tempfile.TemporaryDirectory(prefix="wb-deb-") as folder:
                output("dpkg-deb", "-e", package(name), folder)
                self.assertEqual(pathlib.Path(folder, "conffiles").read_text(encoding="utf-8").split(), [f"/etc/{name}/{file}"])

    def test_need_no_library_that_only_the_build_has(self):
        for name in NAMES:
            needs = output("dpkg-deb", "-f", package(name), "Depends")
            self.assertIn("libssl3", needs)
            self.assertNotRegex(needs, "-dev|libasan|libgtest")


class AMachine(unittest.TestCase):
    def setUp(self):
        self.machine = throwaway.Machine()
        self.addCleanup(self.machine.throw_away)
        self.machine.mount_kernel()
        self.debs = [self.machine.put(package(name), f"tmp/{name}.deb") for name in NAMES]

    def path(self, name):
        return self.machine.root / name.lstrip("/")

    def looks(self, name):
        return self.machine.run("stat", "-c", "%a %U:%G", name).strip()

    def later(self, name, conffile):
        """The next version of a package, with another configuration in it."""
        deb = self.path(f"/tmp/{name}-next.deb")
        repacked(package(name), deb, "99", lambda root: append(root / conffile.lstrip("/"), "# of the next version\n"))
        return f"/tmp/{name}-next.deb"

    def test_has_what_it_needs_after_the_installation(self):
        said = self.machine.run("dpkg", "-i", *self.debs)
        self.assertNotRegex(said.lower(), r"warning|error|fail", said)
        for name, file in NAMES.items():
            self.assertEqual(self.looks(f"/etc/{name}"), f"750 root:{name}")
            self.assertEqual(self.looks(f"/etc/{name}/{file}"), f"640 root:{name}")
            self.assertEqual(self.looks(f"/var/lib/{name}"), f"700 {name}:{name}")
            self.assertTrue(self.path(f"/etc/systemd/system/multi-user.target.wants/{name}.service").is_symlink(), "enabled")
            self.assertRegex(self.machine.run("getent", "passwd", name), f":/var/lib/{name}:/usr/sbin/nologin$")
            self.assertIn("no problem found", self.machine.run("runuser", "-u", name, "--", name, "check-config"), "its own user reads it")
        self.assertEqual(self.looks("/etc/reset-service/tls"), "750 root:reset-service")
        said = self.machine.run("runuser", "-u", "writeback-agent", "--", "writeback-agent", code=78)
        self.assertIn("where=agent.identity", said, "what its unit does not restart it for")

    def test_keeps_the_operators_configuration_and_state_when_upgraded(self):
        self.machine.run("dpkg", "-i", *self.debs)
        for name, file in NAMES.items():
            with self.path(f"/etc/{name}/{file}").open("a", encoding="utf-8") as config:
                config.write("# mine\n")
            self.path(f"/var/lib/{name}/kept").touch()
            self.machine.run("chgrp", "root", f"/etc/{name}")  # the operator's wish
            self.machine.run("dpkg", "--force-confold", "-i", self.later(name, f"/etc/{name}/{file}"))
            text = self.path(f"/etc/{name}/{file}").read_text(encoding="utf-8")
            self.assertTrue(text.endswith("# mine\n"), "edited")
            self.assertEqual(self.looks(f"/etc/{name}/{file}"), f"640 root:{name}")
            self.assertEqual(self.looks(f"/etc/{name}"), "750 root:root", "set at the first installation only")
            self.assertIn("# of the next version", self.path(f"/etc/{name}/{file}.dpkg-dist").read_text(encoding="utf-8"))
            self.assertTrue(self.path(f"/var/lib/{name}/kept").exists())

    def test_is_as_before_when_they_are_installed_again_after_a_removal(self):
        self.machine.run("dpkg", "-i", *self.debs)
        paths = [f"/{where}/{name}" for name in NAMES for where in ("etc", "var/lib")] + [f"/etc/{name}/{file}" for name, file in NAMES.items()] + ["/etc/reset-service/tls"]
        before = {path: self.looks(path) for path in paths}
        self.machine.run("dpkg", "-r", *NAMES)
        self.machine.run("dpkg", "-i", *self.debs)
        self.assertEqual({path: self.looks(path) for path in paths}, before)

    def test_loses_keys_and_store_when_purged_and_not_before(self):
        self.machine.run("dpkg", "-i", *self.debs)
        for name, file in NAMES.items():
            self.path(f"/var/lib/{name}/kept").touch()
            self.machine.run("dpkg", "-r", name)
            self.assertFalse(self.path(f"/usr/bin/{name}").exists())
            self.assertTrue(self.path(f"/var/lib/{name}/kept").exists())
            self.assertTrue(self.path(f"/etc/{name}/{file}").exists())
            self.machine.run("dpkg", "-P", name)
            self.assertFalse(self.path(f"/var/lib/{name}").exists())
            self.assertFalse(self.path(f"/etc/{name}").exists())
            self.assertFalse(self.path(f"/etc/systemd/system/multi-user.target.wants/{name}.service").is_symlink())


if __name__ == "__main__":
    throwaway.enter()
    unittest.main()

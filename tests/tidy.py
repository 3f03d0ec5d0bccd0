#!/usr/bin/env python3
"""The house's rules that a machine can check (docs/STYLE.md). Prints "file:line: rule" for each breach; exit code 1.

    tests/tidy.py [FOLDER]      this project, or another copy of it
    tests/tidy.py --self-test   plants one breach of every rule in a temporary tree and expects each to be found

Heuristics on text, not a compiler: made to be fast and to err on the side of silence.
"""
import os
import pathlib
import re
import sys
import tempfile

# Which rooms a room's files may include, besides their own. Tests and benches may include any.
LAYERS = {
    "core": "", "protocol": "core", "crypto": "core protocol", "policy": "core protocol",
    "config": "core protocol policy ldap link",  # of ldap and link their settings.hpp only, see ONLY_HEADER
    "platform": "core",
    "ldap": "core protocol crypto policy platform", "queue": "core protocol crypto policy platform",
    "link": "core protocol crypto policy platform",
    "agent": "core protocol crypto policy config ldap queue link platform",
    "service": "core protocol crypto policy config ldap queue link platform",
    "tools": "core protocol crypto policy platform",
}
ONLY_HEADER = {("config", "ldap"): "ldap/settings.hpp", ("config", "link"): "link/settings.hpp"}  # the struct that config fills is defined where it is used

# Who may include a library's headers: prefixes of paths.
OWNERS = {
    r"yaml-cpp/": ("config/",), r"l(dap|ber)(_\w+)?\.h$": ("ldap/",), r"(krb5|gssapi)": ("ldap/",), r"boost/beast": ("link/",), r"sqlite3\.h$": ("queue/database.",),
    r"spdlog/": ("core/log.cpp",), r"curl/": ("link/",), r"argon2\.h$": ("service/methods/argon2.",),
    r"uni(case|ctype|norm|str)\.h$": ("service/methods/answer_text.",), r"openssl/": ("core/", "crypto/", "link/", "ldap/", "service/"),
}
OWNERS_APART = ("tests/", "bench/", "fuzz/")  # they talk to the same things as strangers would
EXPOSERS = ("core/", "crypto/", "ldap/", "agent/worker", "agent/attempt", "agent/password", "link/curl.", "link/smtp.", "service/methods/", "service/idempotency.", "platform/", "tools/", "tests/", "fuzz/")

# Tests that name sleep, and why. Waiting for something to be true polls it; nothing sleeps and hopes.
SLEEPS = {
    "tests/unit/async_test.cpp": "sleep_for is what is tested",
    "tests/faults/rolling_test.py": "how long a calm is measured",
    "tests/integration/agent_link_test.cpp": "lets the agent begin to dial; were it later, the test would only be weaker",
    "tests/integration/dial_test.cpp": "lets the dial begin; were it later, the test would only be weaker",
    "tests/integration/directory_world.cpp": "a relay that is slow on purpose",
    "tests/integration/hostile_peer_test.cpp": "pace of a peer that is slow on purpose",
    "tests/integration/link_test.cpp": "pace of a peer that never stops talking",
    "tests/integration/web_server_test.cpp": "slow handlers are what is tested; a refused accept leaves no trace to wait for",
    "tests/support/ad/golden": "pause of a poll with a limit",
    "tests/support/ad/domain.sh": "pause of a poll with a limit",
    "tests/support/ad/ad-lab": "pause of a poll with a limit",
    "tests/support/slapd/slapd-lab": "pause of a poll with a limit",
    "tests/support/389ds/ds-lab": "pause of a poll with a limit",
}

FILE_LINES, FUNCTION_LINES = 400, 70
SKIPPED = {".git", ".state", "build", "node_modules", "__pycache__"}
CODE = {".cpp", ".hpp", ".c", ".h", ".py", ".sh", ".js", ".mjs", ".ts", ".tsx"}
# In pieces, so that this file keeps the rules it checks.
OUTSIDE = re.compile("|".join([r"\.\./" + "shared", r"\bregistry\." + "npmjs", r"\bregistry\." + "yarnpkg", r"\bpypi\." + "org", r"pythonhosted\." + "org",
                               r"\b(deb|security|snapshot|ftp)(\.\w+)?\.debian\." + "org", r"\bproxy\.golang\." + "org", r"(index|static)\.crates\." + "io",
                               r"\b(ghcr|quay)\." + "io", r"\bdocker\." + "io/", r"registry-1\.docker"]))
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
BANNED = re.compile(r"(?:class|struct|enum(?: class)?|union|concept|using|interface|namespace)\s+(\w*(?:Manager|Helper|Util)\w*)")
BANNED_FILE = re.compile(r"manager|helper|util", re.I)
SLEEP = re.compile(r"\b(sleep(_for|_until)?|usleep|nanosleep|setTimeout)\b\s*[(0-9.]")
LITERAL = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*(?:.|\n)*?\*/')


def blanked(text):
    """C++ without the inside of comments and literals; every line break stays where it was."""
    def blank(match):
        found = match.group()
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return '"' + re.sub(r"[^\n]", " ", found[1:-1]) + '"'
    return LITERAL.sub(blank, re.sub(r"(?<=\d)'(?=\d)", "_", text))


def line_of(text, at):
    return text.count("\n", 0, at) + 1


# ---- rules for one C++ file: generators of (line, what) ---------------------------------------------------------
def layers(path, text, _):
    room = path.split("/")[0]
    for match in re.finditer(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
        header = match[1]
        target, line = header.split("/")[0], line_of(text, match.start(1))
        if room not in LAYERS or target == room:
            continue
        if target not in LAYERS:
            yield line, f"layer: {room} includes {header}, which is in no room"
        elif target not in LAYERS[room].split():
            yield line, f"layer: {room} may not include {target}"
        elif ONLY_HEADER.get((room, target), header) != header:
            yield line, f"layer: {room} may include {ONLY_HEADER[room, target]} only"


def owners(path, text, _):
    if path.startswith(OWNERS_APART):
        return
    for match in re.finditer(r"^\s*#\s*include\s*<([^>]+)>", text, re.M):
        for library, rooms in OWNERS.items():
            if re.match(library, match[1]) and not path.startswith(rooms):
                yield line_of(text, match.start(1)), f"library: <{match[1]}> belongs to {', '.join(rooms)}"


def words(path, _, code):
    rules = [(r"(\.|->)expose(_mutable)?\s*\(", "secret: expose() has no business here", not path.startswith(EXPOSERS)),
             (r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)\b.*\b_WIN32\b", "platform: _WIN32 outside platform/", not path.startswith("platform/")),
             (r"\basio::detached\b", "task: detached; start it in a TaskGroup", True)]
    for pattern, rule, applies in rules:
        for match in re.finditer(pattern, code, re.M) if applies else ():
            yield line_of(code, match.start()), rule
    for match in BANNED.finditer(code):
        yield line_of(code, match.start(1)), f"name: {match[1]} says nothing; what does it do?"


def long_functions(_, __, code):
    """Blocks that open at namespace or class level behind a parameter list."""
    opened, last = [], 0
    for match in re.finditer(r"[{};]", code):
        mark, at = match.group(), match.start()
        if mark == "{":
            head = code[last:at]
            scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()=]*$", head) is not None
            inside = any(kind != "scope" for kind, _ in opened)
            kind = "scope" if scope else "function" if ")" in head and not inside else "block"
            opened.append((kind, at))
        elif mark == "}" and opened:
            kind, start = opened.pop()
            lines = line_of(code, at) - line_of(code, start) + 1 if kind == "function" else 0
            if lines > FUNCTION_LINES:
                yield line_of(code, start), f"size: a function of {lines} lines, at most {FUNCTION_LINES}"
        last = at + 1


def awaited(_, __, code):
    """What g++ 12 destroys twice: an unnamed aggregate or a capturing lambda inside a co_await expression."""
    for match in re.finditer(r"\bco_await\b", code):
        depth, end = 0, match.end()
        while end < len(code):
            c = code[end]
            if c in "([{":
                depth += 1
            elif c in ")]}":
                depth -= 1
            if depth < 0 or (depth == 0 and c == ";"):
                break
            end += 1
        expression = code[match.end():end]
        if re.search(r"(?<![\w)\]])\[[^\[\]]+\]\s*(\(|\{|mutable\b)", expression):
            yield line_of(code, match.start()), "co_await: a capturing lambda inside; name it, then await it"
        elif re.search(r"\b[A-Z]\w*\s*\{|[(,]\s*\{", re.sub(r"\[\]\s*\([^)]*\)[^{]*\{", "lambda(", expression)):
            yield line_of(code, match.start()), "co_await: an unnamed aggregate inside; name it, then await it"


CPP_RULES = (layers, owners, words, long_functions, awaited)


# ---- rules for every file, and the whole ------------------------------------------------------------------------
def any_file(path, text):
    if BANNED_FILE.search(pathlib.PurePosixPath(path).stem):
        yield 1, "name: a file's name says what is in it; Manager, Helper and Util do not"
    lines = text.split("\n")
    is_code = pathlib.PurePosixPath(path).suffix in CODE or text.startswith("#!")
    if is_code and len(lines) - 1 > FILE_LINES:
        yield FILE_LINES + 1, f"size: {len(lines) - 1} lines, at most {FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if OUTSIDE.search(line):
            yield number, "outside: a path or host that only exists elsewhere"
        if UNFINISHED.search(line):
            yield number, "unfinished: finish it, or open an issue"
        if is_code and path.startswith("tests/") and path not in SLEEPS and SLEEP.search(line):
            yield number, "test: sleeps; wait for the thing itself (or SLEEPS in tests/tidy.py, with the reason)"


def files_of(root):
    for folder, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in SKIPPED)
        for name in sorted(files):
            yield (pathlib.Path(folder) / name).relative_to(root).as_posix()


def check(root):
    found, paths = [], list(files_of(root))
    listed = (root / "CMakeLists.txt").read_text() if "CMakeLists.txt" in paths else ""
    for path in paths:
        try:
            text = (root / path).read_text()
        except (UnicodeDecodeError, FileNotFoundError):  # binary (a fuzz corpus), or just removed
            continue
        problems = [] if path == "tests/tidy.py" else list(any_file(path, text))
        if path.endswith((".cpp", ".hpp")):
            code = blanked(text)
            for rule in CPP_RULES:
                problems += rule(path, text, code)
        if path.endswith(".cpp") and not re.search(r"(?<![\w/])" + re.escape(path) + r"(?![\w.])", listed):
            problems.append((1, "build: not listed in CMakeLists.txt"))
        found += [f"{path}:{line}: {what}" for line, what in sorted(problems)]
    found += refusals(root, paths)
    found += [f"tests/tidy.py:1: test: {path} is allowed to sleep and is not there" for path in SLEEPS if path not in paths and root == HERE]
    return found


# ---- the table of refusals: docs/REFUSALS.md has every reason that the code can say, and tests that exist -----------
REASON = re.compile(r'\bCode::([a-z_]+), "([a-z_]*)"')
TEST_NAME = re.compile(r"`([\w/]+\.(?:cpp|py)): (\w+)\.(\w+)`")


def refusals(root, paths):
    table = "docs/REFUSALS.md"
    if table not in paths:
        return []
    said, listed, found = {}, {}, []
    for path in paths:
        if path.endswith(".cpp") and path.split("/")[0] in ("agent", "policy", "ldap"):
            text = (root / path).read_text()
            for match in REASON.finditer(text):
                said.setdefault("/".join(filter(None, match.groups())), f"{path}:{line_of(text, match.start())}")
    for number, line in enumerate((root / table).read_text().splitlines(), 1):
        row = re.match(r"\| `([a-z_/]+)` \|", line)
        if row:
            listed[row[1]] = number
            found += [] if TEST_NAME.search(line) else [f"{table}:{number}: refusal: {row[1]} has no test"]
        for where, suite, test in TEST_NAME.findall(line):
            file = root / "tests" / where
            text = file.read_text() if file.is_file() else ""
            named = rf"^class {suite}\b(?:.|\n)*?^    def {test}\(" if where.endswith(".py") else rf"\bTEST(_F|_P)?\({suite}, {test}\)"
            found += [] if re.search(named, text, re.M) else [f"{table}:{number}: refusal: there is no test {where}: {suite}.{test}"]
    found += [f"{place}: refusal: {reason} is not in {table}" for reason, place in sorted(said.items()) if reason not in listed]
    return found + [f"{table}:{listed[reason]}: refusal: {reason} is said nowhere" for reason in sorted(set(listed) - set(said))]


# ---- the self-test ----------------------------------------------------------------------------------------------
PLANTED = {  # path: (text, line that must be named, start of what is said)
    "core/a.hpp": ('#include "protocol/b.hpp"\n', 1, "layer: core may not include protocol"),
    "agent/b.hpp": ('\n#include "service/c.hpp"\n', 2, "layer: agent may not include service"),
    "service/b.hpp": ('#include "agent/c.hpp"\n', 1, "layer: service may not include agent"),
    "policy/c.hpp": ('#include "config/c.hpp"\n', 1, "layer: policy may not include config"),
    "config/d.hpp": ('#include "ldap/connection.hpp"\n', 1, "layer: config may include ldap/settings.hpp only"),
    "queue/a.hpp": ('#include "misc/x.hpp"\n', 1, "layer: queue includes misc/x.hpp, which is in no room"),
    "agent/y.hpp": ("#include <yaml-cpp/yaml.h>\n", 1, "library: <yaml-cpp"), "agent/l.hpp": ("#include <ldap.h>\n", 1, "library: <ldap.h>"),
    "link/l.hpp": ("#include <lber.h>\n", 1, "library: <lber.h>"), "service/h.hpp": ("#include <boost/beast/http.hpp>\n", 1, "library: <boost/beast"),
    "queue/j.hpp": ("#include <sqlite3.h>\n", 1, "library: <sqlite3.h>"), "core/l.hpp": ("#include <spdlog/spdlog.h>\n", 1, "library: <spdlog"),
    "agent/c.hpp": ("#include <curl/curl.h>\n", 1, "library: <curl"),
    "service/e.hpp": ("// s.expose(x)\nauto x = s.expose(f);\n", 2, "secret:"), "agent/m.hpp": ("auto x = s->expose_mutable(f);\n", 1, "secret:"),
    "link/w.hpp": ("# ifdef _WIN32\n#endif\n", 1, "platform:"), "link/d.hpp": ("\nco_spawn(a, b, asio::detached);\n", 2, "task:"),
    "link/big.hpp": ("//\n" * 401, 401, "size: 401 lines"),
    "link/f.hpp": ("namespace a {\nstruct B {\nvoid f(int x) {\n" + "x;\n" * 69 + "}\n};\n}\n", 3, "size: a function of 71 lines"),
    "link/aw1.hpp": ("void f() {\n  co_await g(Frame{1});\n}\n", 2, "co_await: an unnamed"), "link/aw2.hpp": ("x = co_await g(1, {2});\n", 1, "co_await: an unnamed"),
    "link/aw3.hpp": ("co_await h(\n [&x](int y) { return x; });\n", 1, "co_await: a capturing"),
    "tests/t.py": ("import time\ntime.sleep(1)\n", 2, "test: sleeps"), "tests/t.sh": ("sleep 1\n", 1, "test: sleeps"),
    "tests/unit/t.hpp": ("std::this_thread::sleep_for(1ms);\n", 1, "test: sleeps"),
    "core/string_util.hpp": ("", 1, "name: a file's name"), "core/n.hpp": ("class LinkManager;\n", 1, "name: LinkManager"),
    "docs/x.md": ("see ../" + "shared/x\n", 1, "outside:"), "scripts/x": ("#!/bin/sh\ncurl https://deb.debian." + "org/\n", 2, "outside:"),
    "docs/y.json": ('"https://registry.' + 'npmjs.org/"\n', 1, "outside:"), "core/t.hpp": ("// TO" + "DO: later\n", 1, "unfinished:"),
    "core/unlisted.cpp": ("", 1, "build: not listed"),
    "agent/rf.cpp": ('\nSay{Code::failed, "new_one", {}};\n', 2, "refusal: failed/new_one is not in docs/REFUSALS.md"),
    "docs/REFUSALS.md": ("| `failed/known` | `unit/r_test.cpp: ATest.Is`, `unit/r_test.py: ATest.test_is` |\n| `failed/gone` | `unit/r_test.cpp: ATest.Is` |\n"
                         "| `failed` | x |\n`unit/r_test.cpp: ATest.IsNot`, `unit/r_test.py: ATest.test_is_not`, `unit/none.cpp: A.B`\n", 2, "refusal: failed/gone is said nowhere"),
}
ALSO = [("docs/REFUSALS.md", line, f"refusal: {what}") for line, what in (  # further breaches in a planted file
    (3, "failed has no test"), (4, "there is no test unit/r_test.cpp: ATest.IsNot"), (4, "there is no test unit/r_test.py: ATest.test_is_not"), (4, "there is no test unit/none.cpp: A.B"))]
CLEAN = {
    "core/ok.cpp": '#include "core/ok.hpp"\n// s.expose(x), asio::detached, <ldap.h>\nauto text = R"(asio::detached)";\nint million = 1\'000\'000;\n',
    "agent/worker.cpp": "void f() {\n  sealed.expose(g);\n  auto frame = Frame{1};\n  co_await g(frame, list[i], [](int x) { return x; });\n"
                        "  if (auto x = co_await g(); x) { y = Frame{1}; }\n  co_await h(std::move(a) || b);\n}\n",
    "policy/rows.cpp": 'Row{Code::failed, "known", 1}, Row{Code::failed, "", 1}, Row{Code::failed, "*", 1}', "tests/unit/r_test.cpp": "TEST_F(ATest, Is) {}\n",
    "tests/unit/r_test.py": "class ATest:\n    def test_is(self):\n        pass\n",
    "platform/windows/x.cpp": "#ifdef _WIN32\n#endif\n", "link/full.hpp": "//\n" * 400,
    "link/screen.hpp": "namespace a {\nvoid f(int x) {\n" + "if (x) { y(); }\n" * 68 + "}\n}\n",
    "config/s.hpp": '#include "ldap/settings.hpp"\n#include <vector>\n',
    "CMakeLists.txt": "wb_module(a core/ok.cpp agent/worker.cpp platform/windows/x.cpp agent/core/unlisted.cpp agent/rf.cpp policy/rows.cpp tests/unit/r_test.cpp)\n",
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {**CLEAN, **{p: planted[0] for p, planted in PLANTED.items()}}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        found = check(root)
    wanted = [f"{path}:{line}: {what}" for path, line, what in [(path, *planted[1:]) for path, planted in PLANTED.items()] + ALSO]
    wrong = [f"not found: {start}" for start in wanted if not any(f.startswith(start) for f in found)]
    wrong += [f"found and not planted: {f}" for f in found if not any(f.startswith(start) for start in wanted)]
    print("\n".join(wrong) or f"{len(wanted)} planted breaches, each found")
    return 1 if wrong else 0


HERE = pathlib.Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    breaches = check(pathlib.Path(sys.argv[1]).resolve() if sys.argv[1:] else HERE)
    print("\n".join(breaches) or "tidy")
    sys.exit(1 if breaches else 0)

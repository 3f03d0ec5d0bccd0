#!/usr/bin/env python3
"""What README and docs/*.md name is there: links and anchors, programs' verbs and options, events, exit codes, quoted texts.
(The catalogue of events itself: events_test.py.)"""
import functools
import json
import pathlib
import re
import subprocess
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGES = [TOP / "README.md", TOP / "SECURITY.md", TOP / "CHANGELOG.md", *sorted((TOP / "docs").rglob("*.md"))]
TROUBLE = TOP / "docs/TROUBLESHOOTING.md"
PROGRAMS = ("writeback-agent", "reset-service", "writeback-passwords")
ROOMS = ("agent", "service", "core", "config", "crypto", "ldap", "link", "platform", "policy", "protocol", "queue", "tools")


@functools.cache
def text_of(path):
    return path.read_text(encoding="utf-8")


@functools.cache
def code(*rooms):
    return "\n".join(text_of(file) for room in rooms for file in sorted((TOP / room).rglob("*.[ch]pp")))


def without_blocks(text):
    """Markdown without what is code: fences, indented blocks, spans. Line breaks stay."""
    text = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), text, flags=re.M | re.S)
    text = re.sub(r"^    .*$", "", text, flags=re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors_of(text):
    """As GitHub makes them: lower case, without punctuation, a hyphen for each space; the second of a name with -1 behind it."""
    found, seen = set(), {}
    for title in re.findall(r"^#{1,6} +(.*?) *#*$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        name = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.add(name if name not in seen else f"{name}-{seen[name]}")
        seen[name] = seen.get(name, 0) + 1
    return found


def code_pieces(text):
    """(line, code) of each span and each line of a block; a line that ends in a backslash goes on in the next one."""
    for match in re.finditer(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"^```.*$", "", text, flags=re.M)):
        yield text.count("\n", 0, match.start()) + 1, match[1].replace("\n", " ").replace("\\|", "|")
    fenced, joined = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.startswith("```")
        if (fenced or line.startswith("    ")) and not line.startswith("```"):
            joined += line.strip()
            if joined.endswith("\\"):
                joined = joined[:-1]
                continue
            yield number, joined
        joined = ""


def verbs_of_agent():
    rows = re.findall(r'\{Verb::\w+, "([^"]*)", "([^"]*)", "([^"]*)", "([^"]*)",\s', text_of(TOP / "agent/command_line.cpp"))
    return {words: {option.rstrip("!?") for option in options.split()} | {"config", "help"} for words, options, _, _ in rows}


def verbs_of_service():
    table = text_of(TOP / "service/command_line.cpp").partition("constexpr Verb verbs[]")[2].partition("\n};")[0]
    rows = re.findall(r'^    \{"([^"]+)", "([^"]*)",\s', table, re.M)
    return {words: {option.rstrip("!?") for option in options.split()} | {"config", "help"} for words, options in rows}


def verbs_of_passwords():
    usage = text_of(TOP / "tools/passwords.cpp").partition("usage =")[2].partition(";\n")[0]
    return {line.split()[0]: set(re.findall(r"--([a-z-]+)", line)) for line in re.findall(r'"  ([a-z][^"]*)"', usage)}


@functools.cache
def verbs():
    return dict(zip(PROGRAMS, (verbs_of_agent(), verbs_of_service(), verbs_of_passwords())))


def commands_in(piece):
    """(program, verb, options) of what a piece of code calls; None for a verb that there is not."""
    for match in re.finditer(r"(?:^|-- +|[(;|&=] *|/usr/bin/)(" + "|".join(PROGRAMS) + r") +([a-z][^;|>#&]*)", piece):
        words = re.split(r"\s+", match[2].strip().rstrip(")."))
        there = verbs()[match[1]]
        verb = next((v for v in (" ".join(words[:2]), words[0]) if v in there), None)
        yield match[1], verb, " ".join(words[:2]), set(re.findall(r"(?<!\S)\[?--([a-z][a-z-]*)", match[2]))


class EveryPage(unittest.TestCase):
    def test_leads_nowhere_where_nothing_is(self):
        broken, checked = [], 0
        for page in PAGES:
            for match in re.finditer(r"(?:\[[^\]]*\]\(|<img [^>]*src=\")([^)\s\"]+)[)\"]", without_blocks(text_of(page))):
                target, _, anchor = match[1].partition("#")
                if re.match(r"[a-z]+:", match[1]):
                    continue
                checked += 1
                file = (page.parent / target).resolve() if target else page
                if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors_of(text_of(file))):
                    broken.append(f"{page.relative_to(TOP)}: {match[1]}")
        self.assertEqual(broken, [])
        self.assertGreater(checked, 60)

    def test_calls_only_verbs_and_options_that_there_are(self):
        wrong, checked = [], 0
        for page in PAGES:
            for line, piece in code_pieces(text_of(page)):
                for program, verb, said, options in commands_in(piece):
                    checked += 1
                    place = f"{page.relative_to(TOP)}:{line}: {program} {said}"
                    if verb is None:
                        wrong.append(f"{place}: no such verb")
                    elif unknown := options - verbs()[program][verb]:
                        wrong.append(f"{place}: no option {sorted(unknown)}")
        self.assertEqual(wrong, [])
        self.assertGreater(checked, 100)

    def test_names_events_reasons_and_keys_that_there_are(self):
        sources = [file for file in subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
                   if not file.startswith("tests/fuzz/corpus") and not file.endswith((".md", "package-lock.json"))]
        there = set()
        for file in sources:
            try:
                there |= set(re.findall(r"[A-Za-z0-9_.]+", text_of(TOP / file)))
            except (UnicodeDecodeError, IsADirectoryError, FileNotFoundError):
                continue
        parts = {part for word in there for part in word.split(".")}
        gone = []
        for page in (TROUBLE, TOP / "docs/OPERATIONS.md", TOP / "docs/REFUSALS.md", TOP / "docs/UPGRADE.md", TOP / "docs/INSTALL.md"):
            for match in re.finditer(r"`([a-z][a-z0-9]*(?:[_.][a-z0-9]+)+)`", text_of(page) if page.exists() else ""):
                word = match[1]
                # An event or a place stands in the code as it is; of a key's path (directory.uris) the code knows the parts, of a metric the end.
                if word not in there and not all(part in parts or "writeback_agent_" + part in parts for part in word.split(".")):
                    gone.append(f"{page.name}: {word}")
        self.assertEqual(gone, [])


class Troubleshooting(unittest.TestCase):
    def test_has_every_exit_code_and_no_other(self):
        table = text_of(TROUBLE).partition("\n### Exit codes\n")[2].partition("\n## ")[0]
        listed = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.M)}
        tool = text_of(TOP / "tools/passwords.cpp")
        there = {int(number) for number in re.findall(r"\bexit_\w+ = (\d+)", code("agent", "service", "core"))} | {int(n) for n in re.findall(r"\b(?:failed|wrong_usage) = (\d+)", tool)} | {0}
        scripts = {int(number) for name in ("install", "demo") for number in re.findall(r"(?:^ *exit|CODE=|: exit) ?(\d+)", text_of(TOP / "scripts" / name), re.M)}
        self.assertEqual(listed, there | scripts)
        for page in PAGES:
            for number in re.findall(r"[Ee]xit code (\d+)", text_of(page)):
                self.assertIn(int(number), there | scripts, f"{page.name}: exit code {number}")

    def test_quotes_what_people_are_told_to_the_letter(self):
        def strings(value):
            return [s for v in value.values() for s in strings(v)] if isinstance(value, dict) else [value]
        told = {s for file in ("service/messages/en.json", "portal/src/messages/en.json") for s in strings(json.loads(text_of(TOP / file)))}
        quoted = re.findall(r'^### "(.*)"$', text_of(TROUBLE), re.M)
        self.assertGreater(len(quoted), 10)
        self.assertEqual([q for q in quoted if q not in told], [])

    def test_knows_every_reason_for_no_link_and_for_no_readiness(self):
        links = re.findall(r'case LinkTrouble::\w+: return "(\w+)"', text_of(TOP / "agent/link_trouble.cpp"))
        ready = re.findall(r'not_ready\("(\w+)"\)', text_of(TOP / "agent/session.cpp")) + \
            re.findall(r'return "(\w+)"', text_of(TOP / "agent/trust_state.cpp").partition("TrustState::why_not")[2].partition("\n}")[0]) + \
            re.findall(r'\? "(service_keys_\w+)"|"" : "(service_keys_\w+)"', text_of(TOP / "agent/trust_state.cpp"))[0:1]
        named = [r if isinstance(r, str) else next(filter(None, r)) for r in links + ready]
        self.assertGreater(len(named), 20)
        self.assertEqual([r for r in named if r != "other" and f"`{r}`" not in text_of(TROUBLE)], [])


class TheseChecks(unittest.TestCase):
    """Planted breaches, so that none of the above is right for want of eyes."""

    def test_see_a_verb_and_an_option_that_there_are_not(self):
        (_, verb, _, _), = commands_in("runuser -u x -- reset-service agents unlist")
        self.assertIsNone(verb)
        (program, verb, _, options), = commands_in("writeback-agent keys rotate --sining --uri U    # why")
        self.assertEqual((verb, options - verbs()[program][verb]), ("keys rotate", {"sining"}))

    def test_make_anchors_as_the_pages_are_shown(self):
        self.assertEqual(anchors_of("## A domain's root\n```\n# no title\n```\n### 2. The agent (inside)\n## A b\n## A b\n"),
                         {"a-domains-root", "2-the-agent-inside", "a-b", "a-b-1"})
        self.assertEqual(list(code_pieces("a `b\nc` d\n\n    e \\\n      f\n```\ng\n```\n")), [(1, "b c"), (5, "e f"), (7, "g")])


if __name__ == "__main__":
    unittest.main()

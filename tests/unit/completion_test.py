#!/usr/bin/env python3
"""debian/completions are made of the programs' own tables of verbs, and complete every verb and option that there is, in bash itself.

    tests/unit/completion_test.py --write    makes them anew, after a change of a table"""
import pathlib
import re
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER = TOP / "debian/completions"
FILES = {"config", "token-file", "passphrase-file", "root", "out", "banned", "breached", "log"}  # options whose value is a file
OPERANDS = ("FILE", "[FILE]", "[FILE...]", "DIR", "REQUEST", "ENDORSEMENTS", "LIST")


def agent():
    """Verb: (options with a value, those without, whether a file may follow)."""
    rows = re.findall(r'\{Verb::\w+, "([^"]*)", "([^"]*)", "([^"]*)", "', (TOP / "agent/command_line.cpp").read_text(encoding="utf-8"))
    return {verb: ({o.rstrip("!") for o in options.split() if not o.endswith("?")} | ({"config"} if verb != "version" else set()),
                   {o[:-1] for o in options.split() if o.endswith("?")} | {"help"}, operand in OPERANDS) for verb, options, operand in rows}


def service():
    table = (TOP / "service/command_line.cpp").read_text(encoding="utf-8").partition("constexpr Verb verbs[]")[2].partition("\n};")[0]
    rows = re.findall(r'^    \{"([^"]+)", "([^"]*)",\s+"([^"]*)', table, re.M)
    return {verb: ({o.rstrip("?") for o in options.split() if not o.endswith("!")} | {"config"}, {o[:-1] for o in options.split() if o.endswith("!")} | {"help"},
                   any(word in OPERANDS for word in re.split(r":|\[?--", text)[0].split())) for verb, options, text in rows}


def passwords():
    usage = (TOP / "tools/passwords.cpp").read_text(encoding="utf-8").partition("usage =")[2].partition(";\n")[0]
    return {line.split()[0]: (set(re.findall(r"--([a-z-]+)", line)), set(), any(word in OPERANDS for word in line.split())) for line in re.findall(r'"  ([a-z][^"]*)"', usage)}


PROGRAMS = {"writeback-agent": agent, "reset-service": service, "writeback-passwords": passwords}


def dashed(options):
    return " ".join(f"--{option}" for option in sorted(options))


def made(program):
    verbs = PROGRAMS[program]()
    firsts = sorted({verb.split()[0] for verb in verbs})
    name = "_" + program.replace("-", "_")
    values = set().union(*(value for value, _, _ in verbs.values()))
    lines = [f"# bash completion of {program}: tests/unit/completion_test.py --write makes it of the program's table of verbs", f"{name}() {{",
             "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options='' file=''",
             "  COMPREPLY=()",
             "  if ((COMP_CWORD == 1)); then", f'    mapfile -t COMPREPLY < <(compgen -W "{" ".join(firsts)} --help" -- "$word")', "    return", "  fi",
             "  case ${COMP_WORDS[1]} in"]
    for first in firsts:
        seconds = sorted(verb.split()[1] for verb in verbs if verb.startswith(first + " "))
        if seconds:
            lines.append(f'    {first}) if ((COMP_CWORD == 2)); then mapfile -t COMPREPLY < <(compgen -W "{" ".join(seconds)}" -- "$word"); return; fi ;;')
    lines += ["  esac", '  case "${COMP_WORDS[1]} ${COMP_WORDS[2]-}" in']
    for verb, (value, flags, file) in verbs.items():
        pattern = f'"{verb}"' if " " in verb else f'"{verb} "*'
        lines.append(f"    {pattern}) options='{dashed(value | flags)}'{' file=yes' if file else ''} ;;")
    lines += ["    *) return ;;", "  esac", "  case $before in"]
    if values & FILES:
        lines.append(f"    {dashed(values & FILES).replace(' ', ' | ')}) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;")
    if values - FILES:
        lines.append(f"    {dashed(values - FILES).replace(' ', ' | ')}) return ;;")
    lines += ["  esac", '  if [[ $word == -* || ! $file ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")',
              '  else mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi', "}", f"complete -o filenames -F {name} {program}"]
    return "\n".join(lines) + "\n"


def completed(program, *lines):
    """What bash offers behind each of the lines (words; the last one is being typed)."""
    script = [f"source {FOLDER / program}"]
    for words in lines:
        quoted = " ".join(f"'{word}'" for word in (program, *words))
        script.append(f"COMP_WORDS=({quoted}) COMP_CWORD={len(words)}; _{program.replace('-', '_')}; echo \"${{COMPREPLY[*]}}\"")
    done = subprocess.run(["bash", "-eu", "-c", "\n".join(script)], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [set(line.split()) for line in done.stdout.split("\n")[:-1]]


class TheCompletion(unittest.TestCase):
    def test_is_made_of_the_tables_of_now(self):
        for program in PROGRAMS:
            self.assertEqual((FOLDER / program).read_text(encoding="utf-8"), made(program), f"make it anew: {pathlib.Path(__file__).name} --write")

    def test_offers_every_verb_and_every_option_of_it_and_no_other(self):
        for program, table in PROGRAMS.items():
            verbs = table()
            self.assertGreater(len(verbs), 2)
            first, = completed(program, ("",))
            self.assertEqual(first, {verb.split()[0] for verb in verbs} | {"--help"})
            for verb, (options, (value, flags, _)) in zip(verbs, zip(completed(program, *((*verb.split(), "--") for verb in verbs)), verbs.values())):
                self.assertEqual(options, {f"--{option}" for option in value | flags}, f"{program} {verb}")

    def test_offers_files_where_a_file_is_meant(self):
        there = set(PROGRAMS)
        self.assertEqual(completed("writeback-agent", ("enroll", "--token-file", ""), ("check-config", ""), ("enroll", "--service", ""), ("keys", "export-root", "w")),
                         [there, there, set(), {"writeback-agent", "writeback-passwords"}])
        self.assertEqual(completed("reset-service", ("keys", "re"), ("restore", "res"), ("letters", "set", "frozen", "de", "res"), ("settings", "set", "--domain", ""), ("nothing", "")),
                         [{"request"}, {"reset-service"}, {"reset-service"}, set(), set()])

    def test_knows_every_verb_and_option_of_the_help(self):
        """The agent's help is made of other words of the same rows: what they name must be taken."""
        text = (TOP / "agent/command_line.cpp").read_text(encoding="utf-8")
        for verb, synopsis in re.findall(r'\{Verb::\w+, "([^"]*)", "[^"]*", "[^"]*", "([^"]*)"', text):
            value, flags, _ = agent()[verb]
            self.assertLessEqual(set(re.findall(r"--([a-z-]+)", synopsis)), value | flags, verb)
        table = (TOP / "service/command_line.cpp").read_text(encoding="utf-8").partition("constexpr Verb verbs[]")[2].partition("\n};")[0]
        for verb, text in re.findall(r'^    \{"([^"]+)", "[^"]*",((?:\s*"(?:[^"\\]|\\.)*")+)', table, re.M):
            value, flags, _ = service()[verb]
            self.assertLessEqual(set(re.findall(r"--([a-z-]+)", re.sub(r"`[^`]*`", "", text))), value | flags, verb)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        for one in PROGRAMS:
            (FOLDER / one).write_text(made(one), encoding="utf-8")
    else:
        unittest.main()

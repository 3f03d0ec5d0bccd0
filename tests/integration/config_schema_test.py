#!/usr/bin/env python3
"""docs/schema/*.json (JSON Schema, for editors) say what the programs' check-config says. They are made, and held to it, by asking: each key is given something
wrong, and what the program then names as expected becomes its type, range and choices; explanations are the example files' comments.

    tests/integration/config_schema_test.py --write    makes both files anew, after a change of config/

That each key of the code is among them: tests/unit/example_config_test.cpp."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WB_BIN", TOP / "build/dev"))
DOMAIN = "domains[0]"
PROGRAMS = {
    "writeback-agent": ("agent", {f"{DOMAIN}.directory": {"principal": "svc-writeback", "keytab_file": "svc.keytab"},
                                  f"{DOMAIN}.password_rules": {"breached": {"mode": "enforce", "file": "breached.wbp"}}}),
    "reset-service": ("service", {}),
}
SCHEMAS = {"writeback-agent": "agent.schema.json", "reset-service": "reset-service.schema.json"}
# What depends on another key, and no question about one key alone can find.
SIGN_IN = {"if": {"properties": {"encryption": {"const": "kerberos"}}, "required": ["encryption"]},
           "then": {"required": ["principal", "keytab_file"], "properties": {"bind_dn": False, "bind_password_file": False}},
           "else": {"required": ["bind_dn", "bind_password_file"], "properties": {"principal": False, "keytab_file": False}}}


class Yaml(yaml.BaseLoader):
    """YAML as the programs and the editors' YAML 1.2 read it: off and yes are words."""


Yaml.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[0-9]+$"), list("0123456789"))
Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Yaml.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|~|)$"), ["n", "~", ""])
Yaml.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
Yaml.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value == "true")
Yaml.add_constructor("tag:yaml.org,2002:null", lambda _, node: None)


def example(program):
    return (TOP / f"config/{PROGRAMS[program][0]}.example.yaml").read_text(encoding="utf-8")


def check(program, document):
    """What the program finds wrong: key, what it expected. JSON is YAML."""
    with tempfile.TemporaryDirectory(prefix="wb-schema-") as folder:
        file = pathlib.Path(folder, "config.yaml")
        file.write_text(json.dumps(document), encoding="utf-8")
        done = subprocess.run([str(BIN / program), "check-config", str(file)], capture_output=True, text=True, timeout=60, check=False)
    found = re.findall(r"config\.yaml:\d+:\d+: (\S+): expected (.*)", done.stderr)
    assert done.returncode == (78 if found else 0), done.stderr
    return dict(reversed(found))  # of several the first


def example_with_all_keys(program):
    made = yaml.load(example(program), Yaml)
    for path, more in PROGRAMS[program][1].items():
        at = made
        for part in re.findall(r"[^.\[\]]+", path):
            at = at[int(part) if part.isdigit() else part]
        at.update(more)
    return made


def mapped(document, change, path=""):
    """The document with each leaf as change(path, leaf) has it; a list of maps is kept, any other is a leaf."""
    if isinstance(document, dict):
        return {key: mapped(value, change, f"{path}.{key}" if path else key) for key, value in document.items()}
    if isinstance(document, list) and document and isinstance(document[0], dict):
        return [mapped(value, change, f"{path}[{at}]") for at, value in enumerate(document)]
    return change(path, document)


def shape_of(expected):
    if listed := re.match(r"a list of (\d+) to (\d+), each (.*)", expected):
        return {"type": "array", "minItems": int(listed[1]), "maxItems": int(listed[2]), "items": shape_of(listed[3])}
    if whole := re.match(r"a whole number from (\d+) to (\d+)$", expected):
        return {"type": "integer", "minimum": int(whole[1]), "maximum": int(whole[2])}
    if expected == "true or false":
        return {"type": "boolean"}
    if re.match(r"\w+(, \w+)* or \w+$", expected):
        return {"enum": re.split(r", | or ", expected)}
    starts = sorted(set(re.findall(r"\b(https|ldaps?)://", expected)))
    return {"type": "string", **({"pattern": "^ldaps?://" if starts[0].startswith("ldap") else "^https://"} if starts else {}), "description": f"Expected: {expected}"}


def comments(program):
    """Path: the comment above the key in the example file, in one line."""
    found, above, stack = {}, [], []
    for line in example(program).splitlines():
        text = line.strip()
        if text.startswith("#") and not re.match(r"# \w+:( |$)|#   \w+:", text):
            above.append(text.lstrip("# "))
            continue
        if key := re.match(r"^( *)(?:- )?(\w+):", line):
            depth = len(key[1]) + (2 if line.strip().startswith("- ") else 0)
            stack = [(d, k) for d, k in stack if d < depth] + [(depth, key[2])]
            path = ".".join(k for _, k in stack).replace("domains.", f"{DOMAIN}.")
            if above:
                found[path] = " ".join(above)
        if text == "" or key:
            above = []
    return found


def make(program):
    whole = example_with_all_keys(program)
    expected = check(program, mapped(whole, lambda _, leaf: "x" if isinstance(leaf, list) else []))
    empty_is_wrong = check(program, mapped(whole, lambda _, leaf: None))
    needed = {path for path, text in check(program, {"domains": [{}]} if "domains" in whole else {}).items() if "the key is missing" in text}
    needed |= {path for path, text in check(program, mapped_sections(whole)).items() if "the key is missing" in text}
    needs_section = {path.rsplit(".", 1)[0] for path in check(program, {"domains": [{}]} if "domains" in whole else {}) if "." in path}
    explained = comments(program)

    def node(value, path):
        said = {"description": explained[path]} if path in explained else {}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            listed = re.match(r"a list of (\d+) to (\d+)", check(program, {**whole, path: "x"})[path])
            return {**said, "type": "array", "minItems": int(listed[1]), "maxItems": int(listed[2]), "items": node(value[0], f"{path}[0]")}
        if isinstance(value, dict):
            of = {key: f"{path}.{key}" if path else key for key in value}
            conditional = SIGN_IN["then"]["properties"].keys() | SIGN_IN["else"]["properties"].keys()
            required = [key for key, at in of.items() if (at in needed or at in needs_section or key == "domains") and key not in conditional]
            return {**said, "type": "object", "additionalProperties": False, **({"required": required} if required else {}),
                    "properties": {key: node(inner, of[key]) for key, inner in value.items()}, **(SIGN_IN if path == f"{DOMAIN}.directory" else {})}
        shape = shape_of(expected[path])
        if "type" in shape and path not in empty_is_wrong:
            shape["type"] = [shape["type"], "null"]
        if said and "description" in shape:
            said["description"] += " " + shape.pop("description")
        return {**shape, **said}

    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"Configuration of {program}", **node(whole, "")}


def mapped_sections(document):
    """The sections alone, all of them, without a key."""
    return {key: mapped_sections(value) if isinstance(value, dict) else [mapped_sections(value[0])]
            for key, value in document.items() if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))}


def text_of(program):
    return json.dumps(make(program), indent=1, ensure_ascii=False) + "\n"


def shipped(program):
    return json.loads((TOP / "docs/schema" / SCHEMAS[program]).read_text(encoding="utf-8"))


def problems(program, document):
    return [error.message for error in jsonschema.Draft7Validator(shipped(program)).iter_errors(document)]


class TheSchema(unittest.TestCase):
    maxDiff = 2000

    def test_is_what_check_config_says(self):
        for program, name in SCHEMAS.items():
            jsonschema.Draft7Validator.check_schema(shipped(program))
            self.assertEqual((TOP / "docs/schema" / name).read_text(encoding="utf-8"), text_of(program), f"make it anew: {pathlib.Path(__file__).name} --write")

    def test_takes_the_example_that_is_shipped_and_is_named_in_it(self):
        for program, name in SCHEMAS.items():
            self.assertEqual(problems(program, yaml.load(example(program), Yaml)), [])
            self.assertTrue(example(program).startswith(f"# yaml-language-server: $schema=/usr/share/{program}/{name}\n"))

    def test_refuses_what_check_config_refuses(self):
        def changed(change):
            document = yaml.load(example("writeback-agent"), Yaml)
            change(document, document["domains"][0])
            return document
        kerberos = {"encryption": "kerberos", "uris": ["ldap://dc1.corp.example"]}
        secret = {"bind_dn", "bind_password_file"}
        right = [lambda top, one: one["directory"].pop("uris"), lambda top, one: top["service"].update(ca_file=None), lambda top, one: top.pop("metrics"),
                 lambda top, one: one.update(directory={**{k: v for k, v in one["directory"].items() if k not in secret}, **kerberos, "principal": "svc", "keytab_file": "k"})]
        wrong = [lambda top, one: top.update(widow=8), lambda top, one: top["service"].pop("url"), lambda top, one: one["guardrails"].update(allow_ous=[]),
                 lambda top, one: one["directory"].update(uris=["http://dc1.corp.example"]), lambda top, one: one["directory"].update(kerberos),
                 lambda top, one: one["directory"].update(bind_password="x"), lambda top, one: top.update(window=65), lambda top, one: top.update(window="8x"),
                 lambda top, one: one["guardrails"]["volume"].update(mode="on"), lambda top, one: top.update(domains=[]), lambda top, one: top.update(domains=[one] * 17),
                 lambda top, one: one["directory"].pop("bind_dn"), lambda top, one: one["password_rules"].update(breached={})]
        for expected, cases in ((False, right), (True, wrong)):
            for case in cases:
                document = changed(case)
                self.assertEqual(bool(check("writeback-agent", document)), expected, document)
                self.assertEqual(bool(problems("writeback-agent", document)), expected, document)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        for one, file in SCHEMAS.items():
            (TOP / "docs/schema" / file).write_text(text_of(one), encoding="utf-8")
    else:
        unittest.main()

"""The table of a configuration keeps its keys within one version; every configuration of the tree fits the schema."""
import json
import os
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

import data_tool as tool

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
KEYS = ROOT / "tests" / "golden" / "config_keys.txt"


def schema(*words):
    told = json.loads(tool.keel("config", "schema", *words)[0])
    jsonschema.Draft202012Validator.check_schema(told)
    return told


def strategies():
    return [line.split()[0] for line in tool.keel("strategy", "list")[0].splitlines()]


def kinds(of_schema):
    """section.key -> what a value may be, in one word."""
    found = {}
    for section, body in of_schema["properties"].items():
        keys = {f"{section}.{k}": v for k, v in body["properties"].items()} if "properties" in body else {section: body}
        for path, entry in keys.items():
            found[path] = "enum" if "enum" in entry else entry["type"] + ("/duration" if "ms|s|m" in entry.get("pattern", "") else "")
    return found


def current():
    """The keys of the table: those of every run and those of each built-in strategy."""
    found = {path: kind for path, kind in kinds(schema()).items() if path != "strategy"}
    for name in strategies():
        own = schema("--strategy", name)
        found |= {f"{name}: {path}": kind for path, kind in kinds(own).items() if path.startswith("strategy.")}
    return found


def recorded():
    lines = [line for line in KEYS.read_text().splitlines() if line and not line.startswith("#")]
    version = int(lines[0].removeprefix("version "))
    return version, dict(line.rsplit(" ", 1) for line in lines[1:])


def lost(before, after):
    """What a file written for `before` could no longer say."""
    return sorted(path for path, kind in before.items() if after.get(path) != kind)


def test_no_key_goes_without_a_new_version():
    """[CFG-01.5] A key that is gone, renamed or of another type needs a new schema version and a row of
    keel_config_change; then tests/golden/config_keys.txt is written anew. New keys need nothing."""
    version, before = recorded()
    assert json.loads(tool.keel("config", "schema")[0])["properties"]["schema_version"]["maximum"] == version
    assert len(before) > 150
    gone = lost(before, current())
    assert not gone, f"{gone}: raise KEEL_RUN_CONFIG_VERSION, say what became of them, and write {KEYS.name} anew"


def test_a_lost_key_is_seen():
    _, before = recorded()
    after = {**before, "account.leverage": "boolean"}
    del after["run.timeframe"]
    assert lost(before, after) == ["account.leverage", "run.timeframe"]


def test_a_newer_file_is_refused_wherever_it_lies(tmp_path):
    """[T-401] As the home's config.yaml, as --config, below another file that is right."""
    right, newer = tmp_path / "right.yaml", tmp_path / "newer.yaml"
    right.write_text("schema_version: 1\n")
    newer.write_text("run:\n  strategy: ema_cross\nschema_version: 2\n")
    for words in (["--config", newer], ["--config", newer, "--config", right], ["--config", right, "--config", newer]):
        for verb in (["config", "check"], ["config", "show"], ["backtest", "run", "--store", tmp_path]):
            line = tool.refused(*verb, *words, code=2)
            assert line == (f"schema_version 2 is newer than this keel: {newer}:3: it reads up to 1; use a newer keel, or write "
                            "the file anew from 'keel config sample'")


EXAMPLES = sorted(p for p in (ROOT / "examples").glob("*.yaml") if not p.stem.endswith("_space"))  # spaces of sweeps are no configurations


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_every_example_fits_the_schema(path):
    text = path.read_text()
    jsonschema.Draft202012Validator(schema()).validate(yaml.safe_load(text))
    tool.keel("config", "check", "--config", path)


def test_samples_of_all_strategies_fit_the_schema():
    validator = jsonschema.Draft202012Validator(schema())
    for name in strategies():
        sample = yaml.safe_load(tool.keel("config", "sample", "--strategy", name)[0])
        validator.validate(sample)
        jsonschema.Draft202012Validator(schema("--strategy", name)).validate(sample)


@pytest.mark.parametrize("text, where", [
    ("run: {strategy: ema_cross}\nstrategy: {fats: 9}\n", "strategy"),
    ("run: {strategy: ema_cross}\nstrategy: {fast: 0}\n", "fast"),
    ("run: {strategy: rsi_reversion}\nstrategy: {fast: 9}\n", "strategy"),
    ("run: {timeframe: 1 hour}\n", "timeframe"),
    ("run: {symbols: [1, 2]}\n", "symbols"),
    ("account: {leverage: high}\n", "leverage"),
    ("acount: {leverage: 2}\n", None),
    ("schema_version: 2\n", "schema_version"),
])
def test_the_schema_refuses_what_keel_refuses(tmp_path, text, where):
    """An editor marks the same mistakes, in the same place, before keel is run."""
    errors = list(jsonschema.Draft202012Validator(schema()).iter_errors(yaml.safe_load(text)))
    assert errors and any(where is None or where in map(str, e.absolute_path) for e in errors), errors
    file = tmp_path / "a.yaml"
    file.write_text(text)
    if "[1, 2]" not in text:
        tool.keel("config", "check", "--config", file, code=2)


def test_completion_of_editors_has_what_it_needs():
    """Each key tells its meaning and default; strategies and choices are offered as words."""
    told = schema()
    for section, body in told["properties"].items():
        for key, entry in body.get("properties", {}).items():
            assert entry["description"], (section, key)
    offered = told["properties"]["run"]["properties"]["strategy"]["anyOf"][0]["enum"]
    assert offered == strategies()
    assert [rule["if"]["properties"]["run"]["properties"]["strategy"]["const"] for rule in told["allOf"]] == offered
    assert re.search(r"yaml-language-server: \$schema", tool.keel("config", "schema", "--help")[0])

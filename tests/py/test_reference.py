"""The pages that are written from the program are current, and the examples are configurations that load and run."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import data_tool as tool

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
EXAMPLES = sorted(p for p in (ROOT / "examples").glob("*.yaml") if not p.stem.endswith("_space"))  # spaces of sweeps are no configurations


def reference(*words):
    return subprocess.run([sys.executable, ROOT / "script" / "reference", "--keel", tool.program(), *words],
                          capture_output=True, text=True, timeout=300)


def test_pages_are_current():
    """[CFG-01] Help, defaults, bounds and sentences on the pages are those of this program."""
    done = reference("--check")
    assert done.returncode == 0, done.stdout + done.stderr + "run script/reference"


def test_a_stale_page_is_seen(tmp_path):
    """In a copy with one default changed the check fails and names the page; without the option it is put right."""
    (tmp_path / "script").mkdir()
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    script = tmp_path / "script" / "reference"
    script.write_text((ROOT / "script" / "reference").read_text())
    for page in ("cli.md", "parameters.md"):
        (tmp_path / "docs" / "reference" / page).write_text((ROOT / "docs" / "reference" / page).read_text())
    page = tmp_path / "docs" / "reference" / "parameters.md"
    page.write_text(page.read_text().replace("| 0.03 |", "| 0.04 |", 1))
    argv = [sys.executable, script, "--keel", tool.program()]
    for more, code, says in ((["--check"], 1, "parameters.md: out of date"), ([], 0, "parameters.md: written"),
                             (["--check"], 0, "parameters.md: current")):
        done = subprocess.run([*argv, *more], capture_output=True, text=True, timeout=300)
        assert done.returncode == code and says in done.stdout, done.stdout + done.stderr
    assert page.read_text() == (ROOT / "docs" / "reference" / "parameters.md").read_text()


def test_every_parameter_and_command_is_there():
    """[CFG-01] Against the schema and the list of verbs, which the pages are not made from."""
    page = (ROOT / "docs" / "reference" / "parameters.md").read_text()
    for strategy in (line.split()[0] for line in tool.keel("strategy", "list")[0].splitlines()):
        schema = json.loads(tool.keel("config", "schema", "--strategy", strategy)[0])
        for section, rows in schema["properties"].items():
            for key in rows.get("properties", {}):
                assert f"`{section}.{key}`" in page, f"{section}.{key} of {strategy}"
    commands = (ROOT / "docs" / "reference" / "cli.md").read_text()
    verbs = re.findall(r"^KEEL_VERB\((\w+)\)", (ROOT / "src/app/cli/verbs.def").read_text(), re.M)
    assert len(verbs) > 10
    # validate_walk_forward.c is the verb walk-forward of validate
    assert [v.replace("_", " ", 1).replace("_", "-") for v in verbs] == re.findall(r"^## keel (\S.*)$", commands, re.M)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synth") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT,ETHUSDT", "--interval", "5m", "--days", 60, "--also", "1h",
              "--seed", 3)
    return folder


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_load_and_trade(store, path):
    """[CFG-01] No problem, every line in force, a run with trades."""
    tool.keel("config", "check", "--config", path)
    given = tool.keel("config", "show", "--config", path)[0]
    keys = re.findall(r"^  (\w+):", path.read_text(), re.M)
    assert len(keys) > 5
    assert sorted(keys) == sorted(re.findall(r"^  (\w+):", given, re.M)), "a line of the example is not what keel read"
    document = tool.keel_json("backtest", "run", "--config", path, "--store", store, "--no-baselines")
    assert document["strategy"] == path.stem or document["accounts"] is not None
    assert all(s["trades"] > 5 for s in document["per_strategy"])


def test_examples_say_what_is_wrong_with_them(tmp_path):
    """The check is one: a value out of bounds and an unknown name in an example are refused with their lines."""
    text = EXAMPLES[0].read_text()
    for old, new in (("slow: 26", "slow: 26000"), ("slippage_bps", "slipage_bps")):
        assert old in text
        path = tmp_path / "wrong.yaml"
        path.write_text(text.replace(old, new))
        line = next(i for i, row in enumerate(path.read_text().splitlines(), 1) if new in row)
        done = subprocess.run([tool.program(), "config", "check", "--config", path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and f"wrong.yaml:{line}" in done.stdout + done.stderr


def test_there_are_examples():
    assert {p.stem for p in EXAMPLES} >= {"trend", "ema_cross"}
    assert all(p.read_text().startswith("# ") for p in EXAMPLES)

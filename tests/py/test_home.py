"""The home: what keel init makes, how a home is found, what commands take from it."""
import json
import os
import re
import stat
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

import data_tool as tool

FOLDERS = ["strategies", "data", "runs", "sweeps", "registry", "journal", "logs", "secrets"]
PRIVATE = ["registry", "journal", "logs", "secrets"]
FILES = [".gitignore", ".keel-home", "config.schema.json", "config.yaml"]


def keel(folder, *words, code=0, **variables):
    env = {k: v for k, v in os.environ.items() if not k.startswith("KEEL_H") and not k.startswith("KEEL__")}
    done = subprocess.run([tool.program(), *map(str, words)], capture_output=True, text=True, timeout=120, cwd=folder,
                          env={**env, **variables})
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return done


def line(done):
    assert done.stdout == "" and done.stderr.count("\n") == 1, done.stdout + done.stderr
    return done.stderr.removeprefix("keel: ").rstrip("\n")


def snapshot(folder):
    return {p.relative_to(folder).as_posix(): (p.read_bytes() if p.is_file() else None, p.stat().st_mode)
            for p in sorted(folder.rglob("*"))}


@pytest.fixture
def home(tmp_path):
    keel(tmp_path, "init", "home")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """A home with a market in it; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("market")
    keel(folder, "init", "home")
    keel(folder / "home", "data", "synth", "--symbols", "BTCUSDT", "--interval", "1h", "--days", "60")
    return folder / "home"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_has_its_folders_and_files(tmp_path):
    """[T-413] [T-414] Logs, journals, the registry and secrets are the user's alone, whatever the umask."""
    before = os.umask(0)
    try:
        told = json.loads(keel(tmp_path, "init", "home", "--json").stdout)
    finally:
        os.umask(before)
    home = tmp_path / "home"
    assert sorted(p.name for p in home.iterdir()) == sorted(FOLDERS + FILES)
    assert [n for n in FOLDERS if mode(home / n) == 0o700] == PRIVATE
    assert told["schema"] == "keel.init" and told["home"] == "home" and told["kept"] == []
    assert sorted(told["made"]) == sorted(FOLDERS + FILES)


def test_a_mask_is_respected(tmp_path):
    before = os.umask(0o077)
    try:
        keel(tmp_path, "init", "home")
    finally:
        os.umask(before)
    assert {mode(tmp_path / "home" / n) for n in FOLDERS} == {0o700}
    assert mode(tmp_path / "home" / "config.yaml") == 0o600


def test_what_init_says_next_runs_as_it_stands(tmp_path):
    """The printed commands, in one shell, one after the other: init, cd, a market, a run."""
    steps = keel(tmp_path, "init", "home").stdout.split("Next:\n", 1)[1]
    assert "cd home" in steps and "keel backtest run" in steps
    script = f"set -e\nkeel() {{ '{tool.program()}' \"$@\"; }}\n" + steps.replace("--interval 5m", "--days 30 --interval 5m")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nema_cross on BTCUSDT, 1h bars\n" in done.stdout


def test_nothing_is_overwritten(home):
    """A home again, a folder with a config.yaml, one with a data folder: refused by name, and nothing changes."""
    (home / "config.yaml").write_text("run: {strategy: trend}\n")
    (home / "data" / "mine").write_text("x")
    before = snapshot(home)
    assert line(keel(home.parent, "init", "home", code=2)).startswith(".keel-home is there already: home: ")
    assert line(keel(home, "init", code=2)).startswith(".keel-home is there already: .: ")
    assert snapshot(home) == before
    for name in ("config.yaml", "journal"):
        other = home.parent / f"with {name}"
        other.mkdir()
        (other / name).mkdir() if name == "journal" else (other / name).write_text("mine\n")
        before = snapshot(other)
        assert line(keel(home.parent, "init", other, code=2)).startswith(f"{name} is there already: {other}: ")
        assert snapshot(other) == before


def test_force_keeps_what_is_there_and_makes_what_is_missing(home):
    (home / "config.yaml").write_text("run: {strategy: trend}\n")
    (home / "strategies" / "mine.c").write_text("int x;\n")
    (home / "config.schema.json").unlink()
    (home / "runs").rmdir()
    (home / "journal").chmod(0o755)
    told = json.loads(keel(home, "init", "--force", "--json").stdout)
    assert sorted(told["made"]) == ["config.schema.json", "runs"]
    assert (home / "config.yaml").read_text() == "run: {strategy: trend}\n"
    assert (home / "strategies" / "mine.c").read_text() == "int x;\n"
    assert mode(home / "journal") == 0o700
    before = snapshot(home)
    assert json.loads(keel(home, "init", "--force", "--json").stdout)["made"] == []
    assert snapshot(home) == before


def test_force_does_not_follow_or_replace_what_is_no_plain_thing(tmp_path):
    (tmp_path / "target").write_text("precious\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.yaml").symlink_to(tmp_path / "target")
    assert "no plain file" in line(keel(tmp_path, "init", "home", "--force", code=2))
    (tmp_path / "home" / "config.yaml").unlink()
    (tmp_path / "home" / "data").write_text("a file\n")
    assert "no folder" in line(keel(tmp_path, "init", "home", "--force", code=2))
    assert (tmp_path / "target").read_text() == "precious\n"
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["data"]


def test_a_place_that_cannot_be_is_told(tmp_path):
    assert "no such folder" in line(keel(tmp_path, "init", "a/b", code=4))
    (tmp_path / "file").write_text("")
    assert "is not a folder" in line(keel(tmp_path, "init", "file", code=2))
    assert "no such folder" in line(keel(tmp_path, "init", "no/home", code=4))


def test_a_fresh_configuration_is_valid_and_effective(home):
    """[CFG-01] config.yaml passes config check and the schema beside it, and names that schema in its first line."""
    text = (home / "config.yaml").read_text()
    assert text.splitlines()[0] == "# yaml-language-server: $schema=config.schema.json"
    schema = json.loads((home / "config.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))
    assert keel(home, "config", "check").stdout.startswith("ok, config_id ")
    # Every commented-out key is right too, so that a reader may take the comment sign away.
    opened = re.sub(r"^# (exits:|strategy:|  \w+:)", r"\1", text, flags=re.M)
    opened = re.sub(r"^  # (\w+: )", r"  \1", opened, flags=re.M)
    assert opened.count("#") < text.count("#") - 5
    (home / "config.yaml").write_text(opened)
    assert keel(home, "config", "check").stdout.startswith("ok, config_id ")
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(opened))


def test_the_home_is_the_lowest_file_and_its_data_the_store(market, tmp_path):
    """[CFG-02.2] default < home < --config < environment < flag, and show --effective names each."""
    other = tmp_path / "other.yaml"
    other.write_text("account: {slippage_bps: 3, leverage: 2}\nsizing: {allocation_pct: 0.5}\n")

    def origins(*words, **variables):
        told = json.loads(keel(market / "runs", "config", "show", "--effective", "--json", *words, **variables).stdout)
        return {v["path"]: (v["value"], v["origin"]) for v in told["values"]}

    got = origins()
    where = str(market / "config.yaml")
    assert got["run.store"] == (str(market / "data"), "home")
    assert got["run.strategy"] == ("ema_cross", f"{where}:12")
    assert got["exits.sl_pct"][1] == "default"
    assert got["account.slippage_bps"][1].startswith(where)
    got = origins("--config", other, "--store", "elsewhere", "--set", "allocation_pct=0.1", KEEL__ACCOUNT__LEVERAGE="1.5")
    assert got["account.slippage_bps"] == (3, f"{other}:1")
    assert got["account.leverage"] == (1.5, "KEEL__ACCOUNT__LEVERAGE")
    assert got["sizing.allocation_pct"] == (0.1, "--set")
    assert got["run.store"] == ("elsewhere", "--store")
    assert got["account.taker_fee_bps"][1].startswith(where)
    other.write_text("run: {store: there}\n")
    assert origins("--config", other)["run.store"] == ("there", f"{other}:1")


VERBS = [["data", "list"], ["data", "check"], ["data", "export", "--symbol", "BTCUSDT", "--interval", "1h"],
         ["indicator", "sma", "--symbol", "BTCUSDT", "--timeframe", "1h"], ["backtest", "run"]]


@pytest.mark.parametrize("words", VERBS, ids=lambda w: " ".join(w[:2]))
def test_verbs_find_the_store_of_the_home(market, tmp_path, words):
    """From inside the home, from a folder below it, by KEEL_HOME from elsewhere: the same; without a home it is asked for."""
    if words[:2] == ["data", "export"]:
        words = [*words, "--venue", "synth-perp"]
    own = re.compile(r"bars in [0-9.]+ s|(?<=keel report ).*(?=runs/)|(?<=As a page: ).*(?=runs/)")
    same = {own.sub("", keel(market, *words).stdout), own.sub("", keel(market / "runs", *words).stdout),
            own.sub("", keel(tmp_path, *words, KEEL_HOME=str(market)).stdout)}
    assert len(same) == 1 and same != {""}
    for folder, variables in ((tmp_path, {}), (market, {"KEEL_HOME": ""})):
        assert "--store" in line(keel(folder, *words, code=2, **variables))


def test_a_wrong_home_is_told(tmp_path, market):
    assert "KEEL_HOME=nowhere" in line(keel(tmp_path, "data", "list", code=4, KEEL_HOME="nowhere"))
    # config.yaml alone is no home: the marker is what init wrote
    (tmp_path / "config.yaml").write_text("run: {strategy: trend}\n")
    assert "--store" in line(keel(tmp_path, "data", "list", code=2))
    assert '"default"' in keel(tmp_path, "config", "show", "--effective", "--json").stdout
    # a nearer home wins
    inner = tmp_path / "outer" / "inner"
    (tmp_path / "outer").mkdir()
    keel(tmp_path / "outer", "init")
    keel(tmp_path / "outer", "init", inner)
    got = json.loads(keel(inner / "runs", "config", "show", "--effective", "--json").stdout)["values"]
    assert [v["value"] for v in got if v["path"] == "run.store"] == [str(inner / "data")]


def test_a_broken_configuration_of_the_home_is_told_with_its_place(home):
    (home / "config.yaml").write_text("run:\n  stratgy: ema_cross\n")
    assert line(keel(home / "runs", "config", "check", code=2)).startswith(
        f"unknown key 'run.stratgy': {home}/config.yaml:2: nearest is 'run.strategy'")
    (home / "config.yaml").write_text("schema_version: 9\n")
    assert line(keel(home, "backtest", "run", code=2)).startswith(
        "schema_version 9 is newer than this keel: config.yaml:1: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="not on this machine: root, who alone can give a folder to another user")
def test_a_home_of_another_user_is_not_entered_by_looking(home):
    os.chown(home / "config.yaml", 12345, 12345)
    assert line(keel(home / "runs", "data", "list", code=2)).startswith("the home belongs to another user: ")
    assert "belongs" not in line(keel(home, "data", "list", code=4, KEEL_HOME=str(home)))
    assert "--store" in line(keel(home, "data", "list", code=2, KEEL_HOME=""))

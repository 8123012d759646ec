"""keel config: layers, origins, coercion, schema, identity. [CFG-01]"""

import hashlib
import json
import os
import subprocess

import jsonschema
import pytest
import yaml

KEEL = os.environ["KEEL_BIN"]


def keel(*args, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("KEEL__")}
    clean.update(env or {})
    return subprocess.run([KEEL, *args], capture_output=True, text=True, timeout=60, env=clean)


def effective(*args, env=None):
    result = keel("config", "show", "--effective", "--json", *args, env=env)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    return told["config_id"], {v["path"]: v for v in told["values"]}


def test_layers_win_in_order_and_tell_their_origin(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.json"
    first.write_text("exits:\n  sl_atr_mult: 1\n  tp_atr_mult: 2.5\n  sl_pct: 0.1\naccount:\n  leverage: 2\n")
    second.write_text('{"exits": {"tp_atr_mult": 3,\n "sl_pct": 0.2}}')
    _, values = effective(
        "--config",
        str(first),
        "--config",
        str(second),
        "--set",
        "sl_pct=0.3",
        "--leverage",
        "3",
        env={"KEEL__EXITS__SL_PCT": "0.25", "KEEL__ACCOUNT__LEVERAGE": "2.5"},
    )
    got = {
        p: (values[p]["value"], values[p]["origin"])
        for p in (
            "exits.sl_atr_mult",
            "exits.tp_atr_mult",
            "exits.sl_pct",
            "account.leverage",
            "account.taker_fee_bps",
        )
    }
    assert got == {
        "exits.sl_atr_mult": (1, f"{first}:2"),
        "exits.tp_atr_mult": (3, f"{second}:1"),
        "exits.sl_pct": (0.3, "--set"),
        "account.leverage": (3, "--leverage"),
        "account.taker_fee_bps": (5, "default"),
    }
    _, values = effective("--config", str(first), env={"KEEL__EXITS__SL_PCT": "0.25"})
    assert values["exits.sl_pct"]["origin"] == "KEEL__EXITS__SL_PCT"


def test_presets_of_a_strategy_lie_below_files(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("run: {strategy: ema_cross}\nexits: {sl_atr_mult: 1.5}\nstrategy: {fast: 9}\n")
    _, values = effective("--config", str(file))
    assert values["exits.sl_atr_mult"]["value"] == 1.5
    assert values["exits.tp_atr_mult"]["value"] == 0
    assert values["exits.tp_atr_mult"]["origin"] == "strategy ema_cross"
    assert values["strategy.fast"]["value"] == 9
    assert values["strategy.slow"]["value"] == 26


def test_all_errors_are_listed_with_file_line_and_path(tmp_path):
    """CFG-01.4"""
    file = tmp_path / "a.yaml"
    file.write_text(
        "exits:\n  sl_atr_mul: 1\n  tp_pct: 99\ntrailing:\n  enable_trailing: maybe\nsignals:\n  rsi_period: 3.7\n"
    )
    result = keel("config", "check", "--config", str(file))
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.splitlines() == [
        f"keel: unknown key 'exits.sl_atr_mul': {file}:2: nearest is 'exits.sl_atr_mult'",
        f"keel: exits.tp_pct = '99' is out of bounds: {file}:3: give 0 to 10 share",
        f"keel: trailing.enable_trailing = 'maybe' is not a truth value: {file}:5: write true or false",
        f"keel: signals.rsi_period = '3.7' is not a whole number: {file}:7: write digits only",
    ]
    told = json.loads(keel("config", "check", "--config", str(file), "--json").stdout)
    assert told["ok"] is False and len(told["problems"]) == 4 and told["config_id"] is None


@pytest.mark.parametrize(
    "text, place",
    [
        ("a: &x 1\n", ":1:"),
        ("exits:\n  sl_pct: *x\n", ":2:"),
        ("exits: !!map {}\n", ":1:"),
        ("exits:\n  sl_pct: 1\n  sl_pct: 2\n", ":3:"),
        ("exits: [\n", ":2:"),
        ("- 1\n", ":1:"),
        ("exits:\n\tsl_pct: 1\n", ":2: indent with spaces, not tabs"),
    ],
)
def test_yaml_outside_the_subset_is_refused_with_its_line(tmp_path, text, place):
    """CFG-01.2"""
    file = tmp_path / "a.yaml"
    file.write_text(text)
    result = keel("config", "check", "--config", str(file))
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1 and f"{file}{place}" in result.stderr


def test_missing_file_is_not_found(tmp_path):
    assert keel("config", "check", "--config", str(tmp_path / "no.yaml")).returncode == 4


def test_id_depends_on_values_only(tmp_path):
    """The canonical hash is equal under key order, comments, blanks and number format, different under any value."""
    a, b, c = tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.json"
    a.write_text("exits:\n  sl_atr_mult: 1.5\n  tp_atr_mult: 3\nrun:\n  symbols: [A, B]\n  timeframe: 1h\n")
    b.write_text(
        "# c\nrun: {timeframe: 60m, symbols: 'A,B', store: elsewhere}\n"
        "exits:   {tp_atr_mult: \"3.0\", sl_atr_mult: 15e-1}\n"
    )
    c.write_text(
        json.dumps(
            {"exits": {"sl_atr_mult": 1.5, "tp_atr_mult": 3}, "run": {"symbols": ["A", "B"], "timeframe": "1h"}}
        )
    )
    ids = {effective("--config", str(f))[0] for f in (a, b, c)}
    assert len(ids) == 1
    base = ids.pop()
    _, values = effective("--config", str(a))
    others = {base}
    for path, change in [
        ("exits.sl_atr_mult", "1.6"),
        ("account.taker_fee_bps", "5.0001"),
        ("run.symbols", "A"),
        ("run.timeframe", "2h"),
        ("exits.enable_partial_tp", "no"),
        ("run.starting_balance_usd", "10000.00000001"),
    ]:
        assert path in values
        others.add(effective("--config", str(a), "--set", f"{path}={change}")[0])
    assert len(others) == 7


def test_id_is_the_sha256_of_the_canonical_text():
    identity, values = effective("--strategy", "ema_cross")
    text = keel("config", "show", "--canonical", "--strategy", "ema_cross").stdout
    assert hashlib.sha256(text.encode()).hexdigest() == identity
    paths = [line.split("=")[0] for line in text.splitlines()]
    places = {"run.store", "run.accounts", "run.strategy_sha256", "schema_version", "journal.scrub_every"} | {path for path in values if path.startswith("log.")}
    assert paths == sorted(paths) and set(paths) == set(values) - places


def test_yaml_shown_gives_the_same_id(tmp_path):
    args = [
        "--strategy",
        "rsi_reversion",
        "--symbols",
        "A,B",
        "--timeframe",
        "1h",
        "--leverage",
        "2",
        "--set",
        "lower=25",
        "--timerange",
        "20240101-",
    ]
    file = tmp_path / "w.yaml"
    file.write_text(keel("config", "show", *args).stdout)
    assert yaml.safe_load(file.read_text())["strategy"] == {"lower": 25}
    assert effective("--config", str(file))[0] == effective(*args)[0]


@pytest.fixture(scope="module")
def schema():
    return json.loads(keel("config", "schema", "--strategy", "ema_cross").stdout)


def test_schema_is_valid_and_agrees_with_the_program(schema, tmp_path):
    """What the schema says of a value and what keel does are the same, at, inside and outside every bound."""
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = []
    rows = [
        (s, k, p)
        for s, body in schema["properties"].items()
        for k, p in body.get("properties", {}).items()
        if "minimum" in p
    ]
    assert len(rows) > 100
    good, bad = {}, []
    for section, key, prop in rows:
        good.setdefault(section, {})[key] = prop["maximum"]
        bad.append((section, key, prop["maximum"] + 1))
        bad.append((section, key, prop["minimum"] - 1))
    file = tmp_path / "a.json"
    for chosen in (good, {s: {k: p["minimum"] for s2, k, p in rows if s2 == s} for s in good}):
        chosen = json.loads(json.dumps(chosen))
        chosen.setdefault("run", {})["strategy"] = "ema_cross"
        assert validator.is_valid(chosen)
        file.write_text(json.dumps(chosen))
        result = keel("config", "check", "--config", str(file))
        assert result.returncode == 0, result.stderr
    # one run judges all: every outside value is its own problem
    for outside in (bad[0::2], bad[1::2]):
        document = {"run": {"strategy": "ema_cross"}}
        for section, key, value in outside:
            document.setdefault(section, {})[key] = value
            wrong.append(not validator.is_valid({section: {key: value}}))
        file.write_text(json.dumps(document))
        result = keel("config", "check", "--config", str(file), "--json")
        assert len(json.loads(result.stdout)["problems"]) == len(outside)
    assert all(wrong)


def test_schema_defaults_are_the_effective_defaults(schema):
    _, values = effective("--strategy", "ema_cross")
    for section, body in schema["properties"].items():
        for key, prop in body.get("properties", {}).items():
            shown = values[f"{section}.{key}"]
            if "default" in prop and shown["origin"] == "default":
                assert shown["value"] == prop["default"], key
            assert prop["description"], key


def test_unknown_strategy_names_the_nearest():
    result = keel("config", "show", "--strategy", "ema_crss")
    assert result.returncode == 2 and "'ema_cross'" in result.stderr


def test_start_and_end_replace_one_end_each():
    _, values = effective("--timerange", "20240101-20240601", "--end-ts", "2024-03-01T00:00Z")
    assert values["run.timerange"]["value"] == "2024-01-01T00:00:00.000Z..2024-03-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "given, words",
    [
        (["--leverage", "4"], "account.leverage = 4 is above account.leverage_max = 3"),
        (["--set", "tp_partial_atr_mult=4"], "exits.tp_partial_atr_mult = 4 is not below exits.tp_atr_mult = 4"),
        (["--set", "vol_size_max=0.4"], "sizing.vol_size_min = 0.5 is above sizing.vol_size_max = 0.4"),
        (["--set", "macd_fast=26"], "signals.macd_fast = 26 is not below signals.macd_slow = 26"),
        (
            ["--set", "conf_points_high=1"],
            "confidence.conf_points_medium = 2 is above confidence.conf_points_high = 1",
        ),
        (["--set", "reentry_min_minutes=181"], "cooldowns.reentry_min_minutes = 181 is above"),
        (["--timeframe", "1h", "--detail", "7m"], "run.detail does not divide run.timeframe"),
        (["--timeframe", "1h", "--detail", "1h"], "run.detail does not divide run.timeframe"),
    ],
)
def test_rules_between_values(given, words):
    """CFG-01.4: at the border it holds, beyond it is refused."""
    result = keel("config", "check", *given)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1 and words in result.stderr
    assert f": {given[-2]}: " in result.stderr


def test_rules_hold_at_their_border_and_when_switched_off():
    for given in (
        ["--leverage", "3"],
        ["--set", "tp_partial_atr_mult=3.99"],
        ["--set", "vol_size_max=0.5"],
        ["--set", "macd_fast=25"],
        ["--timeframe", "1h", "--detail", "5m"],
        ["--set", "tp_partial_atr_mult=5", "--set", "enable_partial_tp=no"],
        ["--set", "tp_partial_atr_mult=5", "--set", "tp_atr_mult=0"],
    ):
        assert keel("config", "check", *given).returncode == 0, given


def test_another_schema_version_is_refused(tmp_path):
    """CFG-01.5"""
    file = tmp_path / "a.yaml"
    file.write_text("schema_version: 1\n")
    assert keel("config", "check", "--config", str(file)).returncode == 0
    file.write_text("schema_version: 2\n")
    result = keel("config", "check", "--config", str(file))
    assert result.returncode == 2 and f"{file}:1" in result.stderr


def test_the_sample_file_reads_back_to_the_same_id(tmp_path):
    """CFG-01.1: the sample and the reference page are made from the table."""
    file = tmp_path / "s.yaml"
    for given in ([], ["--strategy", "ema_cross", "--symbols", "A,B", "--timeframe", "1h", "--set", "fast=9"]):
        file.write_text(keel("config", "sample", *given).stdout)
        identity, values = effective(*given)
        assert effective("--config", str(file))[0] == identity
        loaded = yaml.safe_load(file.read_text())
        flat = {f"{s}.{k}" for s, body in loaded.items() if isinstance(body, dict) for k in body}
        assert flat == {p for p, v in values.items() if v["value"] is not None and "." in p}


def test_the_reference_page_has_every_row(schema):
    page = keel("config", "sample", "--markdown", "--strategy", "ema_cross").stdout
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    _, values = effective("--strategy", "ema_cross")
    assert rows == set(values)
    assert all(line.count(" | ") == 5 for line in page.splitlines() if line.startswith("| `"))

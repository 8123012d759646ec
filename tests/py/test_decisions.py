"""`--export-decisions`: one line for each signal and command, complete, recomputed from its own values, and in agreement with
the trades [STR-03.2]. Format: docs/formats/decisions.md."""
import csv
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import data_tool as tool

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
SYMBOLS = "BTCUSDT,ETHUSDT"
# (strategy, further words): gates on and off, exits at levels and by signal, reversals, finer bars, a needed feed.
RUNS = {
    "trend": ("trend", ("--detail", "5m")),
    "trend on main bars": ("trend", ("--set", "entry_min_confidence=1")),
    "ema_cross": ("ema_cross", ("--set", "sl_atr_mult=1.5")),
    "ema_cross with gates": ("ema_cross", ("--set", "gate_volume=1", "--set", "gate_adx_rising=1", "--set", "gate_btc=1")),
    "rsi_reversion": ("rsi_reversion", ()),
    "carry": ("carry", ()),
    "no_trade": ("no_trade", ()),
}
PEER = """
import struct, sys
assert sys.hash_info.algorithm == "siphash13"
for line in sys.stdin:
    print("%016x" % (hash(bytes.fromhex(line)) & (2**64 - 1)))
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synth") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", SYMBOLS, "--interval", "5m", "--days", 90, "--also", "1h",
              "--seed", 5)
    return folder


@pytest.fixture(scope="module")
def runs(store, tmp_path_factory):
    """name -> (document, lines of decisions, trades)"""
    folder, found = tmp_path_factory.mktemp("runs"), {}
    for name, (strategy, more) in RUNS.items():
        decisions, trades = folder / f"{name}.jsonl", folder / f"{name}.csv"
        document = tool.keel_json("backtest", "run", "--store", store, "--strategy", strategy, "--symbols", SYMBOLS,
                                  "--timeframe", "1h", *more, "--export-decisions", decisions, "--export-trades", trades)
        with open(trades, newline="", encoding="ascii") as file:
            lines = [json.loads(line) for line in decisions.read_text().splitlines()]
            found[name] = (document, lines, list(csv.DictReader(file)))
    return found


def listed(header, macro, pattern):
    text = (ROOT / "src" / "pure" / header).read_text().split(f"#define {macro}(X)", 1)[1]
    return re.findall(pattern, text.split("\n\n", 1)[0].split("/*", 1)[0])


GATES = listed("model/diag.h", "KEEL_GATES", r'X\(\w+, \d+, "(\w+)"')
EXITS = listed("model/diag.h", "KEEL_EXIT_RULES", r'X\(\w+, \d+, "(\w+)"')
REASONS = listed("model/reason.h", "KEEL_REASONS", r"X\((\w+), \d+,")
KEYS = ("schema schema_version ts symbol strategy strategy_version regime price signal signal_reason held confidence points "
        "probability profit_atr aux feature_digest gates exits sizing cooldown_until").split()
SLOTS = dict(line for line in re.findall(r"KEEL_SLOT_(\w+) = (\d+)", (ROOT / "src/pure/model/snapshot.h").read_text()))


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@pytest.mark.parametrize("name", RUNS)
def test_every_line_is_complete(runs, name):
    """[T-382] [T-384] Every key, every gate with value and threshold, known words only; order of time."""
    document, lines, _ = runs[name]
    assert len(GATES) == 8 and len(EXITS) == 13
    assert bool(lines) == (name != "no_trade")
    for d in lines:
        assert set(KEYS) - set(d) == set() and set(d) - set(KEYS) <= {"features", "command"}
        assert (d["schema"], d["schema_version"]) == ("keel.decision", 1)
        assert d["strategy"] == document["strategy"] and re.fullmatch(r"\d+\.\d+\.\d+", d["strategy_version"])
        assert d["symbol"] in SYMBOLS.split(",") and d["regime"]
        assert d["signal"] in ("NEUTRAL", "BUY", "SELL", "CLOSE", "PARTIAL_CLOSE")
        assert d["signal_reason"] in REASONS and (d["held"] is None or d["held"] in REASONS)
        assert d["confidence"] in ("low", "medium", "high") and 0 <= d["points"] <= 5
        assert 0 <= d["probability"] <= 1 and number(d["profit_atr"])
        assert d["aux"] in ("not_needed", "fresh", "stale", "missing")
        assert [g["gate"] for g in d["gates"]] == GATES
        for g in d["gates"]:
            assert g["status"] in ("off", "pass", "fail", "unknown", "waived") and number(g["value"]) and number(g["threshold"])
        assert [e["rule"] for e in d["exits"]] == sorted((e["rule"] for e in d["exits"]), key=EXITS.index)
        assert all(number(e["value"]) and number(e["threshold"]) for e in d["exits"])
        assert all(number(d["sizing"][key]) for key in ("equity_usd", "factor", "wanted_usd"))
    assert [d["ts"] for d in lines] == sorted(d["ts"] for d in lines)


def ended(d):
    """The forced close after the last bar: nobody's opinion, so nothing was looked at."""
    return d.get("command", {}).get("reason") == "X_END_OF_DATA"


@pytest.mark.parametrize("name", RUNS)
def test_reasons_say_what_was_done(runs, name):
    """[T-382] A line has a signal or a command; an entry signal ends in a command or in the reason that held it back; a gate
    that held one back is shut, and none that let one pass is."""
    for d in runs[name][1]:
        shut = [g["gate"] for g in d["gates"] if g["status"] in ("fail", "unknown")]
        command = d.get("command")
        assert d["signal"] != "NEUTRAL" or command
        if d["signal"] != "NEUTRAL":
            assert d["signal_reason"] != "NONE" and ("features" in d) != ended(d)
        if d["signal"] in ("BUY", "SELL"):
            assert (d["held"] is not None) or command
            assert (d["held"] == "H_GATE") == bool(shut) or d["held"] == "H_DATA"
        if command and command["kind"] in ("OPEN", "ADD", "REVERSE"):
            assert d["held"] is None and command["side"] == d["signal"].lower() and d["sizing"]["wanted_usd"] > 0
            assert command["reason"] == ("E_ADD" if command["kind"] == "ADD" else d["signal_reason"])
        if command and command["kind"] in ("CLOSE", "PARTIAL_CLOSE"):
            assert command["reason"].startswith("X_")
            fired = [e for e in d["exits"] if e["triggered"]]
            assert fired or command["reason"] in ("X_SIGNAL_FLIP", "X_STRATEGY", "X_END_OF_DATA")
        if d["held"] and command:  # the closing half of a reversal whose opening half was held back
            assert (command["kind"], command["reason"]) == ("CLOSE", "X_SIGNAL_FLIP")


def test_counts_are_those_of_the_report(runs):
    """[T-382] Held signals by reason, and shut gates, add up to the report's figures."""
    seen = 0
    for document, lines, _ in runs.values():
        held, gates = {}, {}
        for d in lines:
            if d["signal"] not in ("BUY", "SELL") or not d["held"]:
                continue
            held[d["held"]] = held.get(d["held"], 0) + 1
            for g in d["gates"]:
                if d["held"] == "H_GATE" and g["status"] in ("fail", "unknown"):
                    gates[g["gate"]] = gates.get(g["gate"], 0) + 1
        assert held == {row["name"]: row["count"] for row in document["held_by_reason"]}
        assert gates == {row["name"]: row["count"] for row in document["failed_by_gate"]}
        seen += sum(held.values())
    assert seen > 100


def verdict(known, fails):
    return "unknown" if not known else "fail" if fails else "pass"


def judge(d, p):
    """gate -> (status, value, threshold) from the features alone, with the parameters p of the gates."""
    f, found = d["features"], {}
    known = all(k in f for k in ("adx", "bb_width_ratio", "rsi"))
    votes = known and (f["adx"] < p["ranging_adx_lt"]) + (f["bb_width_ratio"] < p["ranging_bbw_lt"]) + (
        p["ranging_rsi_low"] < f["rsi"] < p["ranging_rsi_high"])
    found["ranging"] = (verdict(known, votes >= p["ranging_min_votes"]), float(votes), p["ranging_min_votes"])
    if "close" in f and "ema_fast" in f:
        away = abs(f["close"] - f["ema_fast"]) / f["ema_fast"]
        found["extension"] = (verdict(True, away > p["max_dist_ema_fast"]), away, p["max_dist_ema_fast"])
    if "adx" in f and "adx_prev" in f:
        rises = f["adx"] > f["adx_prev"] or f["adx"] >= p["adx_rising_saturation"]
        found["adx_rising"] = (verdict(True, not rises), f["adx"], f["adx_prev"])
    if "volume" in f and "vol_sma" in f:
        least = f["vol_sma"] * p["vol_confirm_mult"]
        found["volume"] = (verdict(True, f["volume"] <= least), f["volume"], least)
    return found


def gate_defaults():
    schema = json.loads(tool.keel("config", "schema")[0])
    return {key: row["default"] for key, row in schema["properties"]["gates"]["properties"].items()}


def test_gates_follow_from_the_features(runs):
    """[T-382] Status, value and threshold of a gate recomputed here from the values that the line itself carries."""
    p = gate_defaults()
    checked = {}
    for name in ("trend", "trend on main bars", "ema_cross with gates"):
        for line in runs[name][1]:
            if line["signal"] not in ("BUY", "SELL"):
                continue
            want = judge(line, p)
            for g in line["gates"]:
                if g["gate"] not in want or g["status"] in ("off", "waived"):
                    continue
                assert (g["status"], g["value"], g["threshold"]) == want[g["gate"]], line["ts"]
                checked.setdefault(g["gate"], set()).add(g["status"])
    assert set(checked) == {"ranging", "extension", "adx_rising", "volume"}
    assert {"pass", "fail"} <= checked["ranging"] & checked["adx_rising"] & checked["volume"]


def words_of(features):
    """What the digest is made of: the mask of the slots that have a value, then each value, in order of the slots."""
    at = {int(SLOTS[key.upper()]): value for key, value in features.items()}
    mask = sum(1 << slot for slot in at)
    return struct.pack("<Q", mask) + b"".join(struct.pack("<d", at[slot] + 0.0) for slot in sorted(at))


def test_digest_is_that_of_the_features(runs):
    """[T-383] SipHash-1-3 over mask and values, by CPython's own hash; a line without a signal has none."""
    lines = [d for _, lines, _ in runs.values() for d in lines]
    told = [d for d in lines if d["signal"] != "NEUTRAL" and not ended(d)]
    text = "\n".join(words_of(d["features"]).hex() for d in told) + "\n"
    done = subprocess.run([sys.executable, "-c", PEER], input=text, capture_output=True, text=True, timeout=120,
                          env=dict(os.environ, PYTHONHASHSEED="0"))
    assert done.returncode == 0, done.stderr
    got = done.stdout.split()
    assert len(told) > 500 and len(set(got)) > 300
    assert [d["feature_digest"] for d in told] == got
    assert {d["feature_digest"] for d in lines if "features" not in d} == {"0" * 16}


def lives(lines):
    """symbol -> [side, entry reason, exit reason] of each position that the commands open and close, in order."""
    found = {}
    for d in lines:
        command = d.get("command")
        if not command:
            continue
        mine = found.setdefault(d["symbol"], [])
        side = "long" if command["side"] == "buy" else "short"
        if command["kind"] == "CLOSE":
            mine[-1][2] = command["reason"]
        if command["kind"] == "REVERSE":
            mine[-1][2] = "X_SIGNAL_FLIP"
        if command["kind"] in ("OPEN", "REVERSE"):
            mine.append([side, command["reason"], None, d["ts"]])
    return found


@pytest.mark.parametrize("name", RUNS)
def test_trades_are_what_the_commands_said(runs, name):
    """[STR-03.2] [BKT-02] Each trade is one opening and one closing command, with their reasons, side and time; what was
    still open ends with the data."""
    document, lines, trades = runs[name]
    of = lives(lines)
    count = 0
    for symbol, mine in of.items():
        rows = [t for t in trades if t["symbol"] == symbol]
        if len(mine) == len(rows) + 1:
            mine.pop()  # an order of the last bar, for which no bar was left to fill in
        assert len(rows) == len(mine)
        for row, (side, entry, leave, ts) in zip(rows, mine):
            assert (row["side"], row["entry_reason"]) == (side, entry), row["trade_id"]
            assert row["exit_reason"] == (leave or "X_END_OF_DATA"), row["trade_id"]
            assert row["entry_ts"] == ts, "an order of a closed bar fills at the open that follows"
        assert all(leave for _, _, leave, _ in mine[:-1])
        count += len(mine)
    assert count == len(trades) == document["totals"]["trades"]
    assert name == "no_trade" or count > 5


def test_feeds_are_named(runs):
    """[T-384] A strategy that needs funding says how fresh it was; one that needs none says so."""
    assert {d["aux"] for d in runs["carry"][1] if "features" in d} <= {"fresh", "stale", "missing"}
    assert "fresh" in {d["aux"] for d in runs["carry"][1]}
    assert {d["aux"] for d in runs["ema_cross"][1]} == {"not_needed"}


def test_writing_them_changes_nothing(store, runs, tmp_path):
    """The run that is watched is the run that is not."""
    strategy, more = RUNS["trend"]
    plain = tool.keel_json("backtest", "run", "--store", store, "--strategy", strategy, "--symbols", SYMBOLS, "--timeframe",
                           "1h", *more)
    watched = runs["trend"][0]
    del plain["wall_seconds"]
    assert plain == {k: v for k, v in watched.items() if k != "wall_seconds"}


def test_format_page_names_every_key():
    page = (ROOT / "docs" / "formats" / "decisions.md").read_text()
    missing = [k for k in (*KEYS, "features", "command", *GATES, *EXITS) if f"`{k}`" not in page]
    assert not missing, f"docs/formats/decisions.md does not say what {missing} are"

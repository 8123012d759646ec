"""keel validate walk-forward: every window is the run that a backtest of the same range is, and windows are as asked."""
from datetime import datetime, timedelta

import pytest

import data_tool as tool

STRATEGY = ("--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1h")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT", "--interval", "1h", "--days", 60, "--seed", 5)
    return folder


def walk(store, *more):
    return tool.keel_json("validate", "walk-forward", "--store", store, *STRATEGY, *more)


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def backtest(store, span):
    ends = "-".join(str(int(time_of(span[end]).timestamp())) for end in ("start", "end"))
    return tool.keel_json("backtest", "run", "--store", store, *STRATEGY, "--no-baselines", "--timerange", ends)


def same(span, run):
    totals = run["totals"]
    assert span["state_hash"] == run["state_hash"]
    assert span["trades"] == totals["trades"] and span["net_profit_usd"] == totals["net_profit_usd"]
    for key in ("net_profit_pct", "max_drawdown_pct", "sharpe", "profit_factor"):
        assert span[key] == totals[key], key


def test_each_window_is_a_backtest_of_its_range(store):
    """[BKT-06.1] [T-193] [T-234] Same trades and state hash, at exact edges."""
    document = walk(store, "--train", "20d", "--test", "240bars", "--gap", "12h")
    assert document["schema"] == "keel.walk_forward" and document["schema_version"] == 1
    begin = time_of(document["effective_range"]["start"])
    windows = document["windows"]
    assert len(windows) == 3
    for i, window in enumerate(windows):
        start = begin + timedelta(days=10 * i)
        edges = [start, start + timedelta(days=20), start + timedelta(days=20.5), start + timedelta(days=30.5)]
        assert [time_of(window[k][e]) for k in ("train", "test") for e in ("start", "end")] == edges
        same(window["train"], backtest(store, window["train"]))
        same(window["test"], backtest(store, window["test"]))
    net = sum(round(float(w["test"]["net_profit_usd"]) * 1e8) for w in windows)
    assert round(float(document["test"]["net_profit_usd"]) * 1e8) == net
    assert document["test"]["trades"] == sum(w["test"]["trades"] for w in windows)
    growth = 1.0
    for w in windows:
        growth *= 1 + w["test"]["net_profit_pct"] / 100
    assert abs(document["test"]["compounded_pct"] - (growth - 1) * 100) < 1e-9
    assert document["windows_rule"]["unused_ms"] == 9.5 * 86400000


def test_anchored_and_overlapping_windows(store):
    """[BKT-06.1] Anchored training grows; tests share bars only when that is asked for by name."""
    anchored = walk(store, "--train", "20d", "--test", "10d", "--anchored")["windows"]
    assert len(anchored) == 4 and len({w["train"]["start"] for w in anchored}) == 1
    assert [w["train"]["bars"] for w in anchored] == [480, 720, 960, 1200]
    line = tool.refused("validate", "walk-forward", "--store", store, *STRATEGY, "--train", "20d", "--test", "10d",
                        "--step", "5d", code=2)
    assert "tested twice" in line
    assert len(walk(store, "--train", "20d", "--test", "10d", "--step", "5d", "--overlap")["windows"]) == 7


def test_the_report_is_stable_across_reruns(store):
    """[T-250] Two runs, one document; the table says the same."""
    asked = ("--train", "15d", "--test", "15d")
    assert walk(store, *asked) == walk(store, *asked)
    text = tool.keel("validate", "walk-forward", "--store", store, *STRATEGY, *asked)[0]
    assert text == tool.keel("validate", "walk-forward", "--store", store, *STRATEGY, *asked)[0]
    assert "3 windows" in text and max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("more, code, word", [
    (("--train", "20d", "--test", "90m"), 2, "between bars"),
    (("--train", "soon", "--test", "10d"), 2, "not a length"),
    (("--train", "50d", "--test", "20d"), 2, "more data"),
    (("--train", "10d", "--test", "5d", "--step", "0h"), 2, "step"),
    (("--train", "10d"), 2, "--test"),
])
def test_bad_windows_are_refused_in_one_line(store, more, code, word):
    assert word in tool.refused("validate", "walk-forward", "--store", store, *STRATEGY, *more, code=code)

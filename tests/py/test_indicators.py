"""Every indicator of `keel indicator` against an independent reference on real and synthetic candles [IND-01].

Agreement means |keel - reference| <= 1e-9 max(|reference|, median |reference|): relative, except near the zeros of
outputs that cross zero, where the size that the output usually has takes the place of its value. Warm-ups must agree
bar for bar: keel prints nothing exactly where the reference has no value.
"""
# time limit: 600 s
import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from indicators import candles as market  # noqa: E402
from indicators import reference  # noqa: E402

KEEL = os.environ.get("KEEL_BIN", "keel")
TOLERANCE = 1e-9
BTC = "binance-perp_BTCUSDT_1h_20230101-20251231"
PEPE = "binance-perp_1000PEPEUSDT_1h_20230505-20240514"

CASES = [(name, values) for name, (_, several) in reference.CASES.items() for values in several]
IDS = [name + "".join(f"-{k}{v}" for k, v in values.items()) for name, values in CASES]


def keel(*argv, expect=0):
    done = subprocess.run([KEEL, *map(str, argv)], capture_output=True, text=True)
    assert done.returncode == expect, done.stderr
    return done


class Series:
    """Candles, and a store that holds the same."""

    def __init__(self, folder, symbol, candles):
        self.store, self.symbol, self.candles = folder / "store", symbol, candles
        path = folder / f"{symbol}.csv"
        candles.write(path)
        keel("data", "import", path, "--store", self.store, "--venue", "test-perp", "--symbol", symbol,
             "--interval", "1h")

    def argv(self, name, values):
        sets = [word for k, v in values.items() for word in ("--set", f"{k}={v}")]
        return ["indicator", name, "--store", self.store, "--symbol", self.symbol, "--timeframe", "1h", *sets]

    def values(self, name, values, *more):
        """Output names and arrays, NaN where keel prints nothing."""
        rows = list(csv.reader(io.StringIO(keel(*self.argv(name, values), *more).stdout)))
        table = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows[1:]])
        return rows[0][1:], np.array([int(row[0]) for row in rows[1:]]), table.T


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    made = {}

    def of(which):
        if which not in made:
            candles = market.synthetic(20250711, 6000) if which == "synthetic" else market.real(which)
            if candles is None:
                pytest.skip("shared/ is absent (or zstd): no real candles")
            made[which] = Series(tmp_path_factory.mktemp("series"), "SYNTH" if which == "synthetic" else which.split("_")[1],
                                 candles)
        return made[which]
    return of


def disagreement(got, want):
    ready = ~np.isnan(want)
    size = np.maximum(np.abs(want[ready]), np.median(np.abs(want[ready])))
    difference = np.abs(got[ready] - want[ready])
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.where(difference == 0, 0.0, difference / size).max())


def check(name, values, got, want):
    for k, (mine, other) in enumerate(zip(got, want, strict=True)):
        assert (np.isnan(mine) == np.isnan(other)).all(), f"{name} {values} output {k}: warm-up differs"
        worst = disagreement(mine, other)
        print(f"{name} {values} output {k}: {worst:.1e}")
        assert worst <= TOLERANCE, f"{name} {values} output {k}"


@pytest.mark.parametrize("which", [BTC, PEPE, "synthetic"])
@pytest.mark.parametrize(("name", "values"), CASES, ids=IDS)
def test_agrees_with_the_reference(series, which, name, values):
    """[IND-01] TA-Lib where it has the function, else the published formula in numpy."""
    s = series(which)
    names, ts_ms, got = s.values(name, values)
    assert (ts_ms == s.candles.ts_ms).all()
    assert len(names) == len(got)
    check(name, values, got, reference.CASES[name][0](s.candles, **values))


@pytest.mark.parametrize(("name", "values"), [c for c in CASES if c[0] in reference.TALIB],
                         ids=[i for c, i in zip(CASES, IDS) if c[0] in reference.TALIB])
def test_agrees_with_talib_where_corners_do_not_matter(series, name, values):
    """[IND-01] Where the reference above is a definition because corner cases differ, TA-Lib agrees on candles that
    have none of them: wherever it gives a value."""
    s = series(BTC)
    others = reference.TALIB[name](s.candles, **values)
    if others is None:
        others = []
        assert values.get("k") != 1  # TA-Lib's STOCHRSI cannot smooth K
    got = s.values(name, values)[2]
    for k, other in enumerate(others):
        ready = ~np.isnan(other)
        assert disagreement(got[k][ready], other[ready]) <= TOLERANCE, f"{name} {values} output {k}"


def test_every_indicator_is_compared():
    listed = json.loads(keel("indicator", "--list", "--json").stdout)["indicators"]
    assert {i["name"] for i in listed} == set(reference.CASES)
    for indicator in listed:
        parameters = {p["name"] for p in indicator["parameters"]}
        for values in reference.CASES[indicator["name"]][1]:
            assert set(values) == parameters, indicator["name"]


@pytest.mark.parametrize(("source", "column"), [("open", "open"), ("high", "high"), ("low", "low"), ("hl2", "hl2"),
                                                ("hlc3", "hlc3"), ("volume", "volume"), ("close", "close")])
def test_sources(series, source, column):
    """[SIG-01] vol_sma is the SMA of the volume."""
    s = series("synthetic")
    got = s.values("sma", {"period": 20, "source": source})[2]
    check("sma", {"source": source}, got, [reference.mean(getattr(s.candles, column), 20)])


def test_json_says_the_same_as_csv(series):
    s = series("synthetic")
    names, ts_ms, table = s.values("macd", {})
    document = json.loads(keel(*s.argv("macd", {}), "--json").stdout)
    assert (document["schema"], document["schema_version"]) == ("keel.indicator", 1)
    assert document["parameters"] == {"fast": 12, "slow": 26, "signal": 9, "source": "close"}
    assert document["outputs"] == names
    assert [row[0] for row in document["rows"]] == list(ts_ms)
    same = np.array([[np.nan if v is None else v for v in row[1:]] for row in document["rows"]]).T
    assert np.array_equal(same, table, equal_nan=True)


def test_equal_input_gives_equal_bytes(series):
    s = series("synthetic")
    assert keel(*s.argv("adx", {})).stdout == keel(*s.argv("adx", {})).stdout


def test_a_time_range_starts_its_own_warm_up(series):
    s = series("synthetic")
    first, last = int(s.candles.ts_ms[100]), int(s.candles.ts_ms[400])
    cut = market.Candles(np.column_stack([getattr(s.candles, c)[100:400] for c in market.COLUMNS]))
    _, ts_ms, got = s.values("ema", {"period": 20}, "--timerange", f"{first}-{last}")
    assert (ts_ms == cut.ts_ms).all()
    check("ema", {"period": 20}, got, reference.CASES["ema"][0](cut, period=20))


@pytest.mark.parametrize(("argv", "code", "words"), [
    (["rsj"], 2, ["rsj", "did you mean 'rsi'"]),
    (["rsi", "--set", "perod=14"], 2, ["perod", "did you mean 'period'"]),
    (["rsi", "--set", "period=1"], 2, ["'1'", "2 to 10000", "period"]),
    (["rsi", "--set", "period=2.5"], 2, ["2.5", "whole number"]),
    (["rsi", "--set", "period=nan"], 2, ["nan", "whole number"]),
    (["rsi", "--set", "period"], 2, ["NAME=VALUE"]),
    (["rsi", "--set", "source=midle"], 2, ["midle", "hl2"]),
    (["atr", "--set", "source=close"], 2, ["source", "atr"]),
    (["macd", "--set", "fast=26"], 2, ["macd", "lengths"]),
    ([], 2, ["--list"]),
    (["rsi", "--symbol", "NOSUCH"], 4, ["NOSUCH", "keel data list"]),
    (["rsi", "--timeframe", "7h"], 2, ["7h"]),
    (["rsi", "--timerange", "2024"], 2, ["2024"]),
])
def test_a_bad_request_is_one_clear_line(series, argv, code, words):
    s = series("synthetic")
    base = {"--symbol": s.symbol, "--timeframe": "1h", "--store": str(s.store)}
    for i, word in enumerate(argv):
        base.pop(word, None)
    done = keel("indicator", *argv, *[w for pair in base.items() for w in pair], expect=code)
    assert done.stdout == ""
    assert done.stderr.startswith("keel: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def documented():
    """Name and default warm-ups of each row of the table in docs/models/indicators.md."""
    root = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
    page = (root / "docs" / "models" / "indicators.md").read_text()
    return dict(re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\[([\d -]+)\] \|", page, re.M))


def test_the_page_states_the_warm_ups_that_happen(series):
    s = series("synthetic")
    said = documented()
    assert set(said) == set(reference.CASES)
    for name, warmups in said.items():
        if warmups == "-":
            continue
        first = [int(np.argmax(~np.isnan(column))) for column in s.values(name, {})[2]]
        assert first == [int(w) for w in warmups.split()], name

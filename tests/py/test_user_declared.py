"""What a strategy says of itself: shown, kept with the run, and kept to [STR-02]."""
# time limit: 300 s
import json

import pytest

from user_place import Place, line


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("declared"))


DECLARED = """#define VERSION "1.2.3"
#define SENTENCE "a test"
#define FAMILY "trend"
#define SCHEMA 1
#define DEPTH 100
#define UNIVERSE "BTCUSDT,ETHUSDT"
#define RISK_BUDGET 0.1
#define PARAMS(P) P(n, INT, 5, 0, 99, 1, "bars", "x") P(m, INT, 9, 0, 99, 1, "bars", "y")
#define REQUIRES(Q) Q(param(n) < param(m), "n must be below m")
#define SIGNALS(S) S(a, EMA, CLOSE, param(n)) S(b, EMA, CLOSE, param(m))
#define FEEDS KEEL_FEED_FUNDING
#include "strategy.def"
DECIDE {
    if (value(a) > value(b) && view->side <= 0) buy();
    if (value(a) < value(b) && view->side >= 0) sell();
}
"""
SAYS = {"id": "trend.declared.1.2.3", "family": "trend", "variant": "declared", "schema": 1, "feeds": ["funding"],
        "depth_bars": 100, "universe": ["BTCUSDT", "ETHUSDT"], "risk_budget": 0.1,
        "regimes": ["bull", "bear", "chop", "crash"],
        "requires": [{"condition": "param(n) < param(m)", "description": "n must be below m"}]}


def test_what_a_strategy_says_is_shown_and_kept_with_the_run(place, tmp_path):
    """[STR-02.1] [STR-02.2] [T-364] [T-366] [T-391] In strategy show and list, and in the run's manifest."""
    place.write("declared.c", DECLARED)
    shown = json.loads(place.keel("strategy", "show", "declared.c", "--json"))
    assert {key: shown[key] for key in SAYS} == SAYS
    text = place.keel("strategy", "show", "declared.c")
    for words in ("trend.declared.1.2.3: a test", "n must be below m", "100 bars before the first decision", "0.1 of equity"):
        assert words in text
    result = place.result("declared.c", "--run-dir", tmp_path / "run", KEEL_HOME="")
    kept = json.loads((tmp_path / "run/manifest.json").read_text())
    for manifest in (result["manifest"], kept):
        only, = manifest["strategies"]
        assert {key: only[key] for key in SAYS} == SAYS and only["sha256"] == shown["sha256"] and only["name"] == "declared"
    listed = {row["name"]: row for row in json.loads(place.keel("strategy", "list", "--json"))["strategies"]}
    assert listed["ema_cross"]["id"] == "trend.ema_cross.1.0.0" and listed["carry"]["feeds"] == ["funding"]
    assert listed["ema_cross"]["universe"] is None and listed["ema_cross"]["risk_budget"] is None
    assert all(SAYS.keys() <= row.keys() for row in listed.values())


def test_what_a_strategy_says_is_kept_to(place):
    """[STR-02.1] [T-365] [T-387] Depth, universe, risk budget and rules between parameters bind the run."""
    place.write("declared.c", DECLARED)
    whole = place.result("declared.c", "--set", "n=4")
    assert whole["effective_range"]["start"].startswith("2023-01-05T04:00")  # 100 hours after the data begins
    done = place.backtest("declared.c", "--timerange", "2023-01-01..2023-01-03")
    assert done.returncode == 2 and "wants 100 bars of it as history (DEPTH)" in line(done)
    done = place.backtest("declared.c", "--symbols", "SOLUSDT")
    assert done.returncode == 2 and "SOLUSDT is not in the universe of declared.c" in line(done)
    done = place.backtest("declared.c", "--set", "allocation_pct=0.06")
    assert done.returncode == 2 and "may put up 0.12 of equity at once" in line(done) and "budget of 0.1" in line(done)
    done = place.backtest("declared.c", "--set", "n=9")
    assert done.returncode == 2 and line(done) == \
        "keel: declared.c: n must be below m: it has n = 9, m = 9: change one of them"
    done = place.backtest("declared.c", "--set", "n=0")
    assert done.returncode == 2 and "EMA with period 0, which is 1 to 10000" in line(done)


REGIME = """#define VERSION "1.0.0"
#define SENTENCE "a test"
#define REGIMES (KEEL_IN_BULL | KEEL_IN_CRASH)
#define PARAMS(P) P(n, INT, 5, 1, 99, 1, "bars", "x")
#define SIGNALS(S) S(a, ROC, CLOSE, param(n))
#include "strategy.def"
DECIDE { if (value(a) > 0.0 && view->side <= 0) buy(); if (value(a) < 0.0 && view->side >= 0) sell(); }
"""


def test_no_position_is_opened_in_a_regime_that_is_not_allowed(place):
    """[STR-02.1] [T-371] [BKT-05.4] [T-206] [T-207] Nor in an unknown one; a sweep, which needs no labels otherwise, gives the same."""
    place.keel("data", "synth", "--store", "years", "--symbols", "BTCUSDT", "--interval", "4h", "--bars", "5000", "--seed", "5")
    place.write("regime.c", REGIME)
    place.write("regime_free.c", "\n".join(row for row in REGIME.splitlines() if "REGIMES" not in row) + "\n")

    def regimes(strategy):
        done = place.call("backtest", "run", "--store", "years", "--symbols", "BTCUSDT", "--timeframe", "4h", "--no-baselines",
                          "--strategy", strategy, "--json")
        assert done.returncode in (0, 3), done.stderr
        document = json.loads(done.stdout)
        return {row["regime"].lower() for row in document["per_regime"] if row["trades"]}, document
    assert {"unknown", "bull", "bear"} <= regimes("regime_free.c")[0]
    found, document = regimes("regime.c")
    assert found and found <= {"bull", "crash"} and document["totals"]["trades"] > 10
    assert "H_NOT_ALLOWED" in json.dumps(document["held_by_reason"]) and "H_DATA" in json.dumps(document["held_by_reason"])
    done = place.call("sweep", "run", "--store", "years", "--symbols", "BTCUSDT", "--timeframe", "4h", "--strategy", "regime.c",
                      "--param", "n=5,9", "--json")
    assert done.returncode == 0, done.stderr
    best = json.loads(done.stdout)["best"]
    alone = place.call("backtest", "run", "--store", "years", "--symbols", "BTCUSDT", "--timeframe", "4h", "--no-baselines",
                       "--strategy", "regime.c", "--set", f"n={best['params']['n']}", "--json")
    assert json.loads(alone.stdout)["state_hash"] == best["state_hash"]


@pytest.mark.parametrize("strategy,broken,what", [
    ("ema_cross", "fast=26", "the fast average must be faster than the slow one: it has fast = 26, slow = 26"),
    ("donchian_breakout", "leave=21", "it has entry = 20, leave = 21"),
    ("rsi_reversion", "lower=70", "it has lower = 70, upper = 70"),
    ("mean_reversion", "leave_z=2", "it has entry_z = 2, leave_z = 2"),
    ("ema_cross", "fast=0", "strategy.fast = '0' is out of bounds: --set: give 1 to 1000 bars")])
def test_built_in_strategies_have_rules_between_their_parameters(place, strategy, broken, what):
    """[STR-02.1] [T-387] What no single bound can say is refused before the run, by strategy check as well."""
    for done in (place.backtest(strategy, "--set", broken), place.call("strategy", "check", strategy, "--set", broken)):
        assert done.returncode == 2 and what in line(done), done.stderr


def test_a_sweep_counts_points_that_break_a_rule_as_failed(place):
    """Each is a row with its reason; the others are the backtests of their parameters."""
    place.write("declared.c", DECLARED)
    for strategy, names in (("ema_cross", ("fast", "slow")), ("declared.c", ("n", "m"))):
        done = place.call("sweep", "run", "--store", "store", "--symbols", "BTCUSDT", "--timeframe", "1h", "--strategy", strategy,
                          "--param", f"{names[0]}=5,30", "--param", f"{names[1]}=20,40", "--json")
        assert done.returncode == 0, done.stderr
        sweep = json.loads(done.stdout)
        assert (sweep["trials"], sweep["failed"]) == (4, 1)
        rows = [json.loads(row) for row in (place.folder / sweep["trials_file"]).read_text().splitlines()[1:]] \
            if "trials_file" in sweep else []
        assert not rows or [row["params"] for row in rows if row["status"] == "failed"] == [{names[0]: 30, names[1]: 20}]

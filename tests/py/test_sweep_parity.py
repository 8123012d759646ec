"""Random configurations of every built-in strategy: sweep's path, backtest's path and the plain loop give one hash."""
# time limit: 300 s
import json

import pytest

import data_tool as tool

# What the strategies have of their own, and what all of them share: exits, gates, sizing, costs.
SHARED = {"sl_atr_mult": "0.5:4", "tp_atr_mult": "0,4.5,6", "enable_trailing": "true,false", "trailing_start_atr": "0.2:3",
          "enable_partial_tp": "true,false", "enable_breakeven_stop": "true,false", "max_hold_h": "0,5,48",
          "gate_ranging": "true,false", "gate_btc": "true,false", "gate_breadth": "true,false", "gate_regime": "true,false",
          "gate_volume": "true,false", "enable_reverse": "true,false", "allocation_pct": "0.01:0.3:log", "leverage": "1,2,5",
          "taker_fee_bps": "0:8", "slippage_bps": "0,1.5", "entry_cooldown_s": "0,7200", "atr_period": "5:30",
          "allow_short": "true,false"}
OWN = {"trend": {"entry_min_adx": "10:35", "enable_pullback": "true,false", "entry_min_confidence": "0,1,2"},
       "ema_cross": {"fast": "3:20", "slow": "21:90"}, "rsi_reversion": {}, "donchian_breakout": {}, "momentum": {},
       "mean_reversion": {}, "carry": {}, "buy_hold": {}, "no_trade": {}}


def names_of(strategy):
    """Parameters there are, so that a renamed one is missed loudly."""
    schema = json.loads(tool.keel("config", "schema", "--strategy", strategy)[0])
    return {key for section in schema["properties"].values() for key in section.get("properties", {})}


def flags(strategy):
    known = names_of(strategy)
    wanted = SHARED | OWN[strategy]
    assert wanted.keys() - known <= {"max_hold_h"}, sorted(wanted.keys() - known)
    return [word for name, values in wanted.items() if name in known for word in ("--param", f"{name}={values}")]


def check(store, folder, strategy, trials, *more):
    document = tool.keel_json("sweep", "run", "--store", store, "--sweeps", folder, "--ledger", folder / "ledger",
                              "--strategy", strategy, "--sampler", "random", "--trials", trials, *flags(strategy), *more)
    answer = tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", folder, "--all")
    assert answer["checked"] == answer["confirmed"] == trials and answer["different"] == 0
    rows = [json.loads(line) for line in open(document["trials_file"], encoding="utf-8").readlines()[1:]]
    return rows


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--interval", "5m", "--days", 45,
              "--also", "1h", "--seed", 5)
    return folder


@pytest.mark.parametrize("strategy", OWN)
def test_one_hash_on_every_path(store, tmp_path, strategy):
    """[SWP-04.1] [SWP-06.1] Several symbols, funding, finer bars."""
    rows = check(store, tmp_path, strategy, 25, "--symbols", "ETHUSDT,SOLUSDT", "--timeframe", "1h", "--detail", "5m")
    traded = {row["state_hash"] for row in rows if row["totals"] and row["totals"]["trades"]}
    if strategy != "no_trade":
        assert len(traded) > 8


@pytest.mark.parametrize("strategy", ["trend", "ema_cross", "carry"])
def test_on_recorded_candles(tmp_path, strategy):
    """[SWP-04.1] A year of bitcoin and ether with their funding."""
    root = tool.shared()
    if root is None:
        pytest.skip("shared/ is absent")
    store = tmp_path / "store"
    patterns = ("candles/binance-perp_BTCUSDT_1h_2023*", "candles/binance-perp_ETHUSDT_1h_2023*",
                "funding/binance-perp_BTCUSDT_*", "funding/binance-perp_ETHUSDT_*")
    tool.keel("data", "import", "--store", store, *[path for pattern in patterns for path in sorted(root.glob(pattern))])
    rows = check(store, tmp_path, strategy, 16, "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h", "--timerange",
                 "20230601-20240601")
    assert len({row["state_hash"] for row in rows}) > 8

"""Random configurations of the built-in strategies: the plain loop, the lanes of a sweep with one thread and with two, one
hash and one file. The tests run a few; script/parity as many as one likes.

usage: parity.py --keel PROGRAM [--trials N] [--seed S] [--folder DIR] [STRATEGY..]
"""
import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

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


# A year in two parts of it: hours with pieces of five minutes, two symbols, their funding.
CANDLES = ("candles/binance-perp_{}_1h_2023*", "candles/binance-perp_{}_5m_2023*", "funding/binance-perp_{}_*")
SYMBOLS = ("BTCUSDT", "ETHUSDT")
RECORDED = ("--symbols", ",".join(SYMBOLS), "--timeframe", "1h", "--detail", "5m", "--timerange", "20230601-20230901")


def import_recorded(root, store):
    patterns = [pattern.format(symbol) for symbol in SYMBOLS for pattern in CANDLES]
    tool.keel("data", "import", "--store", store, *[path for pattern in patterns for path in sorted(root.glob(pattern))])


def sweep(store, folder, strategy, trials, threads, *more):
    folder.mkdir(parents=True, exist_ok=True)
    return tool.keel_json("sweep", "run", "--store", store, "--sweeps", folder, "--ledger", folder / "ledger", "--strategy",
                          strategy, "--sampler", "random", "--trials", trials, "--threads", threads, *flags(strategy),
                          *more)


def check(store, folder, strategy, trials, *more):
    """Rows of the sweep, which are the same with one thread and with two, and each the plain loop's."""
    files = []
    for threads in (1, 2):
        document = sweep(store, folder / str(threads), strategy, trials, threads, *more)
        files.append(Path(document["trials_file"]).read_bytes())
    assert files[0] == files[1], f"{strategy}: two threads wrote another file"
    answer = tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", folder / "2", "--all")
    assert answer["checked"] == answer["confirmed"] == trials and answer["different"] == 0, answer
    return [json.loads(line) for line in files[1].decode().splitlines()[1:]]


def main(argv):
    parser = argparse.ArgumentParser(prog="script/parity", add_help=False)
    parser.add_argument("--keel", required=True)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("strategies", nargs="*")
    args = parser.parse_args(argv)
    root = tool.shared()
    if root is None:
        print("script/parity: no recorded candles: set KEEL_SHARED_DATA to their folder", file=sys.stderr)
        return 1
    os.environ["KEEL_BIN"] = args.keel
    with tempfile.TemporaryDirectory(prefix="keel-parity-") as name:
        folder = Path(name)
        import_recorded(root, folder / "store")
        for strategy in args.strategies or OWN:
            rows = check(folder / "store", folder / strategy, strategy, args.trials, *RECORDED, "--seed", args.seed)
            hashes = {row["state_hash"] for row in rows if row["totals"] and row["totals"]["trades"]}
            print(f"{strategy}: {len(rows)} configurations, {len(hashes)} different ends with trades: plain loop = lanes "
                  "with 1 thread = lanes with 2 threads", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AssertionError as wrong:
        print(f"script/parity: {wrong}", file=sys.stderr)
        sys.exit(6)

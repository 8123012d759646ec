"""What keel decides up to an instant does not depend on anything after it.

Each strategy runs on a market and on the same market with every candle and every funding rate after an instant
replaced by noise, at many instants. Whatever happened before the instant must be equal in every field; what was
decided at it must be the same decision, although its fill already belongs to the replaced future.
"""
# time limit: 600 s

import csv
from dataclasses import dataclass

import numpy as np
import pytest

from agreement import candles as candles_of
from agreement import keel_run

HOUR_MS = 3_600_000
BARS = 3_000
CUTS = (700, 1_001, 1_350, 1_777, 2_048, 2_300, 2_650, 2_990)  # index of the last bar that is kept
SYMBOLS = ("BTCUSDT", "ETHUSDT")
STRATEGIES = ("trend", "ema_cross", "rsi_reversion", "donchian_breakout", "buy_hold", "no_trade", "momentum",
              "mean_reversion", "carry")
IDENTITY = ("run_id", "config_id")  # name the data set, so they differ by right
KNOWN_AT_ENTRY = ("side", "symbol", "entry_ts", "qty", "confidence", "entry_reason")


@dataclass(frozen=True)
class Series:
    candles: candles_of.Candles
    funding: list  # (ts_ms, rate text)


def noisy_candles(series, keep, rng):
    """The candles with those after index keep - 1 replaced by an unrelated walk that starts at the last kept close."""
    count = len(series) - keep
    steps = rng.normal(0.0, 0.004, size=(count, 5))
    path = series.px["close"][keep - 1] * np.exp(np.cumsum(steps.ravel())).reshape(count, 5)
    cents = np.maximum(100, np.rint(path * 100)).astype(np.int64) * 1_000_000
    tail = {"open": cents[:, 0], "high": cents.max(axis=1), "low": cents.min(axis=1), "close": cents[:, 4]}
    px_e8 = {name: np.concatenate([series.px_e8[name][:keep], tail[name]]) for name in tail}
    volume = np.concatenate([series.volume[:keep], np.rint(rng.lognormal(6, 1, count) * 1000) / 1000])
    return candles_of.from_px_e8(series.ts_ms, px_e8, volume, series.interval_ms)


def noisy_funding(rows, now_ms, rng):
    return [(ts, rate if ts <= now_ms else f"{rng.integers(-30, 60) / 1e5:.5f}") for ts, rate in rows]


def write_market(folder, market):
    store = folder / "store"
    for symbol, series in market.items():
        candle_file, funding_file = folder / f"{symbol}.csv", folder / f"{symbol}-funding.csv"
        candles_of.write_csv(series.candles, candle_file)
        funding_file.write_text("ts_ms,rate\n" + "".join(f"{ts},{rate}\n" for ts, rate in series.funding))
        for path, more in ((candle_file, ("--interval", "1h")), (funding_file, ())):
            keel_run.keel("data", "import", path, "--store", store, "--venue", "binance-perp", "--symbol", symbol,
                          *more)
    return store


def recorded_market():
    root = candles_of.shared_data()
    if root is None:
        pytest.skip("shared/ is absent")
    market = {}
    for symbol in SYMBOLS:
        candles = candles_of.load(root / "candles" / f"binance-perp_{symbol}_1h_20230101-20251231.csv.zst",
                                  HOUR_MS).head(BARS)
        text = candles_of.read_text(min((root / "funding").glob(f"binance-perp_{symbol}_funding_*")))
        rows = [line.split(",") for line in text.splitlines()[1:]]
        first, last = int(candles.ts_ms[0]) - 8 * HOUR_MS, int(candles.ts_ms[-1]) + 9 * HOUR_MS
        market[symbol] = Series(candles, [(int(ts), rate) for ts, rate in rows if first <= int(ts) <= last])
    return market


def generated_market():
    market = {}
    for index, symbol in enumerate(SYMBOLS):
        candles = candles_of.walk(BARS, seed=31 + index)
        rng = np.random.default_rng(131 + index)
        times = range(int(candles.ts_ms[0]), int(candles.ts_ms[-1]) + 9 * HOUR_MS, 8 * HOUR_MS)
        market[symbol] = Series(candles, [(ts, f"{rng.integers(-20, 40) / 1e5:.5f}") for ts in times])
    return market


def replaced_after(market, cut):
    rng = np.random.default_rng(cut)
    changed = {}
    for symbol, series in market.items():
        now_ms = int(series.candles.ts_ms[cut]) + HOUR_MS
        changed[symbol] = Series(noisy_candles(series.candles, cut + 1, rng),
                                 noisy_funding(series.funding, now_ms, rng))
    return changed


@dataclass(frozen=True)
class Worlds:
    """Stores of the market as it was and of its altered futures, by the instant from which they differ."""

    true_store: str
    altered: list  # (instant in ms, store)


@pytest.fixture(scope="module", params=["recorded", "generated"])
def worlds(request, tmp_path_factory):
    market = recorded_market() if request.param == "recorded" else generated_market()
    true_store = write_market(tmp_path_factory.mktemp("true"), market)
    altered = []
    for cut in CUTS:
        now_ms = int(market["BTCUSDT"].candles.ts_ms[cut]) + HOUR_MS
        altered.append((now_ms, write_market(tmp_path_factory.mktemp(f"cut{cut}"), replaced_after(market, cut))))
    return Worlds(true_store, altered)


def run(store, strategy, folder, name):
    """Trades (dict rows, oldest entry first) and equity rows of one run with the strategy's own defaults and costs."""
    trades, equity = folder / f"{name}-trades.csv", folder / f"{name}-equity.csv"
    keel_run.keel("backtest", "run", "--store", store, "--venue", "binance-perp", "--strategy", strategy, "--symbols",
                  ",".join(SYMBOLS), "--timeframe", "1h", "--slippage-bps", 2, "--export-trades", trades,
                  "--export-equity", equity)
    with open(trades, newline="", encoding="ascii") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["entry_ts"], row["symbol"]))
    with open(equity, newline="", encoding="ascii") as file:
        return rows, list(csv.reader(file))[1:]


def without_identity(row):
    return {name: value for name, value in row.items() if name not in IDENTITY}


def settled(rows, now_ms):
    """Round trips that ended before the instant, whole."""
    return [without_identity(row) for row in rows if keel_run.time_ms(row["exit_ts"]) < now_ms]


def decided(rows, now_ms):
    """Entries decided up to the instant; the price too where the fill came before it."""
    entries = []
    for row in rows:
        entry_ms = keel_run.time_ms(row["entry_ts"])
        if entry_ms <= now_ms:
            entries.append([row[name] for name in KNOWN_AT_ENTRY] + [row["entry_px"] if entry_ms < now_ms else None])
    return entries


def equity_before(rows, now_ms):
    return [row for row in rows if keel_run.time_ms(row[0]) < now_ms]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_future_noise_changes_nothing_before_it(worlds, strategy, tmp_path):
    """[BKT-01.3] [T-186] Entries up to t and round trips ended before t are the same whatever comes after t."""
    true_rows, true_equity = run(worlds.true_store, strategy, tmp_path, "true")
    compared, moved = 0, 0
    for now_ms, store in worlds.altered:
        rows, equity = run(store, strategy, tmp_path, str(now_ms))
        assert settled(rows, now_ms) == settled(true_rows, now_ms)
        assert decided(rows, now_ms) == decided(true_rows, now_ms)
        assert equity_before(equity, now_ms) == equity_before(true_equity, now_ms)
        compared += len(decided(rows, now_ms)) + len(equity_before(equity, now_ms))
        moved += [without_identity(row) for row in rows] != [without_identity(row) for row in true_rows]
    assert compared > 1_000, "nothing was compared"
    if strategy != "no_trade":  # the replaced future is felt where it may be felt, so the noise was read at all
        assert moved >= len(CUTS) - 1

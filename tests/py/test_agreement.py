"""keel, backtesting.py and vectorbt decide the same trades at the same times and prices.

Conventions that had to be matched, and each difference that remains: docs/models/agreement.md.
"""
# time limit: 600 s

from dataclasses import dataclass

import numpy as np
import pytest

from agreement import candles as candles_of
from agreement import keel_run, peer_backtesting, peer_vectorbt, rules
from agreement.trades import Trade, differences

HOUR_MS = 3_600_000
END_MS = 1_764_979_200_000  # 2025-12-06: recorded BTCUSDT funding ends on that day, and keel never guesses a rate


@dataclass(frozen=True)
class Rule:
    """One strategy with its parameters, as keel's --set and as signal columns for the other engines."""

    strategy: str
    settings: dict
    shorts: bool

    def signals(self, close):
        rule = {"ema_cross": rules.ema_cross, "rsi_reversion": rules.rsi_reversion}[self.strategy]
        return rule(close, shorts=self.shorts, **self.settings)

    def name(self):
        values = "-".join(str(value) for value in self.settings.values())
        return f"{self.strategy}-{values}-{'both_sides' if self.shorts else 'long_only'}"


RULES = [
    Rule("ema_cross", {"fast": 12, "slow": 26}, True),
    Rule("ema_cross", {"fast": 12, "slow": 26}, False),
    Rule("ema_cross", {"fast": 5, "slow": 90}, True),
    Rule("rsi_reversion", {"period": 14, "lower": 30, "upper": 70, "leave": 50}, True),
    Rule("rsi_reversion", {"period": 14, "lower": 30, "upper": 70, "leave": 50}, False),
    Rule("rsi_reversion", {"period": 3, "lower": 20, "upper": 80, "leave": 45}, True),
]


@dataclass(frozen=True)
class Market:
    candles: candles_of.Candles
    store: str
    timeframe: str
    more: tuple = ()


def zero_funding(path, candles):
    """Settlements every eight hours at rate nothing: stated, because keel refuses a perpetual without funding."""
    step = 8 * HOUR_MS
    first = int(candles.ts_ms[0]) // step * step
    times = range(first, int(candles.ts_ms[-1]) + 2 * step, step)
    path.write_text("ts_ms,rate\n" + "".join(f"{time},0\n" for time in times))


def import_series(store, symbol, candle_file, interval, funding_file):
    for path, more in ((candle_file, ("--interval", interval)), (funding_file, ())):
        keel_run.keel("data", "import", path, "--store", store, "--venue", "binance-perp", "--symbol", symbol, *more)


def recorded(folder, interval, name, interval_ms):
    root = candles_of.shared_data()
    if root is None:
        pytest.skip("shared/ is absent")
    path = root / "candles" / name
    import_series(folder / "store", "BTCUSDT", path, interval,
                  root / "funding" / "binance-perp_BTCUSDT_funding_20220101-20251206.csv")
    candles = candles_of.load(path, interval_ms)
    return Market(candles.head(int(np.searchsorted(candles.ts_ms, END_MS))), folder / "store", interval,
                  ("--timerange", "20230101-20251206"))


@pytest.fixture(scope="module", params=["recorded-1h", "recorded-15m", "generated-1h"])
def market(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("agreement")
    if request.param == "recorded-1h":
        return recorded(folder, "1h", "binance-perp_BTCUSDT_1h_20230101-20251231.csv.zst", HOUR_MS)
    if request.param == "recorded-15m":
        return recorded(folder, "15m", "binance-perp_BTCUSDT_15m_20230101-20251206.csv.zst", HOUR_MS // 4)
    candles = candles_of.walk(20_000, seed=7)
    candles_of.write_csv(candles, folder / "walk.csv")
    zero_funding(folder / "funding.csv", candles)
    import_series(folder / "store", "BTCUSDT", folder / "walk.csv", "1h", folder / "funding.csv")
    return Market(candles, folder / "store", "1h")


def filled_where_traded(trades, candles):
    """The peers fill in bars in which nothing traded (an outage of the venue); keel waits for the next bar that did.
    Returns the trades with such fills moved on, and how many there were."""
    index_of = {int(ts): index for index, ts in enumerate(candles.ts_ms)}
    count = 0

    def fill(ts_ms, price_e8):
        nonlocal count
        index = index_of[ts_ms]
        if candles.volume[index] > 0:
            return ts_ms, price_e8
        count += 1
        index += int(np.argmax(candles.volume[index:] > 0))
        return int(candles.ts_ms[index]), int(candles.px_e8["open"][index])

    moved = []
    for trade in trades:
        entry, leave = fill(trade.entry_ms, trade.entry_px_e8), (trade.exit_ms, trade.exit_px_e8)
        moved.append(Trade(trade.side, *entry, *(leave if trade.at_end else fill(*leave)), at_end=trade.at_end))
    return moved, count


def both_peers(candles, signals):
    """The peers' common trade list; they must agree with each other before anything is compared with them."""
    one, other = peer_backtesting.run(candles, signals), peer_vectorbt.run(candles, signals)
    assert not differences("backtesting.py", one, "vectorbt", other)
    assert len(one) > 50, "too few trades to show agreement"
    trades, moved = filled_where_traded(one, candles)
    assert moved <= 2, "more fills without a trade in the market than the recorded outages explain"
    return trades


@pytest.mark.parametrize("rule", RULES, ids=Rule.name)
def test_keel_trades_equal_both_peers(market, rule, tmp_path):
    """[BKT-01] [BKT-01.4] [T-223] Same side, entry time, entry price, exit time and exit price, trade for trade."""
    expected = both_peers(market.candles, rule.signals(market.candles.px["close"]))
    found = keel_run.backtest(market.store, "binance-perp", "BTCUSDT", market.timeframe, rule.strategy,
                              {**rule.settings, "allow_short": int(rule.shorts)}, tmp_path / "trades.csv",
                              *market.more)
    assert not differences("keel", found, "peers", expected)
    end = expected[-1]
    if end.at_end:  # the one exit that is no fill: keel sells at the last close, vectorbt values it there
        assert found[-1].exit_px_e8 == end.exit_px_e8


@pytest.mark.parametrize("stop, target", [(0.01, 0.02), (0.03, 0.01)])
def test_stops_and_targets_equal_both_peers(tmp_path, stop, target):
    """[BKT-01] [BKT-01.4] Levels from the entry price, left inside the bar, at its open where that is beyond."""
    candles = candles_of.walk(20_000, seed=7)
    candles_of.write_csv(candles, tmp_path / "walk.csv")
    zero_funding(tmp_path / "funding.csv", candles)
    import_series(tmp_path / "store", "BTCUSDT", tmp_path / "walk.csv", "1h", tmp_path / "funding.csv")
    signals = rules.ema_cross(candles.px["close"], 12, 26, False)
    fills = np.append(candles.px["open"][1:], candles.px["close"][-1:])
    expected = peer_backtesting.run(candles, signals, peer_backtesting.levels(fills, stop, target))
    other = peer_vectorbt.run_levels(candles, signals, fills, stop, target)
    assert not differences("backtesting.py", expected, "vectorbt", other)
    settings = {"fast": 12, "slow": 26, "allow_short": 0, "sl_pct": stop, "tp_pct": target}
    found = keel_run.backtest(tmp_path / "store", "binance-perp", "BTCUSDT", "1h", "ema_cross", settings,
                              tmp_path / "trades.csv")
    assert not differences("keel", found, "peers", expected)
    opens = dict(zip(candles.ts_ms.tolist(), candles.px_e8["open"].tolist()))
    inside = [trade for trade in found if opens.get(trade.exit_ms) != trade.exit_px_e8]
    gaps = [trade for trade in inside if opens[trade.exit_ms - HOUR_MS] == trade.exit_px_e8]
    at_once = [trade for trade in inside if trade.exit_ms - trade.entry_ms == HOUR_MS]
    assert len(found) > 200 and len(inside) > 100 and gaps and at_once, "too few levels came to show agreement"


def test_fill_at_the_deciding_close_is_told_apart():
    """The comparison can fail: a run that fills where it decides is not taken for one that fills at the next open."""
    candles = candles_of.walk(3_000, seed=11)
    signals = rules.ema_cross(candles.px["close"], 12, 26, True)
    honest = peer_backtesting.run(candles, signals)
    shifted = {name: np.roll(column, 1) for name, column in candles.px.items()}
    cheat = candles_of.Candles(candles.ts_ms, candles.px_e8, {**candles.px, "open": shifted["close"]}, candles.volume,
                               candles.interval_ms)
    assert len(honest) > 50
    assert differences("next open", honest, "same close", peer_vectorbt.run(cheat, signals))


def test_one_unit_of_price_is_told_apart():
    """The comparison is exact: a price that differs by 1e-8 is a difference."""
    trade = Trade(1, 0, 3_000_000_000_000, HOUR_MS, 3_000_000_000_001)
    other = Trade(1, 0, 3_000_000_000_000, HOUR_MS, 3_000_000_000_002)
    assert not differences("a", [trade], "b", [trade])
    assert differences("a", [trade], "b", [other])
    assert differences("a", [trade], "b", [])

"""The strategies under backtesting.py: one Python call per bar, orders filled at the next bar's open."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .trades import Trade

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from backtesting import Backtest, Strategy


class Follow(Strategy):
    """Acts on the four signal columns. The engine reveals them bar by bar, as it does for any indicator."""

    signals = None
    levels = None  # Levels, or None: no stops

    def init(self):
        columns = self.signals
        self.long_in = self.I(lambda: columns.long_in, name="long_in", plot=False)
        self.long_out = self.I(lambda: columns.long_out, name="long_out", plot=False)
        self.short_in = self.I(lambda: columns.short_in, name="short_in", plot=False)
        self.short_out = self.I(lambda: columns.short_out, name="short_out", plot=False)

    def next(self):
        position = self.position
        if (self.long_out[-1] and position.is_long) or (self.short_out[-1] and position.is_short):
            position.close()
        elif self.long_in[-1] and not position.is_long:
            self.enter(self.buy, position)
        elif self.short_in[-1] and not position.is_short:
            self.enter(self.sell, position)

    def enter(self, order, position):
        if position and not self.signals.reverse:
            position.close()
        else:
            order(size=1, **self.bracket())

    def bracket(self):
        if self.levels is None:
            return {}
        bar = len(self.data) - 1
        return {"sl": self.levels.stop[bar], "tp": self.levels.target[bar]}


@dataclass(frozen=True)
class Levels:
    """Stop and target of an entry decided at each bar's close. The engine wants prices with the order, before it knows
    its fill: so whoever makes them looks at the next open, which the decision does not see."""

    stop: np.ndarray
    target: np.ndarray


def levels(fills, stop, target):
    """fills: what a decision at each close is filled at; stop, target: shares of it, for long positions."""
    return Levels(fills * (1 - stop), fills * (1 + target))


def frame(candles):
    return pd.DataFrame(
        {"Open": candles.px["open"], "High": candles.px["high"], "Low": candles.px["low"],
         "Close": candles.px["close"], "Volume": candles.volume},
        index=pd.to_datetime(candles.ts_ms, unit="ms"))


def simulate(data, signals, cash=1e12, fee=0.0, stops=None):
    """One run; returns backtesting.py's statistics, in which its own trade list lies.

    One whole unit per trade and cash beyond any need, so no order is shrunk or refused; exclusive_orders closes the
    old position with the order that opens the new one, both at the same open; finalize_trades stays off because it
    would fill at the *open* of the last bar orders that were placed after that bar's close.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = Backtest(data, Follow, cash=cash, commission=fee, spread=0.0, trade_on_close=False, hedging=False,
                        exclusive_orders=True, finalize_trades=False)
        return test.run(signals=signals, levels=stops)


def trades_of(stats, candles):
    rows = stats["_trades"]
    strategy = stats["_strategy"]

    def leave_ms(bar, side):
        """An exit that no close decided was made by a level inside the bar, and is timed at the bar's end."""
        if strategy.levels is None:
            return int(candles.ts_ms[bar])
        decided = (strategy.signals.long_out if side > 0 else strategy.signals.short_out)[bar - 1]
        return int(candles.ts_ms[bar]) + (0 if decided else candles.interval_ms)

    trades = [
        Trade(int(np.sign(size)), int(candles.ts_ms[entry_bar]), round(entry_px * 1e8), leave_ms(exit_bar, size),
              round(exit_px * 1e8))
        for size, entry_bar, exit_bar, entry_px, exit_px in zip(
            rows["Size"], rows["EntryBar"], rows["ExitBar"], rows["EntryPrice"], rows["ExitPrice"])
    ]
    for trade in strategy.trades:  # still open: the engine reports no exit, the last close values it
        trades.append(Trade(1 if trade.is_long else -1, int(candles.ts_ms[trade.entry_bar]),
                            round(trade.entry_price * 1e8), int(candles.ts_ms[-1]), int(candles.px_e8["close"][-1]),
                            at_end=True))
    return sorted(trades, key=lambda trade: trade.entry_ms)


def run(candles, signals, stops=None):
    return trades_of(simulate(frame(candles), signals, stops=stops), candles)

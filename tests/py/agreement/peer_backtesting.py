"""The strategies under backtesting.py: one Python call per bar, orders filled at the next bar's open."""

import warnings

import numpy as np
import pandas as pd

from .trades import Trade

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from backtesting import Backtest, Strategy


class Follow(Strategy):
    """Acts on the four signal columns. The engine reveals them bar by bar, as it does for any indicator."""

    signals = None

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
            order(size=1)


def frame(candles):
    return pd.DataFrame(
        {"Open": candles.px["open"], "High": candles.px["high"], "Low": candles.px["low"],
         "Close": candles.px["close"], "Volume": candles.volume},
        index=pd.to_datetime(candles.ts_ms, unit="ms"))


def simulate(data, signals, cash=1e12, fee=0.0):
    """One run; returns backtesting.py's statistics, in which its own trade list lies.

    One whole unit per trade and cash beyond any need, so no order is shrunk or refused; exclusive_orders closes the
    old position with the order that opens the new one, both at the same open; finalize_trades stays off because it
    would fill at the *open* of the last bar orders that were placed after that bar's close.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = Backtest(data, Follow, cash=cash, commission=fee, spread=0.0, trade_on_close=False, hedging=False,
                        exclusive_orders=True, finalize_trades=False)
        return test.run(signals=signals)


def trades_of(stats, candles):
    rows = stats["_trades"]
    trades = [
        Trade(int(np.sign(size)), int(candles.ts_ms[entry_bar]), round(entry_px * 1e8), int(candles.ts_ms[exit_bar]),
              round(exit_px * 1e8))
        for size, entry_bar, exit_bar, entry_px, exit_px in zip(
            rows["Size"], rows["EntryBar"], rows["ExitBar"], rows["EntryPrice"], rows["ExitPrice"])
    ]
    for trade in stats["_strategy"].trades:  # still open: the engine reports no exit, the last close values it
        trades.append(Trade(1 if trade.is_long else -1, int(candles.ts_ms[trade.entry_bar]),
                            round(trade.entry_price * 1e8), int(candles.ts_ms[-1]), int(candles.px_e8["close"][-1]),
                            at_end=True))
    return sorted(trades, key=lambda trade: trade.entry_ms)


def run(candles, signals):
    return trades_of(simulate(frame(candles), signals), candles)

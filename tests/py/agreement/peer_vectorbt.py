"""The strategies under vectorbt: whole columns at once, signals moved one bar on so that they fill at the next open."""

import warnings

import numpy as np

from .trades import Trade

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vectorbt as vbt
    from vectorbt.portfolio.enums import TradeDirection, TradeStatus


def next_bar(column):
    """The column one bar later; a decision on the last bar has no bar to be filled in."""
    moved = np.zeros_like(column)
    moved[1:] = column[:-1]
    return moved


def simulate(candles, signals, cash=1e12, fee=0.0):
    """One run; returns vectorbt's portfolio.

    price= is the open: vectorbt's default would fill at the close that made the decision. Size one and cash beyond
    any need, so no order is shrunk. A reversal is one order at one price.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return vbt.Portfolio.from_signals(
            candles.px["close"],
            entries=next_bar(signals.long_in),
            exits=next_bar(signals.long_out),
            short_entries=next_bar(signals.short_in),
            short_exits=next_bar(signals.short_out),
            price=candles.px["open"],
            size=1.0,
            size_type="amount",
            init_cash=cash,
            fees=fee,
            slippage=0.0,
            accumulate=False,
            upon_opposite_entry="reverse" if signals.reverse else "close",
            freq=f"{candles.interval_ms}ms",
        )


def trades_of(portfolio, candles):
    return [
        Trade(1 if row["direction"] == TradeDirection.Long else -1, int(candles.ts_ms[row["entry_idx"]]),
              round(row["entry_price"] * 1e8), int(candles.ts_ms[row["exit_idx"]]), round(row["exit_price"] * 1e8),
              at_end=bool(row["status"] == TradeStatus.Open))
        for row in portfolio.trades.values
    ]


def run(candles, signals):
    return trades_of(simulate(candles, signals), candles)

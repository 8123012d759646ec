"""The strategies under vectorbt: whole columns at once, signals moved one bar on so that they fill at the next open."""

import warnings

import numpy as np

from .trades import Trade

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vectorbt as vbt
    from vectorbt.portfolio.enums import StopEntryPrice, TradeDirection, TradeStatus


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


def but_the_last(column):
    """A decision on the last bar has no bar to be filled in."""
    cut = column.copy()
    cut[-1:] = False
    return cut


def simulate_levels(candles, signals, fills, stop, target, cash=1e12, fee=0.0):
    """One run with a stop and a target, shares of the entry price; long only.

    vectorbt asks for a stop before the signals of a bar, and not on the bar of the entry. So the signals stay on the
    bar that decides, and fills, the next open, is the price of their orders: then the first bar whose range is asked is
    the one that the entry opened, and a stop inside a bar comes before what is decided at its close.
    """
    px = candles.px
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return vbt.Portfolio.from_signals(
            px["close"], entries=but_the_last(signals.long_in), exits=but_the_last(signals.long_out),
            direction="longonly", price=fills, open=px["open"], high=px["high"], low=px["low"], sl_stop=stop,
            tp_stop=target, stop_entry_price=StopEntryPrice.FillPrice, size=1.0, size_type="amount", init_cash=cash,
            fees=fee, slippage=0.0, accumulate=False, freq=f"{candles.interval_ms}ms")


def trades_of(portfolio, candles, later=0):
    """later: by how many bars a fill is later than the row it stands in. An exit at a level inside a bar is timed at
    the bar's end, which is where the next bar begins."""
    times = np.append(candles.ts_ms, candles.ts_ms[-1] + candles.interval_ms)
    return [
        Trade(1 if row["direction"] == TradeDirection.Long else -1, int(times[row["entry_idx"] + later]),
              round(row["entry_price"] * 1e8), int(times[row["exit_idx"] + later]), round(row["exit_price"] * 1e8),
              at_end=bool(row["status"] == TradeStatus.Open))
        for row in portfolio.trades.values
    ]


def run(candles, signals):
    return trades_of(simulate(candles, signals), candles)


def run_levels(candles, signals, fills, stop, target):
    return trades_of(simulate_levels(candles, signals, fills, stop, target), candles, later=1)

"""The two strategies as four columns of yes/no at each bar's close, from TA-Lib arrays.

A decision at the close of bar i may read bars 0..i only; it is filled at the open of bar i + 1, the next instant at
which anyone could trade. `a crosses above b` at i means a[i] > b[i] and a[i-1] <= b[i-1]; a comparison with a value
that is still warming up (NaN) is false.
"""

from dataclasses import dataclass

import numpy as np
import talib


@dataclass(frozen=True)
class Signals:
    """An exit is asked before an entry. reverse: an entry against an open position ends it and opens the other side
    in one go; otherwise it only ends it."""

    long_in: np.ndarray
    long_out: np.ndarray
    short_in: np.ndarray
    short_out: np.ndarray
    reverse: bool


def crosses_above(a, b):
    hit = np.zeros(len(a), dtype=bool)
    hit[1:] = (a[1:] > b[1:]) & (a[:-1] <= b[:-1])
    return hit


def crosses_below(a, b):
    return crosses_above(b, a)


def ema_cross(close, fast, slow, shorts):
    """Long when the fast average crosses above the slow one; the opposite cross reverses, or without shorts ends it."""
    fast_line, slow_line = talib.EMA(close, fast), talib.EMA(close, slow)
    up, down = crosses_above(fast_line, slow_line), crosses_below(fast_line, slow_line)
    never = np.zeros(len(close), dtype=bool)
    return Signals(up, never, down, never, True) if shorts else Signals(up, down, never, never, True)


def rsi_reversion(close, period, lower, upper, leave, shorts):
    """Long when RSI crosses below `lower`, out at or above `leave`; short when it crosses above `upper`, out at or
    below 100 - leave. A bar that calls for an exit and the opposite entry only exits."""
    rsi = talib.RSI(close, period)
    never = np.zeros(len(close), dtype=bool)
    return Signals(
        crosses_below(rsi, np.full(len(close), float(lower))),
        rsi >= leave,
        crosses_above(rsi, np.full(len(close), float(upper))) if shorts else never,
        rsi <= 100.0 - leave if shorts else never,
        False,
    )

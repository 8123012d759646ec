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
    long_in: np.ndarray
    long_out: np.ndarray
    short_in: np.ndarray
    short_out: np.ndarray


def crosses_above(a, b):
    hit = np.zeros(len(a), dtype=bool)
    hit[1:] = (a[1:] > b[1:]) & (a[:-1] <= b[:-1])
    return hit


def crosses_below(a, b):
    return crosses_above(b, a)


def ema_cross(close, fast, slow, shorts):
    """Long when the fast average crosses above the slow one, the opposite cross ends it and, with shorts, reverses."""
    fast_line, slow_line = talib.EMA(close, fast), talib.EMA(close, slow)
    up, down = crosses_above(fast_line, slow_line), crosses_below(fast_line, slow_line)
    never = np.zeros(len(close), dtype=bool)
    return Signals(up, down, down if shorts else never, up if shorts else never)


def rsi_reversion(close, period, low, high, middle, shorts):
    """Long when RSI crosses below `low`, out when it crosses above `middle`; short mirrored at `high`."""
    rsi = talib.RSI(close, period)
    level = {name: np.full(len(close), float(value)) for name, value in (("low", low), ("high", high),
                                                                         ("middle", middle))}
    never = np.zeros(len(close), dtype=bool)
    return Signals(
        crosses_below(rsi, level["low"]),
        crosses_above(rsi, level["middle"]),
        crosses_above(rsi, level["high"]) if shorts else never,
        crosses_below(rsi, level["middle"]) if shorts else never,
    )

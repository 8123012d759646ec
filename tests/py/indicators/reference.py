"""Independent values for every indicator: TA-Lib where it has the function, else the published formula in numpy.

Each function takes candles and parameters and returns one array per output, NaN where there is no value yet. Nothing
here knows how keel computes: windows are summed whole, recursions are written as their definition reads.
"""
import numpy as np
import talib
from numpy.lib.stride_tricks import sliding_window_view

DAY_MS = 86_400_000


def windows(x, n):
    return sliding_window_view(np.asarray(x, float), n)


def late(values, count):
    """`values` behind as many NaN as are missing to `count`."""
    return np.concatenate([np.full(count - len(values), np.nan), values])


def over_windows(function, x, n):
    """function over each full window of the valid part of x."""
    x = np.asarray(x, float)
    start = int(np.argmax(~np.isnan(x)))
    return late(function(windows(x[start:], n)), len(x))


def mean(x, n):
    return over_windows(lambda w: w.mean(axis=1), x, n)


def recursive(x, n, alpha):
    """v += alpha (x - v) over the valid part of x, from the mean of its first n values."""
    x = np.asarray(x, float)
    out = np.full(len(x), np.nan)
    start = int(np.argmax(~np.isnan(x)))
    value = x[start:start + n].mean()
    out[start + n - 1] = value
    for i in range(start + n, len(x)):
        value = value + alpha * (x[i] - value)
        out[i] = value
    return out


def true_range(c):
    previous = c.close[:-1]
    rest = np.maximum(c.high[1:] - c.low[1:],
                      np.maximum(np.abs(c.high[1:] - previous), np.abs(c.low[1:] - previous)))
    return np.concatenate([[np.nan], rest])


def atr(c, n):
    return recursive(true_range(c), n, 1 / n)


# ---- where TA-Lib has the function: its own numbers


def macd(c, fast, slow, signal):
    """TA-Lib's MACD shows the line only once the signal exists; the earlier part of the line is the difference of
    the two EMAs, the fast one started slow - fast bars late."""
    line, average, rest = talib.MACD(c.close, fast, slow, signal)
    head = np.concatenate([np.full(slow - fast, np.nan), talib.EMA(c.close[slow - fast:], fast)]) \
        - talib.EMA(c.close, slow)
    return [np.where(np.isnan(line), head, line), average, rest]


def stochastic(high, low, close, n, k, d):
    top = over_windows(lambda w: w.max(axis=1), high, n)
    bottom = over_windows(lambda w: w.min(axis=1), low, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = np.where(top > bottom, 100 * (close - bottom) / (top - bottom), np.where(np.isnan(top), np.nan, 50.0))
    slow = mean(raw, k)
    return [slow, mean(slow, d)]


def stoch_rsi(c, n, stoch, k, d):
    rsi = talib.RSI(c.close, n)
    return stochastic(rsi, rsi, rsi, stoch, k, d)


def adx(c, n):
    value = talib.ADX(c.high, c.low, c.close, n)
    return [value, np.concatenate([[np.nan], value[:-1]]), talib.PLUS_DI(c.high, c.low, c.close, n),
            talib.MINUS_DI(c.high, c.low, c.close, n)]


def bollinger(c, n, mult):
    w = windows(c.close, n)
    middle = w.mean(axis=1)
    reach = mult * w.std(axis=1)
    flat = w.max(axis=1) == w.min(axis=1)
    reach[flat] = 0.0
    return [late(v, len(c)) for v in (middle, middle + reach, middle - reach, 2 * reach / middle)]


def bb_width_ratio(c, n, average):
    width = bollinger(c, n, 1.0)[3]
    slow = mean(width, average)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [np.where(slow == 0, 1.0, width / slow)]


def aroon(c, n):
    down, up = talib.AROON(c.high, c.low, n)
    return [up, down]


# ---- definitions


def cci(c, n):
    w = windows(c.hlc3, n)
    deviation = np.abs(w - w.mean(axis=1, keepdims=True)).mean(axis=1)
    flat = w.max(axis=1) == w.min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(flat, 0.0, (w[:, -1] - w.mean(axis=1)) / (0.015 * deviation))
    return [late(value, len(c))]


def williams(c, n):
    top, bottom = windows(c.high, n).max(axis=1), windows(c.low, n).min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(top > bottom, -100 * (top - c.close[n - 1:]) / (top - bottom), -50.0)
    return [late(value, len(c))]


def mfi(c, n):
    flow, change = c.hlc3[1:] * c.volume[1:], np.diff(c.hlc3)
    up = windows(np.where(change > 0, flow, 0.0), n).sum(axis=1)
    down = windows(np.where(change < 0, flow, 0.0), n).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [late(np.where(up + down > 0, 100 * up / (up + down), 50.0), len(c))]


def slope(x, n):
    return [late((x[n:] / x[:-n] - 1) / n, len(x))]


def zscore(x, n):
    w = windows(x, n)
    flat = w.max(axis=1) == w.min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [late(np.where(flat, 0.0, (w[:, -1] - w.mean(axis=1)) / w.std(axis=1)), len(x))]


def linear_slope(x, n):
    t = np.arange(n) - (n - 1) / 2
    w = windows(x, n)
    return [late(((w - w[:, :1]) * t).sum(axis=1) / (t * t).sum(), len(x))]


def keltner(c, n, atr_n, mult):
    middle, reach = recursive(c.close, n, 2 / (n + 1)), mult * atr(c, atr_n)
    return [middle, middle + reach, middle - reach]


def supertrend(c, n, mult):
    """The recursion as charting sites publish it, with +1 for up."""
    reach = mult * atr(c, n)
    value, direction = np.full(len(c), np.nan), np.full(len(c), np.nan)
    upper = lower = trend = None
    for i in range(n, len(c)):
        new_upper, new_lower = c.hl2[i] + reach[i], c.hl2[i] - reach[i]
        if trend is None:
            trend = -1
        else:
            before = c.close[i - 1]
            new_upper = new_upper if new_upper < upper or before > upper else upper
            new_lower = new_lower if new_lower > lower or before < lower else lower
            if trend == -1:
                trend = 1 if c.close[i] > new_upper else -1
            else:
                trend = -1 if c.close[i] < new_lower else 1
        upper, lower = new_upper, new_lower
        value[i], direction[i] = (lower if trend == 1 else upper), trend
    return [value, direction]


def vwap_day(c):
    out, day, worth, volume = np.empty(len(c)), None, 0.0, 0.0
    for i in range(len(c)):
        if c.ts_ms[i] // DAY_MS != day:
            day, worth, volume = c.ts_ms[i] // DAY_MS, 0.0, 0.0
        worth += c.hlc3[i] * c.volume[i]
        volume += c.volume[i]
        out[i] = worth / volume if volume > 0 else c.hlc3[i]
    return [out]


def vwap(c, n):
    volume = windows(c.volume, n).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(volume > 0, windows(c.hlc3 * c.volume, n).sum(axis=1) / volume, c.hlc3[n - 1:])
    return [late(value, len(c))]


def cmf(c, n):
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(c.high > c.low, ((c.close - c.low) - (c.high - c.close)) / (c.high - c.low), 0.0)
        volume = windows(c.volume, n).sum(axis=1)
        value = np.where(volume > 0, windows(share * c.volume, n).sum(axis=1) / volume, 0.0)
    return [late(value, len(c))]


def close_volatility(c, n):
    return [late(windows(np.diff(np.log(c.close)), n).std(axis=1, ddof=1), len(c))]


def parkinson(c, n):
    return [late(np.sqrt(windows(np.log(c.high / c.low) ** 2, n).mean(axis=1) / (4 * np.log(2))), len(c))]


def garman_klass(c, n):
    term = 0.5 * np.log(c.high / c.low) ** 2 - (2 * np.log(2) - 1) * np.log(c.close / c.open) ** 2
    return [late(np.sqrt(windows(term, n).mean(axis=1)), len(c))]


def satchell_terms(c):
    return np.log(c.high / c.close) * np.log(c.high / c.open) + np.log(c.low / c.close) * np.log(c.low / c.open)


def rogers_satchell(c, n):
    return [late(np.sqrt(windows(satchell_terms(c), n).mean(axis=1)), len(c))]


def yang_zhang(c, n):
    overnight = windows(np.log(c.open[1:] / c.close[:-1]), n).var(axis=1, ddof=1)
    intraday = windows(np.log(c.close[1:] / c.open[1:]), n).var(axis=1, ddof=1)
    satchell = windows(satchell_terms(c)[1:], n).mean(axis=1)
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    return [late(np.sqrt(overnight + k * intraday + (1 - k) * satchell), len(c))]


def pivot(c):
    out = np.full((5, len(c)), np.nan)
    days = c.ts_ms // DAY_MS
    for day in np.unique(days)[1:]:
        before = days == days[days < day].max()
        if c.ts_ms[before][0] % DAY_MS != 0:
            out[:, days == day] = out[:, np.argmax(days == day) - 1][:, None]
            continue
        high, low, close = c.high[before].max(), c.low[before].min(), c.close[before][-1]
        p = (high + low + close) / 3
        levels = [p, 2 * p - low, 2 * p - high, p + high - low, p - high + low]
        out[:, days == day] = np.array(levels)[:, None]
    return list(out)


# name: (function of candles, parameters with which to call it and keel)
CASES = {
    "copy": (lambda c: [c.close], [{}]),
    "prev": (lambda c, lag: [late(c.close[:-lag], len(c))], [{"lag": 1}, {"lag": 7}]),
    "sma": (lambda c, period: [talib.SMA(c.close, period)] if period > 1 else [c.close],
            [{"period": 1}, {"period": 20}, {"period": 200}]),
    "ema": (lambda c, period: [talib.EMA(c.close, period)], [{"period": 9}, {"period": 200}]),
    "wma": (lambda c, period: [talib.WMA(c.close, period)], [{"period": 10}, {"period": 55}]),
    "rma": (lambda c, period: [recursive(c.close, period, 1 / period)], [{"period": 14}]),
    "dema": (lambda c, period: [talib.DEMA(c.close, period)], [{"period": 21}]),
    "tema": (lambda c, period: [talib.TEMA(c.close, period)], [{"period": 21}]),
    "kama": (lambda c, period: [talib.KAMA(c.close, period)], [{"period": 10}, {"period": 30}]),
    "slope": (lambda c, period: slope(c.close, period), [{"period": 1}, {"period": 5}]),
    "roc": (lambda c, period: [talib.ROC(c.close, period)], [{"period": 10}]),
    "mom": (lambda c, period: [talib.MOM(c.close, period)], [{"period": 10}]),
    "linreg_slope": (lambda c, period: linear_slope(c.close, period), [{"period": 14}, {"period": 100}]),
    "zscore": (lambda c, period: zscore(c.close, period), [{"period": 20}]),
    "rsi": (lambda c, period: [talib.RSI(c.close, period)], [{"period": 14}, {"period": 2}]),
    "stochrsi": (lambda c, period, stoch, k, d: stoch_rsi(c, period, stoch, k, d),
                 [{"period": 14, "stoch": 14, "k": 1, "d": 3}, {"period": 14, "stoch": 21, "k": 3, "d": 5}]),
    "macd": (macd, [{"fast": 12, "slow": 26, "signal": 9}, {"fast": 5, "slow": 34, "signal": 7}]),
    "trix": (lambda c, period: [talib.TRIX(c.close, period)], [{"period": 15}]),
    "bb": (lambda c, period, mult: bollinger(c, period, mult), [{"period": 20, "mult": 2}, {"period": 55, "mult": 2.5}]),
    "bb_width_ratio": (lambda c, period, average: bb_width_ratio(c, period, average),
                       [{"period": 20, "average": 20}, {"period": 20, "average": 50}]),
    "cc_vol": (lambda c, period: close_volatility(c, period), [{"period": 20}]),
    "atr": (lambda c, period: [talib.ATR(c.high, c.low, c.close, period)], [{"period": 14}, {"period": 1}]),
    "adx": (lambda c, period: adx(c, period), [{"period": 14}, {"period": 5}]),
    "donchian": (lambda c, period: [talib.MAX(c.high, period), talib.MIN(c.low, period),
                                    (talib.MAX(c.high, period) + talib.MIN(c.low, period)) / 2],
                 [{"period": 20}, {"period": 55}]),
    "keltner": (lambda c, period, atr, mult: keltner(c, period, atr, mult), [{"period": 20, "atr": 10, "mult": 2}]),
    "cci": (lambda c, period: cci(c, period), [{"period": 20}]),
    "willr": (lambda c, period: williams(c, period), [{"period": 14}]),
    "stoch": (lambda c, period, k, d: stochastic(c.high, c.low, c.close, period, k, d),
              [{"period": 14, "k": 3, "d": 3}, {"period": 5, "k": 1, "d": 1}]),
    "aroon": (lambda c, period: aroon(c, period), [{"period": 25}]),
    "supertrend": (lambda c, period, mult: supertrend(c, period, mult), [{"period": 10, "mult": 3}]),
    "sar": (lambda c, step, max: [talib.SAR(c.high, c.low, step, max)], [{"step": 0.02, "max": 0.2}]),
    "ultosc": (lambda c, short, medium, long: [talib.ULTOSC(c.high, c.low, c.close, short, medium, long)],
               [{"short": 7, "medium": 14, "long": 28}]),
    "vwap_day": (vwap_day, [{}]),
    "vwap": (lambda c, period: vwap(c, period), [{"period": 24}]),
    "obv": (lambda c: [talib.OBV(c.close, c.volume)], [{}]),
    "mfi": (lambda c, period: mfi(c, period), [{"period": 14}]),
    "cmf": (lambda c, period: cmf(c, period), [{"period": 20}]),
    "parkinson": (lambda c, period: parkinson(c, period), [{"period": 20}]),
    "garman_klass": (lambda c, period: garman_klass(c, period), [{"period": 20}]),
    "rogers_satchell": (lambda c, period: rogers_satchell(c, period), [{"period": 20}]),
    "yang_zhang": (lambda c, period: yang_zhang(c, period), [{"period": 20}]),
    "pivot": (pivot, [{}]),
}

# TA-Lib's own form of what is above a definition, for the same outputs: (function, outputs it gives).
TALIB = {
    "stochrsi": lambda c, period, stoch, k, d: list(talib.STOCHRSI(c.close, period, stoch, d, 0)) if k == 1 else None,
    "stoch": lambda c, period, k, d: list(talib.STOCH(c.high, c.low, c.close, period, k, 0, d, 0)),
    "bb": lambda c, period, mult: [talib.BBANDS(c.close, period, mult, mult)[i] for i in (1, 0, 2)],
    "cci": lambda c, period: [talib.CCI(c.high, c.low, c.close, period)],
    "willr": lambda c, period: [talib.WILLR(c.high, c.low, c.close, period)],
    "mfi": lambda c, period: [talib.MFI(c.high, c.low, c.close, c.volume, period)],
    "linreg_slope": lambda c, period: [talib.LINEARREG_SLOPE(c.close, period)],
}

"""Figures of src/stats against independent references: numpy, scipy, pandas, vectorbt, backtesting.py.

The C sources are compiled into one shared library with the system compiler and called through ctypes.
"""

import ctypes
import datetime
import pathlib
import subprocess

import numpy as np
import pandas as pd
import pytest
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAY_MS = 86_400_000
RELATIVE = 1e-10


class Stat(ctypes.Structure):
    _fields_ = [("value", ctypes.c_double), ("defined", ctypes.c_int32), ("reserved", ctypes.c_int32)]


class Drawdown(ctypes.Structure):
    _fields_ = [
        ("depth", ctypes.c_double),
        ("peak_e8", ctypes.c_int64),
        ("trough_e8", ctypes.c_int64),
        ("peak_ts_ms", ctypes.c_int64),
        ("trough_ts_ms", ctypes.c_int64),
        ("end_ts_ms", ctypes.c_int64),
        ("recovered", ctypes.c_int32),
        ("is_deepest", ctypes.c_int32),
        ("depth_max_e8", ctypes.c_int64),
        ("longest_ms", ctypes.c_int64),
        ("equity_min_e8", ctypes.c_int64),
        ("equity_max_e8", ctypes.c_int64),
        ("running_peak_e8", ctypes.c_int64),
        ("running_peak_ts_ms", ctypes.c_int64),
        ("running_below", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
    ]


@pytest.fixture(scope="module")
def lib(tmp_path_factory):
    out = tmp_path_factory.mktemp("stats") / "libstats.so"
    sources = sorted((ROOT / "src/stats").glob("*.c"))
    sources += [ROOT / "src/base/err.c", ROOT / "src/base/timerange.c", ROOT / "src/base/units.c", ROOT / "src/pure/num/int.c",
                ROOT / "src/pure/num/find.c"]
    subprocess.run(
        ["cc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=off", "-O2", "-shared", "-fPIC", "-w"]
        + [f"-I{ROOT}/src", f"-I{ROOT}/src/pure"]
        + [str(s) for s in sources]
        + ["-lm", "-o", str(out)],
        check=True,
    )
    library = ctypes.CDLL(str(out))
    for name in ("mean", "stddev", "skew", "kurtosis", "sharpe", "sortino", "volatility", "sqn"):
        function = getattr(library, f"keel_stats_{name}")
        function.restype = Stat
        function.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    library.keel_stats_psr.restype = Stat
    library.keel_stats_psr.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_double]
    library.keel_stats_cagr.restype = Stat
    library.keel_stats_cagr.argtypes = [ctypes.c_int64] * 3
    library.keel_stats_kelly.restype = Stat
    library.keel_stats_kelly.argtypes = [ctypes.c_int64] * 2 + [ctypes.c_double] * 2
    library.keel_stats_expectancy_ratio.restype = Stat
    library.keel_stats_expectancy_ratio.argtypes = [ctypes.c_int64] * 3 + [ctypes.c_double] * 2
    library.keel_stats_normal_cdf.restype = ctypes.c_double
    library.keel_stats_normal_cdf.argtypes = [ctypes.c_double]
    library.keel_stats_drawdown_init.argtypes = [ctypes.POINTER(Drawdown), ctypes.c_int64, ctypes.c_int64]
    library.keel_stats_drawdown_step.argtypes = [ctypes.POINTER(Drawdown), ctypes.c_int64, ctypes.c_int64]
    library.keel_stats_drawdown_ms.restype = ctypes.c_int64
    library.keel_stats_drawdown_ms.argtypes = [ctypes.POINTER(Drawdown)]
    library.keel_stats_day_count.restype = ctypes.c_int64
    library.keel_stats_day_count.argtypes = [ctypes.c_int64] * 2
    library.keel_stats_daily_equity.restype = None
    library.keel_stats_daily_equity.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 4 + [ctypes.c_void_p]
    library.keel_calendar_weekday.argtypes = [ctypes.c_int64]
    library.keel_calendar_hour.argtypes = [ctypes.c_int64]
    library.keel_calendar_month_number.argtypes = [ctypes.c_int64]
    library.keel_calendar_month_number.restype = ctypes.c_int64
    return library


def call(lib, name, x, *more):
    x = np.ascontiguousarray(x, dtype=np.float64)
    stat = getattr(lib, f"keel_stats_{name}")(x.ctypes.data, len(x), *more)
    return stat.value if stat.defined else None


def samples():
    """Daily returns of several shapes, each with its seed in the name."""
    out = {}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        out[f"normal-{seed}"] = rng.normal(0.001, 0.02, 50 + 137 * seed)
        out[f"fat-{seed}"] = 0.01 * rng.standard_t(3, 200)
        out[f"skewed-{seed}"] = rng.exponential(0.01, 365) - 0.009
    out["two"] = np.array([0.01, -0.02])
    out["mostly-flat"] = np.r_[np.zeros(100), 0.05, -0.04, np.zeros(50)]
    return out


SAMPLES = samples()


@pytest.mark.parametrize("name", SAMPLES)
def test_moments_equal_numpy_and_scipy(lib, name):
    """[BKT-05] mean, deviation, skew and kurtosis."""
    r = SAMPLES[name]
    assert call(lib, "mean", r) == pytest.approx(np.mean(r), rel=RELATIVE, abs=1e-18)
    assert call(lib, "stddev", r) == pytest.approx(np.std(r, ddof=1), rel=RELATIVE)
    if len(r) > 3:
        assert call(lib, "skew", r) == pytest.approx(scipy.stats.skew(r), rel=1e-8)
        assert call(lib, "kurtosis", r) == pytest.approx(scipy.stats.kurtosis(r, fisher=False), rel=1e-8)


@pytest.mark.parametrize("name", SAMPLES)
def test_ratios_equal_vectorbt(lib, name):
    """[BKT-05.1] Sharpe and Sortino ratios annualised with 365 days."""
    from vectorbt.returns import nb
    r = SAMPLES[name]
    assert call(lib, "sharpe", r) == pytest.approx(nb.sharpe_ratio_1d_nb(r, 365, 0.0, 1), rel=RELATIVE)
    downside = nb.downside_risk_1d_nb(r, 365, 0.0)
    if downside > 0:
        # vectorbt compounds the mean in its Sortino ratio; the arithmetic one is built from its downside risk
        assert call(lib, "sortino", r) == pytest.approx(np.mean(r) * 365 / downside, rel=RELATIVE)


@pytest.mark.parametrize("name", SAMPLES)
def test_probabilistic_sharpe_ratio(lib, name):
    """[BKT-05] Bailey and Lopez de Prado, from scipy's moments and normal law."""
    r = SAMPLES[name]
    if len(r) < 4:
        assert call(lib, "psr", r, 0.0) is None
        return
    sr = np.mean(r) / np.std(r, ddof=1)
    g3, g4 = scipy.stats.skew(r), scipy.stats.kurtosis(r, fisher=False)
    for benchmark in (0.0, 0.03, -0.1):
        z = (sr - benchmark) * np.sqrt(len(r) - 1) / np.sqrt(1 - g3 * sr + (g4 - 1) / 4 * sr**2)
        assert call(lib, "psr", r, benchmark) == pytest.approx(scipy.stats.norm.cdf(z), rel=1e-9, abs=1e-300)


def test_probabilistic_sharpe_ratio_of_the_paper(lib):
    """[BKT-05] A normal law: 24 returns, mean 0.036, deviation 0.079 give 0.982 at a benchmark of 0
    (z = 0.4557 * sqrt(23) / sqrt(1 + 0.4557^2 / 2) = 2.08)."""
    base = scipy.stats.norm.ppf((np.arange(24) + 0.5) / 24)
    r = 0.036 + 0.079 * (base - base.mean()) / base.std(ddof=1)
    assert call(lib, "psr", r, 0.0) == pytest.approx(0.982, abs=2e-3)


def test_normal_law(lib):
    for z in np.linspace(-38, 8, 2001):
        assert lib.keel_stats_normal_cdf(z) == pytest.approx(scipy.stats.norm.cdf(z), rel=1e-11)


def test_without_variance_nothing_is_defined(lib):
    """[BKT-05] equal returns have no Sharpe ratio, however the mean rounds."""
    for value in (0.0, 0.001, 0.1, -0.3):
        r = np.full(1000, value)
        for name in ("sharpe", "skew", "kurtosis", "sqn"):
            assert call(lib, name, r) is None
        assert call(lib, "psr", r, 0.0) is None
    assert call(lib, "sharpe", [0.1]) is None
    assert call(lib, "mean", []) is None


def curves():
    out = {}
    for seed in range(8):
        rng = np.random.default_rng(100 + seed)
        steps = rng.normal(0.0002, 0.01, 2000)
        if seed % 2:
            steps[rng.random(2000) < 0.7] = 0.0  # plateaus: equal peaks in a row
        out[f"walk-{seed}"] = np.round(1e12 * np.exp(np.cumsum(steps))).astype(np.int64)
    return out


CURVES = curves()


@pytest.mark.parametrize("name", CURVES)
def test_drawdown_equals_backtesting_py(lib, name):
    """[BKT-05.1] [T-209] [T-210] depth, trough and longest duration on random curves, by backtesting.py and pandas."""
    from backtesting._stats import compute_drawdown_duration_peaks

    equity = CURVES[name]
    start_ms, step_ms = 1_704_067_200_000, 3_600_000
    ts = start_ms + step_ms * np.arange(len(equity))
    d = Drawdown()
    lib.keel_stats_drawdown_init(ctypes.byref(d), int(ts[0]), int(equity[0]))
    for t, e in zip(ts[1:], equity[1:]):
        lib.keel_stats_drawdown_step(ctypes.byref(d), int(t), int(e))
    peaks = np.maximum.accumulate(equity)
    depths = (peaks - equity) / peaks
    trough = int(np.argmax(depths))
    assert d.depth == pytest.approx(depths.max(), rel=RELATIVE)
    assert d.trough_ts_ms == ts[trough] and d.trough_e8 == equity[trough] and d.peak_e8 == peaks[trough]
    assert d.depth_max_e8 == (peaks - equity).max()
    last_peak = np.flatnonzero(equity[: trough + 1] == peaks[trough])[-1]
    assert d.peak_ts_ms == ts[last_peak]
    after = np.flatnonzero(equity[trough:] >= peaks[trough])
    assert d.recovered == (len(after) > 0)
    end = ts[trough + after[0]] if len(after) else ts[-1]
    assert lib.keel_stats_drawdown_ms(ctypes.byref(d)) == end - ts[last_peak]
    index = pd.to_datetime(ts, unit="ms")
    durations, _ = compute_drawdown_duration_peaks(pd.Series(depths, index=index))
    assert d.longest_ms == durations.max() / pd.Timedelta(milliseconds=1)


def test_trade_figures_equal_backtesting_py(lib):
    """[BKT-05] SQN, Kelly share."""
    from backtesting._stats import compute_stats

    rng = np.random.default_rng(7)
    n = 300
    pnl = rng.normal(3.0, 40.0, n)
    index = pd.date_range("2024-01-01", periods=n + 1, freq="D")
    trades = pd.DataFrame(
        {
            "EntryBar": np.arange(n), "ExitBar": np.arange(n) + 1, "PnL": pnl, "ReturnPct": pnl / 1000.0,
            "Duration": pd.Timedelta(days=1),
        }
    )
    equity = 10_000 + np.r_[0.0, np.cumsum(pnl)]
    reference = compute_stats(trades, equity, pd.DataFrame({"Close": equity}, index=index), None)
    assert call(lib, "sqn", pnl) == pytest.approx(reference["SQN"], rel=RELATIVE)
    profit, loss = pnl[pnl > 0].sum(), -pnl[pnl < 0].sum()
    wins, losses = int((pnl > 0).sum()), int((pnl < 0).sum())
    kelly = lib.keel_stats_kelly(wins, losses, profit, loss)
    assert kelly.defined and kelly.value == pytest.approx(reference["Kelly Criterion"], rel=RELATIVE)
    ratio = lib.keel_stats_expectancy_ratio(n, wins, losses, profit, loss)
    assert ratio.value == pytest.approx(pnl.mean() / (loss / losses), rel=RELATIVE)


def test_cagr_is_the_root_of_growth(lib):
    """[BKT-05] growth over 365-day years, not rounded to days."""
    for start, final, span in [(10**12, 2 * 10**12, 400 * DAY_MS), (10**12, 4 * 10**11, 777 * DAY_MS + 1234567)]:
        stat = lib.keel_stats_cagr(start, final, span)
        assert (1 + stat.value) ** (span / (365 * DAY_MS)) == pytest.approx(final / start, rel=1e-12)


def test_daily_equity_equals_pandas(lib):
    """[BKT-05.1] last equity of each UTC day, days (00:00, 24:00], carried forward."""
    rng = np.random.default_rng(11)
    for _ in range(20):
        start = 1_600_000_000_000 + int(rng.integers(0, 40 * DAY_MS))
        span = int(rng.integers(1, 90 * DAY_MS))
        n = int(rng.integers(1, 400))
        ts = np.unique(start + rng.integers(1, span + 1, n)).astype(np.int64)
        equity = rng.integers(1, 10**12, len(ts)).astype(np.int64)
        days = lib.keel_stats_day_count(start, start + span)
        got = np.zeros(days, dtype=np.int64)
        lib.keel_stats_daily_equity(
            ts.ctypes.data, equity.ctypes.data, len(ts), start, start + span, 77, got.ctypes.data
        )
        series = pd.Series(equity, index=pd.to_datetime(ts, unit="ms", utc=True))
        by_day = series.resample("1D", closed="right", label="left").last()
        calendar = pd.date_range(
            pd.to_datetime(start, unit="ms", utc=True).floor("D"),
            (pd.to_datetime(start + span, unit="ms", utc=True) - pd.Timedelta("1ns")).floor("D"),
            freq="D",
        )
        expected = by_day.reindex(calendar).ffill().fillna(77).astype(np.int64)
        assert len(expected) == days
        assert (got == expected.to_numpy()).all()


def test_strata_equal_datetime(lib):
    """[BKT-05.4] [T-240] [T-228] hour, weekday and month in UTC."""
    rng = np.random.default_rng(5)
    for ts in rng.integers(0, 4_000_000_000_000, 5000):
        when = datetime.datetime.fromtimestamp(int(ts) // 1000, datetime.timezone.utc)
        assert lib.keel_calendar_hour(int(ts)) == when.hour
        assert lib.keel_calendar_weekday(int(ts)) == when.weekday()
        assert lib.keel_calendar_month_number(int(ts)) == when.year * 12 + when.month - 1

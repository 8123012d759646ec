"""Corrections for many tests against independent references: statsmodels, scipy, the closure principle, published numbers.

The C sources are compiled into one shared library with the system compiler and called through ctypes.
"""
import ctypes
import itertools
import math
import pathlib
import subprocess

import numpy as np
import pytest
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
BONFERRONI, SIDAK, HOLM, BH, BY = range(5)

# Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, 1995, section 4.1: fifteen p-values of a study of
# thrombolysis; adjusted by statsmodels 0.15.0, statsmodels.stats.multitest.multipletests.
STUDY = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
ADJUSTED = {
    BONFERRONI: [0.0015, 0.006, 0.0285, 0.1425, 0.3015, 0.417, 0.447, 0.516, 0.6885, 1, 1, 1, 1, 1, 1],
    SIDAK: [0.00149895045486353, 0.005983229085086731, 0.028124053130305863, 0.13340296634648235, 0.2625605531502366,
            0.3448597967975675, 0.364787472789901, 0.4084944058141091, 0.5057935175051599, 0.9971868010987153,
            0.9997593376469519, 0.9999970271128932, 0.9999998715613454, 0.999999999462652, 1],
    HOLM: [0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278, 0.278, 0.278, 0.3213, 1, 1, 1, 1, 1, 1],
    BH: [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714286, 0.06385714285714286, 0.0645, 0.0765, 0.486,
         0.5811818181818182, 0.714875, 0.7532307692307693, 0.8132142857142857, 1],
    BY: [0.004977343489843491, 0.009954686979686982, 0.03152317543567544, 0.11821190788378289, 0.20008920829170831,
         0.21189262285333715, 0.21189262285333715, 0.2140257700632701, 0.253844517982018, 1, 1, 1, 1, 1, 1],
}


class Stat(ctypes.Structure):
    _fields_ = [("value", ctypes.c_double), ("defined", ctypes.c_int32), ("reserved", ctypes.c_int32)]


@pytest.fixture(scope="module")
def lib(tmp_path_factory):
    out = tmp_path_factory.mktemp("multiple") / "lib.so"
    sources = [ROOT / "src" / name for name in ("stats/multiple.c", "stats/deflated.c", "stats/moments.c", "base/err.c")]
    subprocess.run(["cc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=off", "-O2", "-shared", "-fPIC", "-w",
                    f"-I{ROOT}/src", f"-I{ROOT}/src/pure", *map(str, sources), "-lm", "-o", str(out)], check=True)
    library = ctypes.CDLL(str(out))
    library.keel_stats_adjust.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p]
    for name, arguments in (("normal_quantile", "d"), ("sharpe_max", "dd"), ("sharpe_probability", "ddddi"),
                            ("deflated_sharpe", "dddidd")):
        function = getattr(library, f"keel_stats_{name}")
        function.restype = Stat
        function.argtypes = [ctypes.c_int64 if a == "i" else ctypes.c_double for a in arguments]
    return library


def adjust(lib, how, p):
    p = np.ascontiguousarray(p, dtype=np.float64)
    out = np.full(len(p), np.nan)
    assert lib.keel_stats_adjust(how, p.ctypes.data, len(p), out.ctypes.data, None) == 0
    return out


@pytest.mark.parametrize("how", ADJUSTED)
def test_a_published_study(lib, how):
    """[STA-08] Also shuffled: the order of the p-values does not matter."""
    assert adjust(lib, how, STUDY) == pytest.approx(ADJUSTED[how], rel=1e-12)
    order = np.random.default_rng(1).permutation(len(STUDY))
    assert adjust(lib, how, np.array(STUDY)[order]) == pytest.approx(np.array(ADJUSTED[how])[order], rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_against_scipy_and_the_closure_principle(lib, seed):
    """[STA-08] Step-up against scipy; Holm is the closure of Bonferroni's test: the worst subset that holds each one."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.3, 1, 9)
    if seed % 2:
        p[3] = p[5]
    assert adjust(lib, BH, p) == pytest.approx(scipy.stats.false_discovery_control(p, method="bh"), rel=1e-12)
    assert adjust(lib, BY, p) == pytest.approx(scipy.stats.false_discovery_control(p, method="by"), rel=1e-12)
    assert adjust(lib, BONFERRONI, p) == pytest.approx(np.minimum(1, p * len(p)), rel=1e-15)
    assert adjust(lib, SIDAK, p) == pytest.approx(1 - (1 - p) ** len(p), rel=1e-9)
    worst = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for subset in itertools.combinations(range(len(p)), size):
            test = min(1.0, size * min(p[i] for i in subset))
            for i in subset:
                worst[i] = max(worst[i], test)
    assert adjust(lib, HOLM, p) == pytest.approx(worst, rel=1e-12)


def test_bounds_and_degenerate_input(lib):
    for how in ADJUSTED:
        assert list(adjust(lib, how, [0.2])) == pytest.approx([0.2])
        assert list(adjust(lib, how, [])) == []
        assert list(adjust(lib, how, [0.0, 1.0, 0.0])) == pytest.approx([0.0, 1.0, 0.0])
    for bad in (-1e-9, 1.0000001, math.nan):
        p = np.array([0.5, bad])
        out = np.zeros(2)
        assert lib.keel_stats_adjust(HOLM, p.ctypes.data, 2, out.ctypes.data, None) == -6
        assert list(out) == [0, 0]


def test_error_rates_hold_in_simulation(lib):
    """[STA-08] 10,000 families of 12 tests: family-wise error of Bonferroni, Sidak and Holm with 12 true hypotheses,
    false discovery rate of both step-up rules with 8, each at most 5 % within three standard errors."""
    rng, repeats = np.random.default_rng(7), 10000
    families = dict.fromkeys((BONFERRONI, SIDAK, HOLM), 0)
    rates = dict.fromkeys((BH, BY), 0.0)
    for _ in range(repeats):
        p = rng.random(12)
        for how in families:
            families[how] += adjust(lib, how, p).min() <= 0.05
        p[8:] = scipy.special.ndtr(rng.standard_normal(4) - 3)  # four that are there
        for how in rates:
            found = adjust(lib, how, p) <= 0.05
            rates[how] += found[:8].sum() / max(1, found.sum())
    limit = 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)
    assert all(count / repeats <= limit for count in families.values()), families
    assert all(total / repeats <= limit for total in rates.values()), rates
    assert families[SIDAK] / repeats > 0.04 and rates[BH] / repeats > 0.02  # and they are not idle


@pytest.mark.parametrize("p", [1e-300, 1e-17, 1e-9, 1e-3, 0.025, 0.3, 0.5, 0.7, 0.99, 1 - 1e-6, 1 - 1e-12])
def test_normal_quantile(lib, p):
    assert lib.keel_stats_normal_quantile(p).value == pytest.approx(scipy.stats.norm.ppf(p), rel=2e-10, abs=1e-15)


def test_normal_quantile_ends(lib):
    assert [lib.keel_stats_normal_quantile(p).defined for p in (0.0, 1.0, -0.1, math.nan)] == [0] * 4


def test_deflated_sharpe_of_the_paper(lib):
    """[STA-08] [BKT-06.3] D. H. Bailey, M. Lopez de Prado, The Deflated Sharpe Ratio, 2014, the numerical example: a
    ratio of 2.5 a year of 250 days, five years, skewness -3, kurtosis 10, variance 1/2 a year: SR0 = 0.1132 per day and
    DSR = 0.9004 of 100 trials; of 46 trials DSR = 0.9505."""
    sr, variance = 2.5 / math.sqrt(250), 0.5 / 250
    assert lib.keel_stats_sharpe_max(variance, 100).value == pytest.approx(0.1132, abs=5e-5)
    assert lib.keel_stats_deflated_sharpe(sr, -3, 10, 1250, variance, 100).value == pytest.approx(0.9004, abs=5e-5)
    assert lib.keel_stats_deflated_sharpe(sr, -3, 10, 1250, variance, 46).value == pytest.approx(0.9505, abs=5e-5)


@pytest.mark.parametrize("trials", [2, 10, 1000])
def test_largest_of_many_without_skill(lib, trials):
    """The expectation of the paper is near that of drawn maxima (its approximation is rough for few trials)."""
    drawn = np.random.default_rng(3).standard_normal((20000, trials)).max(axis=1).mean() if trials < 1000 else 3.2414
    assert lib.keel_stats_sharpe_max(4.0, trials).value == pytest.approx(2 * drawn, rel=0.03 if trials > 5 else 0.1)


def test_deflated_sharpe_corners(lib):
    assert lib.keel_stats_sharpe_max(0.3, 1).value == 0.0
    assert lib.keel_stats_sharpe_max(0.0, 1e6).value == 0.0
    assert [lib.keel_stats_sharpe_max(v, n).defined for v, n in ((-1, 10), (1, 0), (math.nan, 10))] == [0, 0, 0]
    assert lib.keel_stats_sharpe_probability(0.1, 0.0, 0, 3, 1).defined == 0
    assert lib.keel_stats_sharpe_probability(1.0, 0.0, 5, 3, 100).defined == 0  # the root of a negative number

"""keel data synth: one seed, one market; and it looks like one."""
import numpy as np

from data_tool import keel, keel_json, program, refused

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
# Contents of the store that the arguments below make, on every machine, compiler and optimisation.
KNOWN_HASH = "975f253db26757538e2f8b1b6fbdbbf6083bf5e1807b8429629f4b437e41e712"


def make(store, *more, binary=None, seed=7):
    return keel_json("data", "synth", "--store", store, "--symbols", ",".join(SYMBOLS), "--interval", "5m", "--days",
                     60, "--seed", seed, *more, binary=binary)


def closes(store, symbol, venue="synth-perp"):
    text = keel("data", "export", "--store", store, "--venue", venue, "--symbol", symbol, "--interval", "5m")[0]
    return np.array([[float(v) for v in l.split(",")] for l in text.split("\n")[1:-1]])


def test_one_seed_one_market(tmp_path):
    """[T-346] Byte for byte the known market, from both builds, in any order of symbols, and twice."""
    first = make(tmp_path / "a")
    assert first["dataset_hash"] == KNOWN_HASH
    assert make(tmp_path / "a")["dataset_hash"] == KNOWN_HASH
    assert make(tmp_path / "b", binary=program("KEEL_BIN_RELEASE"))["dataset_hash"] == KNOWN_HASH
    for symbol in reversed(SYMBOLS):
        last = keel_json("data", "synth", "--store", tmp_path / "c", "--symbols", symbol, "--interval", "5m", "--days",
                         60, "--seed", 7)
    assert last["dataset_hash"] == KNOWN_HASH
    assert make(tmp_path / "d", seed=8)["dataset_hash"] != KNOWN_HASH


def test_a_longer_market_continues_a_shorter_one(tmp_path):
    make(tmp_path / "a")
    longer = keel_json("data", "synth", "--store", tmp_path / "a", "--symbols", "BTCUSDT", "--interval", "5m", "--days",
                       61, "--seed", 7)
    assert longer["series"][0]["rows_added"] == 288


def test_another_market_does_not_overwrite(tmp_path):
    make(tmp_path / "a")
    assert "holds other rows" in refused("data", "synth", "--store", tmp_path / "a", "--interval", "5m", "--days", 60,
                                         "--seed", 8, code=2)


def test_it_passes_its_own_gate_and_its_coarser_bars_are_resampled(tmp_path):
    make(tmp_path / "a", "--also", "1h,4h")
    report = keel_json("data", "check", "--store", tmp_path / "a")
    assert report["fail"] == 0 and len(report["series"]) == 12
    assert all(s["rows_missing"] == 0 for s in report["series"])
    keel("data", "resample", "--store", tmp_path / "a", "--venue", "synth-perp", "--from", "5m", "--to", "1h", "--as",
         "r")
    hour = ("data", "export", "--store", tmp_path / "a", "--symbol", "ETHUSDT", "--interval", "1h", "--venue")
    assert keel(*hour, "synth-perp")[0] == keel(*hour, "r")[0]


def test_it_looks_like_a_market(tmp_path):
    """Fat tails, clustered volatility, correlation, volume with movement, unpredictable returns, varying funding."""
    keel("data", "synth", "--store", tmp_path / "a", "--symbols", ",".join(SYMBOLS), "--interval", "5m", "--days",
         730, "--seed", 3)
    returns = []
    for symbol in SYMBOLS:
        bars = closes(tmp_path / "a", symbol)
        r = np.diff(np.log(bars[:, 4]))
        returns.append(r)
        hourly = np.abs(np.diff(np.log(bars[11::12, 4])))
        kurtosis = np.mean((r - r.mean()) ** 4) / np.var(r) ** 2
        assert 8 < kurtosis < 200
        assert np.corrcoef(hourly[:-1], hourly[1:])[0, 1] > 0.15 and np.corrcoef(hourly[:-24], hourly[24:])[0, 1] > 0.04
        assert abs(np.corrcoef(r[:-1], r[1:])[0, 1]) < 0.02
        assert 0.3 < r.std() * np.sqrt(105120) < 1.5
        assert np.corrcoef(bars[:, 5], (bars[:, 2] - bars[:, 3]) / bars[:, 4])[0, 1] > 0.4
        text = keel("data", "export", "--store", tmp_path / "a", "--venue", "synth-perp", "--symbol", symbol,
                    "--funding")[0]
        rates = np.array([float(l.split(",")[1]) for l in text.split("\n")[1:-1]])
        assert len(rates) == 730 * 3 and rates.min() < 0 < rates.max() and np.abs(rates).max() <= 0.0075
        assert len(set(rates)) > 100
    c = np.corrcoef(returns)
    assert all(0.35 < c[i, j] < 0.75 for i in range(3) for j in range(i))


def test_bad_requests(tmp_path):
    for words in (("--interval", "7m"), ("--days", 0), ("--bars", 0), ("--days", 5, "--bars", 5), ("--also", "7m"),
                  ("--start", "yesterday"), ("--start", "2023-01-01T00:00:01Z"), ("--symbols", "A B"),
                  ("--seed", "-1")):
        refused("data", "synth", "--store", tmp_path / "a", *words, code=2)

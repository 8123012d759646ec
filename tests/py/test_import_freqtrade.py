"""Freqtrade's own data files, read by their names: candles, mark prices and funding, spot and futures, plain and gzip."""
import gzip
import json
import random

import pytest

import data_tool as tool

HOUR_MS = 3600000
T0_MS = 1704067200000


def candles(count, step_ms=HOUR_MS, seed=3, price=42000.0):
    """Rows as pandas writes them for Freqtrade: floats, values at most ten decimals."""
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        o = price
        c = round(o * (1 + rng.gauss(0, 0.004)), 2)
        rows.append([T0_MS + i * step_ms, o, round(max(o, c) + rng.random(), 2), round(min(o, c) - rng.random(), 2), c,
                     round(rng.random() * 500, 6)])
        price = c
    return rows


def funding(count, wide, late_ms=(0, 17, 7, 11)):
    rows = [[T0_MS + i * 8 * HOUR_MS + late_ms[i % len(late_ms)], round(0.0001 * (1 - i % 3), 8)] for i in range(count)]
    return [row + [0.0] * 4 for row in rows] if wide else rows


def put(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def folder(tmp_path):
    """user_data/data/binance as Freqtrade lays it out, with what keel has no use for beside it."""
    data = tmp_path / "user_data" / "data" / "binance"
    put(data / "ETH_USDT-1h.json", candles(50, seed=5, price=2300.0))
    put(data / "futures" / "BTC_USDT_USDT-1h-futures.json", candles(100))
    put(data / "futures" / "BTC_USDT_USDT-5m-futures.json.gz", candles(300, 300000))
    put(data / "futures" / "BTC_USDT_USDT-1h-mark.json", [row[:5] + [0.0] for row in candles(100)])
    put(data / "futures" / "BTC_USDT_USDT-8h-funding_rate.json", funding(30, wide=True))
    put(data / "futures" / "1000PEPE_USDT_USDT-1h-funding_rate.json.gz", funding(20, wide=False))
    put(data / "futures" / "BTC_USD_BTC-1h-futures.json", candles(10))
    put(data / "futures" / "BTC_USDT_USDT-1Mo-futures.json", candles(2, 31 * 24 * HOUR_MS))
    put(data / "ETH_USDT-trades.json.gz", [[1, 2, 3]])
    (data / "SOL_USDT-1h.feather").write_bytes(b"ARROW1\0\0rest")
    return data


def export(store, *words):
    return tool.keel("data", "export", "--store", store, *words)[0].splitlines()


def test_a_folder_means_all_its_files(tmp_path, folder):
    store = tmp_path / "store"
    out, err = tool.keel("data", "import", folder, "--store", store)
    listed = {(s["kind"], s["venue"], s["market"], s["symbol"], s["interval"]): s["rows"]
              for s in tool.keel_json("data", "list", "--store", store)["series"]}
    assert listed == {("candle", "binance-perp", "perp", "BTCUSDT", "1h"): 100,
                      ("candle", "binance-perp", "perp", "BTCUSDT", "5m"): 300,
                      ("candle", "binance-spot", "spot", "ETHUSDT", "1h"): 50,
                      ("mark", "binance-perp", "perp", "BTCUSDT", "1h"): 100,
                      ("funding", "binance-perp", "perp", "BTCUSDT", None): 30,
                      ("funding", "binance-perp", "perp", "1000PEPEUSDT", None): 20}
    assert out.splitlines()[-2].startswith("6 files: 600 rows, 600 new")
    warned = err.splitlines()
    assert len(warned) == 2 and "3 files left out" in warned[0]
    assert f"1 Feather or Parquet files left out: keel-convert --into csv {folder} makes CSV" in warned[1]
    # again: recognised, nothing changes
    before = tool.dataset_hash(store)
    assert "imported before, nothing to do" in tool.keel("data", "import", f"{folder}/", "--store", store)[0]
    assert tool.dataset_hash(store) == before


def test_the_rows_are_the_same_as_from_csv(tmp_path, folder):
    """What JSON says and what CSV says of the same rows is one data set."""
    rows = candles(100)
    csv = tmp_path / "btc.csv"
    csv.write_text("ts_ms,open,high,low,close,volume\n" + "".join(",".join(map(str, r)) + "\n" for r in rows))
    one, other = tmp_path / "one", tmp_path / "other"
    tool.keel("data", "import", csv, "--store", one, "--venue", "binance-perp", "--symbol", "BTCUSDT", "--interval", "1h")
    tool.keel("data", "import", folder / "futures" / "BTC_USDT_USDT-1h-futures.json", "--store", other)
    words = ("--venue", "binance-perp", "--symbol", "BTCUSDT", "--interval", "1h")
    assert export(one, *words) == export(other, *words)
    assert tool.dataset_hash(one) == tool.dataset_hash(other)


def test_funding_keeps_time_and_rate_of_both_layouts(tmp_path, folder):
    """Older files have the rate where candles have their open, newer ones only time and rate."""
    store = tmp_path / "store"
    for name, symbol, count, wide in (("BTC_USDT_USDT-8h-funding_rate.json", "BTCUSDT", 30, True),
                                      ("1000PEPE_USDT_USDT-1h-funding_rate.json.gz", "1000PEPEUSDT", 20, False)):
        tool.keel("data", "import", folder / "futures" / name, "--store", store)
        got = export(store, "--venue", "binance-perp", "--symbol", symbol, "--funding")
        want = [f"{t},{rate:.4f}".rstrip("0").rstrip(".") for t, rate, *_ in funding(count, wide)]
        assert got[1:] == [w.replace(",-0.0", ",-0.0") for w in want]


def test_a_backtest_runs_on_them(tmp_path, folder):
    store = tmp_path / "store"
    put(folder / "futures" / "BTC_USDT_USDT-1h-futures.json", candles(240))
    tool.keel("data", "import", folder, "--store", store)
    told = tool.keel_json("backtest", "run", "--store", store, "--venue", "binance-perp", "--strategy", "ema_cross",
                          "--symbols", "BTCUSDT", "--timeframe", "1h")
    assert told["bars_processed"] >= 239 and told["totals"]["trades"] > 0


def test_options_win_over_the_name(tmp_path):
    """Outside Freqtrade's folders the exchange is not known; --venue says it, and --symbol may say another."""
    file = put(tmp_path / "BTC_USDT_USDT-1h-futures.json", candles(10))
    store = tmp_path / "store"
    assert "no venue" in tool.refused("data", "import", file, "--store", store, code=2)
    tool.keel("data", "import", file, "--store", store, "--venue", "bybit-perp", "--symbol", "XBT")
    (one,) = tool.keel_json("data", "list", "--store", store)["series"]
    assert (one["venue"], one["symbol"], one["market"], one["interval"]) == ("bybit-perp", "XBT", "perp", "1h")


@pytest.mark.parametrize("name, says", [
    ("BTC_USD_BTC-1h-futures.json", "settled in BTC"),
    ("BTC_USDT_USDT-1h-premiumIndex.json", "no use for premiumIndex"),
    ("BTC_USDT_USDT-1Mo-futures.json", "months"),
    ("BTC_USDT-trades.json", "no use for trades"),
])
def test_what_keel_cannot_use_is_refused_by_name(tmp_path, name, says):
    file = put(tmp_path / name, candles(10))
    assert says in tool.refused("data", "import", file, "--store", tmp_path / "s", "--venue", "v-perp", code=3)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("text, where, says", [
    ("[[1704067200000,1,2,0.5,1.5,3],[1704070800000,1,null,0.5,1.5,3]]", ":2: ", "high is empty"),
    ("[[1704067200000,1,2,0.5,1.5]]", ":1: ", "wrong number of fields"),
    ("[[1704067200000,1,2,0.5,1.5,3],[1704067200000,1,2,0.5,1.5,4]]", ":2: ", "repeats the time above"),
    ("[[1704067200000,1,2,0.5,1.5,3],[", ":2: ", "not well-formed JSON"),
    ('[["1704067200000",1,2,0.5,1.5,3]]', ":1: ", "something else than lists of numbers"),
    ("[[1704067200000,1,2,0.5,1.5,3,4]]", ":1: ", "more values in a row"),
    ("[1,2]", ":1: ", "outside a row"),
    ("[[[1]]]", ":1: ", "a list inside a row"),
    ("[]", ": ", "no data rows"),
    ('[{"a": 1}]', ":1: ", "something else"),
    ("[[1704067200000,1,2,0.5,1.5,3]] x", ":2: ", "not well-formed"),
    ("[[1704067200000,1,2,0.5,1.5,3],[1704070800000,1e-9,2,1e-9,1.5,3]]", ":2: ", "more decimals than are kept"),
])
def test_a_bad_file_is_refused_with_its_row(tmp_path, text, where, says):
    file = tmp_path / "BTC_USDT_USDT-1h-futures.json"
    file.write_text(text)
    line = tool.refused("data", "import", file, "--store", tmp_path / "s", "--venue", "v-perp", "--interval", "1h", code=3)
    assert line.startswith(str(file) + where) and says in line
    assert not (tmp_path / "s").exists()


def test_lenient_keeps_the_bad_row_apart(tmp_path):
    file = tmp_path / "BTC_USDT_USDT-1h-futures.json"
    rows = candles(10)
    rows[4][2] = None
    put(file, rows)
    told = tool.keel_json("data", "import", file, "--store", tmp_path / "s", "--venue", "v-perp", "--lenient")
    assert told["rows_refused"] == 1 and told["rows_accepted"] == 9
    assert told["files"][0]["refused_by_reason"] == {"empty_field": 1}


def test_arrow_files_name_the_command_that_reads_them(tmp_path):
    """A .feather or .parquet file, by its content, and a folder of nothing else, Nautilus's catalogue among them."""
    feather, parquet = tmp_path / "BTC_USDT_USDT-1h-futures.feather", tmp_path / "part-0.parquet"
    feather.write_bytes(b"ARROW1\0\0" + b"x" * 100)
    parquet.write_bytes(b"PAR1" + b"x" * 100)
    for file, kind in ((feather, "Feather"), (parquet, "Parquet")):
        line = tool.refused("data", "import", file, "--store", tmp_path / "s", code=3)
        assert line.startswith(f"{file}: {kind} is not read here: ")
        assert f"keel-convert --into csv {file} && keel data import csv" in line
    catalogue = tmp_path / "catalog" / "data" / "bar" / "BTCUSDT-PERP.BINANCE-1-HOUR-LAST-EXTERNAL"
    catalogue.mkdir(parents=True)
    (catalogue / "a.parquet").write_bytes(b"PAR1")
    line = tool.refused("data", "import", tmp_path / "catalog", "--store", tmp_path / "s", code=3)
    assert f"keel-convert --into csv {tmp_path / 'catalog'} && keel data import csv" in line
    (tmp_path / "empty").mkdir()
    assert "no file of candles" in tool.refused("data", "import", tmp_path / "empty", "--store", tmp_path / "s", code=3)


def test_a_large_file_crosses_every_buffer(tmp_path):
    """40,000 rows in one line of JSON, and cut into many lines: the same data set."""
    rows = candles(40000, 60000)
    flat = put(tmp_path / "flat" / "BTC_USDT_USDT-1m-futures.json", rows)
    loose = tmp_path / "loose" / "BTC_USDT_USDT-1m-futures.json"
    loose.parent.mkdir()
    loose.write_text("\n[ " + " ,\n".join(json.dumps(r, indent=1) for r in rows) + " ]\n\n")
    hashes = set()
    for file in (flat, loose):
        store = tmp_path / f"s-{file.parent.name}"
        assert tool.keel_json("data", "import", file, "--store", store, "--venue", "v-perp")["rows_added"] == 40000
        hashes.add(tool.dataset_hash(store))
    assert len(hashes) == 1

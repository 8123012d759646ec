"""script/convert, installed as keel-convert: Freqtrade's Feather and Parquet files and Nautilus's catalogues become CSV that
keel imports, with the same numbers."""
import decimal
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import data_tool as tool
from test_import_freqtrade import T0_MS, HOUR_MS, candles, funding, put

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
CATALOG = ROOT / "tests" / "py" / "nautilus" / "catalog"


def convert(*words, code=0, cwd=None):
    done = subprocess.run([sys.executable, ROOT / "script" / "convert", *map(str, words)], capture_output=True, text=True,
                          timeout=120, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def refused(*words):
    done = convert(*words, code=1)
    assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("keel-convert: "), done.stderr
    return done.stderr.removeprefix("keel-convert: ")


def frame(rows, names=("date", "open", "high", "low", "close", "volume")):
    """As Freqtrade holds it: the date in UTC at ms, the rest doubles."""
    out = pd.DataFrame(rows, columns=list(names))
    out["date"] = pd.to_datetime(out["date"], unit="ms", utc=True).dt.as_unit("ms")
    return out.astype({n: "float64" for n in names[1:]})


def feather(path, rows, names=("date", "open", "high", "low", "close", "volume")):
    path.parent.mkdir(parents=True, exist_ok=True)
    frame(rows, names).reset_index(drop=True).to_feather(path, compression="lz4", compression_level=9)
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The same rows as Freqtrade's Feather and as its JSON."""
    base = tmp_path_factory.mktemp("freqtrade")
    spot, perp, rates = candles(60, seed=5, price=2300.0), candles(300), funding(40, wide=False)
    marks = [row[:5] + [0.0] for row in candles(300)]
    binary, text = base / "feather" / "data" / "binance", base / "json" / "data" / "binance"
    feather(binary / "ETH_USDT-1h.feather", spot)
    feather(binary / "futures" / "BTC_USDT_USDT-1h-futures.feather", perp)
    feather(binary / "futures" / "BTC_USDT_USDT-1h-mark.feather", marks)
    feather(binary / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather", rates, ("date", "funding_rate"))
    feather(binary / "futures" / "XRP_USDT_USDT-8h-funding_rate.feather", funding(40, wide=True))
    feather(binary / "futures" / "BTC_USDT_USDT-1h-index.feather", marks)
    put(text / "ETH_USDT-1h.json", spot)
    put(text / "futures" / "BTC_USDT_USDT-1h-futures.json", perp)
    put(text / "futures" / "BTC_USDT_USDT-1h-mark.json", marks)
    put(text / "futures" / "BTC_USDT_USDT-1h-funding_rate.json", rates)
    put(text / "futures" / "XRP_USDT_USDT-8h-funding_rate.json", funding(40, wide=True))
    return binary, text


def test_feather_and_json_of_the_same_rows_are_one_data_set(folders, tmp_path):
    binary, text = folders
    done = convert("--into", tmp_path / "csv", binary)
    assert "left out: keel has no use for index yet" in done.stderr
    assert f"now: keel data import {tmp_path / 'csv'}" in done.stderr
    assert sorted(p.name for p in (tmp_path / "csv").iterdir()) == [
        "binance-perp_BTCUSDT_1h_20240101-20240113.csv", "binance-perp_BTCUSDT_1h_20240101-20240113.mark.csv",
        "binance-perp_BTCUSDT_funding_20240101-20240114.csv", "binance-perp_XRPUSDT_funding_20240101-20240114.csv",
        "binance-spot_ETHUSDT_1h_20240101-20240103.csv"]
    tool.keel("data", "import", tmp_path / "csv", "--store", tmp_path / "a")
    tool.keel("data", "import", text, "--store", tmp_path / "b")
    assert tool.dataset_hash(tmp_path / "a") == tool.dataset_hash(tmp_path / "b")


def test_freqtrade_parquet_is_the_same_as_its_feather(tmp_path):
    rows = candles(50)
    folder = tmp_path / "data" / "okx" / "futures"
    feather(folder / "BTC_USDT_USDT-1h-futures.feather", rows)
    one = convert(folder / "BTC_USDT_USDT-1h-futures.feather").stdout
    (folder / "BTC_USDT_USDT-1h-futures.feather").unlink()
    frame(rows).to_parquet(folder / "BTC_USDT_USDT-1h-futures.parquet")
    assert convert(folder / "BTC_USDT_USDT-1h-futures.parquet").stdout == one
    assert one.splitlines()[:2] == ["ts_ms,open,high,low,close,volume", ",".join(map(str, rows[0]))]
    assert len(one.splitlines()) == 51


def test_the_refusal_of_keel_names_a_command_that_works(tmp_path):
    """What 'keel data import FILE.feather' says to run is run as it stands, and then the import succeeds."""
    file = feather(tmp_path / "data" / "binance" / "BTC_USDT-1h.feather", candles(30))
    line = tool.refused("data", "import", file, "--store", tmp_path / "s", code=3)
    command = line.split("make CSV of it: ", 1)[1].split(" (", 1)[0]
    script = (f"set -e; keel-convert() {{ '{sys.executable}' '{ROOT}/script/convert' \"$@\"; }}\n"
              f"keel() {{ '{tool.program()}' \"$@\" --store s; }}\n{command}\n")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "binance-spot BTCUSDT 1h: 30 rows, 30 new" in done.stdout


def wanted(count, step_ms, price):
    """The bars of nautilus/write.py in exact decimals, at their open."""
    cent, mil = decimal.Decimal("0.01"), decimal.Decimal("0.001")
    p = decimal.Decimal(price)
    rows = []
    for i in range(count):
        o, c = p + i * decimal.Decimal("1.25"), p + (i + 1) * decimal.Decimal("1.25") - decimal.Decimal("0.5")
        values = [o, max(o, c) + 2, min(o, c) - decimal.Decimal("2.01"), c]
        rows.append(f"{T0_MS + i * step_ms}," + ",".join(str(v.quantize(cent, decimal.ROUND_HALF_EVEN)) for v in values)
                    + f",{(10 + i * mil).quantize(mil)}")
    return rows


def test_a_catalogue_of_nautilus_1_221(tmp_path):
    """Written by nautilus_trader itself (nautilus/write.py). Bars carry the time of their close and become bars at their open."""
    convert("--into", tmp_path / "csv", CATALOG)
    names = sorted(p.name for p in (tmp_path / "csv").iterdir())
    assert names == ["binance-perp_BTCUSDT_1h_20240101-20240102.csv", "binance-perp_ETHUSDT_5m_20240101-20240101.csv"]
    for name, rows in zip(names, (wanted(48, HOUR_MS, "42000.1"), wanted(100, 300000, "2300.1"))):
        got = (tmp_path / "csv" / name).read_text().splitlines()[1:]
        off = [(g, w) for g, w in zip(got, rows, strict=True)
               if any(abs(decimal.Decimal(a) - decimal.Decimal(b)) > decimal.Decimal("0.01")
                      for a, b in zip(g.split(","), w.split(","), strict=True))]
        assert off == []  # a price of half a cent rounds either way on its way through a double
        assert [g.split(",")[0] for g in got] == [w.split(",")[0] for w in rows]
    tool.keel("data", "import", tmp_path / "csv", "--store", tmp_path / "s")
    listed = tool.keel_json("data", "list", "--store", tmp_path / "s")["series"]
    assert [(s["venue"], s["market"], s["symbol"], s["interval"], s["rows"]) for s in listed] == [
        ("binance-perp", "perp", "BTCUSDT", "1h", 48), ("binance-perp", "perp", "ETHUSDT", "5m", 100)]


def catalogue(path, rows, column, meta, times=None):
    """Bars in one of Nautilus's layouts: column(values, places) makes the prices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ["open", "high", "low", "close", "volume"]
    arrays = [column([decimal.Decimal(str(r[i + 1])) for r in rows]) for i in range(5)]
    ns = pa.array([(r[0] + HOUR_MS) * 1000000 for r in rows], pa.uint64())
    ns = ns if times is None else times(ns)
    table = pa.Table.from_arrays([*arrays, ns, ns], names=[*names, "ts_event", "ts_init"])
    pq.write_table(table.replace_schema_metadata(meta), path)
    return path


def fixed(width, scale):
    return lambda values: pa.array([int(v.scaleb(scale)).to_bytes(width, "little", signed=True) for v in values],
                                   pa.binary(width))


LAYOUTS = {
    "8 bytes at 1e-9": (fixed(8, 9), None),
    "16 bytes at 1e-16": (fixed(16, 16), None),
    "decimals and timestamps": (lambda v: pa.array([d.quantize(decimal.Decimal(1).scaleb(-16), context=decimal.Context(prec=38))
                                                    for d in v], pa.decimal128(38, 16)),
                                lambda ns: ns.cast(pa.int64()).cast(pa.timestamp("ns", "UTC"))),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_of_nautilus_gives_the_same_bars(tmp_path, layout):
    """The fixed-point layouts of standard and high precision, and the decimals and timestamps of the newest schema."""
    rows = candles(40)
    column, times = LAYOUTS[layout]
    meta = {"bar_type": "BTCUSDT-PERP.BINANCE-1-HOUR-LAST-EXTERNAL", "price_precision": "2", "size_precision": "6"}
    path = catalogue(tmp_path / "x.parquet", rows, column, meta, times)
    got = [line.split(",") for line in convert(path).stdout.splitlines()[1:]]
    assert [[float(x) for x in g] for g in got] == [[float(x) for x in r] for r in rows]
    assert all(len(g[1].split(".")[1]) == 2 and len(g[5].split(".")[1]) == 6 for g in got)
    moved = convert(path, "--bar-time", "open").stdout.splitlines()[1]
    assert int(moved.split(",")[0]) == rows[0][0] + HOUR_MS


def test_names_of_nautilus_instruments(tmp_path):
    """Perpetuals by the ending of their symbol, spot without one; what has no interval or is inverse is refused."""
    rows = candles(10)
    for bar_type, name in (("BTCUSDT.BINANCE-1-HOUR-LAST-EXTERNAL", "binance-spot_BTCUSDT_1h_"),
                           ("BTCUSDT-LINEAR.BYBIT-1-HOUR-LAST-INTERNAL@1-MINUTE-EXTERNAL", "bybit-perp_BTCUSDT_1h_"),
                           ("BTC-USDT-SWAP.OKX-1-HOUR-LAST-EXTERNAL", "okx-perp_BTCUSDT_1h_"),
                           ("BTC-USD-PERP.HYPERLIQUID-1-HOUR-LAST-EXTERNAL", "hyperliquid-perp_BTCUSD_1h_"),
                           ("BTCUSDT-PERP.BINANCE-1-HOUR-MARK-EXTERNAL", "binance-perp_BTCUSDT_1h_")):
        meta = {"bar_type": bar_type, "price_precision": "2", "size_precision": "6"}
        path = catalogue(tmp_path / "x.parquet", rows, fixed(16, 16), meta)
        convert("--into", tmp_path / "out", path)
        (made,) = (tmp_path / "out").iterdir()
        assert made.name.startswith(name)
        made.unlink()
    for bar_type, says in (("BTCUSDT-PERP.BINANCE-100-TICK-LAST-EXTERNAL", "bars by TICK"),
                           ("BTCUSD-INVERSE.BYBIT-1-HOUR-LAST-EXTERNAL", "inverse"),
                           ("BTCUSDT-PERP.BINANCE-1-HOUR-BID-EXTERNAL", "BID prices"), ("what", "not a bar type")):
        meta = {"bar_type": bar_type, "price_precision": "2", "size_precision": "6"}
        assert says in refused(catalogue(tmp_path / "x.parquet", rows, fixed(16, 16), meta))


def test_files_of_one_series_are_joined_and_must_agree(tmp_path):
    meta = {"bar_type": "BTCUSDT-PERP.BINANCE-1-HOUR-LAST-EXTERNAL", "price_precision": "2", "size_precision": "6"}
    rows = candles(30)
    catalogue(tmp_path / "c" / "a.parquet", rows[10:], fixed(16, 16), meta)
    catalogue(tmp_path / "c" / "b.parquet", rows[:20], fixed(16, 16), meta)
    lines = convert(tmp_path / "c").stdout.splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines] == [r[0] for r in rows]
    rows[15][4] = rows[15][4] + 0.01
    catalogue(tmp_path / "c" / "a.parquet", rows[10:], fixed(16, 16), meta)
    assert "two files differ at" in refused(tmp_path / "c")


def test_a_missing_value_reaches_the_import_as_an_empty_field(tmp_path):
    rows = candles(10)
    rows[3][2] = None
    text = convert(feather(tmp_path / "data" / "x" / "BTC_USDT-1h.feather", rows)).stdout
    csv = tmp_path / "a.csv"
    csv.write_text(text)
    line = tool.refused("data", "import", csv, "--store", tmp_path / "s", "--venue", "x-spot", "--symbol", "B", code=3)
    assert line.startswith(f"{csv}:5: high is empty")


def test_what_it_cannot_read_is_told_in_one_line(tmp_path):
    assert "no such file" in refused(tmp_path / "none.feather")
    (tmp_path / "broken.feather").write_bytes(b"ARROW1\0\0broken")
    assert "cannot be read" in refused(tmp_path / "broken.feather")
    (tmp_path / "empty").mkdir()
    assert "no .feather or .parquet file" in refused(tmp_path / "empty")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    assert "neither Freqtrade's candles nor Nautilus's bars" in refused(tmp_path / "other.parquet")
    assert "no venue" in refused(feather(tmp_path / "BTC_USDT-1h.feather", candles(3)))
    assert "settled in BTC" in refused(feather(tmp_path / "BTC_USD_BTC-1h-futures.feather", candles(3)))
    assert "series for one output" in refused(CATALOG)


def test_without_pyarrow_it_says_what_to_install(tmp_path):
    file = feather(tmp_path / "data" / "x" / "BTC_USDT-1h.feather", candles(3))
    (tmp_path / "pyarrow.py").write_text("raise ImportError('none')\n")
    done = subprocess.run([sys.executable, ROOT / "script" / "convert", file], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (f"keel-convert: pyarrow is missing: {sys.executable}: run '{sys.executable} -m pip install "
                           "pyarrow'\n")

"""keel data check: verdicts, exit codes, and the holes that the data's own table lists."""
import hashlib
import json
import re

import pytest

from data_tool import MINUTE_MS, START_MS, bars, keel, keel_json, refused, shared, write

NAME = ("--venue", "v-perp", "--symbol", "AAA", "--interval", "1m")


def store_of(tmp_path, lines, name="s"):
    keel("data", "import", write(tmp_path / f"{name}.csv", lines), "--store", tmp_path / name, *NAME)
    return tmp_path / name


def test_verdicts_and_exit_codes(tmp_path):
    """[DAT-02] [T-232] [T-322] [T-323] [T-363] OK 0, WARN 0 or 1 with --strict, FAIL 3; holes are listed with place."""
    lines = bars(3000)
    for hole, status, code, strict_code in ((0, "OK", 0, 0), (2, "WARN", 0, 1), (9, "FAIL", 3, 3)):
        store = store_of(tmp_path, lines[:1000] + lines[1000 + hole:], f"s{hole}")
        args = ("data", "check", "--store", store, "--outlier-sigma", 1000)
        report = keel_json(*args, code=code)
        keel_json(*args, "--strict", code=strict_code)
        one = report["series"][0]
        assert report["schema"] == "keel.data_check" and report["status"] == one["status"] == status
        assert one["rows"] == 3000 - hole and one["rows_expected"] == 3000 and one["rows_missing"] == hole
        if hole:
            gap = one["findings"][0]
            assert gap["finding"] == "gap" and gap["count"] == hole
            assert gap["from_ms"] == START_MS + 1000 * MINUTE_MS and gap["to_ms"] == gap["from_ms"] + hole * MINUTE_MS
        out, err = keel(*args, code=code)
        assert all(len(l) <= 100 for l in out.split("\n"))
        assert (err == "") == (code == 0)


def test_the_manifest_names_contents_sources_and_quality(tmp_path):
    """[T-345] [T-363] Hash, sources with theirs, ranges, rows and quality; the same data, the same manifest."""
    texts = []
    for name in ("s1", "s2"):
        store = store_of(tmp_path, bars(3000), name)
        keel("data", "check", "--store", store, "--manifest", tmp_path / f"{name}.json")
        texts.append((tmp_path / f"{name}.json").read_text().replace(name, "s"))
    assert texts[0] == texts[1]
    manifest = json.loads(texts[0])
    listed = keel_json("data", "list", "--store", tmp_path / "s1")
    one = manifest["series"][0]
    assert manifest["dataset_hash"] == listed["dataset_hash"] and manifest["build"]
    assert one["rows"] == listed["series"][0]["rows"] == 3000 and one["first"] == listed["series"][0]["first"]
    assert one["sources"] == [{"file": "s.csv", "complete": True, "rows_added": 3000, "rows_identical": 0,
                               "rows_restated": 0,
                               "sha256": hashlib.sha256((tmp_path / "s1.csv").read_bytes()).hexdigest()}]


def test_limits_are_options(tmp_path):
    """[DAT-02] [BKT-08.2]"""
    lines = bars(3000)
    store = store_of(tmp_path, lines[:1000] + lines[1009:])
    args = ("data", "check", "--store", store, "--outlier-sigma", 1000)
    keel(*args, "--max-gap-bars", 9)
    keel(*args, "--max-gap-bars", 9, "--max-missing-pct", 0.2, code=3)
    start = "2024-01-01T00:00Z..2024-01-01T16:40Z"
    keel(*args, "--timerange", start)
    keel(*args, "--timerange", start, "--now", "2024-01-03T00:00Z", code=3)
    refused("data", "check", "--store", store, "--symbol", "NONE", code=4)


def test_moves_beyond_half_fail_until_allowed(tmp_path):
    """[BKT-08.2] [T-357]"""
    lines = bars(2000)
    row = lines[1500].split(",")
    row[2] = row[4] = "90000"
    store = store_of(tmp_path, [*lines[:1500], ",".join(row), *lines[1501:]])
    report = keel_json("data", "check", "--store", store, code=3)
    moves = [f for f in report["series"][0]["findings"] if f["finding"] == "large_move"]
    assert [m["from_ms"] for m in moves] == [START_MS + 1500 * MINUTE_MS, START_MS + 1501 * MINUTE_MS]
    report = keel_json("data", "check", "--store", store, "--allow-moves")
    assert report["status"] == "WARN"


def test_funding_without_a_settlement_fails(tmp_path):
    """[DAT-02] Missing hours, spikes and the interval, also when it changes."""
    times = [START_MS + i * 8 * 3600000 + i % 7 for i in range(60)]
    rows = [f"{t},0.0001" for t in times]
    rows[30] = f"{times[30]},0.02"
    for i, (lines, code, missing) in enumerate(((rows, 0, 0), (rows[:10] + rows[12:], 3, 2))):
        keel("data", "import", write(tmp_path / f"f{i}.csv", lines, "ts_ms,rate"), "--store", tmp_path / f"s{i}",
             "--venue", "v-perp", "--symbol", "AAA")
        one = keel_json("data", "check", "--store", tmp_path / f"s{i}", code=code)["series"][0]
        assert one["interval"] == "8h" and one["rows_missing"] == missing
        assert [f["finding"] for f in one["findings"]].count("funding_spike") == 1


@pytest.mark.skipif(shared() is None, reason="shared/ is absent")
def test_recorded_holes_are_those_of_the_table(tmp_path):
    """[DAT-02] [T-322] Rows, number of holes and missing settlements of every recorded series in one file."""
    folder = shared()
    files = [f for kind in ("candles", "mark", "funding") for f in sorted((folder / kind).iterdir())]
    keel("data", "import", *files, "--store", tmp_path / "s")
    report = keel_json("data", "check", "--store", tmp_path / "s", code=3)
    table, section = {}, ""
    for line in (folder / "README.md").read_text().split("\n"):
        section = line[3:].split(" ")[0].lower() if line.startswith("## ") else section
        cells = [c.strip() for c in line.split("|")]
        if len(cells) > 9 and cells[1].startswith("`") and cells[7].isdigit():
            venue, symbol = cells[1].strip("`").split("_")[:2]
            table.setdefault((section, venue, symbol, cells[4]), []).append((int(cells[7]), cells[8]))
    checked = 0
    for one in report["series"]:
        kind = {"candle": "candles", "mark": "mark", "funding": "funding"}[one["kind"]]
        files = table[kind, one["venue"], one["symbol"], one["interval"]]
        assert one["rows"] == sum(rows for rows, _ in files)
        if len(files) == 1 and not one["interval_changes"]:
            told = int(re.match(r"\d+", files[0][1]).group())
            assert told == one["rows_missing" if kind == "funding" else "gaps"], one["symbol"]
            checked += 1
    assert checked > 150
    wanted = ("funding", "hyperliquid-perp", "BTC")
    btc = next(s for s in report["series"] if (s["kind"], s["venue"], s["symbol"]) == wanted)
    assert btc["interval_changes"] == 1 and btc["rows_missing"] == 3  # 8 h until June 2023, then 1 h with three holes


@pytest.mark.skipif(shared() is None, reason="shared/ is absent")
def test_recorded_anomalies_are_found(tmp_path):
    """[BKT-08.2] The flash crash of October 2025 is refused until allowed; outages are zero volume, no hole."""
    candles = shared() / "candles"
    keel("data", "import", *candles.glob("bybit-perp_A*_5m_*"), *candles.glob("binance-perp_BTCUSDT_5m_20230101*"),
         "--store", tmp_path / "s")
    report = keel_json("data", "check", "--store", tmp_path / "s", code=3)
    by_name = {(s["venue"], s["symbol"]): s for s in report["series"]}
    for symbol, minute in (("AAVEUSDT", "21:15"), ("APEUSDT", "21:15")):
        moves = [f["from"] for f in by_name["bybit-perp", symbol]["findings"] if f["finding"] == "large_move"]
        assert moves and all(m.startswith("2025-10-10T21:") for m in moves), (symbol, minute, moves)
    btc = by_name["binance-perp", "BTCUSDT"]
    assert btc["zero_volume"] == 21 and btc["gaps"] == 0 and btc["status"] == "WARN"

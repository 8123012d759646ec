"""keel data import: every form, every refusal, twice, interrupted, restated, and all recorded files."""
# time limit: 400 s

import json
import os
import signal
import subprocess
import time
from decimal import Decimal

import pytest

from data_tool import (HEADER, MINUTE_MS, START_MS, bars, dataset_hash, expected_rows, keel, keel_json, lines_of, named,
                       program, refused, shared, write)

NAME = ("--venue", "v-perp", "--symbol", "AAA", "--interval", "1m")


def export(store, venue="v-perp", symbol="AAA", interval="1m", *more):
    return keel("data", "export", "--store", store, "--venue", venue, "--symbol", symbol, "--interval", interval,
                *more)[0].split("\n")[1:-1]


def same_values(a, b):
    """Lines equal as numbers: prices exactly, volume as doubles."""
    assert len(a) == len(b)
    for x, y in zip(a, b):
        x, y = x.split(","), y.split(",")
        assert x[0] == y[0] and [Decimal(v) for v in x[1:5]] == [Decimal(v) for v in y[1:5]], (x, y)
        assert len(x) == len(y) and [float(v) for v in x[5:]] == [float(v) for v in y[5:]], (x, y)


@pytest.mark.skipif(shared() is None, reason="shared/ is absent")
def test_every_recorded_file_imports_and_a_second_time_changes_nothing(tmp_path):
    """[DAT-01] [DAT-03] [T-227] [T-346] [T-347] 260 series; rows per file as the data's README counts them."""
    folder, rows = shared(), expected_rows(shared())
    files = [f for kind in ("candles", "mark", "funding") for f in sorted((folder / kind).iterdir())]
    began = time.monotonic()
    first = keel_json("data", "import", *files, "--store", tmp_path / "s")
    print(f"{len(files)} files, {first['rows_accepted']} rows in {time.monotonic() - began:.1f} s")
    assert len(first["files"]) == len(files)
    assert {f["file"]: f["rows_accepted"] for f in first["files"] if f["kind"] == "candle"} == \
        {f.name: rows[f.name] for f in files if f.parent.name == "candles"}
    assert first["rows_added"] == first["rows_accepted"] and first["rows_refused"] == first["rows_restated"] == 0
    residue = {f["file"].split("_2")[0] for f in first["files"] if f["float_residue"]}
    assert residue == {"binance-spot_ETHBTC_5m", "binance-spot_XMRBTC_5m"}
    second = keel_json("data", "import", *files, "--store", tmp_path / "s")
    assert all(f["already_imported"] for f in second["files"])
    assert second["rows_added"] == 0 and second["dataset_hash"] == first["dataset_hash"]
    reverse = keel_json("data", "import", *reversed(files), "--store", tmp_path / "r")
    assert reverse["dataset_hash"] == first["dataset_hash"]
    for name in ("binance-perp_BTCUSDT_1h", "okx-perp_SOLUSDT_5m", "hyperliquid-perp_kPEPE_1h",
                 "coinbase-spot_BTCUSD_1m"):
        parts = sorted(f for f in files if f.name.startswith(name + "_") and f.parent.name == "candles")
        same_values([l for f in parts for l in lines_of(f)], export(tmp_path / "s", *named(parts[0])))


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "csv.zst"])
def test_plain_and_compressed_files_give_the_same_series(tmp_path, suffix):
    """[DAT-01] [T-346] [T-348] And the form is told from the bytes: a wrong suffix does not matter."""
    lines = bars(5000)
    path = write(tmp_path / f"a.{suffix}", lines)
    keel("data", "import", path, "--store", tmp_path / "s", *NAME)
    same_values(lines, export(tmp_path / "s"))
    path.rename(tmp_path / "misnamed.txt")
    report = keel_json("data", "import", tmp_path / "misnamed.txt", "--store", tmp_path / "s", *NAME)
    assert report["files"][0]["already_imported"]


def test_name_of_the_file_says_what_it_is(tmp_path):
    path = write(tmp_path / "binance-spot_BTCUSDT_1m_20240101-20240102.csv", bars(100))
    one = keel_json("data", "import", path, "--store", tmp_path / "s")["files"][0]
    assert (one["venue"], one["market"], one["symbol"], one["interval"]) == ("binance-spot", "spot", "BTCUSDT", "1m")
    one = keel_json("data", "import", path, "--store", tmp_path / "s", "--venue", "other", "--symbol", "X",
                    "--market", "spot")["files"][0]
    assert (one["venue"], one["market"], one["symbol"], one["interval"]) == ("other", "spot", "X", "1m")


def test_interval_comes_from_the_bars_when_nothing_tells(tmp_path):
    path = write(tmp_path / "a.csv", bars(50, interval_ms=15 * MINUTE_MS))
    one = keel_json("data", "import", path, "--store", tmp_path / "s", "--venue", "v", "--symbol", "X")["files"][0]
    assert one["interval"] == "15m" and one["market"] == "perp"


def test_iso_times_equal_epoch_times(tmp_path):
    """[BKT-08.3]"""
    lines = bars(3)
    iso = [f"2024-01-01T00:0{i}:00Z," + l.split(",", 1)[1] for i, l in enumerate(lines)]
    zone = [f"2024-01-01 02:0{i}:00.000+02:00," + l.split(",", 1)[1] for i, l in enumerate(lines)]
    hashes = set()
    for i, form in enumerate((lines, iso, zone)):
        path = write(tmp_path / f"{i}.csv", form)
        hashes.add(keel_json("data", "import", path, "--store", tmp_path / f"s{i}", *NAME)["dataset_hash"])
    assert len(hashes) == 1


def test_windows_line_ends_and_a_missing_last_one(tmp_path):
    lines = bars(20)
    (tmp_path / "a.csv").write_bytes("\r\n".join([HEADER, *lines]).encode())
    keel("data", "import", tmp_path / "a.csv", "--store", tmp_path / "s", *NAME)
    same_values(lines, export(tmp_path / "s"))


def test_overlapping_files_in_any_order(tmp_path):
    """[T-231] [T-344] [T-358] Identical bars are dropped and counted, new ones added, whichever file comes first."""
    everything = bars(30000)
    a, b = write(tmp_path / "a.csv", everything[:20000]), write(tmp_path / "b.csv", everything[10000:])
    whole = write(tmp_path / "w.csv", everything)
    one = keel_json("data", "import", a, b, "--store", tmp_path / "s1", *NAME)
    two = keel_json("data", "import", b, a, "--store", tmp_path / "s2", *NAME)
    three = keel_json("data", "import", whole, "--store", tmp_path / "s3", *NAME)
    assert one["rows_added"] == two["rows_added"] == 30000 and one["rows_identical"] == two["rows_identical"] == 10000
    assert one["dataset_hash"] == two["dataset_hash"] == three["dataset_hash"]


def test_restated_bars_become_current_and_the_old_ones_stay_as_revisions(tmp_path):
    sqlite3 = pytest.importorskip("sqlite3")
    lines = bars(1000)
    changed = list(lines)
    changed[500] = changed[500].rsplit(",", 1)[0] + ",424242"
    keel("data", "import", write(tmp_path / "a.csv", lines), "--store", tmp_path / "s", *NAME)
    report = keel_json("data", "import", write(tmp_path / "b.csv", changed), "--store", tmp_path / "s", *NAME)
    assert report["rows_restated"] == 1 and report["rows_identical"] == 999
    same_values(changed, export(tmp_path / "s"))
    db = sqlite3.connect(tmp_path / "s" / "store.db")
    ts_ms, volume = db.execute("SELECT ts_ms, volume FROM revision").fetchone()
    db.close()
    assert ts_ms == START_MS + 500 * MINUTE_MS and volume == float(lines[500].split(",")[5])
    # The first file again is known by its bytes: it does not bring the old values back.
    again = keel_json("data", "import", tmp_path / "a.csv", "--store", tmp_path / "s", *NAME)
    assert again["files"][0]["already_imported"] and again["dataset_hash"] == report["dataset_hash"]


def test_growth_past_any_venue_limit_is_append_only(tmp_path):
    """[DAT-03] A venue that serves only its latest bars never shortens what is stored."""
    everything = bars(12000)
    for i, end in enumerate(range(5000, 12001, 1000)):
        path = write(tmp_path / f"{i}.csv", everything[end - 5000:end])
        keel("data", "import", path, "--store", tmp_path / "s", *NAME)
    same_values(everything, export(tmp_path / "s"))


GOOD = bars(10)


def with_line(index, text):
    return [*GOOD[:index], text, *GOOD[index + 1:]]


def cells(index, **changes):
    names = HEADER.split(",")
    row = dict(zip(names, GOOD[index].split(",")))
    row.update(changes)
    return ",".join(row.values())


BAD_ROWS = {
    "field_count": ("1,2,3", "wrong number of fields"),
    "extra field": (GOOD[5] + ",1", "wrong number of fields"),
    "blank line": ("", "wrong number of fields"),
    "empty": (cells(5, close=""), "close is empty"),
    "nan": (cells(5, high="nan"), "high is not a finite number"),
    "inf volume": (cells(5, volume="inf"), "volume is not a finite number"),
    "text": (cells(5, open="abc"), "open is not a finite number"),
    "zero price": (cells(5, low="0"), "low is not above zero"),
    "negative price": (cells(5, low="-1"), "low is not above zero"),
    "negative volume": (cells(5, volume="-0.1"), "volume is below zero"),
    "high below low": (cells(5, high="1"), "high or low does not enclose open and close"),
    "too fine": (cells(5, open="40000.123456785"), "open has more decimals than are kept"),
    "too large": (cells(5, high="92233720369"), "high is too large"),
    "no zone": (cells(5, ts_ms="2024-01-01T00:05:00"), "ts_ms is not a time"),
    "off grid": (cells(5, ts_ms=str(START_MS + 5 * MINUTE_MS + 1)), "ts_ms is not on the grid"),
    "out of order": (cells(5, ts_ms=str(START_MS)), "ts_ms comes before the row above it"),
    "conflict": (cells(5, ts_ms=str(START_MS + 4 * MINUTE_MS)), "ts_ms repeats the time above it with other values"),
    "future": (cells(5, ts_ms=str(START_MS + 50 * 365 * 1440 * MINUTE_MS)), "ts_ms lies in the future"),
    "line too long": ("1" * 5000, "line is longer than"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_refuses_the_file_in_one_line_and_changes_nothing(tmp_path, case):
    """[DAT-01] [BKT-08.3] [T-226] [T-238] [T-320] [T-356] [T-359]"""
    text, reason = BAD_ROWS[case]
    path, store = write(tmp_path / "bad.csv", with_line(5, text)), tmp_path / "s"
    said = refused("data", "import", path, "--store", store, *NAME, code=3)
    assert said.startswith(f"{path}:7: {reason}"), said
    assert not store.exists(), "a refused first file must not make a store"
    keel("data", "import", write(tmp_path / "good.csv", bars(4)), "--store", store, *NAME)
    before = dataset_hash(store), sorted(p.name for p in store.iterdir())
    refused("data", "import", path, "--store", store, *NAME, code=3)
    assert (dataset_hash(store), sorted(p.name for p in store.iterdir())) == before


def test_bad_files(tmp_path):
    """[T-229] [T-359] Refused for what they are, with the exit code of the documentation."""
    store = ("--store", tmp_path / "s", *NAME)
    import_ = ("data", "import")
    (tmp_path / "empty.csv").write_text("")
    assert "the file is empty" in refused(*import_, tmp_path / "empty.csv", *store, code=3)
    assert "no data rows" in refused(*import_, write(tmp_path / "h.csv", []), *store, code=3)
    assert "unknown header 'time,o,h,l,c,v'" in refused(*import_, write(tmp_path / "x.csv", GOOD, "time,o,h,l,c,v"), *store, code=3)
    assert "no such file" in refused(*import_, tmp_path / "absent.csv", *store, code=4)
    assert "not a regular file" in refused(*import_, "/dev/null", *store, code=2)
    five = write(tmp_path / "five.csv", bars(10, interval_ms=5 * MINUTE_MS))
    assert "the bars are 5m apart, not 1m" in refused(*import_, five, *store, code=3)
    assert "no venue" in refused(*import_, five, "--store", tmp_path / "s", code=2)
    seconds = write(tmp_path / "sec.csv", [f"{1704067200 + 60 * i}," + l.split(",", 1)[1] for i, l in enumerate(GOOD)])
    assert "ts_ms is not in the unit of --time" in refused(*import_, seconds, *store, code=3)
    hours = write(tmp_path / "hours.csv", [f"{1704067200 + 3600 * i}," + l.split(",", 1)[1] for i, l in enumerate(GOOD)])
    unnamed = ("--store", tmp_path / "s", *NAME[:4])
    assert f"{hours}:2: ts_ms is not in the unit of --time" in refused(*import_, hours, *unnamed, code=3)
    assert "the folder above it is not there" in refused(
        *import_, write(tmp_path / "g.csv", GOOD), "--store", tmp_path / "no/s", *NAME, code=1)
    for suffix in ("gz", "zst"):
        path = write(tmp_path / f"t.csv.{suffix}", bars(3000))
        path.write_bytes(path.read_bytes()[:-1000])
        said = refused(*import_, path, *store, code=3)
        assert "ends early" in said or "damaged" in said, said
    path.write_bytes(path.read_bytes()[:4] + os.urandom(500))
    refused(*import_, path, *store, code=3)
    assert not (tmp_path / "s").exists()


def test_a_hostile_name_cannot_forge_a_line(tmp_path):
    path = write(tmp_path / "a\nkeel: all is well: b: c.csv", ["1,2"])
    err = keel("data", "import", path, "--store", tmp_path / "s", *NAME, code=3)[1]
    assert err.count("\n") == 1


def test_lenient_import_counts_and_quarantines(tmp_path):
    """[DAT-01] [T-320] [T-358] Each refused row is kept with its line and reason; the good rows go in."""
    sqlite3 = pytest.importorskip("sqlite3")
    lines = bars(10)
    lines[3] = cells(3, close="nan")
    lines.insert(6, lines[5])
    lines.insert(7, lines[5].rsplit(",", 1)[0] + ",1")
    out = keel_json("data", "import", write(tmp_path / "a.csv", lines), "--store", tmp_path / "s", "--lenient", *NAME)
    one = out["files"][0]
    assert one["rows_read"] == 12 and one["rows_accepted"] == one["rows_added"] == 9
    assert one["rows_repeated"] == 1 and one["refused_by_reason"] == {"not_a_number": 1, "conflicting_duplicate": 1}
    assert one["missing_bars"] == 1 and one["gaps"] == 1
    db = sqlite3.connect(tmp_path / "s" / "store.db")
    assert db.execute("SELECT line, reason, row FROM quarantine ORDER BY line").fetchall() == \
        [(5, "not_a_number", lines[3]), (9, "conflicting_duplicate", lines[7])]
    db.close()


def test_quarantine_keeps_rows_of_another_shape_as_they_stood(tmp_path):
    """[DAT-01] Also one whose fields are too few, of which no row of keel's own can be made."""
    sqlite3 = pytest.importorskip("sqlite3")
    lines = [line.replace(",", ";") for line in bars(10)]
    lines[3] = lines[3].rsplit(";", 1)[0]
    lines[5] = lines[5].replace(".", ",")
    path = write(tmp_path / "a.csv", lines, HEADER.replace(",", ";"))
    keel("data", "import", path, "--store", tmp_path / "s", "--lenient", "--apart", ";", *NAME)
    db = sqlite3.connect(tmp_path / "s" / "store.db")
    assert db.execute("SELECT line, reason, row FROM quarantine ORDER BY line").fetchall() == \
        [(5, "field_count", lines[3]), (7, "not_a_number", lines[5])]
    db.close()


def test_outliers_go_to_quarantine_when_asked(tmp_path):
    """[DAT-01] [T-357] Robust score above 10 within 500 bars; without the option nothing is taken out."""
    lines = bars(800)
    spike = lines[700].split(",")
    spike[2] = spike[4] = "90000"
    lines[700] = ",".join(spike)
    path = write(tmp_path / "a.csv", lines)
    out = keel_json("data", "import", path, "--store", tmp_path / "s", "--lenient", "--quarantine-outliers", 10, *NAME)
    assert out["files"][0]["refused_by_reason"] == {"outlier": 1} and out["rows_added"] == 799
    assert keel_json("data", "import", path, "--store", tmp_path / "t", *NAME)["rows_added"] == 800
    refused("data", "import", path, "--store", tmp_path / "t", "--quarantine-outliers", 10, *NAME, code=2)


def test_zero_volume_is_accepted_and_counted(tmp_path):
    """[DAT-01] [T-355]"""
    lines = [l.rsplit(",", 1)[0] + ",0" if i % 3 == 0 else l for i, l in enumerate(bars(30))]
    one = keel_json("data", "import", write(tmp_path / "a.csv", lines), "--store", tmp_path / "s", *NAME)["files"][0]
    assert one["zero_volume"] == 10 and one["rows_added"] == 30


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Half a million bars and the dataset hash of importing them in one go."""
    folder = tmp_path_factory.mktemp("large")
    path = write(folder / "large.csv.gz", bars(500000))
    return path, keel_json("data", "import", path, "--store", folder / "s", *NAME)


def test_killed_imports_go_on_and_end_the_same(tmp_path, large):
    """[DAT-03] [T-346] kill -9 at many moments of the same import, then once to the end."""
    path, whole = large
    began = time.monotonic()
    subprocess.run([program(), "data", "import", str(path), "--store", str(tmp_path / "timing"), *NAME], check=True,
                   capture_output=True)
    took = time.monotonic() - began
    kills, stores = 0, 0
    store = tmp_path / "s0"
    for i in range(40):  # a machine that has grown faster or slower since the timing only moves where the kills land
        argv = [program(), "data", "import", str(path), "--store", str(store), *NAME, "--json"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            out, _ = process.communicate(timeout=took * (0.1 + 0.9 * (i * 5 % 13) / 13))
            assert json.loads(out)["dataset_hash"] == whole["dataset_hash"]
            stores += 1
            store = tmp_path / f"s{stores}"  # done before the kill: begin another
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
        if kills >= 12:
            break
    assert kills >= 3, "the import ended before it could be killed"
    last = keel_json("data", "import", path, "--store", store, *NAME)
    assert last["dataset_hash"] == whole["dataset_hash"]
    assert keel_json("data", "import", path, "--store", store, *NAME)["files"][0]["already_imported"]
    same = export(store)
    assert len(same) == 500000


def test_an_interrupt_is_exit_130_and_resumes(tmp_path, large):
    path, whole = large
    argv = [program(), "data", "import", str(path), "--store", str(tmp_path / "s"), *NAME, "--json"]
    resumed = 0
    for delay in (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 2.0, 2.5, 3.0, 4.0):
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            resumed = json.loads(out)["files"][0]["resumed_after_line"]
            break
        assert process.returncode in (130, -signal.SIGINT), err
        if process.returncode == 130:
            assert len(err.strip().split("\n")) == 1 and "interrupted" in err
    final = keel_json(*argv[1:-1])
    assert final["dataset_hash"] == whole["dataset_hash"]
    one = final["files"][0]
    assert one["already_imported"] or one["resumed_after_line"] >= 0
    print("resumed after line", resumed)


def test_the_report_of_a_resumed_import_equals_that_of_an_uninterrupted_one(tmp_path, large):
    """The store counts across the kill, so the last report does not depend on where it struck."""
    sqlite3 = pytest.importorskip("sqlite3")
    path, whole = large
    argv = [program(), "data", "import", str(path), "--store", str(tmp_path / "s"), *NAME]
    for _ in range(200):  # until a kill lands between the first batch and the last
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            if (tmp_path / "s" / "store.db").exists():
                db = sqlite3.connect(tmp_path / "s" / "store.db", timeout=10)
                try:
                    row = db.execute("SELECT lines_done FROM import WHERE state = 'running'").fetchone()
                except sqlite3.OperationalError:
                    row = None  # the tables are being made
                db.close()
                if row and row[0]:
                    process.kill()
            time.sleep(0.002)
        process.wait()
        if process.returncode == -signal.SIGKILL:
            break
        for f in (tmp_path / "s").rglob("*"):
            if f.is_file():
                f.unlink()
    assert process.returncode == -signal.SIGKILL
    one = keel_json(*argv[1:])["files"][0]
    assert one["resumed_after_line"] > 0
    assert {k: v for k, v in one.items() if k != "resumed_after_line"} == \
        {k: v for k, v in whole["files"][0].items() if k != "resumed_after_line"}


def test_two_imports_at_once_share_a_store(tmp_path):
    """One writer at a time, the other waits; readers see whole batches."""
    everything = bars(60000)
    files = [write(tmp_path / f"{i}.csv", everything[i * 20000:(i + 1) * 20000]) for i in range(3)]
    running = [subprocess.Popen([program(), "data", "import", str(f), "--store", str(tmp_path / "s"), *NAME],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for f in files]
    for process in running:
        err = process.communicate(timeout=120)[1]
        assert process.returncode == 0, err
    same_values(everything, export(tmp_path / "s"))


def test_a_store_that_many_make_at_once(tmp_path):
    """The moment in which SQLite tells all but one that it is busy, however patient they are."""
    everything = bars(60)
    files = [write(tmp_path / f"{i}.csv", everything[i * 10:(i + 1) * 10]) for i in range(6)]
    for turn in range(15):
        store = tmp_path / f"s{turn}"
        running = [subprocess.Popen([program(), "data", "import", str(f), "--store", str(store), *NAME],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for f in files]
        for process in running:
            err = process.communicate(timeout=120)[1]
            assert process.returncode == 0, err
        same_values(everything, export(store))


def test_a_store_without_its_cache_is_the_same_store(tmp_path):
    lines = bars(50000)
    keel("data", "import", write(tmp_path / "a.csv", lines), "--store", tmp_path / "s", *NAME)
    first = export(tmp_path / "s")
    cache = list((tmp_path / "s" / "cache").iterdir())
    assert cache
    for f in cache:
        f.unlink()
    (tmp_path / "s" / "cache").rmdir()
    assert export(tmp_path / "s") == first
    assert (tmp_path / "s" / "cache").is_dir()


def test_a_folder_that_is_no_store(tmp_path):
    assert "no store" in refused("data", "list", "--store", tmp_path / "none", code=4)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "store.db").write_bytes(b"not a database at all" * 100)
    refused("data", "list", "--store", tmp_path / "s", code=6)
    path = write(tmp_path / "a.csv", GOOD)
    refused("data", "import", path, "--store", tmp_path / "s", *NAME, code=6)
    assert (tmp_path / "s" / "store.db").read_bytes() == b"not a database at all" * 100

"""keel trade paper --feed: a whole session from files or from a seed, without a store. [EXE-11]"""
# time limit: 120 s
import fcntl
import shutil

import paper_tool as tool
from data_tool import keel, keel_json, refused

FLAGS = ["--strategy", "trend", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h", "--no-baselines"]


def test_a_market_from_a_seed(tmp_path):
    """The same seed gives the same session, another one another; it is resumed, replayed and compared from its folder alone."""
    flags = [*FLAGS, "--detail", "5m", "--timerange", "20230401-20230408"]
    docs = [tool.document("trade", "paper", "--feed", f"synth:{seed}", *flags, "--run", tmp_path / name)
            for seed, name in ((7, "a"), (7, "b"), (8, "c"))]
    assert docs[0] == docs[1] and docs[0]["totals"]["trades"] > 0 and docs[0]["bars_processed"] == 2 * 7 * 24
    assert docs[2]["state_hash"] != docs[0]["state_hash"] and docs[2]["dataset_hash"] != docs[0]["dataset_hash"]
    assert tool.document("trade", "paper", "--feed", "synth:7", *flags, "--run", tmp_path / "a") == docs[0]
    backtest = tool.document("backtest", "run", "--store", tmp_path / "a" / "feed", *flags)
    assert backtest == docs[0]
    assert keel_json("replay", tmp_path / "a")["state_hash"] == docs[0]["state_hash"]
    assert keel_json("diff", tmp_path / "a", "--backtest")["verdict"] == "equal"
    assert keel_json("diff", tmp_path / "a", tmp_path / "c")["by_cause"][0]["cause"] == "data_revised"


def test_a_market_from_files(tmp_path):
    store = tool.market(tmp_path, days=30)
    files = []
    for symbol in ("BTCUSDT", "ETHUSDT"):
        for name, more in ((f"synth-perp_{symbol}_1h_20230101-20230131.csv", ("--interval", "1h")),
                           (f"synth-perp_{symbol}_funding_20230101-20230131.csv", ("--funding",))):
            keel("data", "export", "--store", store, "--venue", "synth-perp", "--symbol", symbol, *more, "--output", tmp_path / name)
            files.append(tmp_path / name)
    want = tool.document("backtest", "run", "--store", store, *FLAGS)
    shutil.rmtree(store)
    (tmp_path / "elsewhere").mkdir()
    files[0].symlink_to(files[0].rename(tmp_path / "elsewhere" / "bars"))  # a link is a file like any other
    run = tmp_path / "deep" / "run"
    words = ["trade", "paper", "--feed", ",".join(map(str, files)), *FLAGS, "--latency-ms", "100", "--run", run]
    doc = tool.document(*words)
    assert doc["totals"]["trades"] > 0 and tool.document(*words) == doc
    diff = keel_json("diff", run, "--backtest")
    assert [c["cause"] for c in diff["by_cause"]] == ["latency"] and diff["b"]["state_hash"] == want["state_hash"]
    bars = files[2].read_text()
    files[2].write_text(bars.replace("\n", "\n", 1).rstrip("\n") + "\n\n")  # corrected, as its owner sees it
    assert "the files that it was begun with" in refused(*words, code=2)
    files[2].write_text(bars)
    assert tool.document(*words) == doc


def test_a_bar_of_a_far_future_moves_no_time(tmp_path):
    """In the middle of a file it is refused by its line; at its end it is no market that goes on for decades. [T-015]"""
    store = tool.market(tmp_path, days=12, symbols="BTCUSDT")
    name = "synth-perp_BTCUSDT_1h_20230101-20230113.csv"
    keel("data", "export", "--store", store, "--venue", "synth-perp", "--symbol", "BTCUSDT", "--interval", "1h", "--output", tmp_path / name)
    rows = (tmp_path / name).read_text().splitlines()
    far = rows[100].split(",")
    far[0] = str(int(far[0]) + 64 * 365 * 86_400_000)
    flags = ["--strategy", "trend", "--symbols", "BTCUSDT", "--timeframe", "1h", "--no-baselines", "--no-funding"]
    for folder, lines, code, says in (("middle", [*rows[:100], ",".join(far), *rows[101:]], 3, "comes before the row above it"),
                                      ("end", [*rows, ",".join(far)], 3, "missing bars")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("\n".join(lines) + "\n")
        words = ["trade", "paper", "--feed", tmp_path / folder / name, *flags, "--run", tmp_path / folder / "run"]
        assert says in refused(*words, code=code)
        assert not (tmp_path / folder / "run" / "journal").exists()
        (tmp_path / folder / name).write_text("\n".join(rows) + "\n")
        assert "nothing was run in it yet" in refused(*words, code=2)
        shutil.rmtree(tmp_path / folder / "run")
        assert keel_json(*words)["bars_processed"] == 12 * 24


def test_what_contradicts_a_feed_is_refused(tmp_path):
    run = ["--run", tmp_path / "run"]
    assert "stands in for --store" in refused("trade", "paper", "--feed", "synth:1", "--store", tmp_path, *FLAGS, *run, code=2)
    assert "add --run" in refused("trade", "paper", "--feed", "synth:1", *FLAGS, code=2)
    assert "whole number" in refused("trade", "paper", "--feed", "synth:x", *FLAGS, *run, code=2)
    assert "both ends" in refused("trade", "paper", "--feed", "synth:1", *FLAGS, "--timerange", "20230101-", *run, code=2)
    refused("trade", "paper", "--feed", tmp_path / "nothing.csv", *FLAGS, *run, code=4)


def test_a_feed_in_a_folder_stays_the_one_the_run_was_begun_with(tmp_path):
    """Another feed, or a second start beside one that runs, changes nothing of it; the first command still goes on."""
    run, flags = tmp_path / "run", [*FLAGS, "--timerange", "20230401-20230404"]
    words = ["trade", "paper", "--feed", "synth:7", *flags, "--run", run]
    doc = tool.document(*words)
    kept = {f: f.read_bytes() for f in (run / "feed").rglob("*") if f.is_file()}
    other = ["trade", "paper", "--feed", "synth:8", *flags, "--run", run]
    assert "another feed" in refused(*other, code=2)
    with open(run / "feed.source", "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another process uses the feed" in refused(*words, code=3)
    assert {f: f.read_bytes() for f in (run / "feed").rglob("*") if f.is_file()} == kept
    assert (run / "feed.source").read_text().startswith("seed 7\n") and tool.document(*words) == doc


def test_a_signed_run_without_its_trail_still_needs_its_key(tmp_path):
    """The journal is signed, too: without the key nothing goes on, with it the gap in the trail is on record."""
    run = tmp_path / "run"
    words = ["trade", "paper", "--feed", "synth:7", *FLAGS, "--timerange", "20230401-20230404", "--run", run]
    keyed = [*words, "--sign-key", tmp_path / "key"]
    doc = tool.document(*keyed)
    journal = sorted((f.name, f.read_bytes()) for f in (run / "journal").glob("wal-*"))
    for trail in run.glob("audit.*"):
        trail.unlink()
    assert "signed with another key, or not at all" in refused(*words, code=3)
    assert sorted((f.name, f.read_bytes()) for f in (run / "journal").glob("wal-*")) == journal
    assert tool.document(*keyed) == doc
    assert "trail_missing" in (run / "audit.jsonl").read_text()


def test_a_feed_whose_name_was_half_written_goes_on(tmp_path):
    """Power that fails while feed.source is written leaves a beginning of it: the same command goes on, another one does not."""
    run, flags = tmp_path / "run", [*FLAGS, "--timerange", "20230401-20230404"]
    words = ["trade", "paper", "--feed", "synth:7", *flags, "--run", run]
    doc = tool.document(*words)
    source = run / "feed.source"
    whole = source.read_bytes()
    assert whole.endswith(b"\nwhole\n")
    for size in (0, 6, len(whole) - 7, len(whole) - 3):
        source.write_bytes(whole[:size])
        if size > 6:
            assert "another feed" in refused("trade", "paper", "--feed", "synth:71", *flags, "--run", run, code=2)
        assert tool.document(*words) == doc and source.read_bytes() == whole

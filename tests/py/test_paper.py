"""keel trade paper: the engine ends where the backtest ends, whatever it runs and wherever it is killed. [KRN-06.5]"""
# time limit: 300 s
import json
import random
import stat
import subprocess
import sys

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, refused
from forensic_tool import records


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tool.market(tmp_path_factory.mktemp("paper"))


RUNS = [("trend", []),
        ("trend", ["--detail", "5m", "--leverage", "3"]),
        ("ema_cross", ["--keep-open", "--slippage-bps", "3", "--timerange", "20230108-20230120"]),
        ("momentum", ["--detail", "5m", "--allocation-pct", "0.99", "--leverage", "3"]),
        ("carry", ["--set", "gate_regime=true", "--set", "gate_breadth=true", "--set", "gate_btc=true"]),
        ("buy_hold", ["--no-funding"])]


@pytest.mark.parametrize("strategy,more", RUNS)
def test_a_paper_run_is_its_backtest(store, tmp_path, strategy, more):
    """Every figure, row and the state hash. [WAL-03.1] [ENG-02.7]"""
    flags = tool.words(store, strategy, *more)
    backtest = tool.document("backtest", "run", *flags, "--export-trades", tmp_path / "b.csv", "--export-equity", tmp_path / "be.csv")
    paper = tool.document("trade", "paper", *flags, "--run", tmp_path / "run", "--export-trades", tmp_path / "p.csv",
                          "--export-equity", tmp_path / "pe.csv")
    assert paper == backtest
    assert backtest["totals"]["trades"] > 0 or "--keep-open" in more
    assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "pe.csv").read_bytes() == (tmp_path / "be.csv").read_bytes()


def test_spot_pays_interest_in_both(tmp_path):
    store = tool.market(tmp_path, days=30, venue="synth-spot")
    flags = tool.words(store, "momentum", "--leverage", "2", "--set", "allow_short=true", "--set", "borrow_rate_annual=0.2")
    backtest = tool.document("backtest", "run", *flags)
    assert tool.document("trade", "paper", *flags, "--run", tmp_path / "run") == backtest


def test_the_folder_is_a_run_with_a_journal(store, tmp_path):
    """[WAL-01.4] [T-117] [T-118]"""
    run = tmp_path / "run"
    flags = tool.words(store, "trend")
    backtest = tool.document("backtest", "run", *flags, "--run-dir", tmp_path / "b")
    tool.document("trade", "paper", *flags, "--run", run)
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["kind"] == "paper" and manifest["state_hash"] == backtest["state_hash"]
    assert (run / "trades.csv").read_bytes() == (tmp_path / "b" / "trades.csv").read_bytes()
    judged = keel_json("journal", "verify", run / "journal")
    assert judged["verdict"] == "good" and judged["shut_down"] and judged["records"] > 1000
    for path in (run / "journal").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((run / "journal").stat().st_mode) == 0o700
    assert backtest["state_hash"] in keel("report", run, "--json")[0]


def test_a_finished_run_stays_what_it_is(store, tmp_path):
    """The same command again recovers, finds the end and does nothing. [T-111]"""
    flags = ["trade", "paper", *tool.words(store, "trend"), "--run", tmp_path / "run"]
    first = tool.document(*flags)
    recovered = keel(*flags, "--json")
    again = json.loads(recovered[0])
    again.pop("wall_seconds")
    assert again == first
    assert "recovered" in recovered[1] and "in doubt 0 orders" in recovered[1]
    report = json.loads((tmp_path / "run" / "recovery.json").read_text())
    assert report["schema"] == "keel.recovery" and not report["fresh"] and report["snapshot_record"] > 0
    assert report["state_hash"] == first["state_hash"] and report["shut_down_in_order"]
    # [WAL-05.4]
    assert len(report["open_positions"]) == report["positions"] and len(report["open_orders"]) == report["orders"] == 0
    assert report["differences"] == {"commands_not_on_record": 0, "checkpoints_not_on_record": 0, "orders_unknown_to_venue": 0,
                                     "reports_not_on_record": 0}
    assert report["orders_withheld"] == 0


def test_another_run_in_the_same_folder_is_refused(store, tmp_path):
    keel("trade", "paper", *tool.words(store, "trend"), "--run", tmp_path / "run")
    line = refused("trade", "paper", *tool.words(store, "momentum"), "--run", tmp_path / "run", code=2)
    assert "the journal is of another run" in line


def test_signed_and_encrypted(store, tmp_path):
    """[WAL-01.5]"""
    flags = ["trade", "paper", *tool.words(store, "ema_cross", "--timerange", "20230110-20230120"), "--run", tmp_path / "run",
             "--sign-key", tmp_path / "sign", "--key-file", tmp_path / "key"]
    tool.document(*flags)
    judged = keel_json("journal", "verify", tmp_path / "run" / "journal", "--key-file", tmp_path / "key")
    assert judged["verdict"] == "good" and judged["signed"] and judged["encrypted"]
    assert b"keel.engine_start" not in (tmp_path / "run" / "journal" / "wal-engine-00000001.klw").read_bytes()
    assert tool.document(*flags)["state_hash"]


BUSY = """
import os, sys
while True:
    for i in range(200):
        sum(range(2000))
    with open(sys.argv[1], "wb", buffering=0) as f:
        f.write(bytes(1 << 20))
        os.fsync(f.fileno())
"""


@pytest.fixture
def load(tmp_path):
    """Another process that keeps a processor and the disk busy."""
    busy = subprocess.Popen([sys.executable, "-c", BUSY, str(tmp_path / "busy")])
    yield busy
    assert busy.poll() is None
    busy.kill()
    busy.wait(timeout=60)


def test_killed_under_load_it_ends_at_the_same_state(store, tmp_path, load):
    """Real kill -9 of a signed run while another process works at disk and processor. [WAL-05.3]"""
    rng = random.Random(3)
    flags = tool.words(store, "trend", "--timerange", "20230110-20230116")
    want = tool.document("backtest", "run", *flags)
    kills, doc = 0, None
    while doc is None:
        limit = (4 << 20) + rng.randrange(500, 60_000) if kills < 8 else 1 << 40
        doc = tool.kill_when_written(["trade", "paper", *flags, "--run", tmp_path / "run", "--batch", "2", "--sign-key",
                                      tmp_path / "key"], limit)
        kills += doc is None
    doc.pop("wall_seconds")
    assert kills > 0 and doc == want
    assert keel_json("journal", "verify", tmp_path / "run" / "journal")["verdict"] == "good"


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_and_resumed_it_ends_at_the_same_state(store, tmp_path, seed):
    """Real kill -9, each time after a drawn amount of work. [WAL-05.3] [T-098] [T-099] [T-397]"""
    rng = random.Random(seed)
    flags = tool.words(store, "trend", "--detail", "5m", "--timerange", "20230110-20230118")
    want = tool.document("backtest", "run", *flags)
    kills, doc = 0, None
    while doc is None:
        # what a start itself writes is about a segment of zeros, 4 MiB; then some hundreds of KiB of records
        limit = (4 << 20) + rng.randrange(500, 200_000) if kills < 12 else 1 << 40
        doc = tool.kill_when_written(["trade", "paper", *flags, "--run", tmp_path / "run", "--batch", str(rng.choice([1, 2, 8, 64]))],
                                     limit)
        kills += doc is None
    doc.pop("wall_seconds")
    assert kills > 0 and doc == want


def test_a_person_calls_orders_back_and_holds_entries(store, tmp_path):
    """At a start, on record in trail, journal and log; a replay obeys again. [LOG-08.1]"""
    run = tmp_path / "run"
    paper = ["trade", "paper", *tool.words(store, "trend", "--detail", "5m", "--timerange", "20230110-20230118", "--latency-ms", "1000",
                                           "--fill-share", "0.5"), "--run", run]
    assert tool.kill_when_written([*paper, "--batch", "1"], (4 << 20) + 300_000) is None
    keel(*paper, "--cancel-orders", "--pause")
    actions = [json.loads(line)["action"] for line in (run / "audit.jsonl").read_text().splitlines()]
    assert actions[-3:] == ["orders_cancelled", "entries_paused", "run_ended"]
    log = records(run)
    people = [r["data"] for r in log if r["code"] == "MANUAL_ACTION"]
    assert [r["action"] for r in people] == ["cancel", "pause"] and {r["actor"] for r in people} == {"operator"}
    paused = max(i for i, r in enumerate(log) if r["code"] == "MANUAL_ACTION")
    assert not [r for r in log[paused:] if r["code"] == "POSITION_OPEN"]
    assert keel("replay", run)[0].startswith("equal")


def test_repaired_it_goes_on_in_safe_mode_until_somebody_resumes(store, tmp_path):
    """[T-048] [WAL-05.1] The note of the damage outlives the repair; resuming is a manual action, and on record."""
    run = tmp_path / "run"
    paper = ["trade", "paper", *tool.words(store, "trend"), "--speed", "max", "--run", run]
    keel(*paper)
    first = sorted((run / "journal").glob("*.klw"))[0]
    data = bytearray(first.read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 0x20
    first.write_bytes(data)
    refused(*paper, code=6)
    assert "reconcile" in keel("journal", "repair", run / "journal")[0]
    assert (run / "journal" / "wal-engine.damage").stat().st_size == 64
    _, err = keel(*paper, "--resume")
    assert "  safe_mode: only what closes leaves" in err
    assert "put aside beside state.db" in err  # the state that was kept is of inputs that are gone
    report = json.loads((run / "recovery.json").read_text())
    doubt = ["orders_known_to_venue", "orders_first_handed_in", "orders_withheld"]
    assert report["orders_in_doubt"] == sum(report[k] for k in doubt) and report["orders_withheld"] > 0
    actions = [json.loads(line)["action"] for line in (run / "audit.jsonl").read_text().splitlines()]
    assert actions.count("entries_resumed") == 1 and actions[-1] == "run_ended"
    assert keel("replay", run)[0].startswith("equal")
    _, err = keel(*paper)
    assert "safe_mode" not in err


def actions(run):
    return [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]


def test_a_disk_that_fills_up(store, tmp_path):
    """Little room is told, less of it blocks entries, least of it ends the run in order; it goes on once there is room. No
    disk has 100 % free. [OPS-04] [T-412]"""
    base = ["trade", "paper", *tool.words(store, "ema_cross")]
    never = [w for level in ("warn", "block", "stop") for w in ("--set", f"log.disk_{level}_pct=0")]
    whole = tool.document(*base, *never, "--run", tmp_path / "whole")
    run = tmp_path / "warned"
    out, err = keel(*base, *never, "--set", "log.disk_warn_pct=100", "--run", run, "--json")
    assert json.loads(out)["state_hash"] == whole["state_hash"] and "of the disk is free, less than 100 %" in err
    low = [r for r in actions(run) if r["action"].startswith("disk_")]
    assert [r["action"] for r in low] == ["disk_low"] and "less than 100 %" in low[0]["reason"]

    run = tmp_path / "blocked"
    blocked = tool.document(*base, *never, "--set", "log.disk_block_pct=100", "--run", run)
    assert blocked["totals"]["trades"] == 0 < whole["totals"]["trades"]
    assert [r["action"] for r in actions(run) if r["action"].startswith("disk_")] == ["disk_blocks_entries"]
    mode = next(r["data"] for r in records(run) if r["code"] == "MODE_CHANGE")
    assert (mode["to"], mode["trigger"]) == ("safe_mode", "the disk is full")
    assert not [r for r in records(run) if r["code"] == "POSITION_OPEN"] and keel_json("replay", run)["equal"]

    run = tmp_path / "ended"
    line = keel(*base, *never, "--set", "log.disk_stop_pct=100", "--run", run, code=1)[1]
    assert "the disk is nearly full: " in line and "less than 100 %: make room; the same command goes on" in line
    assert [r["action"] for r in actions(run)][-2:] == ["disk_ends_run", "run_failed"]
    assert tool.document(*base, *never, "--run", run)["state_hash"] == whole["state_hash"]
    assert keel_json("replay", run)["equal"]

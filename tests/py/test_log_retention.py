"""Closed parts of a run's log go when they are old or too many: recorded, never what is still needed. [LOG-02.4] [T-076] [T-396]"""
# time limit: 120 s
import fcntl
import json
import os
import re
import shutil
import time

import pytest

from data_tool import keel, keel_json, refused
from forensic_tool import parts, raw
from paper_tool import market, words

DAY_S = 86400


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retention")
    store = market(folder, days=8)
    base = ["trade", "paper", *words(store, "ema_cross"), "--trace", 1]
    keel(*base, "--run", folder / "plain")
    keel(*base, "--run", folder / "run", "--set", "log.part_size=16KiB", "--set", "log.audit_db=true")
    return folder, base


@pytest.fixture
def run(place, tmp_path):
    shutil.copytree(place[0] / "run", tmp_path / "run")
    return tmp_path / "run"


def age(files, days):
    at = time.time() - days * DAY_S
    for file in files:
        os.utime(file, (at, at))


def closed(run, stream):
    return [p for p in parts(run, stream) if p.suffix == ".zst"]


def everything(run):
    return {p.relative_to(run): p.read_bytes() for p in sorted(run.rglob("*")) if p.is_file()}


def trail(run):
    return [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]


def test_what_is_kept_is_no_part_of_the_run(place):
    """Parts are of the size that was asked for; run, configuration and log are the same, but for when inputs came. [CFG-02]"""
    plain, small = (json.loads((place[0] / name / "summary.json").read_text()) for name in ("plain", "run"))
    assert [plain[k] for k in ("run_id", "config_id", "state_hash")] == [small[k] for k in ("run_id", "config_id", "state_hash")]
    for stream in ("events", "metrics", "trace"):
        plain, small = (re.sub(rb'"recv_ns":\d+', b"", raw(place[0] / name, stream)) for name in ("plain", "run"))
        assert plain == small
        assert not closed(place[0] / "plain", stream) and len(closed(place[0] / "run", stream)) > 3
        assert (place[0] / f"run/{stream}.jsonl").stat().st_size <= 16384
    assert (place[0] / "run/audit.db").exists() and not (place[0] / "plain/audit.db").exists()
    # the same command goes on with it, whatever is to be kept
    keel(*place[1], "--run", place[0] / "plain", "--set", "log.keep_events=0d")


def test_old_parts_go_and_the_trail_says_so(run, tmp_path):
    before = {s: raw(run, s) for s in ("events", "trace", "metrics")}
    assert keel_json("events", "prune", run)["bytes_removed"] == 0
    events, trace = closed(run, "events"), closed(run, "trace")
    age(events[:2], 400)
    age(trace, 8)
    age(closed(run, "metrics"), 89)
    files = everything(run)
    told = keel_json("events", "prune", run, "--dry-run")
    assert everything(run) == files and set(told["streams"]) == {"events", "trace"}
    assert told == {**keel_json("events", "prune", run, "--reason", "the disk is small, token=abc"), "dry_run": True}
    # of the trace the newest closed part stays
    assert [p.name for p in closed(run, "events")] == [p.name for p in events[2:]]
    assert [p.name for p in closed(run, "trace")] == [trace[-1].name]
    for stream, cut in told["streams"].items():
        rest = raw(run, stream)
        assert before[stream].endswith(rest) and json.loads(rest.split(b"\n")[0])["seq"] == cut["last_record"] + 1
        record = next(r for r in trail(run) if r["action"] == "log_removal_ordered" and r["before"].startswith(stream + ":"))
        # a manual action: who, which rule and why [LOG-08.1]
        assert record["reason"] == "older than they are kept; the disk is small, token=[REDACTED]" and "uid" in record["actor"]
        assert f"parts 1 to {cut['last_part']}, records 1 to {cut['last_record']}, {cut['bytes']} bytes" in record["before"]
    assert [r["action"] for r in trail(run)][-4:] == ["log_removal_ordered", "log_removed"] * 2
    keel("audit", "verify", run)
    checked = keel_json("events", "check", run)
    assert checked["good"] and checked["streams"]["events"]["removed_records"] == told["streams"]["events"]["last_record"]
    # who needs all of it refuses, who does not says so, and a replay makes all of it again
    assert "were removed" in refused("audit", "lots", run, code=3)
    assert "were removed" in json.dumps(keel_json("events", "brief", run)["unknowns"])
    keel("replay", run, "--events", tmp_path / "again", "--trace", 1)
    assert {s: raw(tmp_path / "again", s) for s in before} == before
    assert keel_json("events", "prune", run)["bytes_removed"] == 0


def test_beyond_a_size_the_trace_goes_first(run):
    total = sum(p.stat().st_size for s in ("events", "metrics", "trace", "rollups/hourly") for p in parts(run, s))
    trace, metrics = (sum(p.stat().st_size for p in closed(run, s)[:-1]) for s in ("trace", "metrics"))
    told = keel_json("events", "prune", run, "--keep-size", total - trace // 2)
    assert trail(run)[-2]["reason"] == "the log is larger than it may be; not given"
    assert set(told["streams"]) == {"trace"} and told["streams"]["trace"]["for"] == "size"
    assert told["bytes_left"] <= total - trace // 2 and told["bytes_left"] + told["bytes_removed"] == total
    told = keel_json("events", "prune", run, "--keep-size", total - trace - metrics // 2)
    assert set(told["streams"]) == {"trace", "metrics"}
    told = keel_json("events", "prune", run, "--keep-size", 1)
    assert "events" in told["streams"] and told["bytes_left"] > 1
    assert keel_json("events", "check", run)["good"]


@pytest.mark.parametrize("spoil, code", [("open", 3), ("locked", 3), ("trail", 6), ("headless", 6), ("gap", 3), ("damaged", 3), ("wide", 3)])
def test_nothing_goes_that_is_still_needed(run, spoil, code):
    """An open run, a trail that is not what was written, a log with a hole or damage: nothing is removed."""
    files = closed(run, "events")
    age(files, 400)
    if spoil == "open":
        (run / "manifest.json").unlink()
    lock = (run / "journal/lock").open("r+")
    if spoil == "locked":  # as a process that trades does
        fcntl.flock(lock, fcntl.LOCK_EX)
    if spoil == "trail":
        (run / "audit.jsonl").write_text((run / "audit.jsonl").read_text().replace("run_started", "run_stained"))
    if spoil == "headless":
        (run / "audit.head").unlink()
    if spoil == "gap":
        files[1].unlink()
    if spoil == "damaged":
        data = bytearray(files[1].read_bytes())
        data[len(data) // 2] ^= 0xff
        files[1].write_bytes(data)
        age(files[1:2], 400)
    if spoil == "wide":
        run.chmod(0o755)
    there = everything(run)
    refused("events", "prune", run, code=code)
    assert everything(run) == there
    lock.close()


def test_what_went_without_an_order_is_missed(run):
    """Deleting files is not retention: the check still finds it. [LOG-08.1]"""
    closed(run, "events")[0].unlink()
    keel("events", "check", run, code=6)
    # nor does a note that nobody may write make it one
    refused("audit", "note", run, "--action", "log_removal_ordered", "--reason", "x", "--before",
            "events: parts 1 to 1, records 1 to 100000, 1 bytes", code=2)


def test_a_paper_run_prunes_at_its_end_and_goes_on(place, tmp_path):
    """[LOG-02.4]"""
    run, before = tmp_path / "run", {s: raw(place[0] / "run", s) for s in ("events", "trace")}
    shutil.copytree(place[0] / "run", run)
    age(closed(run, "trace"), 3)
    age(closed(run, "events"), 3)
    more = ["--set", "log.part_size=16KiB", "--set", "log.keep_trace=2d"]
    keel(*place[1], "--run", run, *more)
    assert len(closed(run, "trace")) == 1 and raw(run, "events").startswith(before["events"])
    assert [r["action"] for r in trail(run)][-2:] == ["log_removal_ordered", "log_removed"]
    assert trail(run)[-2]["reason"] == "older than they are kept"  # by the configuration, nobody's order
    assert keel_json("events", "check", run)["good"]
    # without its snapshots the run is made again from the journal, and its log with it
    for snapshot in (run / "journal").glob("snap-*"):
        snapshot.unlink()
    keel(*place[1], "--run", run, *more[:2])
    assert raw(run, "trace").startswith(before["trace"]) and keel_json("events", "check", run)["good"]


def test_bad_rules_are_refused(run):
    refused("events", "prune", run, "--keep-trace", "soon", code=2)
    refused("events", "prune", run, "--keep-size", "much", code=2)
    refused("events", "prune", run.parent, code=4)

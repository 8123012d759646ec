"""keel backtest run --events: a backtest tells what it did as a paper run of the same window does, by the same producer.
[LOG-01] [LOG-05] [LOG-06]"""
# time limit: 300 s
import csv
import hashlib
import json
import resource
import stat
import subprocess

import jsonschema
import pytest

import paper_tool as tool
from data_tool import keel, keel_json, program, refused
from forensic_tool import raw, records

RANGE = ["--timerange", "20230110-20230122"]
# of a journal, which a backtest has none of
OF_JOURNAL = {"WAL_SNAPSHOT"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tool.market(tmp_path_factory.mktemp("events"))


def bare(folder, name="events"):
    """What is said, without what counts it, names who ran it, or tells when it was received: in a backtest nothing is."""
    found = [{k: v for k, v in r.items() if k not in ("seq", "mode")} for r in records(folder, name) if r["code"] not in OF_JOURNAL]
    for r in found:
        r["data"] = {k: v for k, v in r["data"].items() if k not in ("source", "source_seq", "recv_ns")}
    return found


def test_they_are_those_of_a_paper_run(store, tmp_path):
    """Every record but those of the journal, and the run itself is what it is without them. [LOG-01.1] [LOG-03] [T-080]"""
    words = tool.words(store, "trend", "--detail", "5m", *RANGE)
    plain = tool.document("backtest", "run", *words)
    assert tool.document("backtest", "run", *words, "--events", tmp_path / "log", "--trace", 50) == plain
    keel("trade", "paper", *words, "--run", tmp_path / "paper", "--trace", 50)
    assert len(bare(tmp_path / "log")) > 200
    for name in ("events", "trace"):
        assert bare(tmp_path / "log", name) == bare(tmp_path / "paper", name), name
    assert raw(tmp_path / "log", "metrics") == raw(tmp_path / "paper", "metrics").replace(b'"mode":"paper"', b'"mode":"backtest"')
    judge = jsonschema.Draft202012Validator(json.loads(keel("events", "schema")[0]))
    for r in records(tmp_path / "log"):
        judge.validate(r)
        assert r["mode"] == "backtest" and r["run_id"] == plain["run_id"]
    assert keel_json("events", "check", tmp_path / "log")["good"]
    assert "POSITION_OPEN" in keel("events", "story", tmp_path / "log", "--trade", 1)[0]
    assert keel("events", "brief", tmp_path / "log")[0]
    assert keel_json("audit", "lots", tmp_path / "log")["disposals"] == keel_json("audit", "lots", tmp_path / "paper")["disposals"] != []
    for path in [tmp_path / "log", *(tmp_path / "log").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_orders_as_a_table(store, tmp_path):
    """Every state of every order and every execution of the log, cell by cell, and the same bytes again. [LOG-08.3]"""
    words = tool.words(store, "ema_cross", *RANGE)
    keel("backtest", "run", *words, "--events", tmp_path / "log")
    doc = keel_json("audit", "orders", tmp_path / "log", "--output", tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_bytes()
    assert hashlib.sha256(text).hexdigest() == doc["csv_sha256"] == (tmp_path / "a.csv.sha256").read_text().split()[0]
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600
    rows = list(csv.DictReader(text.decode().splitlines()))
    log = [r for r in records(tmp_path / "log") if r["code"].startswith("ORDER_") or r["code"].startswith("FILL")]
    assert len(rows) == len(log) == doc["lines"] > 50 and doc["fills"] == sum(r["code"] == "FILL" for r in log)
    for row, r in zip(rows, log):
        assert (row["run_id"], int(row["seq"]), row["time"], row["event"]) == (r["run_id"], r["seq"], r["ts"], r["code"])
        for name in list(row)[4:]:
            value = {**r["data"], **{k: v for k, v in r.items() if k != "data"}}.get(name, "")
            assert row[name] == str(value), (name, r)
    keel("trade", "paper", *words, "--run", tmp_path / "paper")
    keel("audit", "orders", tmp_path / "paper", "--output", tmp_path / "b.csv")
    bare = lambda path: [{k: v for k, v in row.items() if k != "seq"} for row in csv.DictReader(path.read_text().splitlines())]
    assert bare(tmp_path / "a.csv") == bare(tmp_path / "b.csv")
    lines = (tmp_path / "paper/events.jsonl").read_bytes().splitlines(keepends=True)
    for broken in (lines[:40] + lines[41:], lines[:-60], [*lines[:-1], lines[-1][:-5]]):
        (tmp_path / "paper/events.jsonl").write_bytes(b"".join(broken))
        assert "records are missing" in refused("audit", "orders", tmp_path / "paper", "--output", tmp_path / "c.csv", code=3)
    assert not (tmp_path / "c.csv").exists()


def test_each_of_several_has_its_own(store, tmp_path):
    words = tool.words(store, "trend,ema_cross", *RANGE)
    doc = tool.document("backtest", "run", *words, "--events", tmp_path / "log")
    keel("trade", "paper", *words, "--run", tmp_path / "paper")
    for s in doc["per_strategy"]:
        mine = tmp_path / "log/strategies" / s["name"]
        closed = [r for r in records(mine) if r["code"] == "POSITION_CLOSE"]
        assert len(closed) == s["trades"] > 0 and {r["config_id"] for r in closed} == {s["config_id"]}
        drop = lambda rows: [{k: v for k, v in r.items() if k != "run_id"} for r in rows]
        assert drop(bare(mine)) == drop(bare(tmp_path / "paper/strategies" / s["name"]))


def test_a_log_that_cannot_be_written_whole_is_an_error(store, tmp_path):
    """Whoever asks for it gets all of it or is told, by exit code, too; of a replay as well. [LOG-01.1]"""
    words = tool.words(store, "ema_cross", *RANGE)
    keel("trade", "paper", *words, "--run", tmp_path / "paper")
    for name, asked in (("a", ["backtest", "run", *words]), ("b", ["replay", tmp_path / "paper"])):
        done = subprocess.run([program(), *map(str, asked), "--events", tmp_path / name, "--trace", "1"], capture_output=True, text=True,
                              timeout=tool.LIMIT_S, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
        assert done.returncode == 1 and "records of the log were not written" in done.stderr, (name, done)
        assert "the log is not whole" in keel("events", "check", tmp_path / name, code=6)[1]


def test_what_cannot_be_told_is_refused_before_the_run(store, tmp_path):
    words = ["backtest", "run", *tool.words(store, "trend", *RANGE)]
    (tmp_path / "there").mkdir()
    assert "choose a place" in refused(*words, "--events", tmp_path / "there", code=3)
    assert not list((tmp_path / "there").iterdir())
    assert "--events" in refused(*words, "--trace", 5, code=2)
    assert refused(*words, "--events", tmp_path / "no/such", code=4)
    assert "--run-dir" in refused(*words, "--events", tmp_path / "log", "--run-dir", tmp_path / "log", code=2)
    both = ["backtest", "run", *tool.words(store, "trend,ema_cross", *RANGE, "--accounts", "shared")]
    assert "--accounts separate" in refused(*both, "--events", tmp_path / "log", code=2)
    assert not (tmp_path / "log").exists()

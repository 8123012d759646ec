"""A paper run at real pace while its market is quiet: what falls due by the clock is journaled, written and replayed."""
# time limit: 180 s
import datetime
import json
import signal
import subprocess
import time

import forensic_tool
import journal_page
import paper_tool as tool
from data_tool import keel, keel_json, program

FLAGS = ["--strategy", "trend", "--symbols", "BTCUSDT", "--timeframe", "1h", "--no-baselines", "--timerange", "20230301-20230303"]
TIMER, CONTROL = 7, 6
KINDS = ["", "bars", "opens", "ranges", "close", "end", "control", "timer"]


def at(record):
    return datetime.datetime.fromisoformat(record["ts"].replace("Z", "+00:00")).timestamp()


def inputs(run):
    return [journal_page.engine_input(payload) for segment in journal_page.read(run / "journal", "engine")
            for kind, _, _, payload in segment.records if kind == 2]


def of_market(run):
    return [(i["kind"], i["number"], i["ts_ms"]) for i in inputs(run) if i["kind"] < CONTROL]


def judge_origins(run, began_ns, ended_ns):
    """[ENG-02.1] Received while the run was on, in order; of whom, and the so many-th; and the program shows the same."""
    found = inputs(run)
    assert all(began_ns <= a["recv_ns"] <= b["recv_ns"] <= ended_ns for a, b in zip(found, found[1:]))
    for source in (1, 2):
        of_it = [i for i in found if i["source"] == source]
        assert of_it and all((i["kind"] == TIMER) == (source == 2) for i in of_it)
        assert [i["source_seq"] for i in of_it] == list(range(1, len(of_it) + 1))
    assert {i["source"] for i in found} == {1, 2}
    shown = [r["input"] for r in keel_json("journal", "show", run / "journal", "--count", 100000)["records"] if "input" in r]
    assert [(s["kind"], s["source"], s["source_seq"], s["recv_ns"], s["number"]) for s in shown] == [
        (KINDS[i["kind"]], ("", "market", "clock")[i["source"]], i["source_seq"], i["recv_ns"], i["number"]) for i in found]
    lines = keel("journal", "show", run / "journal")[0]
    assert f"timer, 1 of clock, received {shown[1]['received'][:10]}" in lines
    # [WAL-01.1] whose it is
    start = json.loads(journal_page.read(run / "journal", "engine")[0].records[0][3])
    whose = keel_json("journal", "verify", run / "journal")
    assert (whose["run_id"], whose["strategy"], whose["config_id"]) == (start["run_id"], "trend", start["config_id"])
    assert f"run {start['run_id']}, strategy trend" in lines
    assert f"  run       {start['run_id']}, strategy trend" in keel("journal", "verify", run / "journal")[0]


def test_a_quiet_market(tmp_path):
    """[ENG-02.7] [T-089] Between two bars of an hour metrics come every ten seconds of the clock, and what the shadow ledger found is
    there; stopped, resumed at full speed and replayed the run is the one that it is without a clock."""
    run = tmp_path / "run"
    base = ["trade", "paper", "--feed", "synth:5", *FLAGS, "--run", run]
    want = tool.document("trade", "paper", "--feed", "synth:5", *FLAGS, "--run", tmp_path / "whole")
    began_ns = time.time_ns()
    live = subprocess.Popen([program(), *map(str, base), "--speed", "real"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    began = time.monotonic()
    try:
        while not (run / "shadow.json").exists():
            assert live.poll() is None and time.monotonic() < began + 60, live.poll()
            time.sleep(0.1)
        shadow = json.loads((run / "shadow.json").read_text())
        time.sleep(max(0.0, began + 24 - time.monotonic()))
        read_meanwhile = [forensic_tool.raw(run, stream).count(b"\n") for stream in ("events", "metrics")]
    finally:
        live.send_signal(signal.SIGINT)
        err = live.communicate(timeout=60)[1]
    took = time.monotonic() - began
    assert live.returncode == 130, err
    assert read_meanwhile[0] >= 2 and read_meanwhile[1] >= 1, "who reads the log of a run that goes on sees it"
    assert shadow["schema"] == "keel.shadow" and shadow["breaches"] == 0 and shadow["as_of"].startswith("20")
    told = [i for i in inputs(run) if i["kind"] == TIMER]
    assert 2 <= len(told) <= took / 10 + 1 and all(i["number"] == 0 and i["ts_ms"] % 10_000 == 0 for i in told)
    assert [b["ts_ms"] - a["ts_ms"] for a, b in zip(told, told[1:])] == [10_000] * (len(told) - 1)
    times = [at(r) for r in forensic_tool.records(run, "metrics")]
    assert len(times) >= 2 and [b - a for a, b in zip(times, times[1:])] == [10] * (len(times) - 1)
    doc = tool.document(*base)
    assert doc["state_hash"] == want["state_hash"] and doc["totals"] == want["totals"]
    judge_origins(run, began_ns, time.time_ns())
    assert of_market(run) == of_market(tmp_path / "whole")
    assert not [i for i in inputs(tmp_path / "whole") if i["kind"] == TIMER]
    again = keel_json("replay", run)
    assert again["equal"] and again["state_hash"] == want["state_hash"]
    keel("replay", run, "--events", tmp_path / "again")
    for stream in ("events", "metrics", "rollups/hourly"):
        assert forensic_tool.raw(run, stream) == forensic_tool.raw(tmp_path / "again", stream)
    assert keel_json("diff", run, "--backtest")["verdict"] == "equal"
    assert keel_json("events", "check", run)["good"]

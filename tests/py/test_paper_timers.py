"""A paper run at real pace while its market is quiet: what falls due by the clock is journaled, written and replayed."""
# time limit: 180 s
import datetime
import json
import signal
import struct
import subprocess
import time

import forensic_tool
import journal_page
import paper_tool as tool
from data_tool import keel, keel_json, program

FLAGS = ["--strategy", "trend", "--symbols", "BTCUSDT", "--timeframe", "1h", "--no-baselines", "--timerange", "20230301-20230303"]
TIMER, CONTROL = 7, 6


def at(record):
    return datetime.datetime.fromisoformat(record["ts"].replace("Z", "+00:00")).timestamp()


def inputs(run):
    """(kind, number, ts_ms) of each INPUT, by docs/formats/engine_journal.md."""
    found = []
    for segment in journal_page.read(run / "journal", "engine"):
        for kind, _, ts_ms, payload in segment.records:
            if kind == 2:
                found.append((struct.unpack_from("<H", payload, 2)[0], struct.unpack_from("<Q", payload, 8)[0], ts_ms))
    return found


def test_a_quiet_market(tmp_path):
    """[ENG-02.7] [T-089] Between two bars of an hour metrics come every ten seconds of the clock, and what the shadow ledger found is
    there; stopped, resumed at full speed and replayed the run is the one that it is without a clock."""
    run = tmp_path / "run"
    base = ["trade", "paper", "--feed", "synth:5", *FLAGS, "--run", run]
    want = tool.document("trade", "paper", "--feed", "synth:5", *FLAGS, "--run", tmp_path / "whole")
    live = subprocess.Popen([program(), *map(str, base), "--speed", "real"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    began = time.monotonic()
    try:
        while not (run / "shadow.json").exists():
            assert live.poll() is None and time.monotonic() < began + 60, live.poll()
            time.sleep(0.1)
        shadow = json.loads((run / "shadow.json").read_text())
        time.sleep(max(0.0, began + 24 - time.monotonic()))
    finally:
        live.send_signal(signal.SIGINT)
        err = live.communicate(timeout=60)[1]
    took = time.monotonic() - began
    assert live.returncode == 130, err
    assert shadow["schema"] == "keel.shadow" and shadow["breaches"] == 0 and shadow["as_of"].startswith("2023")
    told = [i for i in inputs(run) if i[0] == TIMER]
    assert 2 <= len(told) <= took / 10 + 1 and all(number == 0 and ts_ms % 10_000 == 0 for _, number, ts_ms in told)
    assert [b[2] - a[2] for a, b in zip(told, told[1:])] == [10_000] * (len(told) - 1)
    times = [at(r) for r in forensic_tool.records(run, "metrics")]
    assert len(times) >= 2 and [b - a for a, b in zip(times, times[1:])] == [10] * (len(times) - 1)
    doc = tool.document(*base)
    assert doc["state_hash"] == want["state_hash"] and doc["totals"] == want["totals"]
    assert [i[1:] for i in inputs(run) if i[0] < CONTROL] == [i[1:] for i in inputs(tmp_path / "whole") if i[0] < CONTROL]
    assert not [i for i in inputs(tmp_path / "whole") if i[0] == TIMER]
    again = keel_json("replay", run)
    assert again["equal"] and again["state_hash"] == want["state_hash"]
    keel("replay", run, "--events", tmp_path / "again")
    for stream in ("events", "metrics", "rollups/hourly"):
        assert forensic_tool.raw(run, stream) == forensic_tool.raw(tmp_path / "again", stream)
    assert keel_json("diff", run, "--backtest")["verdict"] == "equal"
    assert keel_json("events", "check", run)["good"]

"""What a run writes down: canonical events, metrics, rollups, the same bytes from the same journal. [LOG-01] [LOG-02]
[LOG-05] [T-055] [T-057] [T-058]"""
# time limit: 300 s
import json
import os
import re
import stat
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from data_tool import keel, keel_json, refused
from forensic_tool import codes, raw, records
from paper_tool import kill_when_written, market, words

STREAMS = ("events", "metrics", "rollups/hourly")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    store = market(folder, days=20)
    base = ["trade", "paper", *words(store, "ema_cross")]
    keel(*base, "--run", folder / "run", "--trace", 7)
    return folder, store, base


def schema():
    return jsonschema.Draft202012Validator(json.loads(keel("events", "schema")[0]))


def test_every_record_is_what_the_published_schema_says(place):
    """[LOG-01.1] [LOG-02.3] [T-051] [T-052] [T-081] [T-084] [T-090]"""
    judge = schema()
    for stream in (*STREAMS, "trace"):
        found = records(place[0] / "run", stream)
        assert found
        for r in found:
            judge.validate(r)
            assert r["run_id"] == found[0]["run_id"] and r["strategy_id"] == "ema_cross"
    assert keel_json("events", "check", place[0] / "run")["good"]


def test_a_replay_of_the_journal_writes_the_same_bytes(place, tmp_path):
    """[LOG-06] [T-080]"""
    keel("replay", place[0] / "run", "--events", tmp_path / "again", "--trace", 7)
    for stream in (*STREAMS, "trace"):
        assert raw(place[0] / "run", stream) == raw(tmp_path / "again", stream), stream
    assert (place[0] / "run/rollups/run.json").read_bytes() == (tmp_path / "again/rollups/run.json").read_bytes()
    # a folder that is there is not written into
    refused("replay", place[0] / "run", "--events", tmp_path / "again", code=1)


def test_events_explain_every_trade(place):
    """INFO alone: each trade of trades.csv has its signal, order, fills and end, joined by ids. [LOG-01.3] [LOG-05]
    [T-065] [T-066] [T-082] [T-091]"""
    events = records(place[0] / "run")
    trades = (place[0] / "run/trades.csv").read_text().split("\n")[1:-1]
    closed = [r for r in events if r["code"] == "POSITION_CLOSE"]
    assert len(closed) == len(trades) > 10
    names = {r["code"] for r in events}
    assert {"ENGINE_START", "CONFIG_LOADED", "ENGINE_STATE", "SIGNAL", "RISK_GATE", "PROPOSAL", "ORDER_NEW", "ORDER_SUBMIT",
            "ORDER_ACK", "FILL", "ORDER_FILLED", "POSITION_OPEN", "POSITION_CLOSE", "FUNDING", "WAL_SNAPSHOT",
            "ENGINE_STOP"} <= names
    for r in events:
        if r["code"] == "SIGNAL":
            assert r["data"]["reason"].startswith("E_") or r["data"]["reason"].startswith("X_")
    for end, row in zip(closed, trades):
        cells = row.split(",")
        assert end["data"]["trade_id"] == int(cells[0]) and end["symbol"] == cells[2]
        assert end["data"]["entry"] == cells[4] and end["ts"] == cells[6]
        assert float(end["data"]["pnl_usd"]) == float(cells[10]) and end["data"]["reason"] == cells[19]
        opened = next(r for r in events if r["code"] == "POSITION_OPEN" and r["data"]["position_id"] == end["data"]["position_id"])
        chain = [r["code"] for r in events if r["corr_id"] == opened["corr_id"]]
        for code in ("DATA_BAR", "SIGNAL", "RISK_GATE", "PROPOSAL", "ORDER_NEW", "ORDER_SUBMIT", "ORDER_ACK", "FILL", "ORDER_FILLED",
                     "POSITION_OPEN"):
            assert code in chain, (code, chain)
        # cause before effect
        assert chain.index("DATA_BAR") < chain.index("SIGNAL") < chain.index("PROPOSAL") < chain.index("ORDER_NEW") < chain.index("FILL") \
            < chain.index("POSITION_OPEN")
        assert [r for r in events if r["corr_id"] == end["corr_id"] and r["code"] == "ORDER_NEW"]


def test_each_limit_and_each_denial_says_what_it_compared(place, tmp_path):
    """Why a trade was made, made smaller or not made is in numbers, at the level INFO. [LOG-01.2] [LOG-05] [T-065]"""
    run = tmp_path / "run"
    limits = {"risk.max_positions": 1, "cooldowns.entry_cooldown_s": 7200, "risk.max_gross_exposure": 0.02}
    keel("trade", "paper", *words(place[1], "momentum", "--timerange", "20230101-20230109"), "--run", run,
         *[w for name, value in limits.items() for w in ("--set", f"{name}={value}")])
    by_cause, events = {}, records(run)
    for r in events:
        by_cause.setdefault(r["corr_id"], []).append(r)
    denied = [r for r in events if r["code"] == "TRADE_DENIED"]
    assert {r["data"]["rule"] for r in denied} == {"H_CAP", "H_COOLDOWN"}
    for r in denied:
        told = {k: r["data"][k] for k in ("value", "limit", "verdict")} | {"rule": r["data"]["of"]}
        assert told in [x["data"] for x in by_cause[r["corr_id"]] if x["code"] == "RISK_GATE"], r
        if r["data"]["rule"] == "H_CAP":
            assert (r["data"]["of"], r["data"]["value"], r["data"]["limit"]) == ("positions", 2, 1)
        else:
            assert r["data"]["of"] == "entry_cooldown" and 0 < r["data"]["value"] <= 7200_000
    opened = [r for r in events if r["code"] == "ORDER_NEW" and r["data"]["kind"] == "OPEN"]
    assert len(opened) > 2
    for r in opened:
        gates = {x["data"]["rule"]: x["data"] for x in by_cause[r["corr_id"]] if x["code"] == "RISK_GATE"}
        assert set(gates) == {"size", "min_confidence", "entry_cooldown", "positions", "cash", "exposure", "min_notional"}
        clamp = next(x["data"] for x in by_cause[r["corr_id"]] if x["code"] == "SIZE_CLAMPED")
        assert gates["exposure"]["verdict"] == "clamp" and gates["cash"]["verdict"] == "pass" and clamp["rule"] == "exposure"
        assert clamp["before_usd"] == gates["exposure"]["value"] > gates["exposure"]["limit"] >= clamp["after_usd"]
        assert clamp["after_usd"] == pytest.approx(float(r["data"]["notional_usd"]))
    paused = [r["code"] for r in events if r["code"].startswith("COOLDOWN_")]
    assert paused.count("COOLDOWN_START") > 1 and paused[0] == "COOLDOWN_START"
    assert paused.count("COOLDOWN_START") - paused.count("COOLDOWN_END") in (0, 1, 2)  # of each symbol one may last


@pytest.mark.parametrize("exposure, of", [(0.0005, "min_notional"), (0, "exposure")])
def test_what_a_clamp_leaves_too_little_of_is_denied_for_that(place, tmp_path, exposure, of):
    """A clamped size below the least notional: that limit denied, with both figures and the clamp; one that left nothing
    denied itself. [LOG-01.2] [T-065]"""
    run = tmp_path / "run"
    keel("trade", "paper", *words(place[1], "momentum", "--timerange", "20230101-20230105"), "--run", run,
         "--set", f"risk.max_gross_exposure={exposure}")
    judge = schema()
    denied = [r for r in records(run) if r["code"] == "TRADE_DENIED"]
    assert denied and not [r for r in records(run) if r["code"] in ("ORDER_NEW", "SIZE_CLAMPED")]
    for r in denied:
        d = r["data"]
        judge.validate(r)
        assert (d["rule"], d["of"]) == ("H_CAP", of)
        if of == "min_notional":
            assert 0 < d["value"] < d["limit"] == 10 and d["clamp"] == "exposure"
            assert d["value"] <= d["clamp_limit"] < d["clamp_value"] and d["clamp_limit"] == pytest.approx(5, rel=0.1)
        else:
            assert d["limit"] == 0 < d["value"] and "clamp" not in d


def test_order_state_changes_are_legal_and_complete(place):
    """[T-066] [T-082]"""
    states = {}
    for r in records(place[0] / "run"):
        if r["code"].startswith("ORDER_"):
            states.setdefault(r["order_id"], []).append(r["code"])
    assert states
    for order, path in states.items():
        assert re.fullmatch(r"ORDER_NEW ORDER_SUBMIT ORDER_ACK( ORDER_PARTIAL)*( ORDER_(FILLED|REJECT|EXPIRE))", " ".join(path)), path


def test_metrics_keep_their_pace_and_add_up(place):
    """[T-089] [T-095] [T-096]"""
    found = records(place[0] / "run", "metrics")
    times = [r["ts"] for r in found]
    assert times == sorted(set(times)) and len(found) == 20 * 24
    for r in found:
        d = r["data"]
        assert "slippage_bps_avg" in d and float(d["exposure_gross_usd"]) >= abs(float(d["exposure_net_usd"]))
    summary = json.loads((place[0] / "run/summary.json").read_text())
    assert float(summary["totals"]["final_balance_usd"]) == float(
        records(place[0] / "run", "rollups/hourly")[-1]["data"]["equity_usd"])


def test_metrics_come_every_ten_seconds_of_bars_as_fine(tmp_path):
    """Bars of five seconds: one record for each ten, each with the age of every feed. [LOG-02.3] [T-089]"""
    store = tmp_path / "data"
    start = 1672531200000
    for symbol, base in (("BTCUSDT", 100), ("ETHUSDT", 50)):
        px = [base + abs(i % 120 - 60) / 20 for i in range(1001)]
        rows = [f"{start + 5000 * i},{a:.2f},{max(a, b):.2f},{min(a, b):.2f},{b:.2f},1" for i, (a, b) in enumerate(zip(px, px[1:]))]
        (tmp_path / f"{symbol}.csv").write_text("ts_ms,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
        keel("data", "import", tmp_path / f"{symbol}.csv", "--store", store, "--venue", "binance-spot", "--symbol", symbol, "--interval", "5s")
    flags = [w if w != "1h" else "5s" for w in words(store, "ema_cross")]
    keel("trade", "paper", *flags, "--run", tmp_path / "run")
    found = records(tmp_path / "run", "metrics")
    times = [datetime.fromisoformat(r["ts"].replace("Z", "+00:00")) for r in found]
    assert len(found) >= 360 and {(b - a).total_seconds() for a, b in zip(times, times[1:])} == {10.0}
    for r in found:
        d = r["data"]
        assert d["feed_ages_ms"] == {"BTCUSDT": 0, "ETHUSDT": 0} and d["feed_age_ms_max"] == 0
        assert d["log_lost"] == 0 and d["queue_orders_in_flight"] >= 0
    keel("replay", tmp_path / "run", "--events", tmp_path / "again")
    assert raw(tmp_path / "run", "metrics") == raw(tmp_path / "again", "metrics")


def test_rollups_count_what_the_events_say(place):
    """[LOG-04.1] [T-060] [T-061] [T-062] [T-073] [T-074]"""
    hours = [r["data"] for r in records(place[0] / "run", "rollups/hourly")]
    whole = json.loads((place[0] / "run/rollups/run.json").read_text())["data"]
    seen = {}
    for code in codes(place[0] / "run"):
        seen[code] = seen.get(code, 0) + 1
    assert whole["counts"] == seen
    summed = {}
    for hour in hours:
        assert hour["scope"] == "hour" and hour["from"] < hour["to"] and "worst" in hour and "regimes" in hour
        for code, count in hour["counts"].items():
            summed[code] = summed.get(code, 0) + count
    assert summed == seen
    totals = json.loads((place[0] / "run/summary.json").read_text())["totals"]
    assert whole["trades"] == totals["trades"] and whole["wins"] == totals["wins"]
    assert float(whole["pnl_usd"]) == pytest.approx(float(totals["net_profit_usd"]), abs=1e-7)
    assert float(whole["fees_usd"]) == float(totals["fees_usd"])
    assert whole["drawdown_duration_ms"] > 0 and whole["drawdown_max_pct"] > 0
    assert whole["feed_uptime_pct"] == 100 and sum(r["share"] for r in whole["regimes"].values()) == pytest.approx(1)


def test_trace_is_off_unless_asked_for_and_sampled_by_number(place, tmp_path):
    """[LOG-02.2] [T-056] [T-077] [T-078]"""
    keel(*place[2], "--run", tmp_path / "quiet")
    assert not (tmp_path / "quiet/trace.jsonl").exists()
    steps = [r for r in records(place[0] / "run", "trace") if r["code"] == "TRACE_STEP"]
    assert steps and all(r["data"]["event_seq"] % 7 == 0 and r["level"] == "TRACE" for r in steps)
    assert "TRACE_STEP" not in codes(place[0] / "run")
    assert raw(tmp_path / "quiet", "events") == raw(place[0] / "run", "events")


def test_files_are_private_and_appear_with_their_first_record(place):
    """[SEC-02] [T-058] [T-059]"""
    run = place[0] / "run"
    keel(*place[2], "--run", run, "--trace", 7)  # a second start: recovery.json, too
    found = [run, *run.rglob("*")]
    assert {"events.jsonl", "hourly.jsonl", "operational.json", "recovery.json", "shadow.json", "manifest.json",
            "trades.csv"} <= {path.name for path in found}
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert not (run / "incidents").exists()


def test_the_manifest_is_there_from_the_start_and_finished_at_the_end(place, tmp_path):
    """Of a run that was killed it says what it is, and that it is running; readers take it for no finished run. [LOG-02.1] [T-059]"""
    run = tmp_path / "run"
    assert kill_when_written([*place[2], "--run", run, "--batch", 4], 4_700_000) is None
    begun = json.loads((run / "manifest.json").read_text())
    ended = json.loads((place[0] / "run/manifest.json").read_text())
    assert (begun["state"], ended["state"]) == ("running", "ended") and "state_hash" not in begun and "files" not in begun
    own = {"state", "state_hash", "written_at", "files", "candle_interval_ms", "bar_interval_ms", "equity_samples", "equity_thinned",
           "stops_thinned"}
    assert set(begun) == set(ended) - own | {"state", "written_at"}
    for key in set(ended) - own:
        assert begun[key] == ended[key], key
    assert ended["kind"] == "paper" and ended["symbols"] == ["BTCUSDT", "ETHUSDT"] and ended["run_id"] == json.loads(
        (run / "audit.jsonl").read_text().splitlines()[0])["run_id"]
    assert "has not ended" in refused("report", run, code=4)
    assert "has not ended" in refused("diff", run, "--backtest", code=4)
    assert "has not ended" in refused("events", "prune", run, "--keep-trace", "1d", code=3)
    assert keel_json("replay", run)["recorded_state_hash"] is None
    before = (run / "manifest.json").read_bytes()
    assert kill_when_written([*place[2], "--run", run, "--batch", 4], 4_500_000) is None
    assert (run / "manifest.json").read_bytes() == before
    keel(*place[2], "--run", run)
    done = json.loads((run / "manifest.json").read_text())
    assert {k: v for k, v in done.items() if k != "written_at" and k != "files"} == {
        k: v for k, v in ended.items() if k != "written_at" and k != "files"}


def test_a_folder_that_others_may_read_is_refused(place, tmp_path):
    """[SEC-02]"""
    (tmp_path / "open").mkdir(mode=0o755)
    os.chmod(tmp_path / "open", 0o755)
    line = refused(*place[2], "--run", tmp_path / "open", code=3)
    assert "chmod" in line
    assert not list((tmp_path / "open").glob("*.jsonl"))


def test_killed_and_resumed_the_log_is_that_of_its_journal(place, tmp_path):
    """Whatever was lost in a buffer comes again from the journal; nothing is there twice. [LOG-02.5] [T-071] [T-072] [T-086]"""
    ended = None
    for limit in (4_400_000, 4_700_000, 5_000_000):
        ended = kill_when_written([*place[2], "--run", tmp_path / "run", "--batch", 4], limit)
    if ended is None:
        keel(*place[2], "--run", tmp_path / "run")
    keel("replay", tmp_path / "run", "--events", tmp_path / "again")
    for stream in STREAMS:
        assert raw(tmp_path / "run", stream) == raw(tmp_path / "again", stream), stream
    mine = [r for r in records(tmp_path / "run")]
    assert "RECOVERY" in {r["code"] for r in mine} and "WAL_SNAPSHOT" in {r["code"] for r in mine}
    process = {"RECOVERY", "WAL_SNAPSHOT", "ENGINE_STATE", "ENGINE_STOP", "ORDER_UNKNOWN"}
    strip = [{k: v for k, v in r.items() if k != "seq"} for r in mine if r["code"] not in process]
    plain = [{k: v for k, v in r.items() if k != "seq"} for r in records(place[0] / "run") if r["code"] not in process]
    assert strip == plain
    assert keel_json("events", "check", tmp_path / "run")["good"]


def test_a_changed_log_is_found(place, tmp_path):
    """[LOG-01.4] [T-085]"""
    keel("replay", place[0] / "run", "--events", tmp_path / "log")
    path = tmp_path / "log/events.jsonl"
    whole = path.read_bytes().split(b"\n")
    cases = {
        "gone": whole[:5] + whole[6:],
        "twice": whole[:6] + whole[5:],
        "swapped": whole[:5] + [whole[6], whole[5]] + whole[7:],
        "code": whole[:5] + [whole[5].replace(b'"code_number":', b'"code_number":9')] + whole[6:],
        "field": whole[:5] + [whole[5].replace(b'"data":{', b'"data":{"api_key":"x",')] + whole[6:],
        "member": whole[:5] + [whole[5].replace(b'"data":', b'"more":1,"data":')] + whole[6:],
        "json": whole[:5] + [whole[5][:-1]] + whole[6:],
        "time": whole[:5] + [re.sub(rb'"ts":"....', b'"ts":"xxxx', whole[5])] + whole[6:],
    }
    for name, lines in cases.items():
        path.write_bytes(b"\n".join(lines))
        doc = json.loads(keel("events", "check", tmp_path / "log", "--json", code=6)[0])
        assert not doc["good"] and doc["streams"]["events"]["records"] == 5 + (name == "twice"), name
    path.write_bytes(b"\n".join(whole) + b'{"torn')
    assert keel_json("events", "check", tmp_path / "log")["streams"]["events"]["torn_bytes"] == 6

"""The audit database of a run, read by another program and held against everything else the run wrote. [LOG-08.2]"""
# time limit: 120 s
import csv
import json
import os
import re
import shutil
import sqlite3
import stat
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from data_tool import keel, keel_json, program, refused
from forensic_tool import records
from paper_tool import market, words

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("auditdb")
    store = market(folder, days=20)
    keel("trade", "paper", *words(store, "ema_cross"), "--set", "entry_cooldown_s=86400", "--set", "gate_adx_rising=true", "--run", folder / "run")
    keel("audit", "note", folder / "run", "--action", "reviewed", "--reason", "weekly look", "--before", "4", "--after", "5")
    keel("audit", "db", folder / "run", "--cycles", folder / "cycles.jsonl")
    return folder


def connect(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def rows(path, sql):
    db = connect(path)
    try:
        return [dict(r) for r in db.execute(sql)]
    finally:
        db.close()


def iso(ts_ms):
    at = datetime.fromtimestamp(ts_ms / 1000, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ts_ms % 1000:03d}Z"


def e8(text):
    return int(Decimal(text) * 10**8)


def dump(path):
    db = connect(path)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def test_trades_are_those_of_the_csv(place):
    """[LOG-08.2]"""
    table = list(csv.DictReader((place / "run/trades.csv").open()))
    found = rows(place / "run/audit.db", "SELECT * FROM trades ORDER BY trade_id")
    assert len(found) == len(table) > 8
    for row, cells in zip(found, table):
        assert [str(row["trade_id"]), row["strategy"], row["symbol"], row["side"], str(row["bars_held"]), row["confidence"],
                row["entry_reason"], row["exit_reason"]] == \
            [cells[k] for k in ("trade_id", "strategy", "symbol", "side", "bars_held", "confidence", "entry_reason", "exit_reason")]
        assert iso(row["entry_ts_ms"]) == cells["entry_ts"] and iso(row["exit_ts_ms"]) == cells["exit_ts"]
        for name in ("entry_px", "exit_px", "qty", "notional_usd", "pnl_usd", "fees_usd", "funding_usd", "mae_usd", "mfe_usd"):
            assert row[name + "_e8"] == e8(cells[name]), name
        assert row["pnl_usd_e8"] == row["price_pnl_usd_e8"] - row["fees_usd_e8"] + row["funding_usd_e8"] - row["slippage_usd_e8"]
    closed = [r for r in records(place / "run") if r["code"] == "POSITION_CLOSE"]
    assert [(r["cycle_id"], e8(r["data"]["slippage_usd"])) for r in closed] == [(r["cycle_id"], r["slippage_usd_e8"]) for r in found]


def test_the_account_is_that_of_equity_and_summary(place):
    """One record for each cycle, the values of equity.csv and metrics.jsonl. [LOG-08.2]"""
    db = place / "run/audit.db"
    summary = json.loads((place / "run/summary.json").read_text())
    curve = list(csv.DictReader((place / "run/equity.csv").open()))
    marks = rows(db, "SELECT * FROM portfolio_snapshots ORDER BY cycle_id")
    by_time = {iso(m["ts_ms"]): m for m in marks}
    assert len(curve) > 200 and all(by_time[c["ts"]]["equity_usd_e8"] == e8(c["equity_usd"]) for c in curve)
    closes = {iso(m["ts_ms"]): m for m in marks if m["kind"] == "close"}  # the end of the market has the last one's time
    for r in records(place / "run", "metrics"):
        m, d = closes[r["ts"]], r["data"]
        assert [m["cash_usd_e8"], m["margin_usd_e8"], m["unrealised_usd_e8"], m["open_positions"]] == \
            [e8(d["cash_usd"]), e8(d["margin_usd"]), e8(d["unrealised_usd"]), d["open_positions"]]
        assert m["open_positions"] == len(json.loads(m["positions"]))
    run, = rows(db, "SELECT * FROM run")
    assert run["equity_usd_e8"] == e8(summary["totals"]["final_balance_usd"]) and run["start_usd_e8"] == e8("10000")
    assert (run["run_id"], run["state_hash"], run["ended"]) == (summary["run_id"], summary["state_hash"], 1)
    total = rows(db, "SELECT sum(pnl_usd_e8) AS pnl, sum(fees_usd_e8) AS fees FROM trades")[0]
    assert total["fees"] == e8(summary["totals"]["fees_usd"]) and total["pnl"] == e8(summary["totals"]["net_profit_usd"])


def test_decisions_are_all_there_with_reasons(place):
    """Each close of each symbol's bar, and each order: BUY, SELL or NO_TRADE, as the log says. [LOG-08.2]"""
    db, events = place / "run/audit.db", records(place / "run")
    made = rows(db, "SELECT * FROM decisions ORDER BY decision_id")
    orders = {r["order_id"]: r for r in events if r["code"] == "ORDER_NEW"}
    assert [d["order_id"] for d in made if d["order_id"]] == list(orders)
    for d in made:
        assert d["reason"] and d["reason_text"] and (d["decision"] == "NO_TRADE") == (d["order_id"] is None)
        if d["order_id"]:
            told = orders[d["order_id"]]
            assert {"buy": "BUY", "sell": "SELL"}[told["data"]["side"]] == d["decision"]
            assert [told["data"][k] for k in ("kind", "reason")] == [d["kind"], d["reason"]]
            assert [e8(told["data"][k]) for k in ("qty", "notional_usd", "ref_px")] == [d["qty_e8"], d["notional_usd_e8"], d["px_e8"]]
            assert (told["cycle_id"], told["symbol"]) == (d["cycle_id"], d["symbol"])
    denied = [(r["cycle_id"], r["symbol"], r["data"]["rule"]) for r in events
              if r["code"] == "TRADE_DENIED" and r["data"]["rule"].startswith("H_")]
    assert denied and denied == [(d["cycle_id"], d["symbol"], d["held"]) for d in made if d["held"]]
    assert all(d["reason"] == d["held"] for d in made if d["held"] and not d["order_id"])
    gates = [(r["cycle_id"], r["symbol"], r["data"]["rule"], r["data"]["verdict"], r["data"]["value"]) for r in events
             if r["code"] == "GATE_RESULT"]
    assert gates == [(d["cycle_id"], d["symbol"], rule, g["verdict"], g["value"]) for d in made if d["gates"]
                     for rule, g in json.loads(d["gates"]).items()]
    signals = [(r["cycle_id"], r["symbol"], r["data"]["signal"], r["data"]["reason"], r["data"]["feature_digest"])
               for r in events if r["code"] == "SIGNAL"]
    assert signals == [(d["cycle_id"], d["symbol"], d["signal"], d["signal_reason"], d["feature_digest"]) for d in made
                       if d["signal"] and d["signal"] != "NEUTRAL"]
    closes = rows(db, "SELECT count(*) AS n FROM portfolio_snapshots WHERE kind = 'close'")[0]["n"]
    assert len([d for d in made if d["signal"]]) == 2 * closes > 500
    assert any(d["reason"].startswith("H_") for d in made) and any(d["gates"] not in (None, "{}") for d in made)
    assert {d["decision"] for d in made} == {"BUY", "SELL", "NO_TRADE"} and any(d["reason"] == "NO_SIGNAL" for d in made)


def test_configuration_and_interventions(place):
    """[LOG-08.2]"""
    db, run = place / "run/audit.db", place / "run"
    config, = rows(db, "SELECT * FROM config_versions")
    summary = json.loads((run / "summary.json").read_text())
    import hashlib
    assert config["config_id"] == summary["config_id"] == hashlib.sha256(config["canonical"].encode()).hexdigest()
    assert json.loads(config["given"])["run"]["strategy"] == "ema_cross" and config["dataset_hash"] == summary["dataset_hash"]
    trail = [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]
    found = rows(db, "SELECT * FROM interventions ORDER BY intervention_id")
    assert [r["action"] for r in found] == ["run_started", "run_ended", "reviewed"]
    for row, told in zip(found, trail):
        assert iso(row["ts_ms"]) == told["ts"] and row["source"] == "audit"
        for name in ("seq", "actor", "action", "reason", "before", "after", "hash"):
            assert row[name] == told.get(name), name
    assert rows(db, "SELECT * FROM evidence") == rows(db, "SELECT * FROM ai_calls") == []


def test_the_same_rows_again_and_private(place):
    """Made twice it is the same, also over a file that says something else; mode 0600. [LOG-08.2]"""
    db = place / "run/audit.db"
    first = dump(db)
    other = sqlite3.connect(db)
    other.execute("UPDATE trades SET pnl_usd_e8 = 1")
    other.commit()
    other.close()
    assert dump(db) != first
    keel("audit", "db", place / "run")
    assert dump(db) == first and stat.S_IMODE(db.stat().st_mode) == 0o600
    assert [p.name for p in (place / "run").iterdir() if p.name.startswith("audit.db")] == ["audit.db"]


def test_json_says_what_the_tables_say(place):
    """[LOG-08.2]"""
    document = keel_json("audit", "db", place / "run")
    assert (document["schema"], document["schema_version"]) == ("keel.audit_db", 1)
    db = place / "run/audit.db"
    for table, told in document["tables"].items():
        found = rows(db, f"SELECT * FROM {table} ORDER BY 1")
        assert len(found) == len(told)
        for row, item in zip(found, told):
            assert len(row) == len(item)
            for name, value in row.items():
                if name.endswith(("_e8", "_ms")) and name != "latency_ms":
                    item_value = item[name[:-3]]
                    told_value = None if item_value is None else e8(item_value) if name.endswith("_e8") else item_value
                    assert told_value == (iso(value) if value is not None and name.endswith("_ms") else value)
                elif name in ("gates", "positions", "given") and value is not None:
                    assert item[name] == json.loads(value)
                else:
                    assert item[name] == (bool(value) if name == "ended" else value)


def test_one_record_for_each_cycle(place):
    """[LOG-08.2]"""
    db = place / "run/audit.db"
    assert stat.S_IMODE((place / "cycles.jsonl").stat().st_mode) == 0o600
    cycles = [json.loads(line) for line in (place / "cycles.jsonl").read_text().splitlines()]
    marks = rows(db, "SELECT cycle_id FROM portfolio_snapshots ORDER BY cycle_id")
    assert [c["cycle_id"] for c in cycles] == [m["cycle_id"] for m in marks]
    assert {c["schema"] for c in cycles} == {"keel.cycle"}
    for table, key in (("decisions", "decision_id"), ("trades", "trade_id")):
        told = [item[key] for c in cycles for item in c[table]]
        assert told == [r[key] for r in rows(db, f"SELECT {key} FROM {table} ORDER BY 1")]
        assert all(item["cycle_id"] <= c["cycle_id"] for c in cycles for item in c[table])


def test_what_was_changed_makes_no_database(place, tmp_path):
    """A trail or journal that is not what was written is refused, and what stood there stays. [LOG-08.2]"""
    run = tmp_path / "run"
    shutil.copytree(place / "run", run)
    kept = (run / "audit.db").read_bytes()
    trail = (run / "audit.jsonl").read_text()
    (run / "audit.jsonl").write_text(trail.replace("weekly look", "nobody look"))
    assert "audit trail" in refused("audit", "db", run, code=6)
    (run / "audit.jsonl").write_text(trail)
    segment = next((run / "journal").glob("wal-*"))
    data = bytearray(segment.read_bytes())
    data[2000] ^= 1
    segment.write_bytes(data)
    refused("audit", "db", run, code=6)
    assert (run / "audit.db").read_bytes() == kept and not (run / "audit.db.new").exists()
    refused("audit", "db", tmp_path, code=4)
    refused("audit", "db", place / "run/journal", code=2)


def test_the_page_names_every_table_and_column(place):
    page = (ROOT / "docs/formats/audit_db.md").read_text()
    for table in rows(place / "run/audit.db", "SELECT name FROM sqlite_master WHERE type = 'table'"):
        line = re.search(rf"^- `{table['name']}`: (.*(?:\n  .*)*)", page, re.M)
        assert line, table["name"]
        columns = [r["name"] for r in rows(place / "run/audit.db", f"PRAGMA table_info({table['name']})")]
        assert re.findall(r"`(\w+)`", line[1]) == columns


def test_of_several_strategies_each_has_its_own(place, tmp_path):
    """At the end of a run, when the configuration asks for it, and again by hand. [LOG-08.2]"""
    run = tmp_path / "run"
    keel("trade", "paper", *words(place / "data", "ema_cross,rsi_reversion"), "--timerange", "20230101-20230106",
         "--set", "log.audit_db=true", "--run", run)
    found = {}
    for name in ("ema_cross", "rsi_reversion"):
        db = run / "strategies" / name / "audit.db"
        found[name] = dump(db)
        assert [r["strategy"] for r in rows(db, "SELECT DISTINCT strategy FROM decisions")] == [name]
        db.unlink()
    keel("audit", "db", run)
    assert found == {name: dump(run / "strategies" / name / "audit.db") for name in found} and not (run / "audit.db").exists()
    refused("audit", "db", run, "--json", code=2)


def test_encrypted_and_signed(place, tmp_path):
    """The database needs the journal's key, and gives away nothing without it. [LOG-08.2]"""
    run = tmp_path / "run"
    keel("trade", "paper", *words(place / "data", "ema_cross"), "--timerange", "20230101-20230104", "--run", run,
         "--key-file", tmp_path / "e.key", "--sign-key", tmp_path / "s.key")
    assert "give its key" in refused("audit", "db", run, code=3) and not (run / "audit.db").exists()
    keel("audit", "db", run, "--key-file", tmp_path / "e.key")
    state, = rows(run / "audit.db", "SELECT state_hash FROM run")
    assert state["state_hash"] == json.loads((run / "summary.json").read_text())["state_hash"]


def test_an_order_of_the_journal_stands_in_its_cycle(place, tmp_path):
    """A resume behind a repair: in the cycle it was given in, by whom only people can be; a core that is not ours is
    refused, and a database that cannot be made does not fail the run. [LOG-08.2]"""
    run = tmp_path / "run"
    paper = ["trade", "paper", *words(place / "data", "ema_cross"), "--timerange", "20230101-20230110", "--run", run]
    keel(*paper)
    first = sorted((run / "journal").glob("*.klw"))[0]
    data = bytearray(first.read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 0x20
    first.write_bytes(data)
    keel("journal", "repair", run / "journal")
    for kept in run.glob("state.db*"):
        kept.unlink()
    (run / "audit.db").mkdir()
    assert "no audit database was made" in keel(*paper, "--resume", "--set", "log.audit_db=true")[1]
    (run / "audit.db").rmdir()
    keel("audit", "db", run, "--cycles", tmp_path / "cycles.jsonl")
    order, = rows(run / "audit.db", "SELECT * FROM interventions WHERE source = 'journal'")
    logged, = (r for r in records(run) if r["code"] == "MANUAL_ACTION")
    assert (order["action"], order["actor"], order["seq"]) == ("resume", "operator", logged["cycle_id"])
    assert logged["data"]["actor"] == "operator"
    cycles = [json.loads(line) for line in (tmp_path / "cycles.jsonl").read_text().splitlines()]
    at, = (i for i, c in enumerate(cycles) if c["interventions"])
    assert 0 < at < len(cycles) - 1 and cycles[at - 1]["cycle_id"] < order["seq"] <= cycles[at]["cycle_id"]
    core = json.loads((run / "manifest.json").read_text())["core"].encode()
    other = tmp_path / "other"
    other.write_bytes(Path(program()).read_bytes().replace(core, core[::-1]))
    other.chmod(0o755)
    there = dump(run / "audit.db")
    assert "another core" in refused("audit", "db", run, binary=other, code=2) and dump(run / "audit.db") == there

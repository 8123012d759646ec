"""state.db and operational.json of a paper run: what is counted, kept, compared at a start, and reset. [WAL-07] [KRN-06] [ENG-08.3]"""
# time limit: 300 s
import csv
import datetime
import hashlib
import json
import shutil
import sqlite3
import stat
import struct
from decimal import Decimal
from pathlib import Path

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, refused


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    store = tool.market(folder)
    flags = ["trade", "paper", *tool.words(store, "momentum", "--set", "cooldown_after_loss_s=7200"), "--run", folder / "run",
             "--state-every", "24"]
    return folder / "run", flags, tool.document(*flags)


def copied(kept, tmp_path):
    run, flags, _ = kept
    there = tmp_path / "run"
    shutil.copytree(run, there, copy_function=shutil.copy2)
    return there, [there if word == run else word for word in flags]


def change(run, sql, *values):
    with sqlite3.connect(run / "state.db") as db:
        db.execute(sql, values)
    db.close()


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def counted(run, as_of, after=datetime.datetime.min.replace(tzinfo=datetime.UTC)):
    """The counters from the run's own tables, in decimals: days and hours are (00:00, 24:00]."""
    before = datetime.timedelta(microseconds=1)
    trades = [t for t in csv.DictReader((run / "trades.csv").open()) if after < moment(t["exit_ts"]) <= as_of]
    equity = [(moment(e["ts"]), Decimal(e["equity_usd"])) for e in csv.DictReader((run / "equity.csv").open())]
    today = [t for t in trades if (moment(t["exit_ts"]) - before).date() == (as_of - before).date()]
    hour = [t for t in today if (moment(t["exit_ts"]) - before).hour == (as_of - before).hour]
    losses = 0
    for trade in reversed(trades):
        if Decimal(trade["pnl_usd"]) >= 0:
            break
        losses += 1
    midnight = (as_of - before).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - datetime.timedelta(days=midnight.weekday())
    start = lambda limit: ([Decimal(10000)] + [e for ts, e in equity if ts <= limit])[-1]
    lost = [t["exit_ts"] for t in trades if Decimal(t["pnl_usd"]) < 0]
    return {"pnl_today_usd": sum((Decimal(t["pnl_usd"]) for t in today), Decimal(0)), "trades_today": len(today),
            "trades_this_hour": len(hour), "consecutive_losses": losses, "last_loss_time": lost[-1] if lost else None,
            "equity_usd": start(as_of), "day_start_equity_usd": start(midnight), "week_start_equity_usd": start(monday),
            "peak_equity_usd": max([Decimal(10000)] + [e for ts, e in equity if ts <= as_of])}


def as_numbers(doc, like):
    return {key: Decimal(doc[key]) if isinstance(like[key], Decimal) else doc[key] for key in like}


def test_counters_are_what_the_tables_of_the_run_say(kept):
    run, _, doc = kept
    counters = json.loads((run / "operational.json").read_text())
    want = counted(run, moment(counters["as_of"]))
    assert as_numbers(counters, want) == want
    assert want["trades_today"] and doc["totals"]["trades"] > 20
    ended = moment(counters["last_loss_time"]) + datetime.timedelta(hours=2)
    assert moment(counters["cooldown_until"]) == ended and counters["in_cooldown"] == (ended > moment(counters["as_of"]))
    shown = keel_json("state", "show", run, "--state")
    assert shown["counters"] == counters and shown["resets"] == [] and shown["rejected"] == 0
    assert shown["state_hash"] == doc["state_hash"] and shown["state"]["schema"] == "keel.state"


def test_rows_are_of_the_specified_table_and_private(kept):
    """[KRN-06.1] [KRN-06.2] [SEC-02]"""
    run = kept[0]
    assert stat.S_IMODE((run / "state.db").stat().st_mode) == 0o600
    with sqlite3.connect(f"file:{run / 'state.db'}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT id, timestamp_ms, state_json, checksum FROM kernel_state ORDER BY id").fetchall()
    db.close()
    assert len(rows) == 16 and [r[0] for r in rows] == list(range(rows[0][0], rows[0][0] + 16))
    for row in rows:
        assert hashlib.sha256(row[2].encode()).hexdigest() == row[3]
        assert json.loads(row[2])["schema"] == "keel.state"
    assert len({r[3] for r in rows}) > 5


def test_a_start_says_how_old_the_kept_state_is_and_compares_it(kept, tmp_path):
    """[KRN-06.3] [KRN-06.4]"""
    run, flags = copied(kept, tmp_path)
    said = keel(*flags)[1]
    assert "kept     a state " in said and "s ago: the journal leads to the same" in said
    change(run, "UPDATE kernel_state SET state_json = state_json || ' ' WHERE id = (SELECT max(id) FROM kernel_state)")
    said = keel(*flags)[1]
    assert "1 states that do not fit their sums were passed over" in said


def test_a_journal_that_leads_elsewhere_or_is_older_is_refused(kept, tmp_path):
    run, flags = copied(kept, tmp_path)
    change(run, "UPDATE kernel_state SET state_hash = '0000000000000001'")
    line = refused(*flags, code=6)
    assert "the journal does not lead to the state that was kept" in line
    run, flags = copied(kept, tmp_path / "b")
    change(run, "UPDATE kernel_state SET input = 1000000")
    line = refused(*flags, code=6)
    assert "the journal is older than the state that was kept" in line and "put the newer journal back" in line


def test_a_reset_is_kept_with_its_reason_and_counts_from_there(kept, tmp_path):
    run, flags = copied(kept, tmp_path)
    as_of = moment(json.loads((run / "operational.json").read_text())["as_of"])
    out = keel("state", "reset", run, "--counter", "consecutive_losses", "--reason", "the feed was wrong")[0]
    assert "consecutive_losses counts from" in out
    keel("state", "reset", run, "--counter", "peak_equity", "--reason", "new money rules")
    trail = [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]
    assert [(r["action"], r["reason"]) for r in trail[-2:]] == [("counter_reset", "the feed was wrong"),
                                                                 ("counter_reset", "new money rules")]
    keel(*flags)
    after = keel_json("state", "show", run)
    assert [(r["counter"], r["why"]) for r in after["resets"]] == [("consecutive_losses", "the feed was wrong"),
                                                                     ("peak_equity", "new money rules")]
    assert after["counters"]["consecutive_losses"] == counted(run, as_of, as_of)["consecutive_losses"] == 0
    assert after["counters"]["peak_equity_usd"] == after["counters"]["equity_usd"]
    # the newest row leaves no gap in the chain; the audit trail misses it
    change(run, "DELETE FROM counter_resets WHERE id = 2")
    assert "a reset was taken out: reset 2" in refused("state", "show", run, code=6)
    keel("state", "reset", run, "--counter", "peak_equity", "--reason", "new money rules")
    assert [r["why"] for r in keel_json("state", "show", run)["resets"]] == ["the feed was wrong", "new money rules"]
    change(run, "UPDATE counter_resets SET why = 'nothing' WHERE id = 1")
    assert "a reset was changed or taken out: reset 1" in refused("state", "show", run, code=6)


def test_a_reset_does_not_shorten_what_the_core_waits_for(kept, tmp_path):
    run, flags = copied(kept, tmp_path)
    before = json.loads((run / "operational.json").read_text())
    keel("state", "reset", run, "--counter", "last_loss_time", "--reason", "checked")
    keel("state", "reset", run, "--counter", "consecutive_losses", "--reason", "checked")
    keel(*flags)
    after = json.loads((run / "operational.json").read_text())
    assert before["cooldown_until"] and before["last_loss_time"] and after["last_loss_time"] is None
    assert after["cooldown_until"] == before["cooldown_until"]


def test_states_that_cannot_be_kept_are_told_at_once_and_tried_again(kept, tmp_path):
    """[ENG-05.5] [KRN-06.2]"""
    run, flags = copied(kept, tmp_path)
    shutil.rmtree(run / "journal")
    for path in run.iterdir():
        if path.is_file() and path.name != "state.db":
            path.unlink()
    change(run, "DELETE FROM kernel_state")
    change(run, "CREATE TRIGGER no BEFORE INSERT ON kernel_state WHEN NEW.input < 300 BEGIN SELECT RAISE(ABORT, 'no room'); END")
    said = keel(*flags, "--json")
    assert said[1].count("states and counters are not kept") == 1 and "no room" in said[1]
    assert json.loads(said[0])["state_hash"] == kept[2]["state_hash"]
    assert keel_json("state", "show", run)["state_hash"] == kept[2]["state_hash"]
    actions = [json.loads(line)["action"] for line in (run / "audit.jsonl").read_text().splitlines()]
    assert actions == ["run_started", "states_not_kept", "run_ended"]


def test_after_a_repair_newer_states_are_put_aside_and_resets_stay(kept, tmp_path):
    """[WAL-07] [KRN-06.3]"""
    run, flags = copied(kept, tmp_path)
    keel("state", "reset", run, "--counter", "pnl_today", "--reason", "the feed was wrong")
    segment = sorted((run / "journal").glob("wal-*.klw"))[0]
    body = bytearray(segment.read_bytes())
    body[len(body) // 2] ^= 1
    segment.write_bytes(body)
    assert "keel journal repair" in refused(*flags, code=6)
    keel("journal", "repair", run / "journal")
    said = keel(*flags)[1]
    assert "put aside beside state.db; resets of counters stay" in said and "safe_mode" in said
    shown = keel_json("state", "show", run)
    assert [r["why"] for r in shown["resets"]] == ["the feed was wrong"]
    aside = run / "state-cut-1.db"
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    with sqlite3.connect(f"file:{aside}?mode=ro", uri=True) as db:
        assert db.execute("SELECT max(input) FROM kernel_state").fetchone()[0] > 0
    db.close()
    assert "state-cut" not in keel(*flags)[1] and not (run / "state-cut-2.db").exists()


def test_after_a_repair_the_state_behind_what_was_lost_is_put_aside(kept, tmp_path):
    """[WAL-07] [KRN-06.3] Of the newest inputs nothing is lost, but an order that was given in one of them."""
    run = tmp_path / "run"
    flags = [run if word == kept[0] else word for word in kept[1]] + ["--batch", 256]
    keel(*flags)
    segment = sorted((run / "journal").glob("wal-*.klw"))[-1]
    body, at, ended, entries = bytearray(segment.read_bytes()), 4096, 0, []
    while at + 24 < len(body) and struct.unpack_from("<H", body, at + 4)[0]:
        size, kind = struct.unpack_from("<IH", body, at)
        ended |= kind == 2 and struct.unpack_from("<H", body, at + 26)[0] == 5
        if kind == 3 and ended and struct.unpack_from("<i", body, at + 44)[0] in (1, 2, 5):
            entries.append(at)
        at += 28 + size
    body[entries[0] + 30] ^= 1
    segment.write_bytes(body)
    assert "keel journal repair" in refused(*flags, code=6)
    keel("journal", "repair", run / "journal")
    said = keel(*flags)[1]
    assert "put aside beside state.db; resets of counters stay" in said and (run / "state-cut-1.db").exists()
    said = keel(*flags)[1]
    assert "the journal leads to the same" in said and not (run / "state-cut-2.db").exists()


@pytest.mark.parametrize("words,code,say", [
    (["reset", "RUN", "--counter", "day_start_equity", "--reason", "x"], 2, "cannot be reset"),
    (["reset", "RUN", "--counter", "pnl", "--reason", "x"], 2, "is no counter"),
    (["reset", "RUN", "--counter", "pnl_today"], 2, "--reason TEXT"),
    (["reset", "RUN", "--reason", "x"], 2, "--counter NAME"),
    (["reset", "RUN", "--counter", "pnl_today", "--reason", "two\nlines"], 2, "control characters"),
    (["show", "EMPTY"], 4, "no kept state"),
    (["show", "OPEN"], 3, "chmod 600")])
def test_mistakes_are_answered(kept, tmp_path, words, code, say):
    run, _ = copied(kept, tmp_path)
    wide = tmp_path / "wide"
    shutil.copytree(run, wide)
    (wide / "state.db").chmod(0o644)
    names = {"RUN": run, "EMPTY": tmp_path, "OPEN": wide}
    assert say in refused("state", *[names.get(word, word) for word in words], code=code)


def test_a_state_is_kept_and_compared_when_a_run_is_killed(kept, tmp_path):
    """kill -9 with a state after every bar: never a kept state that the journal does not lead to. [KRN-06.3]"""
    run, flags = tmp_path / "run", [tmp_path / "run" if word == kept[0] else word for word in kept[1]]
    flags = [*flags[:-1], "1", "--batch", "4"]
    kills, doc = 0, None
    while doc is None:
        doc = tool.kill_when_written(flags, (4 << 20) + 40_000 * (kills + 1) if kills < 5 else 1 << 40)
        kills += doc is None
    assert kills > 0 and doc["state_hash"] == kept[2]["state_hash"]
    shown = keel_json("state", "show", run)
    assert shown["state_hash"] == doc["state_hash"]
    assert Path(run / "operational.json").is_file()

"""What people get of a run's log: brief, stories, incidents, the audit trail; and that no secret is in any file. [LOG-03]
[LOG-04.2] [LOG-06] [LOG-08.1]"""
# time limit: 300 s
import hashlib
import json
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
from pathlib import Path

import pytest

import ed25519_page
from data_tool import keel, keel_json, program, refused
from forensic_tool import parts, raw, records
from paper_tool import kill_when_written, market, words

SECRET = "PLANTEDSECRETvalue0123456789"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    store = market(folder, days=12)
    base = ["trade", "paper", *words(store, "ema_cross")]
    keel(*base, "--run", folder / "run", "--trace", 5, "--sign-key", folder / "sign.key", "--key-file", folder / "enc.key")
    return folder, base


def audit(run):
    return [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]


def judged(run, *more, code=0):
    return json.loads(keel("audit", "verify", run, "--json", *more, code=code)[0])


def test_the_trail_is_the_chain_that_the_page_says(place):
    """By hashlib and an Ed25519 of its own."""
    run = place[0] / "run"
    prev = "0" * 64
    for number, line in enumerate((run / "audit.jsonl").read_bytes().splitlines(), 1):
        r = json.loads(line)
        body, _, tail = line.rpartition(b',"hash":"')
        assert tail == r["hash"].encode() + b'"}'
        assert hashlib.sha256(body).hexdigest() == r["hash"]
        assert r["prev"] == prev and r["seq"] == number and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", r["ts"])
        prev = r["hash"]
    head = json.loads((run / "audit.head").read_text())
    assert head["hash"] == prev and head["seq"] == number
    subject = f"keel audit {number} {prev}".encode()
    assert ed25519_page.verify(bytes.fromhex(head["public_key"]), bytes.fromhex(head["signature"]), subject)
    assert not ed25519_page.verify(bytes.fromhex(head["public_key"]), bytes.fromhex(head["signature"]), subject + b"x")
    assert judged(run, "--signer", head["public_key"])["verdict"] == "good"
    assert judged(run, "--signer", place[0] / "sign.key")["verdict"] == "good"
    judged(run, "--signer", "00" * 32, code=6)


def test_every_manual_action_is_recorded(place, tmp_path):
    """[LOG-08.1]"""
    run = tmp_path / "run"
    keel(*place[1], "--run", run)
    keel(*place[1], "--run", run)
    keel("audit", "note", run, "--action", "limit_changed", "--reason", "weekly look", "--before", "5", "--after", "4")
    keel("journal", "compact", run / "journal")
    keel("journal", "repair", run / "journal")
    found = audit(run)
    assert [r["action"] for r in found] == ["run_started", "run_ended", "run_resumed", "run_ended", "limit_changed",
                                            "journal_compact_ordered", *[r["action"] for r in found[6:-1]],
                                            "journal_repair_ordered"]
    assert set(r["action"] for r in found[6:-1]) <= {"journal_compacted"}
    assert all("uid " in r["actor"] and r["run_id"] == found[0]["run_id"] for r in found)
    assert (found[4]["reason"], found[4]["before"], found[4]["after"]) == ("weekly look", "5", "4")
    for name in ("audit.jsonl", "audit.head"):
        assert stat.S_IMODE((run / name).stat().st_mode) == 0o600
    # what was tampered with is not written on
    lines = (run / "audit.jsonl").read_text().splitlines(True)
    (run / "audit.jsonl").write_text("".join(lines[:-1]))
    assert judged(run, code=6)["first_bad_record"] == len(lines)
    refused("audit", "note", run, "--action", "x", "--reason", "y", code=6)
    (run / "audit.jsonl").write_text("".join(lines).replace("weekly", "monthly"))
    doc = judged(run, code=6)
    assert doc["verdict"] == "edited" and doc["first_bad_record"] == 5
    assert doc["first_bad_offset"] == sum(len(line) for line in lines[:4])


def test_stories_hold_what_belongs_together_and_nothing_else(place):
    """[LOG-06] [T-094]"""
    run = place[0] / "run"
    events = records(run)
    for end in [r for r in events if r["code"] == "POSITION_CLOSE"][:6]:
        told = keel_json("events", "story", run, "--trade", end["data"]["trade_id"])["records"]
        names = [r["code"] for r in told]
        assert [r["seq"] for r in told] == sorted(r["seq"] for r in told)
        assert names[-1] == "POSITION_CLOSE" and names.count("POSITION_CLOSE") == 1 and names.count("POSITION_OPEN") == 1
        order = [names.index(c) for c in ("DATA_BAR", "SIGNAL", "RISK_GATE", "PROPOSAL", "ORDER_NEW", "FILL", "POSITION_OPEN")]
        assert order == sorted(order)
        assert {r["symbol"] for r in told} == {end["symbol"]}
        assert {r["data"].get("position_id", end["data"]["position_id"]) for r in told if r["code"] != "ORDER_NEW"} \
            == {end["data"]["position_id"]}
        funding = [r for r in events if r["code"] == "FUNDING" and r["data"].get("position_id") == end["data"]["position_id"]]
        assert names.count("FUNDING") == len(funding)
    order = next(r for r in events if r["code"] == "ORDER_NEW")
    assert order in keel_json("events", "story", run, "--order", order["order_id"])["records"]
    span = keel_json("events", "story", run, "--from", "2023-01-03", "--to", "2023-01-04")["records"]
    assert span == [r for r in events if "2023-01-03T" <= r["ts"] <= "2023-01-04T00:00:00.000Z"]
    text = keel("events", "story", run, "--trade", 1)[0]
    assert all(len(line) <= 100 for line in text.splitlines()) and "POSITION_CLOSE" in text
    assert "trade" in refused("events", "story", run, "--trade", 100000, code=4)
    refused("events", "story", run, "--trade", 1, "--event", 2, code=2)


def test_the_brief_is_made_of_what_was_logged(place, tmp_path):
    """[LOG-04.2] [T-063] [T-064]"""
    run = place[0] / "run"
    doc = keel_json("events", "brief", run)
    for key in ("state", "top_risks", "unknowns", "incidents", "mode_changes", "suggested_checks", "positions", "counts"):
        assert key in doc
    seen = {}
    for r in records(run):
        seen[r["code"]] = seen.get(r["code"], 0) + 1
    assert doc["counts"] == seen and doc["state"] == "stopping" and doc["incidents"] == [] and doc["positions"] == []
    assert keel("events", "brief", run)[0].startswith("nothing needs attention\n")
    # the same run seen in the middle: a position is open, its end is not known
    half = tmp_path / "half"
    shutil.copytree(run, half)
    lines = (run / "events.jsonl").read_text().splitlines(True)
    at = next(i for i, r in enumerate(records(run)) if r["code"] == "POSITION_OPEN")
    (half / "events.jsonl").write_text("".join(lines[:at + 1]))
    doc = keel_json("events", "brief", half)
    assert len(doc["positions"]) == 1 and any("without a stop" in r for r in doc["top_risks"])
    assert any("not ended" in u for u in doc["unknowns"])
    assert keel("events", "brief", half)[0].startswith("NEEDS ATTENTION\n")


def test_only_a_record_that_is_there_is_acknowledged(place, tmp_path):
    """[LOG-04.2] [LOG-08.1] Whoever looked into a risk names its newest record; another name is refused, and nothing recorded."""
    run = tmp_path / "run"
    shutil.copytree(place[0] / "run", run)
    trail = (run / "audit.jsonl").read_bytes()
    note = ["audit", "note", run, "--action", "acknowledged", "--reason", "looked into"]
    assert "keel events brief names it" in refused(*note, code=2)
    assert "keel events brief names it" in refused(*note, "--before", "KILL-1", code=2)
    assert "no such record: FILL_SUSPECT-1: keel events brief" in refused(*note, "--before", "FILL_SUSPECT-1", code=4)
    assert (run / "audit.jsonl").read_bytes() == trail


def test_the_brief_has_the_newest_incidents_and_says_how_many_more(place, tmp_path):
    """[LOG-04.2]"""
    run = tmp_path / "run"
    shutil.copytree(place[0] / "run", run)
    lines = (run / "events.jsonl").read_text().splitlines()
    doc = json.loads(lines[-1])
    with (run / "events.jsonl").open("a") as file:
        for i in range(40):
            doc.update(seq=doc["seq"] + 1, level="ERROR", severity="SEV1", code="INCIDENT", code_number=schema_number(lines, "INCIDENT"),
                       component="incident", message="x", corr_id="run",
                       data={"incident_id": f"INC-{i}", "event_seq": 1, "event": "KILL", "severity": "SEV1", "path": "x"})
            file.write(json.dumps(doc, separators=(",", ":")) + "\n")
        for i in range(40):
            doc.update(seq=doc["seq"] + 1, level="INFO", severity="NONE", code="POSITION_OPEN",
                       code_number=schema_number(lines, "POSITION_OPEN"), component="position", symbol=f"S{i}",
                       data={"position_id": 1, "side": "long", "qty": "1", "px": "1", "reason": "x"})
            file.write(json.dumps(doc, separators=(",", ":")) + "\n")
    brief = keel_json("events", "brief", run)
    assert [line.split()[-1] for line in brief["incidents"]] == [f"INC-{i}" for i in range(24, 40)]
    assert brief["incidents_older"] == 24 and len(brief["top_risks"]) + brief["risks_more"] == 40
    text = keel("events", "brief", run)[0]
    assert "and 24 older ones" in text and f"and {brief['risks_more']} more" in text and "INC-39" in text
    with open("/dev/full", "w") as full:
        for verb in (["brief", run], ["story", run, "--trade", "1"]):
            out = subprocess.run([program(), "events", *map(str, verb)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            assert out.returncode == 1 and "cannot write: standard output" in out.stderr


def schema_number(lines, code):
    """Number of an event: from the log, or from the page of the program."""
    for line in lines:
        doc = json.loads(line)
        if doc["code"] == code:
            return doc["code_number"]
    rules = json.loads(keel("events", "schema")[0])["allOf"]
    return next(r for r in rules if r["if"]["properties"]["code"]["const"] == code)["then"]["properties"]["code_number"]["const"]


def test_a_fatal_error_is_flushed_and_opens_an_incident(place, tmp_path):
    """A run that comes to what it cannot write says so in its log, behind everything that happened. [LOG-07] [T-075] [T-087]
    [T-092]"""
    run = tmp_path / "run"
    (run / "operational.json").mkdir(parents=True)
    run.chmod(0o700)
    keel(*place[1], "--run", run, code=1)
    before = [r["code"] for r in records(run)]
    assert before.count("FILL") > 10 and before[-2:] == ["ENGINE_FATAL", "INCIDENT"]
    last = records(run)[-2:]
    assert last[0]["severity"] == last[1]["severity"] == "SEV1" and last[0]["corr_id"] == last[1]["corr_id"]
    assert re.fullmatch("[0-9a-f]{16}", last[0]["data"]["state_hash"]) and set(last[0]["data"]["state_hash"]) != {"0"}
    incident = json.loads((run / last[1]["data"]["path"]).read_text())
    assert incident["schema"] == "keel.incident" and incident["severity"] == "SEV1" and incident["status"] == "open"
    assert incident["timeline"][-1] == last[0] and incident["state_hash"] == last[0]["data"]["state_hash"]
    text = (run / last[1]["data"]["path"].replace(".json", ".md")).read_text()
    for heading in ("Summary", "Impact", "Timeline", "Cause", "Detection", "Response", "Actions"):
        assert f"## {heading}\n" in text
    assert audit(run)[-1]["action"] == "run_failed"
    assert stat.S_IMODE((run / "incidents").stat().st_mode) == 0o700
    # once more at the same place: another incident, the first one's files are as they were
    (run / last[1]["data"]["path"].replace(".json", ".md")).write_text("what we found out")
    keel(*place[1], "--run", run, code=1)
    again = records(run)[-1]["data"]["path"]
    assert again != last[1]["data"]["path"] and (run / again).exists()
    assert (run / last[1]["data"]["path"].replace(".json", ".md")).read_text() == "what we found out"
    # closed by name, one after the other: the record of the first went with the second start, its files did not
    ids = [Path(last[1]["data"]["path"]).stem, Path(again).stem]
    brief = keel_json("events", "brief", run)
    assert [line.split()[-1] for line in brief["incidents"]] == ids and "the run stopped on an error" in brief["top_risks"]
    close = ["audit", "note", run, "--action", "incident_closed", "--reason", "a folder stood in the way"]
    refused(*close, code=2)
    refused(*close, "--before", "../audit", code=2)
    refused(*close, "--before", "INC-99999999-KILL", code=4)
    for i, name in enumerate(ids):
        keel(*close, "--before", name)
        brief = keel_json("events", "brief", run)
        assert [line.split()[-1] for line in brief["incidents"]] == ids[i + 1:] and brief["incidents_closed"] == i + 1
    assert keel("events", "brief", run)[0].startswith("NEEDS ATTENTION\n")  # it did not go on
    # mended, the same command ends as an undisturbed run does
    (run / "operational.json").rmdir()
    keel(*place[1], "--run", run)
    assert [r["code"] for r in records(run)].count("FILL") == before.count("FILL")
    assert keel("events", "brief", run)[0].startswith("nothing needs attention\n")


def log_of(run):
    return {path.relative_to(run): path.read_bytes() for name in ("events", "metrics", "rollups/hourly") for path in parts(run, name)}


def test_a_start_that_fails_leaves_the_log_as_it_is(place, tmp_path):
    """Nothing that happened before is lost, whatever the start fails of; the trail says that it failed. [LOG-02] [LOG-07]"""
    run = tmp_path / "run"
    base = [*place[1], "--run", run, "--key-file", tmp_path / "a.key"]
    keel(*base)
    whole = log_of(run)
    assert len(whole) == 3 and min(map(len, whole.values())) > 1000
    other_flag = [*base, "--set", "risk.risk_per_trade_pct=0.9"]
    other_key = [*base[:-1], tmp_path / "b.key"]
    for flags in (other_flag, other_key):
        failed = subprocess.run([program(), *map(str, flags)], capture_output=True, text=True, timeout=300)
        assert failed.returncode != 0 and failed.stderr
        assert log_of(run) == whole, flags
    # a kept state that the journal does not lead to: found after the journal was replayed
    with sqlite3.connect(run / "state.db") as db:
        db.execute("UPDATE kernel_state SET state_hash = '0000000000000001'")
    db.close()
    keel(*base, code=6)
    assert log_of(run) == whole and audit(run)[-1]["action"] == "run_failed"
    # a journal that was damaged while the run was away
    segment = min((run / "journal").glob("wal-*"))
    data = bytearray(segment.read_bytes())
    data[5000] ^= 0x40
    segment.write_bytes(data)
    keel(*base, code=6)
    assert log_of(run) == whole and audit(run)[-1]["action"] == "run_failed"


def test_a_start_refused_for_damage_opens_an_incident(place, tmp_path):
    """Beside the log, which stays as it is: where the damage is, what the log last told. Once for each place. [LOG-07]"""
    run = tmp_path / "run"
    keel(*place[1], "--run", run)
    whole, told = log_of(run), records(run)
    segment = min((run / "journal").glob("wal-*.klw"))
    good = segment.read_bytes()
    for n, offset in enumerate((5000, 9000), 1):
        segment.write_bytes(good[:offset] + bytes([good[offset] ^ 0x40]) + good[offset + 1:])
        verdict = json.loads(keel("journal", "verify", run / "journal", "--json", code=1)[0])
        for _ in range(2):
            keel(*place[1], "--run", run, code=6)
        assert log_of(run) == whole and len(list((run / "incidents").glob("*.json"))) == n
        doc = json.loads((run / f"incidents/INC-START-WAL_CORRUPT-1-{verdict['first_bad_offset']}.json").read_text())
        assert (doc["schema"], doc["severity"], doc["status"], doc["code"]) == ("keel.incident", "SEV1", "open", "WAL_CORRUPT")
        assert doc["event_seq"] is None and doc["run_id"] == told[0]["run_id"] and doc["opened"] == told[-1]["ts"]
        assert doc["evidence"] == {"verdict": verdict["verdict"], "file": segment.name, "why": verdict["why"],
                                   "offset": verdict["first_bad_offset"], "seq": verdict["last_seq"]}
        assert doc["timeline"] == told[-len(doc["timeline"]):] and len(doc["timeline"]) == 24
    text = next((run / "incidents").glob("*.md")).read_text()
    assert "a start was refused" in text and "## Actions\n" in text
    # mended from the copy, the run and its log are what they were, and the incidents stay
    segment.write_bytes(good)
    keel(*place[1], "--run", run)
    assert len(list((run / "incidents").glob("*.json"))) == 2 and "WAL_CORRUPT" not in [r["code"] for r in records(run)]


def test_orders_to_the_engine_say_who_and_why(place, tmp_path):
    """A repair and a resume: who, why, what it was and what it is; without a reason that is said. The log tells the damage, what
    the mode rests on, and the account. [LOG-01.2] [LOG-08.1]"""
    run = tmp_path / "run"
    keel(*place[1], "--run", run)
    segment = min((run / "journal").glob("wal-*.klw"))
    data = bytearray(segment.read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 0x20
    segment.write_bytes(data)
    repair = json.loads(keel("journal", "repair", run / "journal", "--reason", "disk 3 was replaced", "--json")[0])
    for kept in run.glob("state.db*"):
        kept.unlink()
    refused(*place[1], "--run", run, "--reason", "x", code=2)
    keel(*place[1], "--run", run, "--resume", "--reason", f"books compared, api_key={SECRET}")
    keel("journal", "compact", run / "journal")
    by = {r["action"]: r for r in audit(run)}
    assert by["journal_repair_ordered"]["reason"] == by["journal_repaired"]["reason"] == "disk 3 was replaced"
    assert by["journal_repaired"]["before"] == (
        f"{repair['verdict']}: {repair['first_bad_file']}, byte {repair['first_bad_offset']}, {repair['records']} good records")
    assert by["journal_repaired"]["after"].startswith(f"{repair['dropped_bytes']} bytes set aside in ")
    resumed = by["entries_resumed"]
    assert (resumed["reason"], resumed["before"], resumed["after"]) == (
        "books compared, api_key=[REDACTED]", "safe_mode", "running")
    assert by["journal_compact_ordered"]["reason"] == "not given" and all("uid " in r["actor"] for r in by.values())
    assert keel_json("audit", "verify", run)["verdict"] == "good"
    events = records(run)
    codes = [r["code"] for r in events]
    recovered = next(r for r in events if r["code"] == "RECOVERY")["data"]
    assert recovered["report"] == "recovery.json" and float(recovered["equity_usd"]) > 0
    damage = next(r for r in events if r["code"] == "WAL_CORRUPT")
    assert damage["severity"] == "SEV1" and damage["data"]["seq"] == repair["next_seq"] - 1 and "lost" in damage["data"]["why"]
    assert codes[codes.index("WAL_CORRUPT") + 1] == "INCIDENT"
    modes = [r["data"] for r in events if r["code"] in ("MODE_CHANGE", "RESUME")]
    assert [(m["to"], m["actor"]) for m in modes] == [("safe_mode", "engine"), ("running", "person"), ("running", "person")]
    assert modes[0]["evidence"].startswith("recovery.json; input ") and modes[0]["evidence"].endswith("damages 1")
    order = next(r for r in events if r["code"] == "MANUAL_ACTION")
    assert modes[1]["evidence"] == modes[2]["evidence"] and modes[1]["evidence"].startswith(f"record {order['seq']} MANUAL_ACTION; input ")
    unknown = [r for r in events if r["code"] == "ORDER_UNKNOWN"]
    assert len(unknown) == next(r for r in events if r["code"] == "RECOVERY")["data"]["in_doubt"]
    assert all(re.fullmatch("[0-9a-f]{16}", r["order_id"]) and r["symbol"] for r in unknown)


def test_a_second_start_beside_a_live_run_leaves_the_log_as_it_is(place, tmp_path):
    """[LOG-02]"""
    run = tmp_path / "run"
    base = ["trade", "paper", *words(market(tmp_path, days=90), "ema_cross"), "--run", run, "--batch", 4]
    ended = kill_when_written(base, 4_700_000)
    assert ended is None
    live = subprocess.Popen([program(), *map(str, base), "--speed", "real"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not (run / "audit.jsonl").exists() or audit(run)[-1]["action"] != "run_resumed":
            assert live.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        before = log_of(run)
        for _ in range(2):
            keel(*base, code=3)
            for name, data in log_of(run).items():
                assert data.startswith(before[name]), name
    finally:
        live.send_signal(signal.SIGINT)
        err = live.communicate(timeout=120)[1]
    assert live.returncode == 130, err
    keel(*base)
    assert "WAL_SNAPSHOT" in [r["code"] for r in records(run)]
    keel("replay", run, "--events", tmp_path / "again")
    for name in ("events", "metrics", "rollups/hourly"):
        assert raw(run, name) == raw(tmp_path / "again", name)


def test_a_signed_trail_needs_its_key(place, tmp_path):
    """No action takes the signature off, and what was ordered is recorded before it is done. [LOG-08.1] [WAL-03]"""
    run, key = tmp_path / "run", tmp_path / "s.key"
    keel(*place[1], "--run", run, "--sign-key", key)
    note = ["audit", "note", run, "--action", "x", "--reason", "y"]
    reset = ["state", "reset", run, "--counter", "peak_equity", "--reason", "z"]
    compact, repair = ["journal", "compact", run / "journal"], ["journal", "repair", run / "journal"]
    segments = sorted(p.name for p in (run / "journal").iterdir())
    for words_ in (note, reset, compact, repair):
        assert "add --sign-key" in refused(*words_, code=3)
    assert sorted(p.name for p in (run / "journal").iterdir()) == segments
    assert keel_json("state", "show", run)["resets"] == []
    for words_ in (note, reset, compact, repair):
        keel(*words_, "--sign-key", key)
    assert judged(run, "--signer", key)["verdict"] == "good"
    assert [r["action"] for r in audit(run)][2:6] == ["x", "counter_reset", "journal_compact_ordered", "journal_repair_ordered"][:4]


def test_a_trail_that_was_taken_away_is_told_by_the_next_start(place, tmp_path):
    """[LOG-08.1]"""
    run = tmp_path / "run"
    keel(*place[1], "--run", run)
    (run / "audit.jsonl").unlink()
    assert "audit.jsonl" in refused("journal", "repair", run / "journal", code=6)  # its head is there
    (run / "audit.head").unlink()
    keel(*place[1], "--run", run)
    assert [r["action"] for r in audit(run)] == ["trail_missing", "run_resumed", "run_ended"]
    assert audit(run)[0]["actor"] == "keel"


def test_a_repair_of_a_run_without_its_trail_is_recorded(place, tmp_path):
    """Also of a run that did not come to its end; a journal that is of no run has no trail. [LOG-08.1] [WAL-03]"""
    for gone in ((), ("manifest.json",), ("manifest.json", "operational.json")):
        run = tmp_path / f"without-{len(gone)}"
        shutil.copytree(place[0] / "run", run)
        run_id = audit(run)[0]["run_id"]
        for name in ("audit.jsonl", "audit.head", *gone):
            (run / name).unlink()
        # a run that is signed stays so: whoever takes the trail away does not take the signatures off
        assert "the run is signed" in refused("journal", "repair", run / "journal", code=3)
        (tmp_path / "other.key").write_text("11" * 32 + "\n")
        (tmp_path / "other.key").chmod(0o600)
        assert "the run is signed" in refused("journal", "repair", run / "journal", "--sign-key", tmp_path / "other.key", code=3)
        assert not (run / "audit.head").exists()
        keel("journal", "repair", run / "journal", "--sign-key", place[0] / "sign.key")
        assert [r["action"] for r in audit(run)] == ["trail_missing", "journal_repair_ordered"], gone
        assert {r["run_id"] for r in audit(run)} == {run_id}
        assert judged(run, "--signer", place[0] / "sign.key")["verdict"] == "good"
    keel(*place[1], "--run", tmp_path / "unsigned", "--timerange", "20230101-20230108")
    for name in ("audit.jsonl", "audit.head"):
        (tmp_path / "unsigned" / name).unlink()
    keel("journal", "repair", tmp_path / "unsigned/journal")
    assert [r["action"] for r in audit(tmp_path / "unsigned")] == ["trail_missing", "journal_repair_ordered"]
    shutil.copytree(place[0] / "run/journal", tmp_path / "bare/journal")
    keel("journal", "repair", tmp_path / "bare/journal")
    assert [p.name for p in (tmp_path / "bare").iterdir()] == ["journal"]


def test_what_the_head_does_not_name_is_not_good(place, tmp_path):
    """A record made as the page says, put in by somebody without the key. [LOG-08.1]"""
    run, key = tmp_path / "run", tmp_path / "s.key"
    keel(*place[1], "--run", run, "--sign-key", key)
    trail, last = run / "audit.jsonl", audit(run)[-1]
    whole = trail.read_bytes()
    body = json.dumps({"schema_version": 1, "seq": last["seq"] + 1, "ts": last["ts"], "run_id": last["run_id"],
                       "actor": "the boss (uid 1)", "action": "approved", "prev": last["hash"]}, separators=(",", ":"))[:-1]
    forged = body + ',"hash":"' + hashlib.sha256(body.encode()).hexdigest() + '"}\n'
    for more in (forged.encode(), b'{"no record'):
        trail.write_bytes(whole + more)
        for words_ in ([], ["--signer", key]):
            doc = judged(run, *words_, code=6)
            assert (doc["verdict"], doc["records"], doc["first_bad_record"]) == ("unnamed", last["seq"], last["seq"] + 1)
            assert (doc["first_bad_offset"], doc["first_bad_size"]) == (len(whole), len(more))
    trail.write_bytes(whole + forged.encode())
    keel("audit", "note", run, "--action", "looked", "--reason", "weekly", "--sign-key", key)
    assert judged(run, "--signer", key)["verdict"] == "good"
    assert [r["action"] for r in audit(run)] == ["run_started", "run_ended", "looked"]


def test_no_planted_secret_is_in_any_file(place, tmp_path, monkeypatch):
    """Keys that are used, and secrets in everything a person may type. [LOG-03] [SEC-02] [T-053] [T-054] [T-079] [T-088]
    [T-402]"""
    monkeypatch.setenv("KEEL_VENUE_API_KEY", SECRET)
    run = tmp_path / "run"
    keel(*place[1], "--run", run, "--sign-key", tmp_path / "s.key", "--key-file", tmp_path / "e.key", "--trace", 1)
    forms = [f"api_key={SECRET}", f"Authorization: Bearer {SECRET}", f'{{"token": "{SECRET}"}}', f"https://me:{SECRET}@venue",
             f"passphrase: {SECRET}\nforged line", f"pem -----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"]
    for form in forms:
        keel("audit", "note", run, "--action", "try", "--reason", form, "--before", form, "--after", form, "--sign-key",
             tmp_path / "s.key")
    keel("state", "reset", run, "--counter", "peak_equity", "--reason", f"api_key={SECRET} was wrong", "--sign-key", tmp_path / "s.key")
    assert keel_json("state", "show", run)["resets"][0]["why"] == "api_key=[REDACTED] was wrong"
    # an error text that names a secret becomes an event, an incident and a record of the trail
    broken = tmp_path / f"token={SECRET}"
    (broken / "operational.json").mkdir(parents=True)
    broken.chmod(0o700)
    keel(*place[1], "--run", broken, code=1)
    fatal = next(r for r in records(broken) if r["code"] == "ENGINE_FATAL")
    assert "[REDACTED]" in fatal["data"]["error"]
    assert "[REDACTED]" in audit(broken)[-1]["reason"]
    # nor is it on the terminal, or in the status of several strategies
    err = keel(*place[1], "--run", broken, code=1)[1]
    assert SECRET not in err and "[REDACTED]" in err
    several = tmp_path / f"secret={SECRET}"
    (several / "strategies/trend/operational.json").mkdir(parents=True)
    for folder in (several, several / "strategies", several / "strategies/trend"):
        folder.chmod(0o700)
    store = place[1][place[1].index("--store") + 1]
    err = keel("trade", "paper", *words(store, "trend,ema_cross"), "--timerange", "20230101-20230108", "--run", several, code=1)[1]
    status = {s["name"]: s for s in json.loads((several / "strategies.json").read_text())["strategies"]}
    assert "[REDACTED]" in status["trend"]["error"] and status["ema_cross"]["status"] == "ended"
    assert SECRET not in err and "[REDACTED]" in err
    keel("events", "brief", run)
    keel("audit", "db", run, "--key-file", tmp_path / "e.key")
    keel("audit", "orders", run, "--output", run / "orders.csv")
    keel("audit", "lots", run, "--output", run / "lots.csv")
    planted = [SECRET.encode()]
    for key in (tmp_path / "s.key", tmp_path / "e.key"):
        text = key.read_text().strip()
        planted += [text.encode(), bytes.fromhex(text)]
    files = [p for p in [*run.rglob("*"), *broken.rglob("*"), *several.rglob("*")] if p.is_file()]
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        for secret in planted:
            assert secret not in data, path
    assert len(audit(run)) == 3 + len(forms) and judged(run)["verdict"] == "good"

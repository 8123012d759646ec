"""What people get of a run's log: brief, stories, incidents, the audit trail; and that no secret is in any file. [LOG-03]
[LOG-04.2] [LOG-06] [LOG-08.1]"""
# time limit: 300 s
import hashlib
import json
import re
import shutil
import stat

import pytest

import ed25519_page
from data_tool import keel, keel_json, refused
from forensic_tool import records
from paper_tool import market, words

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
                                            "journal_compacted", "journal_repaired"]
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
        order = [names.index(c) for c in ("SIGNAL", "RISK_GATE", "PROPOSAL", "ORDER_NEW", "FILL", "POSITION_OPEN")]
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


def test_a_fatal_error_is_flushed_and_opens_an_incident(place, tmp_path):
    """A journal that was swapped while the run was away: the next start fails, and says so in the log. [LOG-07] [T-075]
    [T-087] [T-092]"""
    run = tmp_path / "run"
    keel(*place[1], "--run", run)
    segment = max((run / "journal").glob("wal-*"))
    data = bytearray(segment.read_bytes())
    data[5000] ^= 0x40
    segment.write_bytes(data)
    keel(*place[1], "--run", run, code=6)
    last = [r for r in records(run) if r["code"] in ("ENGINE_FATAL", "INCIDENT")]
    assert [r["code"] for r in last] == ["ENGINE_FATAL", "INCIDENT"] and last[0]["severity"] == last[1]["severity"] == "SEV1"
    assert last[0]["corr_id"] == last[1]["corr_id"]
    incident = json.loads((run / last[1]["data"]["path"]).read_text())
    assert incident["schema"] == "keel.incident" and incident["severity"] == "SEV1" and incident["status"] == "open"
    assert incident["timeline"][-1] == last[0]
    text = (run / last[1]["data"]["path"].replace(".json", ".md")).read_text()
    for heading in ("Summary", "Impact", "Timeline", "Cause", "Detection", "Response", "Actions"):
        assert f"## {heading}\n" in text
    assert audit(run)[-1]["action"] == "run_failed"
    assert stat.S_IMODE((run / "incidents").stat().st_mode) == 0o700


def test_no_planted_secret_is_in_any_file(place, tmp_path, monkeypatch):
    """Keys that are used, and secrets in everything a person may type. [LOG-03] [SEC-02] [T-053] [T-054] [T-079] [T-088]"""
    monkeypatch.setenv("KEEL_VENUE_API_KEY", SECRET)
    run = tmp_path / "run"
    keel(*place[1], "--run", run, "--sign-key", tmp_path / "s.key", "--key-file", tmp_path / "e.key", "--trace", 1)
    forms = [f"api_key={SECRET}", f"Authorization: Bearer {SECRET}", f'{{"token": "{SECRET}"}}', f"https://me:{SECRET}@venue",
             f"passphrase: {SECRET}\nforged line", f"pem -----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"]
    for form in forms:
        keel("audit", "note", run, "--action", "try", "--reason", form, "--before", form, "--after", form)
    keel("events", "brief", run)
    planted = [SECRET.encode()]
    for key in (tmp_path / "s.key", tmp_path / "e.key"):
        text = key.read_text().strip()
        planted += [text.encode(), bytes.fromhex(text)]
    files = [p for p in run.rglob("*") if p.is_file()]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        for secret in planted:
            assert secret not in data, path
    assert len(audit(run)) == 2 + len(forms) and judged(run)["verdict"] == "good"

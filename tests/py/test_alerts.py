"""Somebody is told at once: a program of the user's gets each record that needs attention, and cannot disturb the run.
[LOG-08.1]"""
# time limit: 300 s
import json

import pytest

from data_tool import keel, keel_json, refused
from forensic_tool import records
from paper_tool import market, words
from user_place import FORM, fast_compiler

SECRET = "PLANTEDSECRETvalue0123456789"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return ["trade", "paper", *words(market(tmp_path_factory.mktemp("alerts"), days=12), "ema_cross")]


def phone(folder, text="cat"):
    """The program, and the file of what it heard."""
    heard, program = folder / "heard", folder / "phone"
    program.write_text(f"#!/bin/sh\n{text} >> '{heard}'\n")
    program.chmod(0o700)
    return program, heard


def audit(run):
    return [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]


def test_what_needs_attention_is_told(base, tmp_path):
    """[T-405] A fatal error, and that the run failed; that it goes on again; what people do by hand. Nothing of a run that goes well."""
    program, heard = phone(tmp_path)
    run = tmp_path / f"token={SECRET}"
    keel(*base, "--run", tmp_path / "well", "--alert-command", program)
    assert not heard.exists()
    (run / "operational.json").mkdir(parents=True)
    run.chmod(0o700)
    keel(*base, "--run", run, "--alert-command", program, code=1)
    fatal, failed = map(json.loads, heard.read_text().splitlines())
    assert fatal == next(r for r in records(run) if r["code"] == "ENGINE_FATAL") and fatal["severity"] == "SEV1"
    assert failed == audit(run)[-1] and failed["action"] == "run_failed"
    (run / "operational.json").rmdir()
    keel(*base, "--run", run, "--alert-command", program)
    keel("audit", "note", run, "--action", "looked", "--reason", f"api_key={SECRET} was wrong", "--alert-command", program)
    keel("events", "prune", run, "--keep-trace", "1d", "--alert-command", program)  # nothing to remove: nothing to tell
    told = [json.loads(line) for line in heard.read_text().splitlines()][2:]
    assert [r["action"] for r in told] == ["run_resumed", "looked"] and told == [audit(run)[-3], audit(run)[-1]]
    assert told[1]["reason"] == "api_key=[REDACTED] was wrong" and told[1]["actor"] and SECRET not in heard.read_text()


def test_a_program_that_fails_changes_nothing(base, tmp_path):
    """It is said, and recorded; the run and its log are what they are without it."""
    program, _ = phone(tmp_path, "cat; exit 9 #")
    for name, more in (("with", ["--alert-command", program]), ("without", [])):
        keel(*base, "--run", tmp_path / name, "--timerange", "20230103-20230106", *more)
        _, err = keel(*base, "--run", tmp_path / name, "--timerange", "20230103-20230106", *more)
        assert ("did not arrive" in err) == bool(more)
    assert (tmp_path / "with/trades.csv").read_bytes() == (tmp_path / "without/trades.csv").read_bytes()
    last = audit(tmp_path / "with")[-1]
    assert last["action"] == "alerts_failed" and "exit status 9" in last["reason"] and "1 of 1" in last["reason"]
    assert "alerts_failed" not in {r["action"] for r in audit(tmp_path / "without")}
    _, err = keel("audit", "note", tmp_path / "with", "--action", "looked", "--reason", "x", "--alert-command", program)
    assert "did not arrive" in err and audit(tmp_path / "with")[-1]["action"] == "looked"
    assert keel_json("audit", "verify", tmp_path / "with")["verdict"] == "good"


def test_it_has_nothing_of_the_run_but_the_record(base, tmp_path, monkeypatch):
    """No open file, no pipe: what the program leaves behind keeps no lock, and no run of a strategy's file from its end."""
    monkeypatch.setenv("KEEL_CC", str(fast_compiler(tmp_path)))
    (tmp_path / "mine.c").write_text(FORM + "DECIDE { if (view->side == 0) buy(); else sell(); }\n")
    for strategy in ("ema_cross", tmp_path / "mine.c"):
        folder = tmp_path / f"of_{getattr(strategy, 'stem', strategy)}"
        folder.mkdir()
        program, heard = phone(folder, "readlink /proc/$$/fd/*")
        again = [*(strategy if word == "ema_cross" else word for word in base), "--timerange", "20230103-20230106", "--run", folder / "run"]
        keel(*again)
        keel(*again, "--alert-command", program)
        files = [text.split(":")[0] for text in heard.read_text().splitlines() if text not in (str(program), str(heard))]
        assert files.count("pipe") == 1 and set(files) == {"/dev/null", "pipe"}


def test_one_that_is_not_there_is_told_before_the_run(base, tmp_path):
    (tmp_path / "plain").write_text("no program")
    for name in ("plain", "none"):
        assert "no program" in refused(*base, "--run", tmp_path / "run", "--alert-command", tmp_path / name, code=4)
    assert not (tmp_path / "run").exists()

"""keel replay: the run again from its journal alone; time travel; what was tampered with is found. [WAL-03] [WAL-06]"""
# time limit: 200 s
import json
import shutil

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, refused


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replay")
    store = tool.market(folder)
    doc = tool.document("trade", "paper", *tool.words(store, "trend"), "--run", folder / "run")
    shutil.rmtree(store)  # nothing but the journal may be needed
    return folder / "run", doc


def test_every_command_and_checkpoint_is_repeated(run):
    """[T-098] [T-104] [T-123]"""
    again = keel_json("replay", run[0])
    assert again["equal"] and again["ended"] and again["difference"] is None
    assert again["commands"] == again["commands_equal"] > 20 and again["checkpoints"] == again["checkpoints_equal"] > 0
    assert again["state_hash"] == again["recorded_state_hash"] == run[1]["state_hash"]
    assert again["trades"] == run[1]["totals"]["trades"]
    assert keel_json("replay", run[0] / "journal")["state_hash"] == run[1]["state_hash"]
    assert "equal: " in keel("replay", run[0])[0]


def test_time_travel_shows_the_state(run):
    """Equity at a time is the run's own sample of that time; a state only grows. [ENG-08.3]"""
    samples = dict(line.split(",")[:2] for line in (run[0] / "equity.csv").read_text().splitlines()[1:])
    last = 0
    for stamp in list(samples)[5::97]:
        there = keel_json("replay", run[0], "--to", stamp)
        assert not there["ended"] and there["time"] == stamp and there["events"] > last
        assert float(there["equity_usd"]) == float(samples[stamp]), stamp
        assert there["state"]["schema"] == "keel.state" and there["commands"] == there["commands_equal"]
        last = there["events"]
    by_record = keel_json("replay", run[0], "--to", "300")
    assert by_record["record"] <= 300 and by_record["state"]["last_seq"] == str(by_record["events"])


def test_a_journal_that_was_changed_is_found(run, tmp_path):
    """[T-114] [T-129]"""
    copy = tmp_path / "run"
    shutil.copytree(run[0], copy)
    segment = copy / "journal" / "wal-engine-00000001.klw"
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    assert "keel journal verify" in refused("replay", copy, code=6)
    shutil.rmtree(copy)
    shutil.copytree(run[0], copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["state_hash"] = "0" * 16
    (copy / "manifest.json").write_text(json.dumps(manifest))
    out, err = keel("replay", copy, "--json", code=6)
    assert not json.loads(out)["equal"] and "another state" in err


def test_what_is_not_a_run_is_said(tmp_path):
    refused("replay", tmp_path / "nothing", code=4)
    (tmp_path / "other").mkdir(mode=0o755)  # whose permissions a journal could not have
    (tmp_path / "other" / "notes.txt").write_text("no journal")
    assert "no run" in refused("replay", tmp_path / "other", code=4)

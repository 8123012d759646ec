"""Snapshots of a run: read from the page alone, and by any build after a compaction."""
# time limit: 300 s
import json
import signal
import sqlite3
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest

import journal_page
import paper_tool as tool
import snapshot_page as page
from data_tool import keel, keel_json, program

ROOT = Path(__file__).resolve().parents[2]
BUILDS = ["KEEL_BIN_RELEASE", "KEEL_BIN_CLANG", "KEEL_BIN"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store, the words of a run over it, and where that run ends when nothing comes between."""
    folder = tmp_path_factory.mktemp("snapshots")
    store = tool.market(folder, days=60)
    words = ["trade", "paper", *tool.words(store, "momentum", "--detail", "5m", "--leverage", "3"), "--trace", "0"]
    doc = tool.document(*words, "--run", folder / "whole")
    return folder, words, doc


def newest(run):
    return journal_page.snapshot(max((run / "journal").glob("snap-*.kls")))


def killed_behind_a_snapshot(words, run):
    """Killed in its second segment, a while behind a snapshot there; that one is the only one that is left."""
    process = subprocess.Popen([program(), *map(str, words), "--run", str(run), "--batch", "8"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + tool.LIMIT_S
    while not (kept := sorted((run / "journal").glob("snap-*.kls"))) or int(kept[-1].stem[-20:]) < 25000:
        assert process.poll() is None and time.monotonic() < deadline, "it ended before it was killed"
        time.sleep(0.002)
    time.sleep(0.1)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    for path in kept[:-1]:
        path.unlink(missing_ok=True)


def test_the_page_is_enough(place):
    """Every byte by the page's reader, the same bytes from its writer, and what they say is what other documents say. [WAL-04.1]"""
    snap = newest(place[0] / "whole")
    build, parts = page.read(snap["bytes"])
    assert page.write(build, parts) == snap["bytes"]
    whole = json.loads((place[0] / "whole" / "manifest.json").read_text())
    assert build == whole["build"] and f"{snap['state']:016x}" == place[2]["state_hash"]
    start = json.loads(bytes(r["byte"] for r in parts["start"].rows))
    assert start["schema"] == "keel.engine_start" and start["config_id"] == whole["config_id"]
    names = [s["name"] for s in start["symbols"]]
    engine = parts["engine"].rows[0]
    assert engine["symbols"] == len(names) == len(parts["symbol"].rows) and engine["ended"] == 1
    # the state document, from state.db
    db = sqlite3.connect(place[0] / "whole" / "state.db")
    state = json.loads(db.execute("SELECT state_json FROM kernel_state ORDER BY id DESC LIMIT 1").fetchone()[0])
    for key, value in parts["state.account"].rows[0].items():
        assert Decimal(state["account"][key]) * 10**8 == value, key
    assert [str(v) for v in parts["state.chain"].rows[0].values()] == [state["chain"][k] for k in parts["state.chain"].rows[0]]
    assert len(parts["books.trades"].rows) == place[2]["totals"]["trades"] == parts["books"].rows[0]["trades"]
    assert len(parts["engine.order"].rows) == 8 * len(names) and len(parts["venue.report"].rows) == 6 * len(names)
    said = (ROOT / "docs/formats/engine_journal.md").read_text()
    for name in parts:
        assert f"`{name}`" in said or (name.startswith("signal.") and "`signal.KIND`" in said), name


def test_the_format_of_every_part_is_written_down(place):
    """A part or field that comes or goes is noticed: it needs a starting value, or another number of the format."""
    parts = page.read(newest(place[0] / "whole")["bytes"])[1]
    known = json.loads((ROOT / "tests/py/snapshot_fields.json").read_text())
    made = {name: [list(f) for f in p.fields] for name, p in sorted(parts.items())}
    assert made == known


@pytest.mark.parametrize("first,second", [(0, 1), (1, 0)])
def test_another_build_goes_on_after_a_compaction(place, tmp_path, monkeypatch, first, second):
    """gcc's snapshots by clang and back, without the first record: to the same state. [WAL-03.1] [WAL-04.2] [WAL-05.2] [KRN-06.5]"""
    run, builds = tmp_path / "run", [program(BUILDS[first]), program(BUILDS[second])]
    monkeypatch.setenv("KEEL_BIN", builds[0])
    killed_behind_a_snapshot(place[1], run)
    monkeypatch.setenv("KEEL_BIN", builds[1])
    done = keel_json("journal", "compact", run / "journal")
    assert done["snapshot_format"] == 4 and done["snapshot_build"] == build_of(builds[0])
    assert done["segments"] > 0 and done["first_seq"] > 1
    doc = tool.document(*place[1], "--run", run)
    of_builds = {"build": 0, "manifest": 0}
    assert {**doc, **of_builds} == {**place[2], **of_builds} and doc["build"] == build_of(builds[1])
    report = json.loads((run / "recovery.json").read_text())
    assert report["snapshot_record"] > 0 and report["snapshots_rejected"] == 0
    # and back: the end that the second one kept, by the first
    monkeypatch.setenv("KEEL_BIN", builds[0])
    again = tool.document(*place[1], "--run", run)
    assert again["state_hash"] == place[2]["state_hash"] and again["totals"] == place[2]["totals"]


def build_of(binary):
    return json.loads(keel("--version", "--json", binary=binary)[0])["build"]

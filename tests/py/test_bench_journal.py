"""The suite `journal` runs at toy size, so that it cannot rot; its figures at this size mean nothing."""
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing",
         "-D_POSIX_C_SOURCE=200809L", "-Isrc", "-Isrc/pure"]


def test_journal_suite_runs(tmp_path):
    """At toy size, with SQLite beside it: every record arrives, and the page's table can be made of the record."""
    sys.path.insert(0, str(ROOT / "bench"))
    import journal

    import programs

    programs.build_journal(tmp_path, FLAGS, ("keel_journal", "engine_replay", "sqlite"))
    keel = os.environ.get("KEEL_BIN_RELEASE") or os.environ["KEEL_BIN"]
    record = tmp_path / "record.json"
    done = subprocess.run([sys.executable, "bench/journal.py", "--toy", "--busy-ok", "--reps", "1", "--peers", "--keel", keel,
                           "--programs", tmp_path, "--flags", "x", "--json", record], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = json.loads(record.read_text())
    assert made["not_measured"] == ["lmdb", "rocksdb"]
    for case in made["throughput"]:
        assert set(case["engines"]) == {*journal.OWN, "sqlite"} and case["engines"]["raw"]["of_floor"] == 1
    assert made["recovery"]["records"] == journal.TOY["recover"] and made["latency"][0]["commits"] > 0
    engine = made["engine"]
    assert engine["inputs"] == journal.TOY["inputs"] < engine["records"] and engine["commands"] > 10
    assert engine["replay_over_floor"] > 0 < engine["recover_over_floor"] and made["turn"]["p99_us"] > 0
    assert made["latency"][0]["raw_p99_us"] > 0
    assert "An engine's journal of" in done.stdout
    assert "| keel |" in done.stdout and "Recovery of 20,000" in "\n".join(journal.lines(made))

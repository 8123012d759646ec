"""The benchmark suites run at toy size, so that they cannot rot; their figures at this size mean nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing",
         "-D_POSIX_C_SOURCE=200809L", "-Isrc", "-Isrc/pure"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    for name, sources in (("keel_bar", ["bench/keel_bar.c", "src/kernel/builtin.c", "src/kernel/windows.c", "src/base/err.c", "src/pure/all.c"]), ("measure", ["bench/measure.c"])):
        subprocess.run(["gcc", *FLAGS, "-o", str(folder / name), *sources], cwd=ROOT, check=True)
    return folder


def run_bench(programs, record, *more):
    keel = os.environ.get("KEEL_BIN_RELEASE") or os.environ["KEEL_BIN"]
    return subprocess.run(
        [sys.executable, "bench/run.py", "bar", "--toy", "--busy-ok", "--reps", "1", "--keel", keel, "--keel-inner",
         programs / "keel_bar", "--measure", programs / "measure", "--flags", " ".join(FLAGS), "--json", record, *more],
        cwd=ROOT, capture_output=True, text=True)


def test_bar_suite_measures_only_equal_trades(programs, tmp_path):
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--peers", "--python-of", f"backtesting.py={sys.executable}", "--python-of",
                     f"vectorbt={sys.executable}")
    assert done.returncode == 0, done.stderr
    case = json.loads(record.read_text())["cases"][0]
    assert case["trades"] > 10
    assert case["engines"] == ["keel", "backtesting.py", "vectorbt"] and not case["differ"]
    assert set(case["inner"]) == {"keel", "backtesting.py", "vectorbt"}
    assert set(case["given"]) == {"backtesting.py", "vectorbt"}
    assert set(case["whole"]) == {"keel", "keel, baselines", "backtesting.py", "vectorbt"}
    assert all(row["wall_s_median"] > 0 and row["peak_mib"] > 0 for row in case["inner"].values())
    assert case["whole"]["keel"]["peak_mib"] < case["whole"]["vectorbt"]["peak_mib"] / 3
    assert "equal in keel, backtesting.py, vectorbt" in done.stdout


def odd_peer(folder, fast, slow, shorts, fee_bps):
    """vectorbt behind a script that gives it other settings than the bench asked for; "" leaves one as it is."""
    peer = folder / "peer.sh"
    words = " ".join(word or f'"${index}"' for index, word in enumerate((fast, slow, shorts, fee_bps), start=4))
    tail = '"$script" "$name" "$data"'
    peer.write_text('#!/bin/bash\nscript=$1; name=$2; data=$3\n'
                    f'exec {sys.executable} {tail} {words} "${{@:8}}"\n')
    peer.chmod(0o755)
    return peer


@pytest.mark.parametrize("settings, line", [
    (("10", "30", "", ""), "trade 0: keel Trade("),  # other averages: other trades
    (("", "", "", "4"), "its trades come to"),  # another fee: the same trades, another account
])
def test_an_engine_that_differs_gets_a_line_and_no_time(programs, tmp_path, settings, line):
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--peers", "--python-of", f"vectorbt={odd_peer(tmp_path, *settings)}")
    assert done.returncode == 0, done.stderr
    case = json.loads(record.read_text())["cases"][0]
    assert case["engines"] == ["keel"]
    assert line in case["differ"]["vectorbt"] or "trades, vectorbt has" in case["differ"]["vectorbt"]
    assert f"no time for vectorbt: {case['differ']['vectorbt']}" in done.stdout
    assert all("vectorbt" not in case[part] for part in ("inner", "given", "whole"))


def test_page_shows_what_the_records_say():
    sys.path.insert(0, str(ROOT / "bench"))
    import table

    text = table.PAGE.read_text()
    assert table.PART.search(text), "the page names no record"
    assert table.rendered(text) == text

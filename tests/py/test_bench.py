# time limit: 600 s
"""The benchmark suites run at toy size, so that they cannot rot; their figures at this size mean nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import programs as bench_programs  # noqa: E402


# Optimised little: the toy measures nothing, and seven compilations of the pure rooms are most of its time.
QUICK = [{"-O3": "-O1", "-g": "-g1"}.get(flag, flag) for flag in bench_programs.RELEASE]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    bench_programs.build(folder, QUICK)
    return folder


def manifest_of(record):
    return record.with_name("perf_manifest.json")


def stages_in(record):
    """Those of the manifest that was written beside a record."""
    import manifest

    said = json.loads(manifest_of(record).read_text())
    assert manifest.faults(said) == [] and said["revision"] and said["compiler"]
    return said["suites"][json.loads(record.read_text())["suite"]]["stages"]


def run_bench(programs, record, *more, suite="bar"):
    keel = os.environ.get("KEEL_BIN_RELEASE") or os.environ["KEEL_BIN"]
    return subprocess.run(
        [sys.executable, "bench/run.py", suite, "--toy", "--busy-ok", "--reps", "1", "--keel", keel, "--keel-inner",
         programs / "keel_bar", "--keel-core", programs / "keel_core", "--plain", programs / "plain_bar", "--measure",
         programs / "measure", "--flags", " ".join(QUICK), "--json", record, "--manifest", manifest_of(record), *more],
        cwd=ROOT, capture_output=True, text=True)


def test_bar_suite_measures_only_equal_trades(programs, tmp_path):
    """With and without a stop and a target; with signals inside the time and given before it, keel's too."""
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--peers", "--python-of", f"backtesting.py={sys.executable}", "--python-of",
                     f"vectorbt={sys.executable}")
    assert done.returncode == 0, done.stderr
    cases = json.loads(record.read_text())["cases"]
    for case in cases:
        assert case["trades"] > 10
        assert case["engines"] == ["keel", "backtesting.py", "vectorbt"] and not case["differ"]
        assert set(case["inner"]) == set(case["given"]) == {"keel", "plain loop", "backtesting.py", "vectorbt"}
        for part in ("inner", "given"):
            assert all(row["wall_s_median"] > 0 and row["peak_mib"] > 0 for row in case[part].values())
        hashes = {case[part]["keel"]["runs"][0]["state_hash"] for part in ("inner", "given")}
        assert len(hashes) == 1, "signals that were given make another run"
    plain, stops = cases
    assert set(plain["whole"]) == {"keel", "keel, baselines", "backtesting.py", "vectorbt"}
    assert plain["whole"]["keel"]["peak_mib"] < plain["whole"]["vectorbt"]["peak_mib"] / 3
    assert "stopped" not in plain and stops["stopped"] > 2 and stops["at_target"] > 2
    assert stops["case"].endswith("fee 5 bps, stop 1 %, target 2 %")
    assert done.stdout.count("equal in keel, backtesting.py, vectorbt") == 2
    assert f", {stops['stopped']} at the stop and {stops['at_target']} at the target, equal in" in done.stdout
    assert "Goals missed: " in done.stdout or "All goals of what was measured hold." in done.stdout
    names = [row["stage"] for row in stages_in(record)]
    assert len(names) == 6 and sum(": given, keel" in name for name in names) == 2
    assert all(row["samples"] == 1 for row in stages_in(record))
    import table

    page = "\n".join(table.bar_lines(json.loads(record.read_text())))
    assert page.count("| given | keel |") == 2 and page.count(" at the stop and ") == 1


def test_an_engine_that_cannot_take_part_in_a_case_with_stops_says_why(programs, tmp_path):
    """lrvx is not even started there: any interpreter stands for it."""
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--peers", "--cases", "1", "--python-of", "lrvx=/bin/false")
    assert done.returncode == 0, done.stderr
    (case,) = json.loads(record.read_text())["cases"]
    assert case["engines"] == ["keel"] and "neither stops nor targets" in case["differ"]["lrvx"]
    assert f"no time for lrvx: {case['differ']['lrvx']}" in done.stdout


def test_what_signals_given_lead_to_is_checked(programs, tmp_path):
    """A floor that trades otherwise when its crossings are given ends the suite, with its trades side by side."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        f"#!{sys.executable}\n"
        "import subprocess, sys\n"
        "def start(fast):\n"
        f"    words = [{str(programs / 'plain_bar')!r}, sys.argv[1], fast, *sys.argv[3:]]\n"
        "    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)\n"
        "one, two = start(sys.argv[2]), start('5')\n"
        "two.stdout.readline()\n"
        "print(one.stdout.readline(), end='', flush=True)\n"
        "last = one\n"
        "for line in sys.stdin:\n"
        "    if line.startswith('run'):\n"
        "        last = two if line.startswith('run-given') else one\n"
        "    last.stdin.write(line.replace('run-given', 'run'))\n"
        "    last.stdin.flush()\n"
        "    print(last.stdout.readline(), end='', flush=True)\n")
    wrong.chmod(0o755)
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--cases", "0", "--plain", wrong)
    assert done.returncode == 1
    assert "bench: plain loop with signals given differs from keel's program: " in done.stderr


def test_sweep_suite_measures_only_equal_trades(programs, tmp_path):
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--peers", "--python-of", f"vectorbt={sys.executable}", suite="sweep")
    assert done.returncode == 0, done.stderr
    figures = json.loads(record.read_text())
    crossing = figures["cross"]
    assert not crossing["differ"] and {"keel, 1 thread", "vectorbt"} <= set(crossing["engines"])
    assert crossing["trades_per_1000_bars"] > 1 and crossing["configurations"] == 16
    assert all(row["cpu_s_median"] > 0 and row["peak_mib"] > 0 for row in crossing["engines"].values())
    assert crossing["floor"]["per_s"] > max(row["per_cpu_s"] for row in crossing["engines"].values())
    import sweep_table

    page = "\n".join(sweep_table.lines(figures))
    assert page.count("| vectorbt |") == 1 and page.count("| keel, 1 thread |") == 1 and "**(b)**" in page
    full = figures["full"]
    assert full["trades_per_configuration"] > 0 and full["memory_mb_per_10000"] < 79
    assert 0 < full["held_share"] < 1 and full["floor"]["per_s"] > full["per_cpu_s"]


def odd_peer(folder, fast="", slow="", fee_bps="", stop="", target=""):
    """backtesting.py behind a script that gives it other settings than the bench asked for; "" leaves one as it is."""
    peer = folder / "peer.sh"
    asked = (fast, slow, "", fee_bps, stop, target)
    words = " ".join(word or f'"${{{index}}}"' for index, word in enumerate(asked, start=4))
    tail = '"$script" "$name" "$data"'
    peer.write_text('#!/bin/bash\nscript=$1; name=$2; data=$3\n'
                    f'exec {sys.executable} {tail} {words} "${{@:10}}"\n')
    peer.chmod(0o755)
    return peer


@pytest.mark.parametrize("number, settings, line", [
    (0, {"fast": "10", "slow": "30"}, "trade 0: keel Trade("),  # other averages: other trades
    (0, {"fee_bps": "4"}, "its trades come to"),  # another fee: the same trades, another account
    (1, {"stop": "0.0101"}, ": keel Trade("),  # a stop a little further off: another price at the first one
])
def test_an_engine_that_differs_gets_a_line_and_no_time(programs, tmp_path, number, settings, line):
    record = tmp_path / "record.json"
    done = run_bench(programs, record, "--cases", str(number), "--peers", "--python-of",
                     f"backtesting.py={odd_peer(tmp_path, **settings)}")
    assert done.returncode == 0, done.stderr
    case = json.loads(record.read_text())["cases"][0]
    assert case["engines"] == ["keel"]
    assert line in case["differ"]["backtesting.py"] or "trades, backtesting.py has" in case["differ"]["backtesting.py"]
    assert f"no time for backtesting.py: {case['differ']['backtesting.py']}" in done.stdout
    assert all("backtesting.py" not in case.get(part, {}) for part in ("inner", "given", "whole"))


def test_core_suite_counts_its_allocations_and_orders_its_percentiles(programs, tmp_path):
    """[PRF-05] the manifest is consistent in itself."""
    import core

    record = tmp_path / "record.json"
    done = run_bench(programs, record, suite="core")
    assert done.returncode == 0, done.stderr
    figures = json.loads(record.read_text())["core"]
    assert figures["allocations"] == 0 and figures["closes"] > 10_000 and figures["trades"] > 100
    assert figures["opinions"] > 1000 and figures["closes_in_market"] > 1000
    assert [line for line in core.faults(figures) if "p99 of a step" not in line] == []
    assert all(row[key] > 0 for row in stages_in(record) for key in ("p50", "p95", "p99", "p99.9", "mean", "throughput"))
    figures["runs"][0]["single_ns"]["p95"] = figures["runs"][0]["single_ns"]["p99.9"] + 1
    assert "percentiles are not in order" in core.faults(figures)[0]


def test_ind_suite_times_only_equal_values(programs, tmp_path):
    """[PRF-03] Every level that the machine runs is timed; a peer's values are compared before its time is taken."""
    record = tmp_path / "record.json"
    bench_programs.build_library(programs, QUICK)
    done = run_bench(programs, record, "--library", programs / "libkeel_ind.so", "--peers", "--python-of",
                     f"TA-Lib={sys.executable}", suite="ind")
    assert done.returncode == 0, done.stderr
    figures = json.loads(record.read_text())
    assert len(figures["one_series"]) == 8 and len(figures["many_lengths"]) == 12
    for row in figures["one_series"] + figures["many_lengths"]:
        assert set(row["difference"]) == {"TA-Lib"} and row["difference"]["TA-Lib"] <= figures["tolerance"]
        timed = row.get("ns_per_bar") or row["ns_per_output"]
        assert set(timed) == {"keel", "TA-Lib"} and all(0 < t["ns_min"] <= t["ns_median"] for t in timed.values())
    assert "portable" in figures["levels"][0]["ns_per_bar"]
    assert len(figures["streaming"]) == 8
    for row in figures["streaming"]:
        assert row["equals_columns"] and set(row["ns_per_update"]) == {"keel", "keel, inlined", "keel, in a set"}
    assert figures["not_measured"] == {}
    assert all(row["samples"] > 0 for row in stages_in(record)) and len(stages_in(record)) > 30
    assert "best peer / keel" in done.stdout


def test_values_that_differ_get_no_time(programs, tmp_path):
    """A TA-Lib whose averages are another's is compared and left out."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "talib.py").write_text(
        "import importlib.util, sys\n"
        "sys.path = [p for p in sys.path if p != __file__.rsplit('/', 1)[0]]\n"
        "del sys.modules['talib']\n"
        "import talib as real\n"
        "sys.modules['talib'] = sys.modules[__name__] = real\n"
        "plain = real.SMA\n"
        "real.SMA = lambda x, n: plain(x, n + 1)\n")
    record = tmp_path / "record.json"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    done = run_bench(programs, record, "--library", programs / "libkeel_ind.so", "--peers", "--python-of",
                     f"TA-Lib={python}", suite="ind")
    assert done.returncode == 0, done.stderr
    rows = {row["indicator"]: row for row in json.loads(record.read_text())["one_series"]}
    assert set(rows["SMA 20"]["ns_per_bar"]) == {"keel"} and rows["SMA 20"]["difference"]["TA-Lib"] > 1e-6
    assert set(rows["EMA 20"]["ns_per_bar"]) == {"keel", "TA-Lib"}


def test_a_step_allocates_nothing(programs, tmp_path):
    """[PRF-02.3] a million steps of trend, every gate and exit asked, closed bars and fills: not one allocation; and
    the counter sees those that are made on purpose."""
    import core

    candles = tmp_path / "candles.bin"
    core.write_candles(1_000_000, 1, candles)
    assert core.once(programs / "keel_core", candles, 1_000_000, 10_000, 0)["allocations"] == 0
    asked = subprocess.run([programs / "keel_core", candles, "20000", "1000", "3"], capture_output=True, text=True,
                           check=True)
    assert json.loads(asked.stdout)["allocations"] == 3


def test_stages_cover_a_run(programs, tmp_path):
    record = tmp_path / "record.json"
    done = run_bench(programs, record, suite="stages")
    assert done.returncode == 0, done.stderr
    for part in ("in_memory", "whole", "whole, baselines"):
        row = json.loads(record.read_text())[part]
        named = sum(count for name, count in row["stages"].items() if name != "other")
        assert 0.97 * row["instructions"] < named <= 1.001 * row["instructions"], (part, row)
        assert row["stages"]["signals"] > 0

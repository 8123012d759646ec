"""The performance manifest that script/bench writes, made of the kept records, and their comparison. [PRF-05]"""
import copy
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import bar_goals  # noqa: E402
import manifest  # noqa: E402

SUITES = sorted(manifest.STAGES)


def kept(suite):
    record = manifest.kept_record(suite)
    assert record, f"bench/records/{suite}.json"
    return record


@pytest.mark.parametrize("suite", SUITES)
def test_a_manifest_says_what_it_must(suite):
    """[PRF-05] Machine, features, frequency policy, compiler, revision; of each stage percentiles, mean, throughput, samples."""
    made = manifest.made(kept(suite))
    assert all(made[key] for key in ("host", "cpu_features", "frequency_policy", "compiler", "revision", "flags"))
    assert manifest.faults(made) == []
    stages = made["suites"][suite]["stages"]
    if suite == "ind":  # its record is older than the samples that the suite now keeps
        return
    assert stages and all({"stage", "unit", "p50", "p95", "p99", "p99.9", "mean", "throughput", "samples"} <= set(row)
                          for row in stages)
    if suite in ("bar", "core", "sweep"):
        assert all(row["p99"] and row["mean"] and row["throughput"] for row in stages)


def test_percentiles_are_by_nearest_rank():
    row = manifest.stage("a stage", "ns", range(1, 1001), 1e9, "steps/s")
    assert [row[key] for key in manifest.QUANTILES] == [500, 950, 990, 999] and row["mean"] == 500.5
    assert row["samples"] == 1000 and row["throughput"] == pytest.approx(1e9 / 500.5)
    assert manifest.percentile([3.0], 0.999) == 3.0


def test_suites_of_one_build_stand_together(tmp_path):
    core, bar = kept("core"), kept("bar")
    bar = bar | {key: core[key] for key in ("build", "flags", "machine")}
    path = tmp_path / "perf_manifest.json"
    for record in (core, bar):
        manifest.report(record, path, is_toy=True)
    assert set(json.loads(path.read_text())["suites"]) == {"bar", "core"}
    manifest.report(bar | {"build": "keel 9.9.9 (other)\ncompiler: gcc"}, path, is_toy=True)
    assert set(json.loads(path.read_text())["suites"]) == {"bar"}


def test_what_contradicts_itself_is_named():
    made = manifest.made(kept("core"))
    made["suites"]["core"]["stages"][0]["p95"] = 1e9
    made["suites"]["core"]["stages"][1]["of_floor"] = 1.5
    assert [complaint in line for complaint, line in zip(("not in order", "the floor is none"), manifest.faults(made))] == [
        True, True]


@pytest.mark.parametrize("suite", SUITES)
def test_beside_itself_nothing_is_worse(suite):
    record = kept(suite)
    (line,) = manifest.compared(record, record)
    assert " 0 of them worse by more than 10 %" in line and " 0 ratios compared" not in line


def test_what_is_worse_is_named():
    """By more than the share, on the same machine class; and it is a line, not a failure."""
    record, slower = kept("bar"), copy.deepcopy(kept("bar"))
    row = slower["cases"][0]["inner"]["keel"]
    row["cpu_s_median"] *= 1.09
    assert " 0 of them worse" in manifest.compared(slower, record)[0]
    row["cpu_s_median"] *= 1.09
    head, *worse = manifest.compared(slower, record)
    assert len(worse) >= 5 and all(line.startswith("  worse: 100,000 bars") for line in worse)
    slower["machine"] = slower["machine"] | {"cores": 64}
    assert manifest.compared(slower, record) == ["bench/records/bar.json is of another machine class: nothing to compare with"]


def test_script_bench_writes_it_unasked():
    text = (ROOT / "script" / "bench").read_text()
    assert 'passed=(--json "build-bench/$suite.json" --manifest build-bench/perf_manifest.json' in text


def test_goals_that_are_missed_are_said():
    """[PRF-01] Of suite bar, as the page shows them."""
    rows = {"keel": 1.0, "plain loop": 0.6, "vectorbt": 13.0, "raptorbt": 1.2}
    def timed(walls):
        return {name: {"wall_s_median": wall, "cpu_s_median": wall} for name, wall in walls.items()}

    case = {"inner": timed(rows)}
    assert bar_goals.goals_line(case) == "All goals of what was measured hold."
    case["inner"]["vectorbt"]["cpu_s_median"] = 11.0  # the worse of both clocks decides
    assert bar_goals.goals_line(case) == "Goals missed: 11.0 times vectorbt, of at least 12."
    case["inner"]["plain loop"]["wall_s_median"] = 0.4
    assert bar_goals.goals_line(case) == ("Goals missed: 2.5 times the plain loop's time, of at most 2; 11.0 times vectorbt, of at "
                                          "least 12.")
    given = {"keel": 1.0, "plain loop": 0.25, "vectorbt": 11.5, "raptorbt": 1.2}
    case["given"] = timed(given)
    assert bar_goals.goals_line(case).endswith("of at least 12; signals given: 4.0 times the plain loop's time, of at most 2; "
                                               "signals given: 11.5 times vectorbt, of at least 12.")
    del case["given"]["keel"]  # records that are older
    assert "signals given" not in bar_goals.goals_line(case)
    year = {"is_year": True, "whole": {"keel": {"wall_s_median": 0.03}}}
    assert bar_goals.missed(year) == []
    year["whole"]["keel"]["wall_s_median"] = 0.06
    assert bar_goals.missed(year) == ["a whole process takes 60 ms of at most 50"]
    assert bar_goals.missed({"whole": {"keel": {"wall_s_median": 9.0}}}) is None
    page = (ROOT / "docs" / "performance.md").read_text()
    for result in kept("bar")["cases"]:
        assert bar_goals.goals_line(result) in page

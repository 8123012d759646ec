"""Figures of docs/performance.md stand in the records of bench/records, and nowhere else do they come from. [PRF-05]"""
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import table  # noqa: E402


def test_every_figure_of_the_page_stands_in_a_record():
    text = table.PAGE.read_text()
    assert table.PART.search(text), "the page names no record"
    assert table.problems(text) == []
    assert table.rendered(text) == text


def test_every_time_of_the_other_pages_stands_in_a_record_or_is_a_rule():
    names = {page.relative_to(ROOT).as_posix() for page in table.pages()}
    assert {"README.md", "docs/devices.md", "docs/formats/store.md"} <= names and len(names) > 40
    assert table.problems_everywhere() == []


@pytest.mark.parametrize("planted, complaint", [
    ("It takes 70 ms.", "'70 ms' names no record"), ("It reads 200 MB a second.", "'200 MB a second' names no record"),
    ("After 30<!-- rule --> s it asks again; a record has 24 bytes, at most 3 % of them zero.", None),
    ("It takes 7<!-- core.json core/single_ns/p99 --> ns.", "7 stands where core.json has"),
])
def test_a_time_without_a_source_is_caught_on_any_page(planted, complaint):
    lines = table.problems(planted + "\n", table.TIMED)
    assert [complaint in line for line in lines] == ([True] if complaint else [])


@pytest.mark.parametrize("planted, complaint", [
    ("It takes 12 ns.", "'12 ns' names no record"),
    ("It is 3.5 times faster.", "'3.5 times' names no record"),
    ("It needs 4<!-- rule --> % at most, and `5 ms` is code.", None),
    ("It takes 7<!-- core.json core/single_ns/p99 --> ns.", "7 stands where core.json has"),
    ("It takes 7<!-- core.json core/nothing --> ns.", "no such figure"),
    ("It takes 7<!-- nothing.json core --> ns.", "no such figure"),
])
def test_a_figure_without_a_source_is_caught(planted, complaint):
    lines = table.problems(planted + "\n")
    assert [complaint in line for line in lines] == ([True] if complaint else [])


def test_a_changed_table_is_caught():
    text = table.PAGE.read_text()
    part = table.PART.search(text)
    changed = text.replace(part["body"], part["body"].replace("1", "2", 1))
    assert any("is not what the record says" in line for line in table.problems(changed))


def test_the_manifest_is_consistent_and_meets_its_goals():
    """[PRF-01] [PRF-05] percentiles in order, no allocations, p99 of a step at most a microsecond, where it was recorded."""
    import core

    assert core.faults(table.load("core.json")["core"]) == []


def test_records_are_of_the_present_kind():
    records = sorted((ROOT / "bench" / "records").glob("*.json"))
    assert {record.name for record in records} >= {"bar.json", "core.json", "stages.json"}
    for record in records:
        said = json.loads(record.read_text())
        assert {"machine", "build", "flags", "utc", "quiet", "suite"} <= set(said), record.name

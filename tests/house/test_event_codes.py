"""Every event code has a producer, or docs/formats/events.md says what it waits for [LOG-01.2]; every failure a class [ENG-05.4]."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))


def test_codes_without_a_producer_are_those_of_the_page():
    codes = re.findall(r"^KEEL_EVENT\((\w+), ", (ROOT / "src/ops/forensic/events.def").read_text(), re.M)
    sources = "".join(p.read_text() for p in (ROOT / "src").rglob("*.c"))
    silent = {c for c in codes if not re.search(rf"\bKEEL_LOG_{c}\b", sources)}
    page = (ROOT / "docs/formats/events.md").read_text()
    table = page.split("## Codes that nothing writes yet")[1].split("## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert len(codes) > 80 and silent == told


# Somebody's orders, what the engine did about a failure, and what waits for a producer: nothing failed here.
NO_FAILURES = {"MODE_CHANGE", "RESUME", "KILL", "INCIDENT", "RECOVERY", "MANUAL_ACTION", "DRIFT_CORRECTED", "LOG_ANOMALY", "DRIFT_MODEL",
               "ROLLBACK", "SECURITY"}


def test_failures_have_a_class():
    """Every code that is worse than a note, every error of base/err.h, and the page has the same table. [ENG-05.4]"""
    forensic = ROOT / "src/ops/forensic"
    events = re.findall(r"^KEEL_EVENT\((\w+), \d+, \w+, (\w+), (\w+), ", (forensic / "events.def").read_text(), re.M)
    rows = re.findall(r'^KEEL_FAILURE\((\w+), (\w+), "(.*)"\)$', (forensic / "failures.def").read_text(), re.M)
    errors = re.findall(r"^KEEL_FAILURE_ERROR\((\w+), (\w+)\)$", (forensic / "failures.def").read_text(), re.M)
    bad = {name for name, level, severity in events if level in ("WARN", "ERROR") or severity != "NONE"}
    names = [name for name, _, _ in rows]
    assert len(names) == len(set(names)) and NO_FAILURES < bad
    assert set(names) == bad - NO_FAILURES | {"RETRY"}  # which is a note, until it is given up
    listed = re.findall(r"^    X\((\w+), (?:0|-\d+), ", (ROOT / "src/base/err.h").read_text(), re.M)
    assert len(listed) > 10 and [*listed[:1], *(name for name, _ in errors)] == ["OK", *listed[1:]]
    classes = re.findall(r"^    X\((\w+), ", (forensic / "failure.h").read_text(), re.M)
    assert classes == ["TRANSIENT", "DATA", "VENUE", "LOGIC", "INTEGRITY", "RESOURCE", "FATAL"]
    assert {c for _, c, _ in rows} == set(classes) and {c for _, c in errors} <= set(classes)
    page = (ROOT / "docs/formats/events.md").read_text().split("## What fails, and what is done about it")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", page, re.M) == rows
    for name, of in errors:
        assert re.search(rf"{of}: [^;]*`{name}`", page), name

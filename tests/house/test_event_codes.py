"""Every event code has a producer, or docs/formats/events.md says what it waits for [LOG-01.2]."""
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

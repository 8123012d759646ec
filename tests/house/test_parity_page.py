"""Known causes of divergence stand beside the harness, each with its bound and with who sees it. [SWP-04.4]"""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def causes():
    page = (ROOT / "docs" / "parity.md").read_text()
    part = page[page.index("## Known causes of divergence"):].split("\n## ")[0]
    return part, [[cell.strip() for cell in line.strip("|").split(" | ")] for line in part.splitlines()
                  if line.startswith("| ") and not line.startswith("| cause")]


def test_each_cause_has_its_bound_and_somebody_who_sees_it():
    """[SWP-04.4]"""
    part, rows = causes()
    assert "The bound of each is zero" in part
    assert len(rows) >= 6 and all(len(row) == 2 and all(row) for row in rows)
    verbs = set(re.findall(r"^## keel (\w+ \w+|\w+)$", (ROOT / "docs" / "reference" / "cli.md").read_text(), re.M))
    named = re.findall(r"`keel ((?:[a-z]+ ?){1,2})", part)
    assert len(named) >= 4
    for words in named:
        assert words.strip() in verbs or words.split()[0] in verbs, words
    for word in ("fused", "record", "passed", "revised", "build", "latency"):
        assert word in part, word


def test_the_harness_names_the_page():
    """[SWP-04.4]"""
    assert "docs/parity.md" in (ROOT / "script" / "parity").read_text()
    assert "(parity.md)" in (ROOT / "docs" / "sweep.md").read_text()

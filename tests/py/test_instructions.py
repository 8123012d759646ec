"""Instructions per bar do not grow unseen: counted by callgrind, so neither load nor clock of the machine matters."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import instructions  # noqa: E402
import programs  # noqa: E402


def test_instructions_per_bar_stay_within_their_pin(tmp_path):
    """[PRF-05] 2 % above the pinned count fails; fewer never do."""
    pinned = instructions.pins().get(instructions.toolchain())
    if pinned is None:
        pytest.skip(f"not on this machine: pinned instruction counts ({instructions.toolchain()})")
    programs.build(tmp_path, programs.RELEASE, ("keel_bar",), programs.PLAIN)
    counts = instructions.per_bar(tmp_path / "keel_bar", tmp_path)
    print(counts)
    assert instructions.excess(counts, pinned) == []


def test_a_count_above_its_pin_is_named():
    lines = instructions.excess({"trend": 103.0, "ema_cross": 90.0}, {"trend": 100.0, "ema_cross": 100.0})
    assert len(lines) == 1 and lines[0].startswith("trend: 103.0 instructions per bar, pinned 100.0, +3.0%")

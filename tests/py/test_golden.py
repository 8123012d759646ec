"""The core decides what it decided: stored answers for every kind of event, strategy and refusal, the same in each build.

tests/tools/golden_steps.c prints one line per step: the event, what was decided, the state hash. The text is rewritten with
script/golden when a decision is meant to change."""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
ANSWERS = ROOT / "tests" / "golden" / "steps.txt"
# Only the ledger itself says NO_POSITION: at the step, funding without a position is a warning (KRN-04.2).
NOT_AT_THE_STEP = {"NO_POSITION"}


def golden(key, *words):
    program = Path(os.environ[key]).parents[2] / "tests" / "golden_steps"
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def steps(text):
    """(section, fields of the line) of each step."""
    found, section = [], None
    for line in text.splitlines():
        if line.startswith("# "):
            section = line[2:]
        else:
            found.append((section, line.split()))
    return found


def listed(macro):
    text = (ROOT / "src" / "pure" / "model" / "reason.h").read_text()
    body = text.split(f"#define {macro}(X)", 1)[1].split("\n\n", 1)[0].split("/*", 1)[0]
    return re.findall(r"X\((\w+), \d+,", body)


@pytest.mark.parametrize("key", ["KEEL_BIN", "KEEL_BIN_RELEASE"])
def test_decisions_are_those_stored(key):
    """[KRN-01] Sanitizer build and release build give the stored text to the byte."""
    want, got = ANSWERS.read_text().splitlines(), golden(key).splitlines()
    for number, (a, b) in enumerate(zip(want, got), 1):
        assert a == b, f"line {number} differs\nstored: {a}\nnow:    {b}\nmeant so? run script/golden"
    assert len(want) == len(got), "another number of steps: meant so? run script/golden"


def test_another_seed_is_another_text():
    """What is compared depends on what goes in: another stream shares no line of a scenario."""
    want, other = steps(ANSWERS.read_text()), steps(golden("KEEL_BIN_RELEASE", "1"))
    streams = [(a, b) for a, b in zip(want, other) if not a[0].startswith("refusals")]
    assert len(streams) > 1000
    assert not any(a[1][-1] == b[1][-1] for a, b in streams)


def test_every_refusal_is_among_them():
    """[KRN-01.5] Each of KEEL_REFUSALS occurs, and the state hash after it is that before it; that every byte is, the program
    itself compares, and says so by its exit status."""
    seen, before = set(), None
    for section, line in steps(ANSWERS.read_text()):
        state, refusal = line[-1], line[4]
        # Not the last of its section: there the test itself breaks the state, to be told so.
        if refusal not in ("OK", "IMBALANCE") and before is not None and before[0] == section:
            assert state == before[1], " ".join(line)
        seen.add(refusal)
        before = (section, state)
    assert seen == set(listed("KEEL_REFUSALS")) - NOT_AT_THE_STEP


def test_refusals_come_in_their_order():
    """[KRN-01.5] A signal with all faults from one on is refused for the first of them, as with that one alone."""
    order = [line[4] for section, line in steps(ANSWERS.read_text()) if section.startswith("refusals of a signal")]
    assert order[0::2] == order[1::2]
    numbers = [listed("KEEL_REFUSALS").index(name) for name in order[0::2]]
    assert numbers == sorted(numbers) and len(set(numbers)) == 8


def test_the_text_covers_the_core():
    """[KRN-01.4] Every kind of event and of command, holds by every stage, exits by level, signal and rule."""
    lines = [line for _, line in steps(ANSWERS.read_text())]
    assert {line[1] for line in lines} >= {"PRICE", "BAR_CLOSE", "SIGNAL", "FUNDING", "FILL", "REJECT", "DEPOSIT", "BORROW"}
    words = {word.strip("[]") for line in lines for word in line}
    assert words >= {"OPEN", "ADD", "CLOSE", "PARTIAL_CLOSE", "REVERSE"}
    assert words >= {"H_GATE", "H_COOLDOWN", "H_NOT_ALLOWED"}
    assert words >= {"X_STOP", "X_TRAIL", "X_TP", "X_TP_PARTIAL", "X_BREAKEVEN", "X_SIGNAL_FLIP", "X_STRATEGY"}

"""script/demo runs from the checkout as it stands, and the market and the result follow from the seed. [T-024] [T-246]
The sweep's winner is the same run alone, by hash. [SWP-04]"""
# time limit: 600 s
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))


def demo(*options):
    return subprocess.run([ROOT / "script" / "demo", *options], capture_output=True, text=True, timeout=550)


def hashes(done):
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    market = re.search(r"^dataset hash ([0-9a-f]{64})$", done.stdout, re.M)
    state = re.search(r"^both runs gave state hash ([0-9a-f]{16,})$", done.stdout, re.M)
    assert market and state, done.stdout[-2000:]
    played = re.search(r"^backtest, paper run and replay gave state hash ([0-9a-f]{16})$", done.stdout, re.M)
    again = json.loads((ROOT / "build" / "demo" / "replay.json").read_text())
    assert played and again["state_hash"] == again["recorded_state_hash"] == played.group(1) and again["trades"] > 5
    said = re.search(r"^what it says:\n.+\nVerdict: .+$", done.stdout, re.M)
    place = re.search(r"^  (\S+/report\.html)  the report", done.stdout, re.M)
    assert said and place, done.stdout[-2000:]
    page = (ROOT / place.group(1)).read_text()
    assert page.startswith("<!doctype html>") and state.group(1) in page
    balance = re.search(r"^Final balance +(-?[\d.]+) USD", done.stdout, re.M)
    assert balance and f"{float(balance.group(1)):,.2f} USD" in page
    assert page.count('id="surface"') == 1 and page.count('id="walk"') == 1
    return market.group(1), state.group(1), winner_of(done.stdout)


def winner_of(said):
    """The best row of the sweep as the demo left it: confirmed, equal alone, first in the table, in the report."""
    assert "HEAT MAP of sharpe, worst . to best @" in said and "PARAMETER IMPORTANCE" in said
    assert "1 trials run again on the plain path: 1 equal, 0 different" in said
    (file,) = (ROOT / "build" / "demo" / "sweeps").glob("*/trials.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()[1:]]
    best = max((row for row in rows if row["target"] is not None), key=lambda row: row["target"])
    assert len(rows) == 49 and f"the winner gave state hash {best['state_hash']} in the sweep and alone" in said
    table = said.split("TRIALS, BEST FIRST\n")[1].split("\n")
    assert table[2].split()[:2] == [str(best["trial"]), best["trial_hash"][:12]]
    page = (ROOT / "build" / "demo" / "sweep.html").read_text()
    assert page.startswith("<!doctype html>") and best["trial_hash"][:12] in page
    return best["state_hash"]


def test_one_seed_one_market_one_result():
    first = hashes(demo("--days", "60"))
    assert first == hashes(demo("--days", "60"))
    other = hashes(demo("--days", "60", "--seed", "2"))
    assert all(a != b for a, b in zip(first, other))


@pytest.mark.parametrize("options, status", [(["--what"], 2), (["--days"], 2)])
def test_a_wrong_option_is_one_line(options, status):
    done = demo(*options)
    assert done.returncode == status
    assert done.stdout == "" and done.stderr.count("\n") == 1 and "--help" in done.stderr

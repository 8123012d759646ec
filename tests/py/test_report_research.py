"""What research adds to a report: parity, trials spent, parameter surface, walk-forward. [BKT-02.5] [BKT-05] [BKT-06.3]"""
# time limit: 300 s
import json

import pytest

import report_tool as tool
from report_tool import base, browser, keel  # noqa: F401

GRID = ["--strategy", "ema_cross", "--symbols", "AAAUSDT,BBBUSDT", "--timeframe", "1h", "--param", "fast=5:30:5", "--param",
        "slow=40:160:20", "--sampler", "grid"]


@pytest.fixture(scope="session")
def swept(base, tmp_path_factory):
    """A grid of 42 trials, and its best trial run alone and kept as a folder."""
    home = tmp_path_factory.mktemp("swept")
    keel("data", "synth", "--store", home / "store", "--venue", "synth-perp", "--symbols", "AAAUSDT,BBBUSDT", "--interval", "1h",
         "--days", 300, "--seed", 5)
    summary = json.loads(keel("sweep", "run", "--store", "store", *GRID, "--json", cwd=home).stdout)
    keel("backtest", "run", "--trial", summary["best"]["trial_hash"], "--run-dir", "run", cwd=home)
    return {"home": home, "summary": summary, "run": home / "run"}


def test_identity_says_parity_and_trials(swept, base, browser):
    """A trial's run says that it ended in the trial's state, and how many trials its data has seen; a plain run says it was not compared."""
    document = tool.document(swept["run"])
    best = swept["summary"]["best"]
    assert document["parity"] == {"status": "equal", "trial_hash": best["trial_hash"], "sweep_id": swept["summary"]["sweep_id"]}
    assert document["trials_spent_on_dataset"] == swept["summary"]["trials_spent_on_dataset"] == 42
    assert document["sweeps_on_dataset"] == 1 and document["state_hash"] == best["state_hash"]
    page = browser.page(swept["run"] / "report.html")
    page.wait("document.documentElement.dataset.ready === '1'")
    shown = page.text("#identity")
    assert f"equal to trial {best['trial_hash'][:16]} of sweep {swept['summary']['sweep_id']}" in shown and "42 in 1 sweep" in shown
    page.close()
    plain = base["document"]
    assert plain["parity"] == {"status": "not_compared", "trial_hash": None, "sweep_id": None}
    assert plain["trials_spent_on_dataset"] == 0
    assert "not compared" in keel("report", base["run"], "--all").stdout


def test_many_trials_are_held_against_a_result(swept):
    """Bonferroni over the trials of the ledger: the finding stands exactly when it should."""
    document = tool.document(swept["run"])
    p = min(1.0, 42 * (1.0 - document["totals"]["psr"]))
    found = [f for f in document["findings"] if f["code"] == "UNTRUSTWORTHY_MULTIPLE_TRIALS"]
    assert bool(found) == (p > 0.05 and float(document["totals"]["net_profit_usd"]) > 0)
    assert found and abs(found[0]["value"] - p) < 1e-12 and "42 trials" in found[0]["text"]


def test_a_damaged_ledger_is_said_and_stops_nothing(swept, tmp_path):
    ledger = swept["home"] / "store" / "trials.ledger"
    whole = ledger.read_bytes()
    try:
        ledger.write_bytes(whole.replace(b"\nT ", b"\nT x", 1))
        done = keel("backtest", "run", "--store", "store", *GRID[:6], "--no-baselines", "--json", cwd=swept["home"])
    finally:
        ledger.write_bytes(whole)
    document = json.loads(done.stdout)
    assert document["trials_spent_on_dataset"] is None
    assert any("trials spent on this data are not known" in w for w in document["warnings"])

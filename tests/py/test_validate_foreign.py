"""keel validate foreign: what another engine says of a run, within tolerances that nothing else has [SWP-04.1]."""
import json
import os
import subprocess

import pytest

import data_tool as tool

SHARES = {"trades": ("trades", 0.02), "net-profit": ("net_profit_usd", 0.005), "max-drawdown": ("max_drawdown_pct", 0.01),
          "final-balance": ("final_balance_usd", 0.005)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    tool.keel("data", "synth", "--store", folder / "store", "--symbols", "BTCUSDT", "--interval", "1h", "--days", 90, "--seed", 4)
    run = tool.keel_json("backtest", "run", "--store", folder / "store", "--strategy", "trend", "--symbols", "BTCUSDT",
                         "--timeframe", "1h", "--run-dir", folder / "run", "--no-baselines")
    return folder / "run", run


def ask(run, *figures, code=0, tolerance=None):
    env = {k: v for k, v in os.environ.items() if k != "KEEL_FOREIGN_PARITY_TOLERANCE"}
    if tolerance is not None:
        env["KEEL_FOREIGN_PARITY_TOLERANCE"] = tolerance
    done = subprocess.run([tool.program(), "validate", "foreign", run, *map(str, figures), "--json"], capture_output=True,
                          text=True, timeout=60, env=env)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else None, done.stderr


def given(totals, factor=1.0):
    return [f"--{option}={float(totals[key]) * factor!r}" for option, (key, _) in SHARES.items()]


def test_the_figures_are_the_runs(place):
    """[SWP-04.1] Equal figures are within any tolerance, and the document says of which run they are."""
    run, document = place
    answer, _ = ask(run, *given(document["totals"]), tolerance="0")
    assert answer["within"] and [f["figure"] for f in answer["figures"]] == [key for key, _ in SHARES.values()]
    assert all(f["keel"] == f["other"] == float(document["totals"][f["figure"]]) and f["apart"] == 0 for f in answer["figures"])
    assert all(answer[key] == document[key] for key in ("run_id", "config_id", "dataset_hash"))


@pytest.mark.parametrize("option", SHARES)
def test_each_has_its_bound(place, option):
    """[SWP-04.1] Trades 2 %, profit 0.5 %, drawdown 1 %, balance 0.5 % of the other engine's figure, times the multiplier."""
    run, document = place
    key, share = SHARES[option]
    for sign in (1, -1):
        near, far = (f"--{option}={float(document['totals'][key]) / (1 + sign * s)!r}" for s in (0.99 * share, 1.01 * share))
        assert ask(run, near)[0]["within"]
        answer, err = ask(run, far, code=6)
        assert not answer["within"] and "1 of 1 figures" in err and answer["figures"][0]["allowed"] == share
        assert ask(run, far, tolerance="1.02")[0]["within"]
        ask(run, near, tolerance="0.9", code=6)


def test_a_fall_with_its_minus(place):
    """Some engines write a drawdown as a negative figure; a loss is still none."""
    run, document = place
    assert ask(run, f"--max-drawdown=-{document['totals']['max_drawdown_pct']}", tolerance="0")[0]["within"]
    assert float(document["totals"]["net_profit_usd"]) != 0
    ask(run, f"--net-profit={-float(document['totals']['net_profit_usd'])!r}", code=6)


def test_the_page(place):
    run, document = place
    out, _ = tool.keel("validate", "foreign", run, *given(document["totals"]))
    assert out.count("within") == 4
    out, err = tool.keel("validate", "foreign", run, "--trades", 1, "--final-balance", document["totals"]["final_balance_usd"], code=6)
    assert out.count("BEYOND") == 1 and out.count("within") == 1 and "1 of 2 figures" in err
    answer, _ = ask(run, "--trades", 0, code=6)
    assert answer["figures"][0]["apart"] is None


@pytest.mark.parametrize("words,tolerance,code,says", [
    ((), None, 2, "nothing to compare"), (("--trades", "many"), None, 2, "not a number"),
    (("--trades", "1"), "wide", 2, "KEEL_FOREIGN_PARITY_TOLERANCE"), (("--trades", "1"), "-1", 2, "KEEL_FOREIGN_PARITY_TOLERANCE"),
    (("--trades", "1"), "nan", 2, "KEEL_FOREIGN_PARITY_TOLERANCE")])
def test_what_cannot_be_is_refused(place, words, tolerance, code, says):
    _, err = ask(place[0], *words, tolerance=tolerance, code=code)
    assert says in err and err.count("\n") == 1


def test_no_run(tmp_path):
    assert "manifest" in tool.refused("validate", "foreign", tmp_path, "--trades", "1", code=4)

"""Sweeps in a home, of a strategy from a file, on spot, two at a time on one ledger."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import data_tool as tool

GRID = ("--param", "fast=4:12:4", "--param", "slow=30:90:30")
RUN = ("--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1h")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT,ETHUSDT", "--interval", "1h", "--days", 40, "--seed", 3)
    return folder


def within(folder, *words, code=0):
    run = subprocess.run([tool.program(), *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == code, run.stderr
    return run.stdout


def test_a_home_keeps_its_sweeps(tmp_path):
    """The home's store, sweeps/ and ledger; its trials are found from anywhere inside."""
    home = tmp_path / "home"
    tool.keel("init", home)
    within(home, "data", "synth", "--symbols", "BTCUSDT", "--interval", "1h", "--days", 30)
    document = json.loads(within(home, "sweep", "run", *RUN, *GRID, "--json"))
    assert [p.name for p in (home / "sweeps").iterdir()] == [document["sweep_id"]]
    assert (home / "data" / "trials.ledger").exists()
    again = json.loads(within(home / "strategies", "backtest", "run", "--trial", document["best"]["trial_hash"], "--json"))
    assert again["state_hash"] == document["best"]["state_hash"]
    within(home, "sweep", "confirm", document["sweep_id"], "--all")


def test_a_strategy_of_a_file(store, tmp_path):
    """Its own parameters are swept like any other's; each trial is its backtest."""
    tool.keel("strategy", "new", tmp_path / "mine.c")
    words = ("--store", store, "--strategy", "mine.c", "--symbols", "BTCUSDT", "--timeframe", "1h")
    asked = ("sweep", "run", *words, "--param", "fast=4:12:1", "--param", "most=60,80", "--json")
    document = json.loads(within(tmp_path, *asked, "--ledger", "ledger", "--threads", 4))
    assert document["trials"] == 18 and document["failed"] == 0
    single = json.loads(within(tmp_path, *asked, "--ledger", "other", "--sweeps", "other_sweeps", "--threads", 1))
    rows = (tmp_path / document["trials_file"]).read_text()
    assert rows == (tmp_path / single["trials_file"]).read_text()
    rows = [json.loads(line) for line in rows.splitlines()[1:]]
    for row in rows[::6]:
        sets = [w for name, value in row["params"].items() for w in ("--set", f"{name}={value}")]
        alone = json.loads(within(tmp_path, "backtest", "run", *words, *sets, "--no-baselines", "--json"))
        assert (alone["state_hash"], alone["totals"]) == (row["state_hash"], row["totals"])
    within(tmp_path, "sweep", "confirm", document["sweep_id"], "--all")
    path = tmp_path / document["trials_file"]
    wrong = rows[0]["state_hash"][:-1] + ("0" if rows[0]["state_hash"][-1] != "0" else "1")
    path.write_text(path.read_text().replace(rows[0]["state_hash"], wrong))
    told = json.loads(within(tmp_path, "sweep", "confirm", document["sweep_id"], "--all", "--json", code=6))
    assert told["different"] == 1 and "the row was changed" in told["first_difference"]["verdict"]
    line = tool.refused("sweep", "run", "--store", store, "--strategy", tmp_path / "mine.c", "--symbols", "BTCUSDT",
                        "--timeframe", "1h", "--param", "fast=4,5", "--pruner", "median", code=2)
    assert "--pruner" in line


SLOW = """    uint32_t x = 1;
    for (int32_t i = 0; i < 2000; i++) x = x * 1664525u + 1013904223u + (x >> 9);
    if (x == 0) leave(); /* never so, but the compiler cannot know */
"""


def test_a_worker_of_a_sweep_that_is_killed(store, tmp_path):
    """A user's strategy runs in processes of their own; one that ends is told, and the sweep goes on to the same file."""
    tool.keel("strategy", "new", tmp_path / "mine.c")
    text = (tmp_path / "mine.c").read_text()
    assert text.count("DECIDE {\n") == 1
    (tmp_path / "mine.c").write_text(text.replace("DECIDE {\n", "DECIDE {\n" + SLOW))
    words = ("sweep", "run", "--store", store, "--strategy", "mine.c", "--symbols", "BTCUSDT", "--timeframe", "1h", "--param",
             "fast=4:50:1", "--param", "most=60:65:1", "--threads", 2, "--json")
    whole = json.loads(within(tmp_path, *words, "--ledger", "whole.ledger", "--sweeps", "whole"))
    words += ("--ledger", "ledger", "--sweeps", "s")
    running = subprocess.Popen([tool.program(), *map(str, words)], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    children = pathlib.Path(f"/proc/{running.pid}/task/{running.pid}/children")
    # The reader of the strategy's tables is alone, and ends before there are workers: two that live at once are these.
    while len(workers := children.read_text().split()) < 2:
        assert running.poll() is None, running.communicate()[1]
        time.sleep(0.001)
    os.kill(int(workers[0]), signal.SIGKILL)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 1 and "a worker of the sweep ended" in err, err
    document = json.loads(within(tmp_path, *words, "--resume"))
    assert (tmp_path / document["trials_file"]).read_text() == (tmp_path / whole["trials_file"]).read_text()


def test_several_strategies_are_swept_one_by_one(store, tmp_path):
    line = tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--strategy", "ema_cross,momentum",
                        "--symbols", "BTCUSDT", "--timeframe", "1h", "--param", "atr_period=5,10", code=2)
    assert "one after the other" in line


@pytest.mark.parametrize("more,shorts", [((), 0), (("--set", "allow_short=true"), 1), (("--param", "allow_short=true"), 1)])
def test_spot_has_no_shorts_unless_asked(tmp_path, more, shorts):
    """A spot account's trials equal its backtests too, whether shorts are off, set or swept."""
    store = tmp_path / "store"
    (tmp_path / "spot_BTCUSDT_1h.csv").write_text(tool.HEADER + "\n" + "\n".join(tool.bars(900, interval_ms=3600000)) + "\n")
    tool.keel("data", "import", tmp_path / "spot_BTCUSDT_1h.csv", "--store", store, "--venue", "spot", "--symbol", "BTCUSDT",
              "--interval", "1h", "--market", "spot")
    words = ("--store", store, "--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1h", "--accept-moves")
    document = tool.keel_json("sweep", "run", *words, "--sweeps", tmp_path / "s", "--param", "fast=3,6", *more)
    rows = [json.loads(line) for line in open(document["trials_file"], encoding="utf-8").read().splitlines()[1:]]
    for row in rows:
        sets = [w for name, value in row["params"].items() for w in ("--set", f"{name}={json.dumps(value)}")]
        fixed = more if more[:1] == ("--set",) else ()
        alone = tool.keel_json("backtest", "run", *words, *sets, *fixed, "--no-baselines")
        assert (row["state_hash"], row["config_id"], row["totals"]) == (alone["state_hash"], alone["config_id"], alone["totals"])
        assert (row["totals"]["short_trades"] > 0) == shorts
    again = tool.keel_json("backtest", "run", "--trial", rows[0]["trial_hash"], "--sweeps", tmp_path / "s", "--no-baselines")
    assert again["state_hash"] == rows[0]["state_hash"]
    assert tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", tmp_path / "s", "--all")["different"] == 0


def test_two_sweeps_share_a_ledger(store, tmp_path):
    """[BKT-06.3] At the same time: every line still follows from the one before, and nothing is lost."""
    def start(name, seed):
        words = ("sweep", "run", "--store", store, "--sweeps", tmp_path / name, "--ledger", tmp_path / "ledger", *RUN,
                 "--sampler", "random", "--seed", seed, "--trials", 600, "--param", "fast=2:25", "--param",
                 "allocation_pct=0.01:0.5")
        return subprocess.Popen([tool.program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running = [start(str(seed), seed) for seed in (1, 2, 3)]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert (tmp_path / "ledger").read_text().count("\nT ") == 1800
    document = tool.keel_json("sweep", "run", "--store", store, "--sweeps", tmp_path / "4", "--ledger", tmp_path / "ledger",
                              *RUN, "--param", "fast=5")
    assert (document["trials_spent_on_dataset"], document["sweeps_on_dataset"]) == (1801, 4)

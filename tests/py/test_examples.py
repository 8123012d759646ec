"""The example that the help of each verb shows runs, as it stands, where a store and the files it names are."""
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import data_tool as tool
from test_completion import commands

# What an example takes as given: a store 'data', candles 'btc.csv', config.yaml, run.yaml, two runs, one on paper, a journal
# and a sweep, in this order. An id in an example stands for that of the sweep that is there.
SETTING = """
keel data synth --store data --symbols BTCUSDT,ETHUSDT --interval 5m --days 60 --also 1h --seed 7
keel data export --store data --venue synth-perp --symbol BTCUSDT --interval 5m --output btc.csv
keel config sample --strategy ema_cross > config.yaml
keel backtest run --store data --strategy ema_cross --symbols BTCUSDT --timeframe 1h --print-config > run.yaml
keel backtest run --store data --strategy ema_cross --symbols BTCUSDT --timeframe 1h --run-dir runs/last
keel backtest run --store data --strategy trend --symbols BTCUSDT --timeframe 1h --run-dir runs/mine
keel trade paper --store data --strategy trend --symbols BTCUSDT --timeframe 1h --run runs/paper
journal_tool write journal 40 3 16384 1000 snap=10
keel sweep run --store data --strategy ema_cross --symbols BTCUSDT --timeframe 1h --param fast=5:10:5 --param slow=30:50:20
"""


# Verbs about a run that goes on; what must have been said to it before.
LIVE = {"status": "", "pause": "", "resume": "keel pause runs/paper", "cancel": "", "flat": "", "kill": ""}


def shell(folder, text):
    """Run lines of a shell in which keel is this program."""
    program = tool.program("KEEL_BIN_RELEASE")
    journal_tool = Path(program).parents[2] / "tests" / "journal_tool"
    functions = f"keel() {{ '{program}' \"$@\"; }}\njournal_tool() {{ '{journal_tool}' \"$@\"; }}\n"
    env = {k: v for k, v in os.environ.items() if not k.startswith("KEEL_H") and not k.startswith("KEEL__")}
    return subprocess.run(["bash", "-c", f"set -e -o pipefail\n{functions}{text}\n"], cwd=folder, capture_output=True, text=True,
                          timeout=300, env=env)


def example(words):
    text = tool.keel(*words, "--help")[0].split("\nExample:\n", 1)[1]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines and all(line.startswith("keel ") for line in lines), f"keel {' '.join(words)} shows no example"
    return "\n".join(lines)


def with_ids(text, folder):
    """Sixteen hex digits become the name of a sweep in this folder."""
    (sweep,) = (p.name for p in (folder / "sweeps").iterdir() if p.is_dir())
    return re.sub(r"\b[0-9a-f]{16}\b", sweep, text)


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("setting")
    done = shell(folder, SETTING)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@contextmanager
def running(folder):
    """runs/paper goes on, at the pace of its market."""
    shutil.rmtree(folder / "runs" / "paper")
    words = "trade paper --store data --strategy trend --symbols BTCUSDT --timeframe 1h --run runs/paper --speed real".split()
    live = subprocess.Popen([tool.program("KEEL_BIN_RELEASE"), *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (folder / "runs/paper/control/socket").exists():
            assert live.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        live.kill()
        live.wait()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_example_of_a_verb_runs(setting, tmp_path, words):
    """In a copy, so that no example lives off another."""
    subprocess.run(["cp", "-r", f"{setting}/.", str(tmp_path)], check=True)
    text = with_ids(example(words), tmp_path).replace("man ./keel.1", "test -s keel.1")
    if " ".join(words) in LIVE:
        with running(tmp_path):
            done = shell(tmp_path, LIVE[" ".join(words)] + "\n" + text)
    else:
        done = shell(tmp_path, text)
    assert done.returncode == 0, example(words) + "\n" + done.stdout + done.stderr


def test_an_example_that_does_not_run_is_seen(setting, tmp_path):
    subprocess.run(["cp", "-r", f"{setting}/.", str(tmp_path)], check=True)
    assert shell(tmp_path, "keel data list --store data --symbols BTCUSDT").returncode == 2

"""Random configurations of every built-in strategy: sweep's path, backtest's path and the plain loop give one hash."""
# time limit: 300 s
import os
import re
from pathlib import Path

import pytest

import data_tool as tool
import parity
from parity_space import CORE, NOT_DRAWN

PARAMS = Path(__file__).resolve().parents[2] / "src" / "pure" / "model" / "params.def"


def test_every_core_parameter_is_drawn():
    """Or is named with the reason why not: what random configurations leave alone, their parity says nothing about."""
    known = re.findall(r"^X\(\w+, (\w+),", PARAMS.read_text(), re.M)
    assert sorted([*CORE, *NOT_DRAWN]) == sorted(known) and len(known) > 150
    assert all("," in text or ":" in text for text in CORE.values())


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--interval", "5m", "--days", 45,
              "--also", "1h", "--seed", 5)
    return folder


@pytest.mark.parametrize("strategy", parity.OWN)
def test_one_hash_on_every_path(store, tmp_path, strategy):
    """[SWP-04.1] [SWP-06.1] Several symbols, funding, finer bars."""
    rows = parity.check(store, tmp_path, strategy, 25, "--symbols", "ETHUSDT,SOLUSDT", "--timeframe", "1h", "--detail", "5m")
    traded = {row["state_hash"] for row in rows if row["totals"] and row["totals"]["trades"]}
    if strategy != "no_trade":
        assert len(traded) > 8


@pytest.mark.parametrize("strategy", parity.OWN)
def test_every_width_of_vectors(store, tmp_path, strategy):
    """[SWP-04.1] [PRF-03] The release program and itself at each level that this processor runs write one file;
    script/parity does it with thousands."""
    keel = os.environ["KEEL_BIN_RELEASE"]
    width = Path(keel).parents[2] / "tests" / "keel_width"
    files = {}
    for level in ("as it comes", *parity.LEVELS):
        program = (keel, None) if level == "as it comes" else (width, level)
        document = parity.run(*program, "sweep", "run", "--store", store, "--sweeps", tmp_path / level, "--ledger",
                              tmp_path / level / "ledger", "--strategy", strategy, "--sampler", "random", "--trials", 40,
                              "--symbols", "ETHUSDT,SOLUSDT", "--timeframe", "1h", "--detail", "5m", *parity.flags(strategy))
        if document:
            files[level] = Path(document["trials_file"]).read_bytes()
    assert {"as it comes", "portable"} <= files.keys()
    assert len(set(files.values())) == 1, f"{strategy}: not all of {', '.join(files)} wrote one file"
    traded = [line for line in files["portable"].splitlines()[1:] if b'"trades":0,' not in line]
    assert len(traded) > (25 if strategy != "no_trade" else -1)
    if len(files) == 2:
        pytest.skip("not on this machine: vectors wider than the portable ones")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    root = tool.shared()
    if root is None:
        pytest.skip("shared/ is absent")
    folder = tmp_path_factory.mktemp("recorded") / "store"
    parity.import_recorded(root, folder)
    return folder


@pytest.mark.parametrize("strategy", parity.OWN)
def test_on_recorded_candles(recorded, tmp_path, strategy):
    """[SWP-04.1] Bitcoin and ether with their funding, hours in pieces of five minutes; script/parity runs more."""
    rows = parity.check(recorded, tmp_path, strategy, 30, *parity.RECORDED)
    if strategy != "no_trade":
        assert len({row["state_hash"] for row in rows}) > 3

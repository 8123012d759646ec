"""Random configurations of every built-in strategy: sweep's path, backtest's path and the plain loop give one hash."""
# time limit: 300 s
import pytest

import data_tool as tool
import parity


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

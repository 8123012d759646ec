"""Which series a backtest takes for what: bitcoin by its name, markets by their symbols, baselines over every symbol."""
import pytest

import data_tool as tool

HOUR_MS = 3600_000
BARS = 240


def add(folder, symbol, market="perp", venue="test-perp", seed=3, interval_ms=HOUR_MS):
    folder.mkdir(exist_ok=True)
    lines = tool.bars(BARS * HOUR_MS // interval_ms, seed=seed, interval_ms=interval_ms)
    words = ("--store", folder / "store", "--venue", venue, "--symbol", symbol)
    path = tool.write(folder / f"{symbol.replace('/', '-')}-{interval_ms}.csv", lines)
    tool.keel("data", "import", path, *words, "--interval", f"{interval_ms // 60000}m", "--market", market)
    if market == "perp":
        rows = [f"{tool.START_MS + h * HOUR_MS},0.0001" for h in range(0, BARS, 8)]
        path = tool.write(folder / f"{symbol.replace('/', '-')}-funding.csv", rows, header="ts_ms,rate")
        tool.keel("data", "import", path, *words)
    return folder / "store"


def words(store, *more, strategy="trend", symbols="AAAUSDT"):
    return ("backtest", "run", "--store", store, "--strategy", strategy, "--symbols", symbols, "--timeframe", "1h",
            *more)


@pytest.mark.parametrize("name, is_bitcoin", [
    ("BTCUSDT", True), ("BTC-USD", True), ("BTC/USDT", True), ("XBTUSD", True), ("BTC-PERPETUAL", True),
    ("BTCUSDT_240628", True), ("BTCFDUSD", True), ("BTCEUR", True), ("BTC_USDC", True), ("BTCBUSD", True),
    ("BTCDOMUSDT", False), ("BTCSTUSDT", False), ("BTCBUSDT", False), ("XBTCUSDT", False), ("BTCUPUSDT", False),
])
def test_bitcoin_by_its_name(tmp_path, name, is_bitcoin):
    """[SIG-01.2] An index or a token whose name begins like bitcoin says nothing about its direction."""
    store = add(tmp_path / "s", "AAAUSDT")
    add(tmp_path / "s", name, seed=5)
    said = " ".join(tool.keel_json(*words(store, "--no-baselines"))["warnings"])
    assert ("direction of bitcoin is unknown" not in said) == is_bitcoin, said


def test_one_venue_with_two_markets(tmp_path):
    """[BKT-01.1] The market of a run is that of its symbols, whatever else the venue holds."""
    store = add(tmp_path / "s", "AAAUSDT", market="spot", venue="both")
    add(tmp_path / "s", "BBBUSDT", market="perp", venue="both", seed=5)
    for symbol, market in (("AAAUSDT", "spot"), ("BBBUSDT", "perp")):
        d = tool.keel_json(*words(store, "--no-baselines", symbols=symbol))
        assert d["trading_mode"] == market
        assert d["realism"]["funding"] == (market == "perp")
    line = tool.refused(*words(store, symbols="AAAUSDT,BBBUSDT"), code=2)
    assert "AAAUSDT" in line and "BBBUSDT" in line and "spot" in line


def test_venues_are_named(tmp_path):
    """What a refusal lists is what there is: a venue whose name is part of another's too, and only those that fit."""
    store = add(tmp_path / "s", "AAAUSDT", venue="exchange-perp")
    add(tmp_path / "s", "BBBUSDT", venue="exchange")
    line = tool.refused(*words(store, symbols="AAAUSDT,BBBUSDT"), code=4)
    assert "(venues: exchange, exchange-perp)" in line
    add(tmp_path / "s", "AAAUSDT", venue="another")
    line = tool.refused(*words(store), code=2)
    assert "another, exchange-perp:" in line


def test_warming_up_inside_the_range_is_said(tmp_path):
    """[BKT-01.2] Bars of the range that the signals need to warm up on decide nothing: the report says how many."""
    store = add(tmp_path / "s", "AAAUSDT")
    own = ("--set", "fast=5", "--set", "slow=30", "--no-baselines")
    whole = tool.keel_json(*words(store, *own, strategy="ema_cross"))["warnings"]
    assert any("AAAUSDT" in w and "no history before the range" in w and "first 30 bars" in w for w in whole), whole
    short = tool.keel_json(*words(store, *own, "--start-ts", "2024-01-01T10:00Z", strategy="ema_cross"))["warnings"]
    assert any("10 bars of history before the range" in w and "first 20 bars" in w for w in short), short
    later = tool.keel_json(*words(store, *own, "--timerange", "20240104-", strategy="ema_cross"))["warnings"]
    assert not any("history before the range" in w for w in later), later


def test_a_baseline_holds_every_symbol(tmp_path):
    """[BKT-05.3] [T-201] Equal shares of 22 symbols means 22 positions, whatever number the strategy may hold."""
    names = [f"{chr(65 + i)}AAUSDT" for i in range(22)]
    for i, name in enumerate(names):
        store = add(tmp_path / "s", name, seed=i + 1)
    d = tool.keel_json(*words(store, "--set", "max_positions=3", strategy="no_trade", symbols=",".join(names)))
    held = {b["name"]: b["trades"] for b in d["baselines"]}
    assert held["buy_hold"] == 22 and held["no_trade"] == 0

"""`keel backtest run` on recorded candles and funding: years, two symbols, an outage, a flash crash, a new listing."""
# time limit: 420 s
import csv
import datetime
from decimal import Decimal

import pytest

import data_tool as tool

FILES = (
    "candles/binance-perp_BTCUSDT_1h_2023*", "candles/binance-perp_ETHUSDT_1h_2023*",
    "candles/binance-perp_BTCUSDT_5m_2023*", "candles/binance-perp_DOGEUSDT_1h_*", "candles/binance-perp_COAIUSDT_1h_*",
    "candles/bybit-perp_APEUSDT_5m_*",
    "funding/binance-perp_BTCUSDT_*", "funding/binance-perp_ETHUSDT_*", "funding/binance-perp_DOGEUSDT_*",
    "funding/bybit-perp_APEUSDT_*",
)
STRATEGIES = ("buy_hold", "trend", "ema_cross", "rsi_reversion", "donchian_breakout", "momentum", "mean_reversion",
              "carry")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tool.shared()
    if root is None:
        pytest.skip("shared/ is absent")
    folder = tmp_path_factory.mktemp("real") / "store"
    files = [path for pattern in FILES for path in sorted(root.glob(pattern))]
    assert len(files) >= len(FILES)
    tool.keel("data", "import", "--store", folder, *files)
    return folder


def words(store, strategy, symbols, *more, timeframe="1h", venue="binance-perp"):
    return ("backtest", "run", "--store", store, "--venue", venue, "--strategy", strategy, "--symbols", symbols,
            "--timeframe", timeframe, *more)


def document(*args, **how):
    return tool.keel_json(*words(*args, **how))


def money(d, key):
    return Decimal(d["totals"][key])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_years_of_two_symbols(store, strategy, tmp_path):
    """[BKT-02] [BKT-05.2] [T-024] Three years, both sides, levels, costs, funding: adds up, twice the same."""
    more = ("--timerange", "20230101-20251201", "--slippage-bps", 2, "--leverage", 2, "--export-trades",
            tmp_path / "t.csv")
    d = document(store, strategy, "BTCUSDT,ETHUSDT", *more)
    with open(tmp_path / "t.csv", newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    assert d["bars_processed"] == 2 * 24 * 1065
    assert len(rows) == d["totals"]["trades"] >= 2
    assert sum(Decimal(r["pnl_usd"]) for r in rows) == money(d, "net_profit_usd")
    c = {k: Decimal(v) for k, v in d["cost_decomposition"].items()}
    assert c["price_usd"] + c["funding_usd"] - c["fees_usd"] - c["slippage_usd"] == money(d, "net_profit_usd")
    assert c["funding_usd"] != 0 and c["fees_usd"] > 0 and c["slippage_usd"] > 0
    assert document(store, strategy, "ETHUSDT,BTCUSDT", *more, "--no-baselines")["state_hash"] == d["state_hash"]


def test_funding_is_the_only_difference(store):
    """[BKT-04.4] [T-191] [T-218] [T-219] Held long through a rally, funding is paid: the result falls by exactly
    that. Carry lives on it."""
    asked = ("--timerange", "20231001-20240401", "--allocation-pct", 0.5)
    paying, free = (document(store, "buy_hold", "BTCUSDT", *asked, *more) for more in ((), ("--no-funding",)))
    assert money(paying, "funding_usd") < -100
    assert money(paying, "net_profit_usd") - money(free, "net_profit_usd") == money(paying, "funding_usd")
    carry = document(store, "carry", "BTCUSDT", *asked)
    assert money(carry, "funding_usd") > 0 and carry["totals"]["short_trades"] > 0
    assert document(store, "carry", "BTCUSDT", *asked, "--no-funding")["totals"]["trades"] == 0  # it needs the feed


def test_an_outage_fills_nothing(store, tmp_path):
    """[T-237] Binance stood still on 2024-10-28 from 20:00 to 21:05: bars without volume, and no fill in any."""
    d = document(store, "momentum", "BTCUSDT", "--set", "lookback=1", "--timerange", "2024-10-28..2024-10-30",
                 "--export-trades", tmp_path / "t.csv", timeframe="5m")
    with open(tmp_path / "t.csv", newline="", encoding="ascii") as file:
        fills = {row[key] for row in csv.DictReader(file) for key in ("entry_ts", "exit_ts")}
    assert d["totals"]["trades"] > 100
    quiet = [datetime.datetime(2024, 10, 28, 20) + datetime.timedelta(minutes=5 * i) for i in range(14)]
    assert not fills & {f"{t:%Y-%m-%dT%H:%M}:00.000Z" for t in quiet}
    assert {f"2024-10-28T{t}:00.000Z" for t in ("19:50", "21:20")} <= fills  # before and after


def test_holes_are_refused_unless_named(store):
    """[T-195] [T-230] Dogecoin's files leave months out."""
    line = tool.refused(*words(store, "ema_cross", "DOGEUSDT", "--no-funding"), code=3)
    assert "missing" in line and line.endswith("or pass --accept-gaps")
    d = document(store, "ema_cross", "DOGEUSDT", "--no-funding", "--accept-gaps")
    assert d["totals"]["trades"] > 50 and len([w for w in d["warnings"] if "override" in w]) == 2
    assert document(store, "ema_cross", "DOGEUSDT", "--timerange", "20240301-20250101")["totals"]["trades"] > 50


def test_moves_that_happened_need_a_person(store):
    """[T-196] A new listing rose 85 % in an hour; a perpetual fell 60 % in five minutes and came back."""
    assert "2025-10-06T0" in tool.refused(*words(store, "momentum", "COAIUSDT", "--no-funding"), code=3)
    assert document(store, "momentum", "COAIUSDT", "--no-funding", "--accept-moves")["totals"]["trades"] > 10
    asked = ("--timerange", "2025-10-09..2025-10-12", "--set", "lookback=12")
    bybit = {"timeframe": "5m", "venue": "bybit-perp"}
    assert "2025-10-10T21:" in tool.refused(*words(store, "momentum", "APEUSDT", *asked, **bybit), code=3)
    d = document(store, "momentum", "APEUSDT", *asked, "--accept-moves", **bybit)
    assert d["totals"]["trades"] > 10 and any("--accept-moves" in w for w in d["warnings"])


def test_finer_bars_change_level_exits_and_nothing_before(store, tmp_path):
    """[BKT-01.1] The same decisions on closed hours; stops and targets judged on what happened inside them."""
    entries = {}
    for name, more in (("main", ()), ("fine", ("--detail", "5m"))):
        path = tmp_path / f"{name}.csv"
        d = document(store, "trend", "BTCUSDT", "--timerange", "20240101-20240701", *more, "--export-trades", path)
        with open(path, newline="", encoding="ascii") as file:
            rows = list(csv.DictReader(file))
        entries[name] = rows
        assert d["totals"]["trades"] == len(rows) > 100
    first = ("side", "entry_ts", "entry_px", "qty", "confidence", "entry_reason")
    assert [entries["main"][0][k] for k in first] == [entries["fine"][0][k] for k in first]
    minutes = {name: {row["exit_ts"][14:16] for row in rows} for name, rows in entries.items()}
    assert minutes["main"] == {"00"} and len(minutes["fine"]) == 12

"""`keel backtest run` and its data: time ranges, coverage, funding, gaps, impossible moves, spot and perpetual."""
import csv
import re
from decimal import Decimal

import pytest

import data_tool as tool

HOUR_MS = 3600_000
BARS = 240  # ten days from 2024-01-01
COVERAGE = {"start": "2024-01-01T00:00:00.000Z", "end": "2024-01-11T00:00:00.000Z"}


def candles(bars=BARS, seed=3, first=0):
    return tool.bars(bars, first=first, seed=seed, interval_ms=HOUR_MS)


def settlements(hours=range(0, BARS, 8), rate="0.0001"):
    return [f"{tool.START_MS + h * HOUR_MS},{rate}" for h in hours]


def make_store(folder, series, funding=None, venue="test-perp"):
    """series: symbol -> candle lines; funding: symbol -> lines, absent = none."""
    folder.mkdir(exist_ok=True)
    for symbol, lines in series.items():
        path = tool.write(folder / f"{symbol}.csv", lines)
        tool.keel("data", "import", path, "--store", folder / "store", "--venue", venue, "--symbol", symbol,
                  "--interval", "1h")
        rows = (funding or {}).get(symbol)
        if rows:
            path = tool.write(folder / f"{symbol}-funding.csv", rows, header="ts_ms,rate")
            tool.keel("data", "import", path, "--store", folder / "store", "--venue", venue, "--symbol", symbol)
    return folder / "store"


def words(store, *more, strategy="momentum", symbols="AAAUSDT"):
    own = ("--set", "lookback=3") if strategy == "momentum" else ()
    return ("backtest", "run", "--store", store, "--strategy", strategy, "--symbols", symbols, "--timeframe", "1h",
            *own, *more)


def document(store, *more, **how):
    return tool.keel_json(*words(store, *more, **how))


def refused(store, *more, code, **how):
    return tool.refused(*words(store, *more, **how), code=code)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Everything there: ten days of hours with funding."""
    folder = tmp_path_factory.mktemp("whole")
    return make_store(folder, {"AAAUSDT": candles(), "BBBUSDT": candles(200, seed=5)},
                      {"AAAUSDT": settlements(), "BBBUSDT": settlements(range(0, 200, 8))})


# ---- time ranges ------------------------------------------------------------------------------------------------

FORMS = [
    ("--timerange", "20240103-20240106"),
    ("--timerange", "2024-01-03..2024-01-06"),
    ("--timerange", "2024-01-03T00:00Z..2024-01-06T00:00Z"),
    ("--timerange", "2024-01-03T02:00+02:00..2024-01-05T19:00-05:00"),
    ("--timerange", "1704240000-1704499200"),
    ("--timerange", "1704240000000-1704499200000"),
    ("--start-ts", "2024-01-03", "--end-ts", "2024-01-06"),
    ("--start-ts", "1704240000", "--end-ts", "1704499200000"),
    ("--timerange", "20240103-", "--end-ts", "20240106"),
]


def test_forms_of_a_range_are_one_range(whole):
    """[BKT-01.2] [T-228] Freqtrade's days, ISO-8601 with zones, epochs in s and ms, both ends as flags: one result."""
    found = {}
    for form in FORMS:
        d = document(whole, *form)
        assert d["effective_range"] == {"start": "2024-01-03T00:00:00.000Z", "end": "2024-01-06T00:00:00.000Z"}, form
        assert d["bars_processed"] == 72, form
        found[d["state_hash"]] = form
    assert len(found) == 1, found


@pytest.mark.parametrize("asked, start, end", [
    ((), "2024-01-01T00", "2024-01-11T00"),
    (("--timerange", "20240105-"), "2024-01-05T00", "2024-01-11T00"),
    (("--timerange", "-20240105"), "2024-01-01T00", "2024-01-05T00"),
    (("--timerange", "20200101-20300101"), "2024-01-01T00", "2024-01-11T00"),
    (("--timerange", "20231220-20240102"), "2024-01-01T00", "2024-01-02T00"),
    (("--timerange", "20240110-20240120"), "2024-01-10T00", "2024-01-11T00"),
    (("--timerange", "2024-01-02T00:30Z..2024-01-02T06:30Z"), "2024-01-02T01", "2024-01-02T06"),
])
def test_range_is_clipped_to_whole_bars_of_what_there_is(whole, asked, start, end):
    """[BKT-01.2] The effective range is the asked one cut to coverage and to whole bars, in document and report."""
    d = document(whole, *asked)
    assert d["effective_range"] == {"start": f"{start}:00:00.000Z", "end": f"{end}:00:00.000Z"}
    text, _ = tool.keel(*words(whole, *asked))
    for name, hour in (("from", start), ("to", end)):
        assert re.search(f"Backtesting {name} +{hour.replace('T', ' ')}:00$", text, re.M)


def test_symbols_share_their_common_time(whole):
    """[BKT-01.2] Auto-scope: the intersection of coverage; B ends after 200 hours."""
    assert document(whole, symbols="BBBUSDT,AAAUSDT")["effective_range"]["end"] == "2024-01-09T08:00:00.000Z"
    assert document(whole)["effective_range"] == COVERAGE


@pytest.mark.parametrize("asked", ["20250101-20250201", "20100101-20110101", "2024-01-11..2024-01-12"])
def test_nothing_left_of_the_range(whole, asked):
    """[BKT-01.2] Outside coverage: refused, with the coverage shown."""
    assert "2024-01-01T00:00Z..2024-01-11T00:00Z" in refused(whole, "--timerange", asked, code=2)


@pytest.mark.parametrize("asked", ["20240106-20240103", "20240103-20240103", "2024-01-03..2024-01-03"])
def test_inverted_and_empty_ranges(whole, asked):
    """[BKT-01.2] Refused with the coverage shown, from both spellings of a range."""
    line = refused(whole, "--timerange", asked, code=2)
    assert "time range" in line and "2024-01-01T00:00Z..2024-01-11T00:00Z" in line
    line = refused(whole, "--start-ts", "2024-01-05", "--end-ts", "2024-01-04", code=2)
    assert line.endswith("2024-01-01T00:00Z..2024-01-11T00:00Z")


def test_no_common_time(tmp_path):
    store = make_store(tmp_path / "apart", {"AAAUSDT": candles(50), "BBBUSDT": candles(50, first=100)},
                       {"AAAUSDT": settlements(range(0, 56, 8)), "BBBUSDT": settlements(range(96, 152, 8))})
    line = refused(store, symbols="AAAUSDT,BBBUSDT", code=2)
    assert "AAAUSDT" in line and "BBBUSDT" in line


def test_a_part_of_the_history_decides_like_the_whole(whole, tmp_path):
    """History before the range warms signals up: a run from day 3 decides at once, like one that began earlier."""
    d = document(whole, "--timerange", "20240103-20240106", "--export-trades", tmp_path / "t.csv")
    with open(tmp_path / "t.csv", newline="", encoding="ascii") as file:
        first = next(csv.DictReader(file))
    assert first["entry_ts"] == "2024-01-03T01:00:00.000Z"
    assert d["totals"]["trades"] > 3


# ---- funding ----------------------------------------------------------------------------------------------------

def test_no_funding_at_all(tmp_path):
    """[T-195] [BKT-04] A perpetual without funding is refused, never zero; leaving it out is said in the result."""
    store = make_store(tmp_path / "none", {"AAAUSDT": candles()})
    line = refused(store, code=3)
    assert "funding" in line and "--no-funding" in line
    d = document(store, "--no-funding")
    assert any("--no-funding" in w for w in d["warnings"])
    assert d["realism"]["funding"] is False
    assert Decimal(d["totals"]["funding_usd"]) == 0


def test_funding_short_of_the_asked_range(tmp_path):
    """[T-195] Asked for by name, a range that funding does not cover is refused; without a range it narrows the run."""
    store = make_store(tmp_path / "short", {"AAAUSDT": candles()}, {"AAAUSDT": settlements(range(24, 144, 8))})
    for asked in ("20240102-20240109", "20240101-20240105", "20240101-"):
        line = refused(store, "--timerange", asked, code=3)
        assert "2024-01-02T00:00Z..2024-01-07T00:00Z" in line, asked
    assert document(store, "--timerange", "20240102-20240107")["bars_processed"] == 120
    d = document(store)
    assert d["effective_range"] == {"start": "2024-01-02T00:00:00.000Z", "end": "2024-01-07T00:00:00.000Z"}
    assert document(store, "--timerange", "20240101-20240109", "--no-funding")["bars_processed"] == 8 * 24


def test_a_hole_in_funding(tmp_path):
    """[T-195] A missing settlement inside the range is refused, however the range came about."""
    rows = settlements()
    del rows[10]
    store = make_store(tmp_path / "hole", {"AAAUSDT": candles()}, {"AAAUSDT": rows})
    for asked in ((), ("--timerange", "20240102-20240108")):
        line = refused(store, *asked, code=3)
        assert "2024-01-04T" in line and line.endswith("or pass --no-funding")
    assert document(store, "--timerange", "20240105-20240109")["bars_processed"] == 4 * 24  # it lies before
    assert document(store, "--timerange", "20240101-20240104")["bars_processed"] == 3 * 24  # it lies after
    for short in ("2024-01-05T09:00Z..2024-01-05T15:00Z", "2024-01-05T10:00Z..2024-01-05T18:00Z"):
        assert document(store, "--timerange", short)["bars_processed"] in (6, 8)  # with no or one settlement inside
    assert any("--no-funding" in w for w in document(store, "--no-funding")["warnings"])


def test_settlements_with_jitter_count_once(tmp_path, whole):
    """[KRN-04] [T-191] Stamps some ms late are the same settlements: paid at the same opens, the same money."""
    late = [f"{tool.START_MS + h * HOUR_MS + h % 17},0.0001" for h in range(0, BARS, 8)]
    store = make_store(tmp_path / "late", {"AAAUSDT": candles()}, {"AAAUSDT": late})
    a, b = document(store), document(whole)
    assert a["totals"]["funding_usd"] == b["totals"]["funding_usd"] != "0.00000000"
    assert a["totals"]["net_profit_usd"] == b["totals"]["net_profit_usd"]


def test_the_sign_of_funding(tmp_path):
    """[BKT-04.4] [T-191] [T-218] [T-219] Held long to the end: pays a positive rate, receives a negative one,
    the same amount; carry takes the other side of each. In the document what is received is positive."""
    received = {}
    for rate in ("0.0002", "-0.0002"):
        store = make_store(tmp_path / f"r{rate}", {"AAAUSDT": candles()}, {"AAAUSDT": settlements(rate=rate)})
        received[rate] = Decimal(document(store, strategy="buy_hold")["totals"]["funding_usd"])
        carry = document(store, strategy="carry")["totals"]
        assert Decimal(carry["funding_usd"]) > 0
        assert (carry["short_trades"] > 0) == (rate == "0.0002") and (carry["long_trades"] > 0) == (rate == "-0.0002")
    assert received["-0.0002"] == -received["0.0002"] > 0


# ---- the gate of the data ---------------------------------------------------------------------------------------

def test_gaps(tmp_path):
    """[BKT-08.2] [T-195] [T-230] A hole of over three bars is refused with its place; accepted by name it is said."""
    lines = candles()
    del lines[100:105]
    store = make_store(tmp_path / "gap", {"AAAUSDT": lines}, {"AAAUSDT": settlements()})
    before = tool.dataset_hash(store)
    line = refused(store, "--export-trades", tmp_path / "t.csv", code=3)
    assert "2024-01-05T04:00" in line and "--accept-gaps" in line
    assert not (tmp_path / "t.csv").exists() and tool.dataset_hash(store) == before
    d = document(store, "--accept-gaps")
    assert any("--accept-gaps" in w for w in d["warnings"]) and any("missing bars" in w for w in d["warnings"])
    assert d["bars_processed"] == BARS - 5
    assert "--accept-gaps" in refused(store, "--accept-moves", code=3)
    assert document(store, "--timerange", "20240106-")["bars_processed"] == 120  # the hole is not in it


def test_impossible_moves(tmp_path):
    """[BKT-08.2] [T-196] A close that doubles is refused with its place; accepted by name it is said."""
    lines = candles()
    ts, rest = lines[150].split(",", 1)
    price = float(rest.split(",")[3]) * 2.5
    lines[150] = f"{ts},{price},{price},{price},{price},10"
    store = make_store(tmp_path / "move", {"AAAUSDT": lines}, {"AAAUSDT": settlements()})
    line = refused(store, code=3)
    assert "2024-01-07T06:00" in line and "--accept-moves" in line
    assert "--accept-moves" in refused(store, "--accept-gaps", code=3)
    d = document(store, "--accept-moves")
    assert any("--accept-moves" in w for w in d["warnings"])
    later = ("--timerange", "20240109-")  # the move lies in the history that warms signals up
    line = refused(store, *later, code=3)
    assert "before the range" in line and "2024-01-07T06:00" in line and "--accept-moves" in line
    assert document(store, *later, "--accept-moves")["bars_processed"] == 48


def test_bars_without_volume_fill_nothing(tmp_path):
    """[T-237] Trades enter and leave only in hours in which something traded, except for the close at the end."""
    lines = candles()
    quiet = {i for i in range(BARS) if i % 7 in (2, 3)}
    lines = [",".join([*line.split(",")[:5], "0"]) if i in quiet else line for i, line in enumerate(lines)]
    store = make_store(tmp_path / "quiet", {"AAAUSDT": lines}, {"AAAUSDT": settlements()})
    d = document(store, "--export-trades", tmp_path / "t.csv")
    assert d["totals"]["trades"] > 20
    with open(tmp_path / "t.csv", newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    hour = {f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00.000Z": i for i in range(BARS + 1)}
    for row in rows:
        assert hour[row["entry_ts"]] not in quiet
        assert hour[row["exit_ts"]] not in quiet or row["exit_reason"] == "X_END_OF_DATA"


def test_spot_never_shorts_unless_asked(tmp_path):
    """Spot holds what it owns, without funding; shorts on request borrow and pay interest."""
    store = make_store(tmp_path / "spot", {"AAAUSDT": candles()}, venue="test-spot")
    plain = document(store)["totals"]
    assert plain["short_trades"] == 0 and plain["long_trades"] > 5
    assert Decimal(plain["funding_usd"]) == 0
    asked = document(store, "--set", "allow_short=true")["totals"]
    assert asked["short_trades"] > 5
    assert Decimal(asked["funding_usd"]) == 0 and Decimal(asked["borrow_usd"]) < 0


def test_parts_of_every_trade_and_group(tmp_path):
    """[BKT-05.2] Price + funding + interest - fees - slippage is the profit: of each trade, of every group by symbol,
    strategy, reason and the rest, of the whole; a perpetual pays funding, a spot loan interest, never both."""
    for venue, carried, other in (("test-perp", "funding_usd", "borrow_usd"), ("test-spot", "borrow_usd", "funding_usd")):
        store = make_store(tmp_path / venue, {"AAAUSDT": candles()}, {"AAAUSDT": settlements()} if venue == "test-perp" else None,
                           venue=venue)
        d = document(store, "--set", "allow_short=true", "--slippage-bps", 3, "--export-trades", tmp_path / "t.csv")
        with open(tmp_path / "t.csv", newline="", encoding="ascii") as file:
            trades = [{k: Decimal(v) for k, v in row.items() if k.endswith("_usd")} | {"symbol": row["symbol"], "reason": row["exit_reason"]}
                      for row in csv.DictReader(file)]
        parts = lambda r: r["price_usd"] + r["funding_usd"] + r["borrow_usd"] - r["fees_usd"] - r["slippage_usd"]
        assert len(trades) > 10 and all(parts(t) == t["pnl_usd"] and t[other] == 0 for t in trades)
        assert sum(t[carried] for t in trades) != 0 and all(t["slippage_usd"] > 0 for t in trades)
        money = lambda g: {k: Decimal(v) for k, v in g.items() if k.endswith("_usd") and v is not None}
        for section in ("per_symbol", "per_strategy", "per_exit_reason", "per_entry_reason", "per_regime", "per_market_state",
                        "per_hour", "per_weekday", "per_month"):
            groups = [money(g) for g in d[section]]
            assert all(parts(g) == g["pnl_usd"] for g in groups), section
            for part in ("price_usd", "funding_usd", "borrow_usd", "fees_usd", "slippage_usd"):
                assert sum(g[part] for g in groups) == sum(t[part] for t in trades), (section, part)
        for g in d["per_exit_reason"]:
            for part in ("price_usd", carried, "fees_usd", "slippage_usd"):
                assert Decimal(g[part]) == sum(t[part] for t in trades if t["reason"] == g["reason"])
        whole, totals = money(d["cost_decomposition"]), money(d["totals"])
        assert parts(whole) == whole["net_usd"] == totals["net_profit_usd"]
        assert all(totals[k] == whole[k] for k in ("funding_usd", "borrow_usd", "fees_usd", "slippage_usd"))
        for b in d["baselines"]:
            assert Decimal(b[other]) == 0


def test_no_trade_costs_nothing_on_any_market(whole):
    """[T-202] The zero line."""
    totals = document(whole, strategy="no_trade")["totals"]
    assert Decimal(totals["final_balance_usd"]) == 10000 and Decimal(totals["turnover_usd"]) == 0

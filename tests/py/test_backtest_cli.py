"""`keel backtest run` at its border: equal runs, equal bytes; what the document holds; what is refused and how."""
import csv
import json
import re
from decimal import Decimal

import pytest

import data_tool as tool

SYMBOLS = ("BTCUSDT", "ETHUSDT")
STRATEGIES = ("no_trade", "buy_hold", "trend", "ema_cross", "rsi_reversion", "donchian_breakout", "momentum",
              "mean_reversion", "carry")


def make_store(folder):
    tool.keel("data", "synth", "--store", folder, "--symbols", ",".join(SYMBOLS), "--interval", "5m", "--days", 40,
              "--also", "1h", "--seed", 11)
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synth") / "store"
    return make_store(folder)


def words(store, *more, strategy="ema_cross", symbols=",".join(SYMBOLS), timeframe="1h"):
    return ("backtest", "run", "--store", store, "--strategy", strategy, "--symbols", symbols, "--timeframe", timeframe,
            *more)


def document(store, *more, **how):
    return tool.keel_json(*words(store, *more, **how))


def refused(store, *more, code, **how):
    return tool.refused(*words(store, *more, **how), code=code)


def rows_of(path):
    with open(path, newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


# ---- the same again ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_runs_are_equal(store, tmp_path, strategy):
    """[T-024] [T-246] Equal documents but for the time they took, equal bytes in every file; detail, funding."""
    documents, files = [], []
    for i in range(2):
        names = [tmp_path / f"{kind}{i}" for kind in ("trades", "equity", "decisions")]
        documents.append(document(store, "--detail", "5m", "--slippage-bps", 1.5, "--export-trades", names[0],
                                  "--export-equity", names[1], "--export-decisions", names[2], strategy=strategy))
        files.append([name.read_bytes() for name in names])
    for d in documents:
        assert d.pop("wall_seconds") >= 0
    assert documents[0] == documents[1]
    assert files[0] == files[1]
    assert files[0][1].count(b"\n") == 40 * 24 + 1


def test_order_of_symbols_does_not_matter(store, tmp_path):
    """[T-246] Symbols are an account's set, in whatever order and however often they are typed."""
    found = []
    for symbols in ("BTCUSDT,ETHUSDT", "ETHUSDT,BTCUSDT", "ETHUSDT,BTCUSDT,ETHUSDT"):
        path = tmp_path / f"{len(found)}.csv"
        d = document(store, "--export-trades", path, symbols=symbols, strategy="trend")
        del d["wall_seconds"]
        found.append((d, rows_of(path)))
    assert found[0][0]["totals"]["trades"] > 5
    assert found[0] == found[1] == found[2]


def test_printed_configuration_is_the_configuration(store, tmp_path):
    """[CFG-01] --print-config written to a file and given back is the same run: same id, same hash."""
    asked = ("--detail", "5m", "--timerange", "20230105-20230201", "--leverage", 2, "--set", "fast=7", "--set",
             "sl_atr_mult=1.5", "--set", "enable_trailing=true", "--taker-fee-bps", "4.25", "--starting-balance",
             1234.5)
    printed, _ = tool.keel(*words(store, *asked, "--print-config"))
    path = tmp_path / "run.yaml"
    path.write_text(printed)
    first = document(store, *asked)
    again = tool.keel_json("backtest", "run", "--config", path)
    for key in ("config_id", "state_hash", "run_id", "totals", "effective_range", "dataset_hash"):
        assert first[key] == again[key], key
    assert first["totals"]["trades"] > 5
    other = document(store, *asked[:-2])
    assert other["config_id"] != first["config_id"]


def test_a_flag_beats_the_file(store, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("account:\n  slippage_bps: 7\n")
    slippage = [document(store, "--config", path, *more)["realism"]["slippage_bps"]
                for more in ((), ("--slippage-bps", 3), ("--set", "slippage_bps=4"))]
    assert slippage == [7, 3, 4]


def test_unused_places_are_no_part_of_the_identity(store, tmp_path):
    """The same data in another folder is the same run."""
    other = make_store(tmp_path / "elsewhere")
    a, b = document(store), document(other)
    assert all(a[key] == b[key] for key in ("run_id", "config_id", "dataset_hash", "state_hash"))


# ---- what the document holds ----------------------------------------------------------------------------------

HEX = re.compile(r"[0-9a-f]{16,64}$")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")
MONEY = ("starting_balance_usd final_balance_usd net_profit_usd gross_profit_usd gross_loss_usd fees_usd funding_usd "
         "slippage_usd expectancy_usd max_drawdown_usd turnover_usd").split()
COUNTS = "trades wins losses long_trades short_trades".split()
NUMBERS = ("net_profit_pct win_rate profit_factor sharpe sortino calmar cagr_pct max_drawdown_pct drawdown_duration_h "
           "exposure_pct sqn psr").split()


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_document_types(store, strategy):
    """[BKT-02.1] [T-199] [T-200] Every key of the published document with its type, with trades and without."""
    d = document(store, strategy=strategy)
    assert list(d)[:2] == ["schema", "schema_version"] and isinstance(d["schema_version"], int)
    for key in ("run_id", "state_hash", "dataset_hash"):
        assert HEX.match(d[key]), key
    assert re.fullmatch(r"[0-9a-f]{64}", d["config_id"])
    assert d["strategy"] == strategy and d["build"]
    assert INSTANT.match(d["effective_range"]["start"]) and INSTANT.match(d["effective_range"]["end"])
    assert d["bars_processed"] == 40 * 24 * 2 and is_number(d["wall_seconds"])
    totals = d["totals"]
    for key in MONEY:
        if totals["trades"] == 0 and key == "expectancy_usd":
            assert totals[key] is None  # of nothing there is no mean
            continue
        assert re.fullmatch(r"-?\d+(\.\d{1,8})?", totals[key]), f"{key} = {totals[key]!r}"
    for key in COUNTS:
        assert isinstance(totals[key], int) and totals[key] >= 0, key
    for key in NUMBERS:
        assert totals[key] is None or is_number(totals[key]), f"{key} = {totals[key]!r}"
    assert totals["wins"] + totals["losses"] <= totals["trades"] == totals["long_trades"] + totals["short_trades"]
    for key in ("per_symbol", "per_exit_reason", "baselines", "findings", "warnings"):
        assert isinstance(d[key], list), key
    assert [s["symbol"] for s in d["per_symbol"]] == list(SYMBOLS)
    assert sum(s["trades"] for s in d["per_symbol"]) == totals["trades"]
    assert sum(Decimal(s["pnl_usd"]) for s in d["per_symbol"]) == Decimal(totals["net_profit_usd"])
    assert sum(e["trades"] for e in d["per_exit_reason"]) == totals["trades"]
    assert all(isinstance(w, str) for w in d["warnings"])
    assert all({"severity", "code"} <= set(f) for f in d["findings"])
    if strategy == "no_trade":
        assert totals["trades"] == 0 and Decimal(totals["net_profit_usd"]) == 0
        assert totals["win_rate"] is None and totals["profit_factor"] is None


def test_baselines_on_request_only_left_out(store):
    """[BKT-05.3] [T-201] [T-202] [T-203] [T-204] [T-205] Five baselines with the excess over each, on the same data."""
    d = document(store)
    net = Decimal(d["totals"]["net_profit_usd"])
    assert [b["name"] for b in d["baselines"]] == ["buy_hold", "no_trade", "momentum", "mean_reversion", "carry"]
    for b in d["baselines"]:
        assert Decimal(b["excess_usd"]) == net - Decimal(b["net_profit_usd"]), b["name"]
    plain = document(store, "--no-baselines")
    assert plain["baselines"] == [] and plain["state_hash"] == d["state_hash"]


def test_costs_are_what_they_say(store, tmp_path):
    """[BKT-05.2] [T-190] [T-217] Fees are the rate on every fill; the parts make the net profit to the unit."""
    path = tmp_path / "t.csv"
    d = document(store, "--taker-fee-bps", 7, "--slippage-bps", 2, "--export-trades", path, strategy="trend")
    c = {k: Decimal(v) for k, v in d["cost_decomposition"].items()}
    assert c["price_usd"] + c["funding_usd"] - c["fees_usd"] - c["slippage_usd"] == c["net_usd"]
    assert c["net_usd"] == Decimal(d["totals"]["net_profit_usd"])
    assert c["fees_usd"] == pytest.approx(Decimal(d["totals"]["turnover_usd"]) * Decimal("0.0007"), abs=Decimal("1e-5"))
    turnover = Decimal(d["totals"]["turnover_usd"])
    assert c["slippage_usd"] == pytest.approx(turnover * Decimal("0.0002"), rel=Decimal("1e-3"))
    assert sum(Decimal(r["pnl_usd"]) for r in rows_of(path)) == c["net_usd"]
    free = document(store, "--taker-fee-bps", 0, "--slippage-bps", 0, strategy="buy_hold")
    dear = document(store, "--taker-fee-bps", 50, "--slippage-bps", 50, strategy="buy_hold")
    assert Decimal(free["totals"]["fees_usd"]) == Decimal(free["totals"]["slippage_usd"]) == 0
    assert Decimal(dear["totals"]["net_profit_usd"]) < Decimal(free["totals"]["net_profit_usd"])


def test_the_manifest_says_what_was_run(store):
    """[T-198] [T-247] [T-248] [T-249] [T-407] [T-408] [OPS-03] Configuration, data, revision and build, each changing with what it names."""
    d = document(store)
    m = d["manifest"]
    assert (m["run_id"], m["config_id"], m["dataset_hash"]) == (d["run_id"], d["config_id"], d["dataset_hash"])
    version = tool.keel_json("--version")
    assert m["git_revision"] == version["revision"] and m["version"] == version["version"]
    assert "-ffp-contract=off" in m["build_flags"]
    config = document(store, "--set", "fast=11")
    data = document(store, "--timerange", "-20230201")
    assert config["config_id"] != d["config_id"] and config["dataset_hash"] == d["dataset_hash"]
    assert data["dataset_hash"] != d["dataset_hash"]
    others = [config, data, document(store, "--keep-open"), document(store, "--no-funding")]
    assert len({x["run_id"] for x in (d, *others)}) == 5


def test_positions_at_the_end(store, tmp_path):
    """[BKT-01.5] [T-025] [T-208] Closed with their reason, or left open on request; the balance counts both."""
    path = tmp_path / "t.csv"
    closed = document(store, "--export-trades", path, strategy="buy_hold")
    assert {r["exit_reason"] for r in rows_of(path)} == {"X_END_OF_DATA"}
    assert {r["exit_ts"] for r in rows_of(path)} == {"2023-02-10T00:00:00.000Z"}
    kept = document(store, "--keep-open", strategy="buy_hold")
    assert kept["totals"]["trades"] == 0
    assert kept["totals"]["final_balance_usd"] == closed["totals"]["final_balance_usd"]  # without slippage


def test_detail_changes_where_exits_happen_only(store):
    """[BKT-01.1] Finer bars are made from what the store has, recorded, and change the result of level exits."""
    plain, fine = document(store, strategy="trend"), document(store, "--detail", "5m", strategy="trend")
    made = document(store, "--detail", "15m", strategy="trend")
    assert plain["bars_processed"] == fine["bars_processed"]
    assert len({plain["state_hash"], fine["state_hash"], made["state_hash"]}) == 3
    assert any("15m" in w and "5m" in w for w in made["warnings"])
    signals = document(store, "--detail", "5m", strategy="momentum")
    assert signals["state_hash"] != plain["state_hash"] and signals["totals"]["trades"] > 0


def test_coarser_bars_are_made_from_finer_ones(store):
    """[BKT-01.2] Four-hour bars are not stored: made from hours, whole ones of the UTC day only, and said so."""
    d = document(store, "--timerange", "2023-01-05T02:00Z..2023-01-07T11:00Z", timeframe="4h")
    assert d["effective_range"] == {"start": "2023-01-05T04:00:00.000Z", "end": "2023-01-07T08:00:00.000Z"}
    assert d["bars_processed"] == 2 * 13
    assert all(f"{symbol} 4h bars were made from stored 1h bars" in d["warnings"] for symbol in SYMBOLS)


# ---- what is refused ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("more, code, says", [
    (("--set", "fastt=5"), 2, "'strategy.fast'"),
    (("--set", "slippage=5"), 2, "slippage_bps"),
    (("--set", "fast=0"), 2, "1 to 1000"),
    (("--set", "fast=2.5"), 2, "whole"),
    (("--set", "fast"), 2, "PARAM=VALUE"),
    (("--set", "=5"), 2, "--set"),
    (("--set", "fast="), 2, "strategy.fast"),
    (("--set", "fast=nan"), 2, "strategy.fast"),
    (("--set", "enable_reverse=perhaps"), 2, "true or false"),
    (("--set", "sl_atr_mult=1e999"), 2, "sl_atr_mult"),
    (("--leverage", 20), 2, "leverage_max"),
    (("--leverage", 0), 2, "account.leverage"),
    (("--slippage-bps", -1), 2, "0 to 5000"),
    (("--starting-balance", 0), 2, "starting_balance"),
    (("--starting-balance", "ten"), 2, "starting_balance"),
    (("--detail", "7m"), 2, "divide"),
    (("--detail", "1h"), 2, "divide"),
    (("--detail", "2h"), 2, "divide"),
    (("--detail", "1m"), 4, "BTCUSDT 5m"),
    (("--timerange", "20230201-20230101"), 2, "time range"),
    (("--timerange", "20230201-20230201"), 2, "time range"),
    (("--timerange", "yesterday"), 2, "20240101-20240601"),
    (("--timerange", "20230230-"), 2, "20230230"),
    (("--timerange", "20250101-20250201"), 2, "2023-01-01T00:00Z..2023-02-10T00:00Z"),
    (("--timerange", "20100101-20110101"), 2, "2023-01-01T00:00Z..2023-02-10T00:00Z"),
    (("--start-ts", "2023-02-01", "--end-ts", "2023-01-01"), 2, "time range"),
    (("--venue", "nowhere"), 4, "nowhere"),
    (("--config", "/nonexistent.yaml"), 4, "/nonexistent.yaml"),
    (("--frobnicate",), 2, "--frobnicate"),
    (("--set", "period_of_the_rsi_that_is_long=1000", "--set", "fast=3"), 2, "period_of_the_rsi_that_is_long"),
])
def test_refusals_are_one_line(store, more, code, says):
    assert says in refused(store, *more, code=code)


@pytest.mark.parametrize("how, code, says", [
    ({"strategy": "ema_cros"}, 2, "'ema_cross'"),
    ({"symbols": "BTCUSD"}, 4, "BTCUSDT"),
    ({"symbols": "BTCUSDT,DOGEUSDT"}, 4, "DOGEUSDT"),
    ({"symbols": ""}, 2, "symbols"),
    ({"timeframe": "7m"}, 4, "7m"),
    ({"timeframe": "1 hour"}, 2, "timeframe"),
    ({"timeframe": "0h"}, 2, "timeframe"),
])
def test_what_is_run_must_exist(store, how, code, says):
    assert says in refused(store, code=code, **how)


def test_missing_words_are_named():
    for left_out in ("store", "strategy", "symbols", "timeframe"):
        given = {"store": "s", "strategy": "ema_cross", "symbols": "A", "timeframe": "1h"}
        del given[left_out]
        line = tool.refused("backtest", "run", *(w for k, v in given.items() for w in (f"--{k}", v)), code=2)
        assert f"--{left_out}" in line


def test_a_store_that_is_none(tmp_path):
    assert "no store" in refused(tmp_path / "none", code=4)
    (tmp_path / "file").write_text("not a store")
    assert tool.keel(*words(tmp_path / "file"), code=4)


def test_refused_runs_write_nothing(store, tmp_path):
    """No file, not even half of one, and the store as it was."""
    before = tool.dataset_hash(store)
    for more, code in ((("--timerange", "20250101-20250201"), 2), (("--set", "fast=0"), 2)):
        refused(store, *more, "--export-trades", tmp_path / "t", "--export-equity", tmp_path / "e",
                "--export-decisions", tmp_path / "d", code=code)
    assert list(tmp_path.iterdir()) == []
    assert tool.dataset_hash(store) == before


def test_report_fits_a_terminal(store):
    """[T-233] Tables for people: at most 100 columns, nothing on stderr, the range that was run."""
    out, err = tool.keel(*words(store, strategy="trend"))
    assert err == "" and max(map(len, out.split("\n"))) <= 100
    assert re.search(r"Backtesting from +2023-01-01 00:00", out)
    assert re.search(r"Backtesting to +2023-02-10 00:00", out)
    assert document(store, strategy="trend")["state_hash"] in out


def test_json_is_one_document(store):
    out, err = tool.keel(*words(store, "--json"))
    assert err == "" and json.loads(out)["strategy"] == "ema_cross"

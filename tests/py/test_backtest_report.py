"""The documents of `keel backtest run`, recomputed from its own trades and equity files in decimal arithmetic.

[BKT-02] [BKT-05] [T-199] [T-200] [T-202] [T-211] [T-240] [T-246]
"""

import csv
import datetime
import json
import os
import pathlib
import re
import subprocess
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

KEEL = os.environ.get("KEEL_BIN", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "keel"))
TRADE_COLUMNS = (
    "trade_id,strategy,symbol,side,entry_ts,entry_px,exit_ts,exit_px,qty,notional_usd,pnl_usd,fees_usd,funding_usd,"
    "slippage_bps,mae_usd,mfe_usd,bars_held,confidence,entry_reason,exit_reason,config_id,run_id,price_usd,slippage_usd,"
    "borrow_usd"
)
TOTALS = (
    "starting_balance_usd final_balance_usd net_profit_usd net_profit_pct gross_profit_usd gross_loss_usd fees_usd "
    "funding_usd borrow_usd slippage_usd trades wins losses win_rate profit_factor expectancy_usd sharpe sortino calmar cagr_pct "
    "max_drawdown_pct max_drawdown_usd drawdown_duration_h exposure_pct turnover_usd long_trades short_trades sqn psr"
).split()
TOP = (
    "schema schema_version run_id state_hash config_id dataset_hash build strategy effective_range bars_processed "
    "wall_seconds totals per_symbol per_exit_reason baselines findings warnings"
).split()


def keel(*args):
    done = subprocess.run([KEEL, *map(str, args)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One backtest on a synthetic market of two symbols, with its files."""
    home = tmp_path_factory.mktemp("report")
    store = home / "store"
    keel("data", "synth", "--store", store, "--venue", "synth-perp", "--symbols", "AAAUSDT,BBBUSDT", "--interval", "1h",
         "--days", 200, "--seed", 5)
    base = ["backtest", "run", "--store", store, "--venue", "synth-perp", "--strategy", "ema_cross", "--symbols",
            "AAAUSDT,BBBUSDT", "--timeframe", "1h", "--taker-fee-bps", "4.5", "--slippage-bps", "2"]
    document = json.loads(
        keel(*base, "--export-trades", home / "t.csv", "--export-equity", home / "e.csv", "--json")
    )
    text = keel(*base, "--export-trades", home / "t2.csv", "--export-equity", home / "e2.csv")
    with open(home / "t.csv", newline="") as f:
        trades = list(csv.DictReader(f))
    with open(home / "e.csv", newline="") as f:
        equity = list(csv.DictReader(f))
    assert len(trades) > 30, "the market must make trades, else nothing is shown"
    return {"home": home, "base": base, "document": document, "text": text, "trades": trades, "equity": equity}


def ms(text):
    when = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return round(when.timestamp() * 1000)


def total(rows, column):
    return sum((Decimal(r[column]) for r in rows), Decimal(0))


def test_document_has_the_contract(run):
    """[BKT-02] every field of the published interface, the schema first, money as strings."""
    d = run["document"]
    assert list(d)[:2] == ["schema", "schema_version"]
    assert not [k for k in TOP if k not in d]
    assert not [k for k in TOTALS if k not in d["totals"]]
    for key, value in d["totals"].items():
        if key.endswith("_usd"):
            assert isinstance(value, str) and Decimal(value) == Decimal(value).quantize(Decimal("1e-8"))
    assert len(d["state_hash"]) >= 16 and len(d["config_id"]) == 64


def test_totals_are_those_of_the_trades(run):
    """[BKT-05] [T-211] [T-217] exact sums; the parts make the net profit to the last 1e-8."""
    t, trades = run["document"]["totals"], run["trades"]
    pnl = [Decimal(r["pnl_usd"]) for r in trades]
    assert t["trades"] == len(trades)
    assert t["wins"] == sum(p > 0 for p in pnl) and t["losses"] == sum(p < 0 for p in pnl)
    assert t["long_trades"] == sum(r["side"] == "long" for r in trades)
    assert Decimal(t["gross_profit_usd"]) == sum(p for p in pnl if p > 0)
    assert Decimal(t["gross_loss_usd"]) == -sum(p for p in pnl if p < 0)
    assert Decimal(t["net_profit_usd"]) == sum(pnl)
    assert Decimal(t["final_balance_usd"]) - Decimal(t["starting_balance_usd"]) == sum(pnl)
    assert Decimal(t["fees_usd"]) == total(trades, "fees_usd") > 0
    assert Decimal(t["funding_usd"]) == total(trades, "funding_usd")
    c = {k: Decimal(v) for k, v in run["document"]["cost_decomposition"].items()}
    assert c["price_usd"] + c["funding_usd"] - c["fees_usd"] - c["slippage_usd"] == c["net_usd"] == sum(pnl)
    assert t["win_rate"] == pytest.approx(t["wins"] / len(trades))
    assert t["profit_factor"] == pytest.approx(
        float(Decimal(t["gross_profit_usd"]) / Decimal(t["gross_loss_usd"])), rel=1e-12
    )
    p = np.array([float(x) for x in pnl])
    assert t["sqn"] == pytest.approx(np.sqrt(len(p)) * p.mean() / p.std(ddof=1), rel=1e-9)


def test_daily_figures_are_those_of_the_equity(run):
    """[BKT-02.5] [BKT-05.1] [T-209] [T-210] Sharpe, Sortino, CAGR and drawdown from the equity file; its drawdown column anew."""
    d, t = run["document"], run["document"]["totals"]
    start, end = ms(d["effective_range"]["start"]), ms(d["effective_range"]["end"])
    balance, final = float(t["starting_balance_usd"]), float(t["final_balance_usd"])
    samples = [(ms(r["ts"]), float(r["equity_usd"])) for r in run["equity"]] + [(end, final)]
    by_day = {(ts - 1) // 86_400_000: e for ts, e in samples}
    closes, last = [balance], balance
    for day in range(start // 86_400_000, (end - 1) // 86_400_000 + 1):
        last = by_day.get(day, last)
        closes.append(last)
    r = np.diff(closes) / np.array(closes[:-1])
    assert t["sharpe"] == pytest.approx(r.mean() / r.std(ddof=1) * np.sqrt(365), rel=1e-9)
    assert t["sortino"] == pytest.approx(r.mean() / np.sqrt(np.mean(np.minimum(r, 0) ** 2)) * np.sqrt(365), rel=1e-9)
    years = (end - start) / (365 * 86_400_000)
    assert t["cagr_pct"] == pytest.approx(100 * ((final / balance) ** (1 / years) - 1), rel=1e-9)
    e = np.array([balance] + [x for _, x in samples])
    peak = np.maximum.accumulate(e)
    assert t["max_drawdown_pct"] >= 100 * ((peak - e) / peak).max() - 1e-9
    assert float(t["max_drawdown_usd"]) >= (peak - e).max() - 1e-6
    for row, depth in zip(run["equity"], (100 * (peak - e) / peak)[1:]):
        assert float(row["drawdown_pct"]) == pytest.approx(depth, abs=1e-6)


def test_the_deepest_fall_is_one_episode(run):
    """[BKT-05.1] Depth, peak, trough and recovery of one and the same fall, by the equity file; what is finer says so."""
    d, t = run["document"], run["document"]["totals"]
    fall, end = d["max_drawdown"], ms(d["effective_range"]["end"])
    at = np.array([ms(d["effective_range"]["start"])] + [ms(r["ts"]) for r in run["equity"]] + [end])
    e = np.array([float(t["starting_balance_usd"])] + [float(r["equity_usd"]) for r in run["equity"]]
                 + [float(t["final_balance_usd"])])
    depth = 1 - e / np.maximum.accumulate(e)
    low = int(depth.argmax())
    high = low - 1 - int(e[:low][::-1].argmax())  # the last time at the peak
    after = np.nonzero(e[low:] >= e[high])[0]
    assert fall["resolution"] == "bar_close" and depth[low] > 0
    assert fall["depth_pct"] == pytest.approx(100 * depth[low], rel=1e-9)
    assert (ms(fall["peak"]), ms(fall["trough"])) == (at[high], at[low])
    assert (float(fall["peak_usd"]), float(fall["trough_usd"])) == pytest.approx((e[high], e[low]), abs=1e-6)
    assert Decimal(fall["depth_usd"]) == Decimal(fall["peak_usd"]) - Decimal(fall["trough_usd"])
    assert fall["recovered"] == bool(len(after)) and ms(fall["end"]) == (at[low + after[0]] if len(after) else end)
    assert t["drawdown_duration_h"] == pytest.approx((ms(fall["end"]) - at[high]) / 3_600_000)
    finest = fall["finest"]
    assert finest["resolution"] in (d["detail"], d["timeframe"]) and finest["depth_pct"] >= fall["depth_pct"]
    assert (finest["depth_pct"], finest["depth_usd"]) == (t["max_drawdown_pct"], t["max_drawdown_usd"])


@pytest.mark.parametrize(
    "section, key, label",
    [
        ("per_symbol", "symbol", lambda r: r["symbol"]),
        ("per_exit_reason", "reason", lambda r: r["exit_reason"]),
        ("per_entry_reason", "reason", lambda r: r["entry_reason"]),
        ("per_hour", "hour", lambda r: int(r["entry_ts"][11:13])),
        ("per_month", "month", lambda r: r["exit_ts"][:7]),
        ("per_strategy", "strategy", lambda r: r["strategy"]),
    ],
)
def test_groups_are_those_of_the_trades(run, section, key, label):
    """[BKT-05] [T-211] [T-240] each grouping holds every trade once, with exact profit."""
    profit, count = defaultdict(Decimal), defaultdict(int)
    for r in run["trades"]:
        profit[label(r)] += Decimal(r["pnl_usd"])
        count[label(r)] += 1
    groups = {g[key]: g for g in run["document"][section]}
    assert sum(g["trades"] for g in groups.values()) == len(run["trades"])
    for name in count:
        assert groups[name]["trades"] == count[name]
        assert Decimal(groups[name]["pnl_usd"]) == profit[name]


def test_regimes_hold_every_trade(run):
    """[BKT-05] [T-206] [T-207] regimes are segmented and their profits make the net profit."""
    regimes = run["document"]["per_regime"]
    assert sum(g["trades"] for g in regimes) == len(run["trades"])
    assert sum(Decimal(g["pnl_usd"]) for g in regimes) == total(run["trades"], "pnl_usd")


def test_market_states_are_those_of_the_candles(run):
    """[BKT-05.4] [T-206] [T-207] without bitcoin no regime has a name, and the document says why; each trade stands in the
    third of its own symbol's volatility and on the side of its trend, recomputed from the candles."""
    names, d = ["LOW_DOWN", "LOW_UP", "MID_DOWN", "MID_UP", "HIGH_DOWN", "HIGH_UP"], run["document"]
    assert [g["regime"] for g in d["per_regime"]] == ["UNKNOWN"] and "no candles of bitcoin" in d["regime_note"]
    assert "reads no candles of bitcoin" in " ".join(keel(*run["base"], "--all").split())
    start, state = ms(d["effective_range"]["start"]), {}
    for symbol in ("AAAUSDT", "BBBUSDT"):
        out = run["home"] / f"{symbol}.csv"
        keel("data", "export", "--store", run["home"] / "store", "--venue", "synth-perp", "--symbol", symbol, "--interval", "1h",
             "--output", out)
        rows = np.genfromtxt(out, delimiter=",", skip_header=1)
        opens, close = rows[:, 0], rows[:, 4]
        change = close[1:] / close[:-1] - 1
        vol = np.array([np.sqrt(np.mean(change[k - 50:k] ** 2)) if k >= 50 else np.nan for k in range(len(close))])
        known = np.sort(vol[(opens >= start) & ~np.isnan(vol)])
        low, mid = known[(len(known) - 1) // 3], known[2 * (len(known) - 1) // 3]
        for k in range(50, len(close)):
            third = 0 if vol[k] <= low else 1 if vol[k] <= mid else 2
            state[symbol, opens[k] + 3_600_000] = names[2 * third + (close[k] >= close[k - 50])]
    profit, count = defaultdict(Decimal), defaultdict(int)
    for r in run["trades"]:
        label = state.get((r["symbol"], ms(r["entry_ts"])), "UNKNOWN")
        profit[label] += Decimal(r["pnl_usd"])
        count[label] += 1
    assert {g["state"]: (g["trades"], Decimal(g["pnl_usd"])) for g in d["per_market_state"]} == {
        label: (count[label], profit[label]) for label in count}
    assert len(set(count) - {"UNKNOWN"}) == 6


def test_files_are_byte_identical(run):
    """[BKT-02.3] [BKT-02.5] [T-246] two runs, equal bytes of trades and equity; the header is the contract; ids are unique."""
    home = run["home"]
    first = (home / "t.csv").read_bytes()
    assert first == (home / "t2.csv").read_bytes()
    assert (home / "e.csv").read_bytes() == (home / "e2.csv").read_bytes()
    assert first.split(b"\n", 1)[0].decode() == TRADE_COLUMNS
    assert b"\r" not in first
    ids = [r["trade_id"] for r in run["trades"]]
    assert len(set(ids)) == len(ids)


def test_the_page_is_short_and_recognised(run):
    """[BKT-02] verdict and findings first, one screen, no line beyond 100 columns; the words that users of Freqtrade look
    for."""
    lines = run["text"].splitlines()
    findings = run["document"]["findings"]
    assert lines[0] == "ema_cross on AAAUSDT, BBBUSDT, 1h bars" and lines[1].startswith("Verdict: ")
    assert all(line.startswith(f"  {f['severity']:<8} {f['text'][:60]}") for line, f in zip(lines[2:], findings[:1]))
    assert max(map(len, lines)) <= 100 and len(lines) <= 60 + len(findings)
    for word in ("Per symbol", "Exit reasons", "Profit USD", "Absolute profit", "CAGR %", "Sortino", "Profit factor",
                 "Max % of account underwater"):
        assert word in run["text"], word


def test_one_terminal_form(run, tmp_path):
    """[BKT-02] `keel backtest run` prints what `keel report` prints of its folder, in short and with --all, whether the
    run is kept or not; and its figures are those of --json."""
    short, whole = keel(*run["base"], "--run-dir", tmp_path / "run"), keel(*run["base"], "--all")
    seconds = re.compile(r"bars in [\d.]+ s")
    written = re.compile(r"^Written .*$", re.M)
    assert short == keel("report", tmp_path / "run")
    assert short.endswith(f"All of it: keel report {tmp_path}/run --all\nAs a page: {tmp_path}/run/report.html\n")
    assert run["text"].endswith("All of it: the same command with --all\nAs a page: --report FILE.html\n")
    assert seconds.sub("", short).splitlines()[:-2] == seconds.sub("", run["text"]).splitlines()[:-2]
    assert written.sub("", whole) == written.sub("", keel("report", tmp_path / "run", "--all"))
    assert max(map(len, whole.splitlines())) <= 100
    for word in ("Baselines", "Entry reasons", "Regime at entry", "Per hour", "Per weekday", "Per month", "Identity",
                 "What was assumed", "Trades and days"):
        assert f"\n{word}" in whole, word
    t = run["document"]["totals"]
    for name, key, places, unit in (("Absolute profit", "net_profit_usd", 2, " USD"), ("Sharpe", "sharpe", 2, ""),
                                    ("Max % of account underwater", "max_drawdown_pct", 2, "%"),
                                    ("Profit factor", "profit_factor", 2, ""), ("Kelly share", "kelly", 2, "")):
        shown = re.search(re.escape(name) + r"  +(\S+?)" + re.escape(unit) + r"(?:  |$)", short, re.M).group(1)
        assert Decimal(shown) == Decimal(str(t[key])).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN), name


def test_baselines_are_there(run):
    """[BKT-05] [T-201] [T-202] [T-203] [T-204] [T-205] [T-233] with the excess over each; no trade earns nothing."""
    t = run["document"]["totals"]
    baselines = {b["name"]: b for b in run["document"]["baselines"]}
    assert {"buy_hold", "no_trade", "momentum", "mean_reversion", "carry"} <= set(baselines)
    assert Decimal(baselines["no_trade"]["net_profit_usd"]) == 0 and baselines["no_trade"]["trades"] == 0
    for b in baselines.values():
        assert Decimal(b["excess_usd"]) == Decimal(t["net_profit_usd"]) - Decimal(b["net_profit_usd"])


def test_findings_are_sorted(run):
    order = ["error", "warning", "info"]
    severities = [order.index(f["severity"]) for f in run["document"]["findings"]]
    assert severities == sorted(severities)

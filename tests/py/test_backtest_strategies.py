"""Several strategies in one backtest: on an account each they are the runs they would be alone; on one account they are
one run. What the document says of each, and how a configuration names them."""
import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

import data_tool as tool
from user_place import fast_compiler

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
RANGE = "20230120-20230209"  # of 2023-01-01..2023-02-10: signals have history, and none of it is the same for all
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strategies") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", ",".join(SYMBOLS), "--interval", "5m", "--days", 40,
              "--also", "1h", "--seed", 23)
    return folder


def run(store, *more):
    return tool.keel_json("backtest", "run", "--store", store, "--timerange", RANGE, "--no-baselines", *more)


def rows_of(path):
    with open(path, newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def plain(rows):
    """Rows without what names the run and counts in it."""
    return [{k: v for k, v in row.items() if k not in ("trade_id", "run_id", "config_id", "strategy")} for row in rows]


def write(path, *, items, accounts="separate", head=""):
    """A configuration with a list of strategies; JSON is YAML."""
    path.write_text(f"run:\n  accounts: {accounts}\n{head}strategies: {json.dumps(items)}\n")
    return path


# What differs between neighbours: symbols, history that signals want, bitcoin watched or traded, exits, balance.
ITEMS = [
    {"name": "quick", "strategy": "ema_cross", "symbols": ["ETHUSDT", "SOLUSDT"], "parameters": {"fast": 5, "slow": 9}},
    {"name": "slow", "strategy": "ema_cross", "symbols": ["BTCUSDT"], "weight": 3.5,
     "parameters": {"fast": 40, "slow": 220}, "sizing": {"allocation_pct": 0.4}},
    {"name": "trend", "strategy": "trend", "symbols": ["SOLUSDT"], "weight": 0.25, "exits": {"sl_atr_mult": 1.2}},
    {"name": "rsi", "strategy": "rsi_reversion", "sizing": {"allocation_pct": 0.2}, "weight": 2},
    {"name": "carry", "strategy": "carry", "symbols": ["ETHUSDT"]},
]


def alone(item):
    """The same strategy on a command line of its own."""
    words = ["--strategy", item["strategy"], "--symbols", ",".join(item.get("symbols", SYMBOLS))]
    for section, values in item.items():
        if isinstance(values, dict):
            prefix = "strategy" if section == "parameters" else section
            for name, value in values.items():
                words += ["--set", f"{prefix}.{name}={value}"]
    return words


@pytest.mark.parametrize("how", [("--timeframe", "1h", "--detail", "5m", "--slippage-bps", 2), ("--timeframe", "5m")],
                         ids=["1h", "5m"])
def test_an_account_each_is_a_run_each(store, tmp_path, how):
    """[T-251] [BKT-01.6] [BKT-01.1] Each strategy's state hash, trades, equity and id are those of its run alone."""
    path = write(tmp_path / "run.yaml", items=ITEMS, head=f"  symbols: [{', '.join(SYMBOLS)}]\n")
    files = [tmp_path / name for name in ("trades.csv", "equity.csv", "decisions.jsonl")]
    exports = ("--export-trades", "--export-equity", "--export-decisions")
    d = run(store, "--config", path, *how, "--starting-balance", "12345.67",
            *(w for pair in zip(exports, files) for w in pair))
    joint = rows_of(files[0])
    assert d["accounts"] == "separate" and d["strategy"] == "carry,quick,rsi,slow,trend"
    assert [s["name"] for s in d["per_strategy"]] == sorted(item["name"] for item in ITEMS)
    equity, decisions, traded = None, [], 0
    for s in d["per_strategy"]:
        item = next(i for i in ITEMS if i["name"] == s["name"])
        mine = [tmp_path / f"{s['name']}-{kind}" for kind in exports]
        own = run(store, *alone(item), *how, "--starting-balance", s["account"]["starting_balance_usd"],
                  *(w for pair in zip(exports, mine) for w in pair))
        assert own["state_hash"] == s["state_hash"], s["name"]
        assert own["config_id"] == s["config_id"], s["name"]
        assert (own["strategy"], own["effective_range"]) == (s["strategy"], d["effective_range"])
        for key in ("final_balance_usd", "net_profit_usd", "sharpe", "max_drawdown_pct", "exposure_pct"):
            assert own["totals"][key] == s["account"][key], (s["name"], key)
        for key in ("trades", "wins", "fees_usd", "funding_usd", "long_pnl_usd"):
            assert own["per_strategy"][0][key] == s[key], (s["name"], key)
        assert plain(rows_of(mine[0])) == plain(row for row in joint if row["strategy"] == s["name"])
        traded += s["trades"] > 0
        curve = [(row["ts"], Decimal(row["equity_usd"])) for row in rows_of(mine[1])]
        equity = curve if equity is None else [(t, a + b) for (t, a), (u, b) in zip(equity, curve) if t == u]
        decisions += [{**json.loads(line), "strategy": s["name"]} for line in mine[2].read_text().splitlines()]
    assert traded == len(ITEMS), "every strategy must trade, or nothing is shown"
    assert [(row["ts"], Decimal(row["equity_usd"])) for row in rows_of(files[1])] == equity
    assert [json.loads(line) for line in files[2].read_text().splitlines()] == decisions
    balances = [Decimal(s["account"]["starting_balance_usd"]) for s in d["per_strategy"]]
    assert sum(balances) == Decimal("12345.67")
    weights = [Decimal(str(next(i for i in ITEMS if i["name"] == s["name"]).get("weight", 1)))
               for s in d["per_strategy"]]
    for balance, weight in zip(balances, weights):
        assert abs(balance - Decimal("12345.67") * weight / sum(weights)) < Decimal("0.00000005")
    assert sum(Decimal(s["account"]["final_balance_usd"]) for s in d["per_strategy"]) == \
        Decimal(d["totals"]["final_balance_usd"])


def test_one_more_strategy_changes_nothing(store):
    """[T-251] [BKT-01.6] A neighbour on its own account, whatever it trades, leaves the others as they were."""
    words = ("--symbols", "ETHUSDT", "--timeframe", "1h", "--starting-balance")
    two = run(store, "--strategy", "ema_cross,rsi_reversion", *words, 2000)
    three = run(store, "--strategy", "rsi_reversion,buy_hold,ema_cross", *words, 3000)
    own = {s["name"]: s for s in three["per_strategy"]}
    assert list(own) == ["buy_hold", "ema_cross", "rsi_reversion"]
    for s in two["per_strategy"]:
        assert s["trades"] > 0
        for key in ("state_hash", "config_id", "account", "trades", "pnl_usd"):
            assert s[key] == own[s["name"]][key], key
    assert two["state_hash"] != three["state_hash"] and two["config_id"] != three["config_id"]


def test_spot_accounts_hold_no_shorts(tmp_path):
    """[T-251] What only the data tells, that the market is spot, is in every strategy's configuration and id too."""
    words = ("--store", tmp_path / "store", "--venue", "shop", "--symbol", "AAAUSDT")
    path = tool.write(tmp_path / "a.csv", tool.bars(1500, seed=4, interval_ms=3600_000))
    tool.keel("data", "import", path, *words, "--interval", "1h", "--market", "spot")
    common = ("backtest", "run", "--store", tmp_path / "store", "--symbols", "AAAUSDT", "--timeframe", "1h", "--no-baselines")
    both = tool.keel_json(*common, "--strategy", "ema_cross,rsi_reversion", "--starting-balance", 2000)
    for s in both["per_strategy"]:
        own = tool.keel_json(*common, "--strategy", s["name"], "--starting-balance", 1000)
        assert (own["state_hash"], own["config_id"]) == (s["state_hash"], s["config_id"])
        assert own["totals"]["short_trades"] == 0 and s["trades"] > 0
        said = tool.keel_json(*common, "--strategy", s["name"], "--starting-balance", 1000, "--set", "allow_short=false")
        assert (said["state_hash"], said["config_id"]) == (s["state_hash"], s["config_id"])
    free = tool.keel_json(*common, "--strategy", "ema_cross,rsi_reversion", "--set", "allow_short=true")
    assert free["totals"]["short_trades"] > 0 and free["config_id"] != both["config_id"]


def test_trades_are_numbered_once(store, tmp_path):
    """[BKT-02.3] Ids 1.. in order of closing over all accounts; two runs give equal bytes."""
    texts = []
    for i in range(2):
        path = tmp_path / f"{i}.csv"
        d = run(store, "--strategy", "ema_cross,rsi_reversion,buy_hold", "--symbols", ",".join(SYMBOLS), "--timeframe",
                "1h", "--export-trades", path)
        texts.append(path.read_bytes())
    rows = rows_of(path)
    assert texts[0] == texts[1]
    assert [int(row["trade_id"]) for row in rows] == list(range(1, d["totals"]["trades"] + 1))
    assert [row["exit_ts"] for row in rows] == sorted(row["exit_ts"] for row in rows)
    assert {row["strategy"] for row in rows} == {"ema_cross", "rsi_reversion", "buy_hold"}
    ends = [row["strategy"] for row in rows if row["exit_reason"] == "X_END_OF_DATA"]
    assert ends == sorted(ends) and len(set(ends)) > 1, "equal times: in order of accounts"


# ---- one account -----------------------------------------------------------------------------------------------

def test_equal_strategies_on_one_account_are_one(store, tmp_path):
    """[BKT-01.1] Who decides does not matter: two items with one configuration are one strategy on both symbols."""
    own = {"strategy": "rsi_reversion", "sizing": {"allocation_pct": 0.3}}
    path = write(tmp_path / "run.yaml", accounts="shared",
                 items=[{"name": "a", "symbols": ["BTCUSDT"], **own}, {"name": "b", "symbols": ["ETHUSDT"], **own}])
    both = run(store, "--config", path, "--timeframe", "1h", "--detail", "5m")
    one = run(store, "--strategy", "rsi_reversion", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h", "--detail",
              "5m", "--set", "allocation_pct=0.3")
    assert both["totals"] == one["totals"] and both["totals"]["trades"] > 10
    assert both["state_hash"] == one["state_hash"]
    assert both["per_symbol"] == one["per_symbol"]
    assert both["accounts"] == "shared" and one["accounts"] is None


def test_one_market_on_one_account(store, tmp_path):
    """[BKT-01.1] Each strategy enters and leaves where it does alone; sizes follow the common equity; parts add up."""
    names = ("ema_cross", "rsi_reversion")
    common = ("--symbols", "BTCUSDT", "--timeframe", "1h")
    path = tmp_path / "both.csv"
    d = run(store, *common, "--strategy", ",".join(names), "--accounts", "shared", "--export-trades", path)
    rows = rows_of(path)
    assert [int(row["trade_id"]) for row in rows] == list(range(1, len(rows) + 1))
    for name, part in zip(names, d["per_strategy"]):
        run(store, *common, "--strategy", name, "--export-trades", tmp_path / f"{name}.csv")
        where = ("side", "entry_ts", "entry_px", "exit_ts", "exit_px", "exit_reason")
        own = [[row[k] for k in where] for row in rows_of(tmp_path / f"{name}.csv")]
        assert own and own == [[row[k] for k in where] for row in rows if row["strategy"] == name]
        assert part["account"] is None and part["state_hash"] is None and part["config_id"] is None
        assert part["trades"] == len(own)
    assert sum(Decimal(s["pnl_usd"]) for s in d["per_strategy"]) == Decimal(d["totals"]["net_profit_usd"])
    assert sum(s["trades"] for s in d["per_strategy"]) == d["totals"]["trades"]
    apart = run(store, *common, "--strategy", ",".join(names))
    assert apart["config_id"] != d["config_id"]


# ---- strategies of one's own -------------------------------------------------------------------------------------

def test_files_stand_beside_built_in_strategies(store, tmp_path, monkeypatch):
    """[T-251] [STR-01] A file, twice with other parameters, beside a built-in one: on an account each, as alone; on one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KEEL_CC", str(fast_compiler(tmp_path)))
    tool.keel("strategy", "new", tmp_path / "mine.c")
    items = [{"name": "a", "strategy": str(tmp_path / "mine.c"), "parameters": {"fast": 6}},
             {"name": "b", "strategy": str(tmp_path / "mine.c"), "parameters": {"fast": 15, "slow": 60}},
             {"strategy": "ema_cross"}]
    common = ("--timeframe", "1h", "--symbols", "BTCUSDT,ETHUSDT")
    path = write(tmp_path / "run.yaml", items=items)
    d = run(store, *common, "--config", path, "--starting-balance", 9000)
    for item, s in zip(items, d["per_strategy"]):
        own = run(store, "--timeframe", "1h", *alone({**item, "symbols": ["BTCUSDT", "ETHUSDT"]}), "--starting-balance", 3000)
        assert own["state_hash"] == s["state_hash"] and own["config_id"] == s["config_id"]
        assert s["trades"] > 0 and s["strategy"] == ("mine" if "name" in item else "ema_cross")
    shared = run(store, *common, "--config", path, "--accounts", "shared")
    assert [s["name"] for s in shared["per_strategy"]] == ["a", "b", "ema_cross"]
    assert all(s["trades"] > 0 for s in shared["per_strategy"])
    printed = tmp_path / "again.yaml"
    printed.write_text(tool.keel("config", "show", "--config", path)[0])
    assert config_id("--config", printed) == config_id("--config", path)
    before = config_id("--config", path)
    (tmp_path / "mine.c").write_text((tmp_path / "mine.c").read_text().replace("sl_atr_mult, 3.0", "sl_atr_mult, 2.0"))
    assert config_id("--config", path) != before
    (tmp_path / "other.c").write_text((tmp_path / "mine.c").read_text().replace("mult, 2.0", "mult, 1.0"))
    two = write(tmp_path / "two.yaml", items=[{"strategy": str(tmp_path / "mine.c")}, {"strategy": str(tmp_path / "other.c")}])
    assert run(store, *common, "--config", two)["accounts"] == "separate"
    line = tool.refused("backtest", "run", "--store", store, *common, "--config", two, "--accounts", "shared", code=2)
    assert "two files on one account" in line
    items[0]["strategy_sha256"] = "0" * 64
    line = tool.refused("config", "check", "--config", write(tmp_path / "run.yaml", items=items), code=2)
    assert "strategy_sha256" in line


# ---- the document and the tables ---------------------------------------------------------------------------------

def test_one_strategy_has_the_section_too(store):
    """[BKT-02.1] per_strategy of a run with one strategy: the same keys, its account is the run's."""
    one = run(store, "--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1h")
    two = run(store, "--strategy", "ema_cross,no_trade", "--symbols", "BTCUSDT", "--timeframe", "1h")
    only, = one["per_strategy"]
    assert list(only) == list(two["per_strategy"][0]) and list(only["account"]) == list(two["per_strategy"][0]["account"])
    assert (only["strategy"], only["name"], only["symbols"]) == ("ema_cross", "ema_cross", ["BTCUSDT"])
    assert only["state_hash"] == one["state_hash"] and only["config_id"] == one["config_id"]
    assert only["account"]["final_balance_usd"] == one["totals"]["final_balance_usd"]
    assert list(one) == list(two)


def test_a_sum_of_accounts_is_a_result(store):
    """[BKT-02.1] Totals of several accounts: sums, and drawdown and ratios of the summed equity; baselines on all."""
    d = tool.keel_json("backtest", "run", "--store", store, "--timerange", RANGE, "--strategy", "buy_hold,no_trade",
                       "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h")
    hold, none = d["per_strategy"]
    for key in ("net_profit_usd", "final_balance_usd"):
        assert Decimal(d["totals"][key]) == Decimal(hold["account"][key]) + Decimal(none["account"][key])
    assert none["account"]["max_drawdown_pct"] == 0
    assert 0 < d["totals"]["max_drawdown_pct"] < hold["account"]["max_drawdown_pct"]
    assert [b["name"] for b in d["baselines"]] == ["buy_hold", "no_trade", "momentum", "mean_reversion", "carry"]
    assert sum(Decimal(s["pnl_usd"]) for s in d["per_symbol"]) == Decimal(d["totals"]["net_profit_usd"])
    assert [s["symbol"] for s in d["per_symbol"]] == ["BTCUSDT", "ETHUSDT"]


def test_one_strategy_that_carries_all_is_told(store):
    """[BKT-08] A profit that is one strategy's alone is a finding; the others only stand beside it."""
    words = ("--strategy", "buy_hold,no_trade", "--timeframe", "1h", "--symbols")
    told = {}
    for symbol in SYMBOLS:
        d = run(store, *words, symbol)
        told[Decimal(d["totals"]["net_profit_usd"]) > 0] = {f["code"] for f in d["findings"]}
    assert "ONE_STRATEGY_PROFIT" in told[True] and "ONE_STRATEGY_PROFIT" not in told[False]


def test_tables_show_each_strategy(store):
    words = ("backtest", "run", "--store", store, "--timerange", RANGE, "--symbols", "BTCUSDT", "--timeframe", "1h")
    text, _ = tool.keel(*words, "--strategy", "ema_cross,rsi_reversion")
    table = text.split("Per strategy\n")[1].split("\n\n")[0].splitlines()
    rule = next(i for i, line in enumerate(table) if line.startswith("-"))
    assert [line.split()[0] for line in table[rule + 1:]] == ["ema_cross", "rsi_reversion"]
    assert text.startswith("ema_cross,rsi_reversion (an account each) on BTCUSDT, 1h bars\n")
    shared, _ = tool.keel(*words, "--strategy", "ema_cross,rsi_reversion", "--accounts", "shared")
    assert shared.startswith("ema_cross,rsi_reversion (one account) on BTCUSDT, 1h bars\n")
    single, _ = tool.keel(*words, "--strategy", "ema_cross")
    assert "Per strategy" not in single


def test_folder_and_report_show_each_strategy(store, tmp_path):
    """The folder's configuration is the run again; its report has a line for each strategy and each account."""
    words = ("--config", EXAMPLES / "two_strategies.yaml")
    d = run(store, *words, "--run-dir", tmp_path / "run")
    again = tool.keel_json("backtest", "run", "--config", tmp_path / "run" / "config.yaml", "--no-baselines")
    assert [again[key] for key in ("run_id", "state_hash", "totals")] == [d[key] for key in ("run_id", "state_hash", "totals")]
    said, _ = tool.keel("report", tmp_path / "run")
    for s in d["per_strategy"]:
        cells = said.split("Per strategy\n")[1].split(s["name"])[1].split()
        assert int(cells[0]) == s["trades"]
        assert Decimal(cells[4]) == round(Decimal(s["account"]["starting_balance_usd"]), 2)
    single = run(store, "--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1h", "--run-dir", tmp_path / "one")
    assert len(single["per_strategy"]) == 1 and "Per strategy" not in tool.keel("report", tmp_path / "one")[0]


# ---- naming them -------------------------------------------------------------------------------------------------

def config_id(*words, code=0):
    return tool.keel("config", "check", *words, code=code)[0].split()[-1]


def test_printed_configuration_is_the_configuration(store, tmp_path):
    """[CFG-01] --print-config of several strategies, from flags and from a file, is the same run."""
    path = write(tmp_path / "run.yaml", items=ITEMS, head=f"  symbols: [{', '.join(SYMBOLS)}]\n  timeframe: 1h\n")
    for words in (("--strategy", "rsi_reversion,ema_cross", "--symbols", "ETHUSDT,BTCUSDT", "--timeframe", "1h",
                   "--set", "ema_cross.fast=7", "--set", "ema_cross.sl_atr_mult=2", "--set", "allocation_pct=0.2"),
                  ("--config", path, "--set", "quick.strategy.slow=11", "--leverage", 2),
                  ("--strategy", "trend,carry", "--accounts", "shared", "--symbols", "BTCUSDT", "--timeframe", "1h")):
        printed, _ = tool.keel("backtest", "run", "--store", store, "--timerange", RANGE, *words, "--print-config")
        again = tmp_path / "again.yaml"
        again.write_text(printed)
        first = run(store, *words)
        second = tool.keel_json("backtest", "run", "--config", again, "--no-baselines")
        for key in ("config_id", "run_id", "state_hash", "totals", "per_strategy"):
            assert first[key] == second[key], key
        shown, _ = tool.keel("config", "show", "--config", again)
        assert shown == printed
        canonical, _ = tool.keel("config", "show", "--canonical", "--config", again)
        assert "strategies." in canonical


def test_identity_is_canonical(tmp_path):
    """[CFG-01] The order of items and keys does not change config_id; a value, a label, a weight or the account does."""
    a = {"name": "a", "strategy": "ema_cross", "parameters": {"fast": 7, "slow": 30}}
    b = {"strategy": "rsi_reversion", "symbols": ["ETHUSDT", "BTCUSDT"]}
    path = tmp_path / "run.yaml"

    def of(*items, accounts="separate"):
        return config_id("--config", write(path, items=items, accounts=accounts))

    same = of(a, b)
    assert of(b, a) == same
    assert of(a, {"symbols": ["BTCUSDT", "ETHUSDT", "BTCUSDT"], "name": "rsi_reversion", **b, "weight": "1.0"}) == same
    others = [of(a, {**b, "weight": 2}), of({**a, "name": "c"}, b), of(a, b, accounts="shared"),
              of({**a, "parameters": {"fast": 8, "slow": 30}}, b), of(a, {**b, "symbols": ["ETHUSDT"]}), of(a)]
    assert len({same, *others}) == len(others) + 1
    assert config_id("--strategy", "ema_cross,carry") == config_id("--strategy", "carry,ema_cross")


def test_later_layers_win(tmp_path):
    """A list of a later file takes the place of an earlier one, and of a strategy; a flag takes the place of a list."""
    first = write(tmp_path / "1.yaml", items=[{"strategy": "carry"}])
    second = write(tmp_path / "2.yaml", items=[{"strategy": "trend"}, {"strategy": "momentum"}])
    single = tmp_path / "3.yaml"
    single.write_text("run: {strategy: ema_cross}\n")
    assert config_id("--config", first, "--config", second) == config_id("--config", second)
    assert config_id("--config", single, "--config", second) == config_id("--config", second)
    assert config_id("--config", second, "--config", single) == config_id("--strategy", "ema_cross")
    assert config_id("--config", second, "--strategy", "ema_cross") == config_id("--strategy", "ema_cross")


@pytest.mark.parametrize("text, parts", [
    ("strategies: [{strategy: emacross}]", ("unknown strategy 'emacross'", "nearest is 'ema_cross'")),
    ("strategies: [{strategy: trend, wieght: 2}]", ("unknown key 'wieght'", ":1:", "nearest is 'weight'")),
    ("strategies: [{strategy: ema_cross, parameters: {fsat: 2}}]", ("unknown key", "fsat", "fast", ":1:")),
    ("strategies: [{strategy: ema_cross, exits: {sl_atr_mul: 2}}]", ("unknown key", "nearest is 'exits.sl_atr_mult'")),
    ("strategies: [{strategy: ema_cross, exits: {sl_atr_mult: -2}}]", ("sl_atr_mult = '-2'", "out of bounds")),
    ("strategies: [{strategy: ema_cross, account: {leverage: 2}}]", ("account.leverage", "one for all strategies")),
    ("strategies: [{strategy: ema_cross, run: {detail: 5m}}]", ("run.detail", "one for all strategies")),
    ("strategies: [{name: a}]", ("strategy has no value",)),
    ("strategies: [{strategy: ema_cross}, {strategy: ema_cross}]", ("two strategies are called 'ema_cross'",)),
    ("strategies: [{strategy: ema_cross, name: exits}]", ("'exits' is the name of a section",)),
    ("strategies: [{strategy: ema_cross, name: a.b}]", ("'a.b' is no name of a strategy",)),
    ("strategies: [{strategy: ema_cross, weight: 0}]", ("weight = '0' is out of bounds",)),
    ("strategies: [ema_cross]", ("strategies holds", "write '- name: value'")),
    ("strategies: []", ("'strategies' is empty",)),
    ("strategies: ema_cross", ("unknown key 'strategies'",)),
    ("run: {strategy: trend}\nstrategies: [{strategy: ema_cross}]", ("'run.strategy' and 'strategies' are both there",)),
    ("run: {accounts: shared}\nstrategies: [{strategy: trend, weight: 2}]", ("weight has no meaning",)),
    ("run: {accounts: both}\nstrategies: [{strategy: trend}]", ("run.accounts", "separate|shared")),
    ("strategy: {fast: 3}\nstrategies: [{strategy: ema_cross}]", ("unknown key 'strategy.fast'",)),
])
def test_what_is_refused(tmp_path, text, parts):
    """[CFG-01] Each mistake in a list is told with its place and how to mend it; nothing runs."""
    path = tmp_path / "run.yaml"
    path.write_text(text + "\n")
    out, err = tool.keel("config", "check", "--config", path, code=2)
    assert out == ""
    lines = [line for line in err.strip().splitlines() if not line.startswith("keel: warning")]
    assert all(part in lines[-1] for part in parts), err
    assert all(len(line.split(": ")) >= 3 for line in lines), err


def test_all_problems_are_listed(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("strategies:\n- strategy: ema_cross\n  parameters: {fsat: 1}\n- strategy: carry\n  exits: {tp: 1}\n")
    d = tool.keel_json("config", "check", "--config", path, code=2)
    assert len(d["problems"]) == 2 and ":3:" in d["problems"][1] and ":5:" in d["problems"][0]


def test_a_label_reaches_one_strategy(tmp_path):
    """--set LABEL.PARAM=VALUE is for that strategy only; the account's settings are not."""
    words = ("--strategy", "ema_cross,rsi_reversion")
    d = tool.keel_json("config", "show", *words, "--set", "ema_cross.sl_atr_mult=3", "--set", "rsi_reversion.exits."
                       "tp_atr_mult=9", "--set", "allocation_pct=0.5")
    values = {s["name"]: {v["path"]: v["value"] for v in s["values"]} for s in d["strategies"]}
    assert [values[n]["exits.sl_atr_mult"] for n in ("ema_cross", "rsi_reversion")] == [3, 0]
    assert [values[n]["exits.tp_atr_mult"] for n in ("ema_cross", "rsi_reversion")] == [0, 9]
    assert [values[n]["sizing.allocation_pct"] for n in ("ema_cross", "rsi_reversion")] == [0.5, 0.5]
    line = tool.refused("config", "check", *words, "--set", "ema_cross.leverage=2", code=2)
    assert "account.leverage is one for all strategies" in line
    line = tool.keel("config", "check", *words, "--set", "fast=3", code=2)[1]
    assert "NAME.PARAM" in line and "unknown key 'fast'" in line


def test_schema_knows_the_list():
    schema = tool.keel_json("config", "schema")
    item = schema["properties"]["strategies"]["items"]
    assert item["required"] == ["strategy"] and item["additionalProperties"] is False
    assert {"name", "strategy", "symbols", "weight", "parameters", "exits", "sizing"} <= set(item["properties"])
    assert not {"account", "run", "schema_version"} & set(item["properties"])
    assert "enum" in schema["properties"]["run"]["properties"]["accounts"]


@pytest.mark.parametrize("how", ["separate", "shared"])
def test_the_example_runs(store, tmp_path, how):
    """examples/two_strategies.yaml as it stands; on one account when the weight goes, which it must."""
    text = (EXAMPLES / "two_strategies.yaml").read_text()
    path = tmp_path / "run.yaml"
    path.write_text(text if how == "separate" else text.replace("    weight: 2 ", "    # weight: 2 "))
    d = run(store, "--config", path, "--accounts", how)
    assert [s["name"] for s in d["per_strategy"]] == ["crossing", "reversion"]
    assert all(s["trades"] > 0 for s in d["per_strategy"]) and d["accounts"] == how
    if how == "separate":
        assert [s["account"]["starting_balance_usd"] for s in d["per_strategy"]] == ["6666.66666666", "3333.33333334"]

"""Parameters that have a value of their own in one regime of the market, through the program: backtest, sweep, confirm,
--trial, paper run, replay and diff; and the names of a platform's tuning space."""
# time limit: 300 s
import json
from pathlib import Path

import jsonschema
import pytest

import data_tool as tool

ROOT = Path(__file__).resolve().parents[2]
MARKET = ("--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "4h", "--timerange", "20230801-20240101")
RUN = ("--strategy", "trend", *MARKET, "--no-baselines")
VALUES = ("--set", "sl_atr_mult@bear=1.2", "--set", "max_hold_bars@chop=6", "--set", "allocation_pct@bull=0.2",
          "--set", "gate_volume@chop=false", "--set", "entry_min_adx@bear=30")
OVERRIDES = {"exits.sl_atr_mult@bear", "time_exits.max_hold_bars@chop", "sizing.allocation_pct@bull", "gates.gate_volume@chop",
             "entries.entry_min_adx@bear"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("regimes") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT,ETHUSDT", "--interval", "4h", "--days", 400, "--seed", 11)
    return folder


def backtest(store, *more):
    return tool.keel_json("backtest", "run", "--store", store, *RUN, *more)


def regimes_of(document):
    return {row["regime"]: row["trades"] for row in document["per_regime"]}


def test_a_value_is_in_force_in_its_regime_alone(store):
    """[SWP-01.3] [CFG-02] Nothing is opened in the regime in which nothing may be."""
    plain = backtest(store)
    seen = regimes_of(plain)
    assert sum(count > 0 for count in seen.values()) >= 2, seen
    for regime, count in seen.items():
        if count == 0:
            continue
        without = backtest(store, "--set", f"min_notional_usd@{regime.lower()}=1000000")
        assert regime not in regimes_of(without)
        assert without["state_hash"] != plain["state_hash"] and without["config_id"] != plain["config_id"]
    never = next(r for r in ("BULL", "BEAR", "CHOP", "CRASH", "UNKNOWN") if r not in seen)
    unseen = backtest(store, "--set", f"min_notional_usd@{never.lower()}=1000000")
    assert regimes_of(unseen) == seen and unseen["config_id"] != plain["config_id"]


def test_configuration_tells_them(store, tmp_path):
    """[SWP-01.3] [CFG-02.2] Origins, files that give the same again, one id however it is written."""
    shown = tool.keel_json("config", "show", "--strategy", "trend", *VALUES)
    rows = {row["path"]: row for row in shown["values"]}
    assert OVERRIDES <= rows.keys() and all(rows[path]["origin"] == "--set" for path in OVERRIDES)
    assert rows["exits.sl_atr_mult@bear"]["value"] == 1.2
    for form in (("show",), ("sample",)):
        file = tmp_path / f"{form[0]}.yaml"
        file.write_text(tool.keel("config", *form, "--strategy", "trend", *VALUES)[0])
        again = tool.keel_json("config", "show", "--strategy", "trend", "--config", file)
        assert again["config_id"] == shown["config_id"], file.read_text()
    several = tmp_path / "several.yaml"
    several.write_text("strategies:\n  - name: a\n    strategy: trend\n    exits:\n      sl_atr_mult@bear: 1.2\n"
                       "  - strategy: rsi_reversion\n    parameters:\n      leave@chop: 52\n    sizing:\n      allocation_pct@bull: 0.1\n")
    first = tool.keel_json("config", "show", "--config", several, "--set", "sl_atr_mult@crash=1")
    file = tmp_path / "again.yaml"
    file.write_text(tool.keel("config", "show", "--config", several, "--set", "sl_atr_mult@crash=1")[0])
    assert tool.keel_json("config", "show", "--config", file)["config_id"] == first["config_id"]
    both = tool.keel_json("backtest", "run", "--store", store, "--config", several, *MARKET, "--no-baselines")
    shared = tool.keel_json("backtest", "run", "--store", store, "--config", several, *MARKET, "--no-baselines", "--accounts", "shared")
    assert both["state_hash"] != shared["state_hash"]


def test_the_schema_knows_them():
    """[SWP-01.3] [CFG-01.1] With the bounds of the parameter, and not where they are refused."""
    schema = json.loads(tool.keel("config", "schema", "--strategy", "trend")[0])
    valid = jsonschema.Draft202012Validator(schema).is_valid
    assert valid({"exits": {"sl_atr_mult@bear": 1.5, "enable_partial_tp@crash": False}})
    for section, name, value in (("exits", "sl_atr_mult@bear", 1000), ("exits", "sl_atr_mult@bearish", 1), ("signals", "rsi_period@bear", 9),
                                 ("account", "leverage@bull", 1), ("exits", "nothing@bear", 1)):
        assert not valid({section: {name: value}}), name


def test_a_sweep_confirms_and_repeats(store, tmp_path, monkeypatch):
    """[SWP-01.3] [SWP-01.1] [SWP-06.1] Trials with and without values of their own in one group: any number of threads, one file;
    each is the backtest of its parameters, the plain loop's and the engine's."""
    space = tmp_path / "space.yaml"
    space.write_text("space:\n  gate_volume: {type: bool}\n"
                     "  sl_atr_mult@bear: {type: float, low: 1, high: 3, step: 1, when: {gate_volume: true}}\n"
                     "  max_hold_bars@chop: [0, 4]\n")
    files = []
    for threads in (1, 2):
        sweeps = tmp_path / f"sweeps{threads}"
        document = tool.keel_json("sweep", "run", "--store", store, "--sweeps", sweeps, "--ledger", tmp_path / f"ledger{threads}",
                                  "--strategy", "trend", *MARKET, "--space", space, "--param", "entry_min_adx@bull=15,30",
                                  "--set", "allocation_pct@bear=0.05", "--threads", threads)
        files.append(Path(document["trials_file"]).read_bytes())
    assert files[0] == files[1]
    rows = [json.loads(line) for line in files[0].splitlines()[1:]]
    assert len(rows) == 16 and all(row["status"] == "ok" for row in rows), rows[0]
    assert len({row["config_id"] for row in rows}) == 16 and len({row["state_hash"] for row in rows}) >= 8
    done = tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", sweeps, "--all")
    assert done["confirmed"] == 16 and done["different"] == 0, done
    row = rows[-1]
    again = backtest(store, "--set", "allocation_pct@bear=0.05",
                     *(word for name, value in row["params"].items() for word in ("--set", f"{name}={json.dumps(value)}")))
    assert again["state_hash"] == row["state_hash"] and again["config_id"] == row["config_id"]
    trial = tool.keel_json("backtest", "run", "--trial", row["trial_hash"], "--sweeps", sweeps, "--no-baselines")
    assert trial["state_hash"] == row["state_hash"]
    monkeypatch.chdir(tmp_path)
    tool.keel("validate", "parity", "--store", store, "--strategy", "trend", *MARKET, *VALUES, "--artifacts", tmp_path)


def test_a_paper_run_keeps_them(store, tmp_path, monkeypatch):
    """[SWP-01.3] [ENG-01] The journal's START has them: it replays to the same state, as the backtest, and diff finds nothing."""
    run = tmp_path / "paper"
    plain = backtest(store, *VALUES, "--run-dir", tmp_path / "backtest")
    paper = tool.keel_json("trade", "paper", "--store", store, *RUN, *VALUES, "--run", run)
    assert paper["state_hash"] == plain["state_hash"]
    replayed = tool.keel_json("replay", run)
    assert replayed["state_hash"] == plain["state_hash"], replayed
    same = tool.keel_json("diff", run, tmp_path / "backtest")
    assert same["verdict"] == "equal", same
    monkeypatch.chdir(tmp_path)
    tool.keel("validate", "parity", "--paper", run, "--artifacts", tmp_path)
    other = tmp_path / "other"
    assert backtest(store, "--run-dir", other)["state_hash"] != plain["state_hash"]
    told = tool.keel_json("diff", run, other)
    assert told["verdict"] == "explained" and told["unexplained_trades"] == 0, told
    causes = {cause["cause"]: cause["trades"] for cause in told["by_cause"]}
    assert causes["parameters"] > 0, causes


def test_a_limit_of_risk_in_a_regime_is_a_limit_of_risk(tmp_path):
    """[EXE-11] Also where the other run reads no bitcoin, and so knows no regime: both ways round."""
    store = tmp_path / "store"
    tool.keel("data", "synth", "--store", store, "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--interval", "4h", "--days", 500, "--seed", 11)
    words = ("--store", store, "--strategy", "rsi_reversion", "--symbols", "ETHUSDT,SOLUSDT", "--timeframe", "4h", "--timerange",
             "20231001-20240401", "--no-baselines", "--set", "gate_btc=false", "--set", "max_positions=2")
    plain, limited = tmp_path / "plain", tmp_path / "limited"
    tool.keel("backtest", "run", *words, "--run-dir", plain)
    tool.keel("backtest", "run", *words, *(w for r in ("bull", "bear", "chop", "crash") for w in ("--set", f"max_positions@{r}=1")),
              "--run-dir", limited)
    for a, b in ((plain, limited), (limited, plain)):
        told = tool.keel_json("diff", a, b)
        causes = {c["cause"]: c["trades"] for c in told["by_cause"]}
        assert told["verdict"] == "explained" and set(causes) <= {"parameters", "risk_gate"}, causes
        assert causes["risk_gate"] > 0 and causes["risk_gate"] >= causes.get("parameters", 0), causes


@pytest.mark.parametrize("words, line", [
    (("rsi_period@bear=10",), "signals.rsi_period is the same in every regime: 'rsi_period@bear', --set: it shapes signals"),
    (("account.leverage@bull=2",), "account.leverage is the same in every regime"),
    (("sl_atr_mult@bearish=1",), "'bearish' is no regime of the market"),
    (("sl_atr_mult@bear=1000",), "exits.sl_atr_mult@bear"),
    (("tp_partial_atr_mult@bear=5",), "exits.tp_partial_atr_mult@bear = 5 is not below exits.tp_atr_mult = 4"),
    (("nothing@bear=1",), "unknown key 'nothing@bear'"),
    (("max_position_pct=0.1",), "'max_position_pct' has another name in keel: --set: write risk.max_position_exposure"),
    (("kelly_fraction=0.5",), "this build has no parameter 'kelly_fraction': --set: leave it out"),
])
def test_what_cannot_be_is_refused(words, line):
    """[SWP-01.3] One line that says why."""
    said = tool.refused("config", "check", "--strategy", "trend", *(w for word in words for w in ("--set", word)), code=2)
    assert said.startswith(line), said


def test_sweeps_refuse_by_name(store, tmp_path):
    """[SWP-01.3] The same names in a sweep, parameters that make signals, and devices."""
    def refused(strategy, param, *more):
        return tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path, "--strategy", strategy, *MARKET, "--param", param,
                            *more, code=2)
    assert refused("trend", "ml_weight=0:1").startswith("this build has no parameter 'ml_weight': --param")
    assert refused("trend", "venue_leverage=1,2").startswith("'venue_leverage' has another name in keel: --param: write account.leverage")
    assert refused("trend", "adx_period@bull=10:20").startswith("signals.adx_period is the same in every regime")
    assert "need the processor: --device opencl" in refused("trend", "sl_atr_mult@bear=1,2", "--device", "opencl")
    said = tool.refused("config", "check", "--strategy", "ema_cross", "--set", "fast@bear=9", code=2)
    assert said.startswith("strategy.fast is the same in every regime: 'strategy.fast@bear', --set: it shapes signals"), said


def test_a_value_that_waits_for_a_rare_one(store, tmp_path):
    """[SWP-01.3] [SWP-06.1] Bitcoin and its history are loaded for a value for one regime, however few trials have it."""
    alone = ("--strategy", "ema_cross", "--symbols", "ETHUSDT", "--timeframe", "4h", "--timerange", "20230801-20240101", "--set",
             "gate_btc=false", "--set", "loss_streak=0")
    known = tool.keel_json("backtest", "run", "--store", store, *alone, "--no-baselines", "--set", "min_notional_usd@unknown=10")
    regime = max((row for row in known["per_regime"] if row["regime"] != "UNKNOWN"), key=lambda row: row["trades"])["regime"].lower()
    space = tmp_path / "space.yaml"
    space.write_text("loss_pause_min: {type: int, low: 10, high: 73, step: 1}\n"  # of no streak: it changes nothing, and no probe has 40
                     f"min_notional_usd@{regime}: {{values: [1000000], when: {{loss_pause_min: 40}}}}\n")
    document = tool.keel_json("sweep", "run", "--store", store, "--sweeps", tmp_path, "--ledger", tmp_path / "ledger", *alone,
                              "--space", space, "--sampler", "grid")
    rows = [json.loads(line) for line in Path(document["trials_file"]).read_text().splitlines()[1:]]
    others = {row["state_hash"] for row in rows if row["params"]["loss_pause_min"] != 40}
    (rare,) = [row for row in rows if row["params"]["loss_pause_min"] == 40]
    assert len(rows) == 64 and len(others) == 1 and rare["status"] == "ok" and rare["state_hash"] not in others, rare
    done = tool.keel_json("sweep", "confirm", rare["trial_hash"], "--sweeps", tmp_path)
    assert done["confirmed"] == 1 and done["different"] == 0, done


def test_strategies_of_one_account_have_their_own(store, tmp_path):
    """[SWP-01.3] Of two on a shared account each takes its own value, and the other's is none of its."""
    both = tmp_path / "both.yaml"
    both.write_text("run: {accounts: shared}\nstrategies:\n  - {name: a, strategy: ema_cross}\n  - {name: b, strategy: rsi_reversion}\n")

    def in_force(*words):
        return regimes_of(tool.keel_json("backtest", "run", "--store", store, "--config", both, *MARKET, "--no-baselines",
                                         *(word for name in words for word in ("--set", f"{name}=1000000"))))
    seen = in_force()
    regime = max((name for name in seen if name != "UNKNOWN"), key=seen.get)
    first, second = (f"{name}.min_notional_usd@{regime.lower()}" for name in "ab")
    assert 0 < in_force(first)[regime] < seen[regime] and 0 < in_force(second)[regime] < seen[regime]
    assert regime not in in_force(first, second)


def test_baselines_have_the_values_of_no_regime(store):
    """[SWP-01.3] A baseline has the caps of the run, not those of one regime."""
    capped = ("--strategy", "trend", *MARKET, "--set", "max_gross_exposure=0.5")
    plain = tool.keel_json("backtest", "run", "--store", store, *capped)
    other = tool.keel_json("backtest", "run", "--store", store, *capped, "--set", "max_gross_exposure@bull=3")
    assert plain["baselines"] and other["baselines"] == plain["baselines"] and other["config_id"] != plain["config_id"]


def test_the_platform_space_runs(store, tmp_path):
    """[SWP-01.3] Of the 19 names each is there, is told its name here, or is told to be of another part."""
    document = tool.keel_json("sweep", "run", "--store", store, "--sweeps", tmp_path, "--ledger", tmp_path / "ledger", "--strategy", "trend",
                              *MARKET, "--space", ROOT / "examples" / "platform_space.yaml", "--sampler", "random", "--trials", 4)
    rows = [json.loads(line) for line in Path(document["trials_file"]).read_text().splitlines()[1:]]
    assert len(rows) == 4 and all(row["status"] == "ok" for row in rows), rows
    named = {"kelly_fraction", "var_limit", "es_limit", "vol_target", "max_position_pct", "ml_conf_threshold", "ml_weight", "ta_weight",
             "sentiment_weight", "vpin_toxic", "venue_leverage", "heat_cap", "participation_rate"}
    here = {"sl_atr_mult", "tp_atr_mult", "trailing_start_atr", "trailing_distance_atr", "entry_min_adx", "rsi_ext_upper"}
    assert len(named | here) == 19 and here <= rows[0]["params"].keys()
    page = (ROOT / "docs" / "sweep.md").read_text()
    for name in named:
        said = tool.refused("config", "check", "--strategy", "trend", "--set", f"{name}=1", code=2)
        assert name in said and f"`{name}`" in page

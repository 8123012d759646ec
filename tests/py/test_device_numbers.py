"""Each number of a configuration moved alone, on the processor and on the device (OpenCL on PoCL): it changes the outcome, and
both alike, so no threshold is a constant of the device and none is ignored [SWP-02.2] [SWP-03.1] [SWP-03.3] [SWP-03.4]."""
# time limit: 300 s
import json
import os
import random
import re
from decimal import Decimal
from pathlib import Path

import pytest

import data_tool as tool

PARAMS = Path(__file__).resolve().parents[2] / "src" / "pure" / "model" / "params.def"
RELEASE = os.environ.get("KEEL_BIN_RELEASE", "")
HOUR_MS = 3600_000

# What no sweep can see, each with the reason.
WITHOUT_EFFECT = {
    "leverage_max": "only bounds leverage before a run begins; here it tells the trials apart",
    "maker_fee_bps": "orders of a simulated bar take liquidity: none rests, so none pays this fee",
    "stoch_d_smooth": "no built-in rule reads %D",
}

# A base is a strategy, where it runs, what differs from the defaults, and the numbers that are moved from it: None for one
# step up (a switch is turned), else a value, where a step up is not enough to change a trade of so short a market.
PERP = ("--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--timeframe", "1h", "--detail", "5m")
HOLES = ("--venue", "holes", "--symbols", "AAAUSDT", "--timeframe", "1h", "--accept-gaps")
BASES = {
    "trend, every rule on": ("trend", PERP, {
        "leverage": 2, "allocation_pct": 0.2, "vol_size_ref": 0.008, "vol_size_min": 0.6, "vol_size_max": 1.4,
        "min_notional_usd": 1500, "max_adds_per_position": 2, "add_min_profit_atr": 0.5, "max_positions": 2,
        "max_gross_exposure": 0.8, "tp_partial_min_notional_usd": 900, "trailing_start_atr_low_conf": 0.8,
        "trailing_distance_atr_low_conf": 0.7, "block_exits_on_extreme_dev": 1, "glitch_price_dev_pct": 0.02,
        "glitch_atr_mult": 3, "tsme_min_profit_atr": 0.3, "tsme_adx_min": 22, "adx_exhaustion_lt": 14,
        "rsi_ext_upper_low_conf": 66, "rsi_ext_upper_profit_low_conf": 62, "enable_progress_checks": 1, "check1_h": 3,
        "check2_h": 6, "check3_h": 9, "ranging_rsi_low": 46, "ranging_rsi_high": 55, "anomaly_bar_move_pct": 0.01,
        "anomaly_ema_dev_pct": 0.03, "gate_breadth": 1, "breadth_long_min": 0.5, "breadth_short_max": 0.6,
        "entry_min_adx": 14, "pullback_macd": 1, "slow_drift_min_slope": 0.0002, "slow_drift_adx_min": 8,
        "slow_drift_rsi_min": 52, "slow_drift_range_override": 0.0002, "ave_ratio_gt": 1.1, "ave_adx_mult": 1.1,
        "ave_stop_scale_max": 1.2, "entry_min_confidence": 0,
    }, {
        "conf_size_high": 0.95, "size_multiplier": 0.95, "min_notional_usd": 3000, "tp_partial_min_notional_usd": 1800,
        "trail_bbw_threshold": 1.15, "glitch_price_dev_pct": 0.01, "rsi_ext_upper": 79, "check1_stop_share": -0.55,
        "check3_h": 8, "ranging_rsi_low": 45, "max_dist_ema_fast": 0.015, "breadth_long_min": 0.25,
        "breadth_short_max": 0.85, "slow_drift_adx_min": 13,
    }),
    "trend, highly leveraged, without stops": ("trend", PERP, {
        "leverage": 30, "allocation_pct": 0.3, "max_gross_exposure": 60, "max_position_exposure": 5, "cash_reserve_pct": 0.1,
        "enable_reverse": 1, "sl_atr_mult": 0, "tp_atr_mult": 12, "enable_partial_tp": 0, "enable_breakeven_stop": 0,
        "enable_trailing": 0, "adx_exhaustion_lt": 0, "enable_rsi_ext": 0, "enable_filter_exit": 1,
        "enable_funding_exit": 1, "funding_exit_max_bps": 0.2, "tsme_require_stoch": 1, "tsme_min_profit_atr": 0.2,
        "tsme_adx_min": 20, "tsme_stoch_extreme": 60, "entry_min_adx": 14, "macro_filter": 1, "gate_ranging": 0,
        "gate_volume": 0, "gate_adx_rising": 0, "entry_min_confidence": 0,
    }, {
        "maintenance_margin_pct": None, "max_adds_per_position": None, "reentry_strong_adx": None,
        "reentry_weak_adx": None, "tsme_adx_min": None, "tsme_stoch_extreme": None,
        "enable_filter_exit": None, "enable_funding_exit": None, "funding_exit_horizon_h": None,
        "funding_exit_max_bps": None, "funding_exit_profit_atr": None, "gate_extension": None, "btc_adx_override": 39,
        "trend_rsi_mid": None, "trend_strong_adx": None, "pullback_adx_min": 21, "pullback_rsi_min": None,
        "ema_macro_period": 199, "stoch_rsi_period": None, "stoch_k_smooth": None,
    }),
    "trend, pullbacks of low confidence": ("trend", PERP, {
        "enable_trend": 0, "enable_slow_drift": 0, "pullback_macd": 1, "pullback_adx_min": 8, "pullback_rsi_min": 40,
        "entry_min_confidence": 0, "conf_points_medium": 4, "conf_points_high": 5, "gate_ranging": 0, "gate_volume": 0,
        "gate_adx_rising": 0, "enable_partial_tp": 0, "enable_breakeven_stop": 0, "adx_exhaustion_lt": 0,
        "trailing_start_atr_low_conf": 0.3, "trailing_distance_atr_low_conf": 1, "trailing_distance_atr": 2,
        "trail_floor_default": 0.1, "trail_floor_trending": 0.1, "rsi_ext_profit_switch": 0.6,
        "rsi_ext_min_profit_atr": 0.1, "rsi_ext_upper_low_conf": 60, "rsi_ext_upper_profit_low_conf": 55,
    }, {
        "trailing_start_atr_low_conf": None, "trailing_distance_atr_low_conf": None, "trail_tighten_default": None,
        "trail_strong_adx": None, "rsi_ext_upper_low_conf": 65, "rsi_ext_upper_profit_low_conf": 60, "macd_fast": None,
        "macd_slow": 25, "macd_signal": None,
    }),
    "momentum, turning often, all of its cash": ("momentum", (*PERP, "--set", "lookback=6"), {
        "allocation_pct": 0.6, "leverage": 1, "cash_reserve_pct": 0.05, "entry_cooldown_s": 3600, "exit_cooldown_s": 3600,
        "reentry_minutes": 120, "sl_pct": 0.01, "tp_pct": 0.01, "loss_streak": 0, "enable_reverse": 0,
    }, {
        "cash_reserve_pct": None, "enable_reverse": None, "entry_cooldown_s": None, "exit_cooldown_s": None,
        "reentry_minutes": None, "reentry_stop_mult": None,
    }),
    "carry, whose feed grows old": ("carry", (*PERP, "--set", "min_rate_bps=0.1"), {
        "tp_atr_mult": 6, "enable_progress_checks": 1, "check1_h": 2, "check1_stop_share": -2, "check2_h": 0, "check3_h": 6,
        "check3_target_share": 0.1,
    }, {"funding_max_age_h": 0.5, "check3_target_share": None}),
    "spot on credit, with holes": ("ema_cross", HOLES, {"leverage": 2, "allocation_pct": 0.6, "cash_reserve_pct": 0},
                                   {"borrow_rate_annual": None, "max_gap_bars": None}),
}
ALL_OTHERS = "trend, every rule on"


def table():
    """name -> section, type, default and step of every core parameter."""
    pattern = re.compile(r"^X\((\w+), (\w+), (\w+), ([^,]+), [^,]+, [^,]+, ([^,]+), ", re.M)
    return {name: (section, kind, Decimal(default), Decimal(step))
            for section, name, kind, default, step in pattern.findall(PARAMS.read_text())}


def moves_of(title, known):
    strategy, words, base, moves = BASES[title]
    if title == ALL_OTHERS:
        others = {name for key, about in BASES.items() if key != title for name in about[3]}
        moves = {name: moves.get(name) for name in known if name not in others | WITHOUT_EFFECT.keys()}
    assert moves.keys() <= known.keys(), sorted(moves.keys() - known.keys())
    return strategy, words, base, moves


def written(kind, value):
    return ("true" if value else "false") if kind == "BOOL" else f"{Decimal(str(value)):f}"


def moved_to(about, base, value):
    _, kind, default, step = about
    before = Decimal(str(base if base is not None else default))
    if value is None:
        value = 1 - before if kind == "BOOL" else before + step
    assert Decimal(str(value)) != before
    return written(kind, value)


def write_files(folder, title, known):
    """The configuration and the space: one trial a number, told apart by leverage_max, and the base itself twice. Returns
    selector -> name."""
    strategy, words, base, moves = moves_of(title, known)
    config = {"schema_version": 1, "run": {"strategy": strategy}, "account": {"leverage_max": 125}}
    for name, value in base.items():
        section, kind = known[name][:2]
        config.setdefault(section, {})[name] = bool(value) if kind == "BOOL" else value
    chosen = {f"{100 + i / 8:g}": name for i, name in enumerate([None, *moves, None])}
    space = {"leverage_max": {"values": list(chosen)}}
    for selector, name in chosen.items():
        if name is not None:
            value = moved_to(known[name], base.get(name), moves[name])
            space[name] = {"values": [value], "when": {"leverage_max": selector}}
    folder.mkdir()
    (folder / "run.yaml").write_text(json.dumps(config))
    (folder / "space.yaml").write_text(json.dumps({"space": space}))
    return chosen, ("--config", folder / "run.yaml", "--space", folder / "space.yaml", *words)


def walk(hours):
    rng, close, lines = random.Random(7), 100.0, [tool.HEADER]
    for i in range(hours):
        before, close = close, max(20.0, close * (1 + rng.gauss(0, 0.006)))
        if not (500 <= i < 505 or 700 <= i < 704):
            lines.append(f"{tool.START_MS + i * HOUR_MS},{before:.2f},{max(before, close) * 1.002:.2f},"
                         f"{min(before, close) * 0.998:.2f},{close:.2f},100")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    tool.keel("data", "synth", "--store", folder / "store", "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--interval", "5m",
              "--days", 45, "--also", "1h", "--seed", 5)
    (folder / "holes.csv").write_text(walk(900))
    tool.keel("data", "import", folder / "holes.csv", "--store", folder / "store", "--venue", "holes", "--symbol",
              "AAAUSDT", "--interval", "1h", "--market", "spot")
    return folder / "store"


def rows_of(store, folder, words, *more):
    document = tool.keel_json("sweep", "run", "--store", store, "--sweeps", folder, "--ledger", folder / "ledger",
                              "--sampler", "grid", *words, *more, binary=RELEASE)
    return Path(document["trials_file"]).read_bytes()


def test_every_core_parameter_is_moved_once():
    known = table()
    named = [name for title in BASES for name in moves_of(title, known)[3]] + [*WITHOUT_EFFECT]
    assert sorted(named) == sorted(known) and len(known) > 150


@pytest.mark.parametrize("title", BASES)
def test_a_number_moved_alone(store, tmp_path, title):
    """[SWP-02.2] [SWP-03.1] [SWP-03.3] [SWP-03.4] One step of one number: another state hash, the same on both sides."""
    chosen, words = write_files(tmp_path / "files", title, table())
    here = rows_of(store, tmp_path / "cpu", words)
    there = rows_of(store, tmp_path / "opencl", words, "--device", "opencl")
    rows = [json.loads(line) for line in here.decode().splitlines()[1:]]
    hashes = {f"{row['params']['leverage_max']:g}": row["state_hash"] for row in rows}
    assert hashes.keys() == chosen.keys() and None not in hashes.values(), [row for row in rows if not row["state_hash"]]
    base = {hashes[selector] for selector, name in chosen.items() if name is None}
    assert len(base) == 1, "what tells the trials apart matters"
    assert rows[0]["totals"]["trades"] > 8
    unseen = [name for selector, name in chosen.items() if name and hashes[selector] in base]
    assert not unseen, f"moved alone, these change nothing: {unseen}"
    assert there == here

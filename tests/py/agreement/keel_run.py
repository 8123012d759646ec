"""keel's side: a store from candles, a run of the built-in strategy with everything else switched off, its trades."""

import csv
import os
import subprocess
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from .trades import Trade

# A built-in strategy runs inside keel's house of stops, gates, cooldowns and sizing. The other engines have none of
# these, so each is switched off by name here; docs/models/agreement.md gives the same list with reasons.
NOTHING_BUT_THE_SIGNAL = {
    # levels that would end a trade between two signals
    "sl_atr_mult": 0, "sl_pct": 0, "tp_atr_mult": 0, "tp_pct": 0, "enable_partial_tp": 0,
    "enable_breakeven_stop": 0, "enable_trailing": 0, "maintenance_margin_pct": 0,
    # exits by other indicators and by time
    "enable_tsme": 0, "adx_exhaustion_lt": 0, "enable_rsi_ext": 0, "max_hold_bars": 0, "max_hold_h": 0,
    "enable_filter_exit": 0, "enable_funding_exit": 0, "enable_progress_checks": 0,
    # gates that would refuse an entry
    "gate_ranging": 0, "gate_anomaly": 0, "gate_extension": 0, "gate_adx_rising": 0, "gate_volume": 0, "gate_btc": 0,
    "gate_breadth": 0, "gate_regime": 0, "entry_min_confidence": 0,
    # pauses
    "entry_cooldown_s": 0, "exit_cooldown_s": 0, "reentry_minutes": 0, "reentry_min_minutes": 0,
    "reentry_max_minutes": 0, "loss_streak": 0, "loss_pause_min": 0, "cooldown_after_loss_s": 0,
    "max_trades_per_day": 0,
    # one position, small beside the account, so that money never decides; an opposite signal reverses in one order
    "max_adds_per_position": 0, "min_notional_usd": 0, "enable_reverse": 1,
}


def program():
    path = os.environ.get("KEEL_BIN")
    if not path:
        raise RuntimeError("KEEL_BIN is not set: name the keel program under test")
    return path


def keel(*arguments, check=True):
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}: keel {' '.join(map(str, arguments))}")
    return done


def time_ms(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp() * 1000)


def px_e8(text):
    scaled = Decimal(text) * 10**8
    assert scaled == int(scaled), f"price finer than 1e-8: {text}"
    return int(scaled)


def read_trades(path):
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    trades = [
        Trade({"long": 1, "short": -1}[row["side"].lower()], time_ms(row["entry_ts"]), px_e8(row["entry_px"]),
              time_ms(row["exit_ts"]), px_e8(row["exit_px"]), at_end=row["exit_reason"].endswith("X_END_OF_DATA"))
        for row in rows
    ]
    return sorted(trades, key=lambda trade: trade.entry_ms)


def backtest(store, venue, symbol, timeframe, strategy, settings, out, *more):
    """Run keel on one symbol without costs and return its round trips."""
    path = Path(out)
    sets = [word for name, value in {**NOTHING_BUT_THE_SIGNAL, **settings}.items() for word in ("--set",
                                                                                             f"{name}={value}")]
    keel("backtest", "run", "--store", store, "--venue", venue, "--strategy", strategy, "--symbols", symbol,
         "--timeframe", timeframe, "--no-baselines", "--starting-balance", 20000000, "--allocation-pct", 0.01,
         "--maker-fee-bps", 0, "--taker-fee-bps", 0, "--slippage-bps", 0, "--export-trades", path, *sets, *more)
    return read_trades(path)

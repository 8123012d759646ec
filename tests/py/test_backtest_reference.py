"""The backtest against a second one, written again from docs/models/fills.md in whole numbers.

Momentum with a stop and a target, both sides, fees, slippage, funding, finer bars, bars without volume, holes: every
trade must be equal in every field.
"""
import csv
import datetime
import random
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

import data_tool as tool

E8, E16 = 10**8, 10**16
HOUR_MS, QUARTER_MS = 3_600_000, 900_000
BARS = 1500
LOOKBACK = 5
FEE_E8, SLIPPAGE_E8 = 55_000, 25_000  # 5.5 and 2.5 bps
STOP, TARGET, ALLOCATION = 0.013, 0.021, 0.1


def half_even(a, b):
    """a / b to the nearest whole number, ties to even."""
    sign, a = (-1, -a) if a < 0 else (1, a)
    q, rest = divmod(a, b)
    return sign * (q + (2 * rest > b or (2 * rest == b and q % 2 == 1)))


def nearest(x):
    """A price as a level at 1e-8; ties away from zero."""
    scaled = x * 1e8
    whole = int(scaled)
    return whole + (scaled - whole >= 0.5)


# ---- the market --------------------------------------------------------------------------------------------------

@dataclass
class Bar:
    ts: int
    o: int
    h: int
    l: int  # noqa: E741
    c: int
    volume: int

    def line(self):
        prices = (f"{px / 100:.2f}" for px in (self.o, self.h, self.l, self.c))
        return ",".join([str(self.ts), *prices, str(self.volume)])

    def e8(self):
        return Bar(self.ts, *(px * 1_000_000 for px in (self.o, self.h, self.l, self.c)), self.volume)


def quarters(rng):
    bars, px = [], 1_000_000
    for i in range(BARS * 4):
        o = px + (rng.randrange(-4000, 4001) if rng.random() < 0.03 else 0)
        c = max(1000, o + round(rng.gauss(0, 4000)))
        h, low = max(o, c) + rng.randrange(2500), max(500, min(o, c) - rng.randrange(2500))
        volume = 0 if rng.random() < 0.04 else rng.randrange(1, 1000)
        bars.append(Bar(tool.START_MS + i * QUARTER_MS, o, h, low, c, volume))
        px = c
    return bars


def hours(pieces):
    rows = [pieces[i:i + 4] for i in range(0, len(pieces), 4)]
    return [Bar(r[0].ts, r[0].o, max(b.h for b in r), min(b.l for b in r), r[-1].c, sum(b.volume for b in r))
            for r in rows]


# ---- the other backtest ------------------------------------------------------------------------------------------

@dataclass
class Position:
    side: int = 0
    qty: int = 0
    basis: int = 0
    fees: int = 0
    funding: int = 0
    opened_ms: int = 0
    bars: int = 0
    opened_usd: int = 0
    px: int = 0
    stop: int = 0
    target: int = 0


@dataclass
class Account:
    cash: int = 10_000 * E8
    pos: Position = field(default_factory=Position)
    order: tuple = None  # (side, quantity, reason of the close)
    trades: list = field(default_factory=list)

    def equity(self, px):
        worth = half_even(self.pos.qty * px, E8)
        return self.cash + self.pos.basis + self.pos.side * (worth - self.pos.basis) - half_even(worth * FEE_E8, E8)

    def fill(self, side, qty, ref, ts, reason):
        move = half_even(ref * SLIPPAGE_E8, E8)
        px = ref + side * move
        if self.pos.side == -side:
            part = min(qty, self.pos.qty)
            self.close(part, px, ts, reason)
            qty -= part
        if qty:
            self.open(side, qty, px, ts)

    def open(self, side, qty, px, ts):
        usd = half_even(qty * px, E8)
        fee = half_even(usd * FEE_E8, E8)
        assert self.cash >= usd + fee
        self.cash -= usd + fee
        entry = px / E8
        self.pos = Position(side, qty, usd, fee, 0, ts, 0, usd, px, nearest(entry - side * (STOP * entry)),
                            nearest(entry + side * (TARGET * entry)))

    def close(self, qty, px, ts, reason):
        p = self.pos
        assert qty == p.qty
        usd = half_even(qty * px, E8)
        fee = half_even(usd * FEE_E8, E8)
        pnl = p.side * (usd - p.basis)
        self.cash += p.basis + pnl - fee
        self.trades.append({
            "side": "long" if p.side > 0 else "short", "entry_ts": p.opened_ms, "exit_ts": ts, "exit_reason": reason,
            "entry_px": p.px, "exit_px": px, "qty": qty,
            "pnl_usd": pnl - p.fees - fee - p.funding, "fees_usd": p.fees + fee, "funding_usd": -p.funding,
            "bars_held": p.bars})
        self.pos = Position()

    def settle(self, rate_e16, mark):
        paid = half_even(half_even(self.pos.qty * mark, E8) * rate_e16, E16) * self.pos.side
        self.cash -= paid
        self.pos.funding += paid


def level_exit(account, bar):
    """The level that the range touched, adverse first, and why; what a position on its way out has is left alone."""
    p = account.pos
    if p.side == 0 or (account.order and account.order[0] == -p.side):
        return None
    worst, best = (bar.l, bar.h) if p.side > 0 else (bar.h, bar.l)
    if p.side * (worst - p.stop) <= 0:
        return "X_STOP", (bar.o if p.side * (bar.o - p.stop) < 0 else p.stop)
    if p.side * (best - p.target) >= 0:
        return "X_TP", (bar.o if p.side * (bar.o - p.target) > 0 else p.target)
    return None


def simulate(bars, pieces_of, funding):
    account, due, closes = Account(), list(funding), []
    for bar in bars:
        pieces = pieces_of(bar)
        span = HOUR_MS // len(pieces)
        for n, piece in enumerate(pieces):
            last = n == len(pieces) - 1
            while due and due[0][0] < piece.ts + 60_000:
                account.settle(due.pop(0)[1], piece.o)
            if account.order and piece.volume:
                side, qty, reason = account.order
                account.order = None
                account.fill(side, qty, piece.o, piece.ts, reason)
            while due and due[0][0] < piece.ts + span:
                account.settle(due.pop(0)[1], piece.o)
            if last and account.pos.side:
                account.pos.bars += 1
            hit = level_exit(account, piece)
            if hit:
                reason, px = hit
                account.order = (-account.pos.side, account.pos.qty, reason)
                if piece.volume:
                    side, qty, _ = account.order
                    account.order = None
                    account.fill(side, qty, px, piece.ts + span, reason)
        closes.append(bar.c)
        if len(closes) > LOOKBACK and not hit and not account.order:
            decide(account, bar.c, closes[-1] - closes[-1 - LOOKBACK])
    account.order = None
    if account.pos.side:
        account.fill(-account.pos.side, account.pos.qty, bars[-1].c, bars[-1].ts + HOUR_MS, "X_END_OF_DATA")
    return account


def decide(account, px, change):
    side = (change > 0) - (change < 0)
    if side == 0 or account.pos.side == side:
        return
    wanted = account.equity(px) / 1e8 * ALLOCATION
    qty = int(wanted * 1e8) * E8 // px
    account.order = (side, qty + account.pos.qty, "X_SIGNAL_FLIP")


# ---- the comparison ----------------------------------------------------------------------------------------------

def ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def told(row):
    """A row of the trades file in the terms of the other backtest."""
    exact = {k: int(Decimal(row[k]) * E8) for k in ("entry_px", "exit_px", "qty", "pnl_usd", "fees_usd", "funding_usd")}
    return {"side": row["side"], "entry_ts": ms(row["entry_ts"]), "exit_ts": ms(row["exit_ts"]),
            "exit_reason": row["exit_reason"], "bars_held": int(row["bars_held"]), **exact}


@pytest.mark.parametrize("detail", [False, True], ids=["main", "detail"])
@pytest.mark.parametrize("seed", range(4))
def test_every_trade_is_equal(tmp_path, seed, detail):
    """[BKT-01] [BKT-04] [BKT-05.2] [T-025] [T-190] [T-191] [T-237] Two backtests, one of them from the page alone."""
    rng = random.Random(seed)
    fine = quarters(rng)
    main = hours(fine)
    gone = set() if detail else {k for k in range(50, BARS - 50) if rng.random() < 0.003}
    main = [bar for k, bar in enumerate(main) if k not in gone]
    funding = [(tool.START_MS + h * HOUR_MS + rng.choice((0, 0, 3, 900)), rng.randrange(-30, 60))
               for h in range(0, BARS, 8)]
    store = tmp_path / "store"
    into = ("--store", store, "--venue", "test-perp", "--symbol", "AAAUSDT")
    tool.keel("data", "import", tool.write(tmp_path / "h.csv", [b.line() for b in main]), *into, "--interval", "1h")
    tool.keel("data", "import", tool.write(tmp_path / "q.csv", [b.line() for b in fine]), *into, "--interval", "15m")
    rows = [f"{ts},{rate / 1e5:.5f}" for ts, rate in funding]
    tool.keel("data", "import", tool.write(tmp_path / "f.csv", rows, header="ts_ms,rate"), *into)
    sets = {"lookback": LOOKBACK, "sl_pct": STOP, "tp_pct": TARGET, "maintenance_margin_pct": 0}
    d = tool.keel_json("backtest", "run", "--store", store, "--strategy", "momentum", "--symbols", "AAAUSDT",
                       "--timeframe", "1h", *(("--detail", "15m") if detail else ()), "--allocation-pct", ALLOCATION,
                       "--taker-fee-bps", 5.5, "--slippage-bps", 2.5, "--accept-gaps", "--accept-moves",
                       "--no-baselines", "--export-trades", tmp_path / "t.csv",
                       *(w for k, v in sets.items() for w in ("--set", f"{k}={v}")))
    by_hour = {main_bar.ts: fine[i:i + 4] for i, main_bar in zip(range(0, len(fine), 4), hours(fine))}
    account = simulate([b.e8() for b in main],
                       (lambda bar: [p.e8() for p in by_hour[bar.ts]]) if detail else (lambda bar: [bar]),
                       [(ts, rate * (E16 // 10**5)) for ts, rate in funding])
    with open(tmp_path / "t.csv", newline="", encoding="ascii") as file:
        got = [told(row) for row in csv.DictReader(file)]
    for index, (ours, theirs) in enumerate(zip(got, account.trades)):
        assert ours == theirs, f"trade {index}"
    assert len(got) == len(account.trades) > 200
    assert {t["exit_reason"] for t in got} >= {"X_STOP", "X_TP", "X_SIGNAL_FLIP"}
    assert int(Decimal(d["totals"]["final_balance_usd"]) * E8) == account.cash

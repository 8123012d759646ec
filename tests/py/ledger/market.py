"""Random operations on the books, made in step with the oracle so that they keep reaching the corners."""
import random
from dataclasses import dataclass, replace
from decimal import Decimal

UNITS = 10 ** 8
TOP_PX = 9 * 10 ** 10 * UNITS  # 9e10 dollars
TOP = 2 ** 63 - 1


@dataclass(frozen=True)
class Fill:
    symbol: int
    side: int
    qty: int
    px: int
    ref_px: int
    fee_rate: int
    leverage: int


@dataclass(frozen=True)
class Funding:
    symbol: int
    mark: int
    rate: int


@dataclass(frozen=True)
class Borrow:
    symbol: int
    px: int
    rate: int


@dataclass(frozen=True)
class Deposit:
    usd: int


def units(amount):
    """A Decimal amount as its count of 1e-8."""
    return int(amount.scaleb(8))


def between(rng, low, high):
    """A whole number spread evenly over the orders of magnitude from low to high."""
    return min(high, max(low, round(2.0 ** rng.uniform(low.bit_length() - 1, high.bit_length()))))


# name: (lowest px, highest px, lowest qty, highest qty, deposit, whether prices leap over their whole range)
SCALES = {
    "ordinary": (UNITS // 100, 100_000 * UNITS, UNITS // 1000, 10 * UNITS, 10 ** 6 * UNITS, False),
    "dust": (1, 100_000 * UNITS, 1, 100, 1000 * UNITS, False),
    "tiny_px": (1, 2000, 10 ** 9, 10 ** 16, 10 ** 5 * UNITS, True),
    "huge_px": (10 ** 9 * UNITS, TOP_PX, 1, 10 ** 7, 10 ** 9 * UNITS, True),
    "leaps": (1, TOP_PX, 1, 10 ** 9, 10 ** 8 * UNITS, True),
    "overflow": (10 ** 6 * UNITS, TOP_PX, 10 ** 6, TOP, 5 * 10 ** 10 * UNITS, True),
}
EPISODE_OPERATIONS = 400


class Episode:
    """One account from its first deposit until everything is closed again."""

    def __init__(self, seed, ledger_of):
        self.rng = rng = random.Random(seed)
        names = list(SCALES)
        self.scale = rng.choices(names, (40, 20, 12, 10, 12, 6))[0]
        self.low_px, self.high_px, self.low_qty, self.high_qty, self.capital, self.leaps = SCALES[self.scale]
        self.symbols = rng.randint(1, 4)
        self.ledger = ledger_of(self.symbols)
        self.px = [between(rng, self.low_px, self.high_px) for _ in range(self.symbols)]
        self.base_qty = [between(rng, self.low_qty, self.high_qty) for _ in range(self.symbols)]
        self.leverages = [UNITS, UNITS // 100, 125 * UNITS]
        self.leverages += [between(rng, UNITS // 100, 125 * UNITS) for _ in range(3)]

    def operations(self):
        """Yields operations; the caller applies each to the ledger before asking for the next."""
        yield Deposit(self.capital)
        for _ in range(EPISODE_OPERATIONS):
            op = self.next()
            if self.can_be_closed_after(op):
                yield op
        for symbol in range(self.symbols):
            yield from self.close_out(symbol)

    def can_be_closed_after(self, op):
        """False when the books would accept op but then might have no room to close all at the entry prices."""
        books = self.ledger.books
        wealth = units(books.cash + books.margin)
        if isinstance(op, Deposit):
            return units(books.cash) + op.usd > TOP or wealth + op.usd + self.open_cost() < TOP
        if isinstance(op, (Funding, Borrow)):
            px = op.mark if isinstance(op, Funding) else op.px
            return wealth + abs(units(self.position(op.symbol).qty) * px // UNITS * op.rate // UNITS ** 2) < TOP
        notional = op.qty * op.px // UNITS
        # A flip is two parts, each of which may fit although their sum does not.
        parts = 2 if op.side == -self.position(op.symbol).side else 1
        return notional > parts * (TOP + 2) or self.has_room(notional)

    def open_cost(self):
        return sum(units(p.basis) for p in self.ledger.positions)

    def has_room(self, notional):
        """Totals stay in range when this much is traded and then all is closed."""
        books = self.ledger.books
        return max(units(books.turnover), units(books.cash + books.margin)) + 2 * notional + self.open_cost() < TOP

    def close_out(self, symbol):
        """Close what is left at the price of the day, or, where totals have no room, at the entry price at no cost."""
        p = self.position(symbol)
        qty, px = units(p.qty), self.px[symbol]
        if qty and self.has_room(qty * px // UNITS):
            yield self.fill(symbol, -p.side, qty, px)
        elif qty:
            px = self.entry_px(symbol)
            yield Fill(symbol, -p.side, qty, px, px, 0, UNITS)

    def position(self, symbol):
        return self.ledger.positions[symbol]

    def entry_px(self, symbol):
        p = self.position(symbol)
        return max(1, units((p.basis / p.qty).quantize(Decimal("1e-8")))) if p.qty else 1

    def next(self):
        rng = self.rng
        symbol = rng.randrange(self.symbols)
        self.move(symbol)
        draw = rng.random()
        if draw < 0.04:
            return self.refusal(symbol)
        if draw < 0.09:
            return Funding(symbol, self.px[symbol], self.funding_rate())
        if draw < 0.10:
            return Borrow(symbol, self.px[symbol], abs(self.funding_rate()))
        if draw < 0.11 or self.ledger.books.cash <= 0 and draw < 0.5:
            return Deposit(between(rng, 1, self.capital))
        side, qty = self.size(symbol)
        return self.fill(symbol, side, qty, self.px[symbol])

    def move(self, symbol):
        if self.leaps:
            self.px[symbol] = between(self.rng, self.low_px, self.high_px)
        else:
            self.px[symbol] = max(1, min(TOP_PX, int(self.px[symbol] * self.rng.uniform(0.97, 1.031)) + 1))

    def size(self, symbol):
        """Side and quantity: open or add while small, else close a part, close all or flip."""
        rng, p = self.rng, self.position(symbol)
        held, base = units(p.qty), self.base_qty[symbol]
        draw = rng.random()
        if held == 0 or draw < 0.35:
            side = p.side or rng.choice((-1, 1))
            return side, min(TOP, max(1, int(base * rng.uniform(0.1, 2))))
        if draw < 0.45:
            return -p.side, max(1, held // rng.choice((2, 4)))
        if draw < 0.75:
            return -p.side, rng.randint(1, held)
        if draw < 0.87:
            return -p.side, held
        return -p.side, min(TOP, held + max(1, int(base * rng.uniform(0.1, 2))))

    def fill(self, symbol, side, qty, px):
        rng = self.rng
        if px > UNITS and rng.random() < 0.2:
            px -= px % (UNITS // 2)  # halves, so that many a notional is a tie
        ref_px = px
        if rng.random() < 0.3:
            ref_px = max(1, min(TOP_PX, px + rng.randint(-px // 50 - 1, px // 50 + 1)))
        return Fill(symbol, side, qty, px, ref_px, self.fee_rate(), rng.choice(self.leverages))

    def fee_rate(self):
        """Mostly basis points; zero, rebates, an odd last digit, and the bounds."""
        draw = self.rng.random()
        if draw < 0.75:
            return self.rng.randint(-20_000, 60_000)
        if draw < 0.95:
            return self.rng.choice((0, 50_000, 20_000, -10_000))
        return self.rng.choice((1, -1, UNITS // 2, -UNITS // 2))

    def funding_rate(self):
        draw = self.rng.random()
        if draw < 0.9:
            return self.rng.randint(-10 ** 13, 10 ** 13)
        return self.rng.choice((0, 1, -1, 10 ** 16, -10 ** 16, 10 ** 12))

    def refusal(self, symbol):
        """Out of range in one or in several ways at once, so that the order of the checks shows."""
        rng = self.rng
        if rng.random() < 0.2:
            return Deposit(rng.choice((0, -1, -(2 ** 63), TOP)))
        if rng.random() < 0.1:
            return Borrow(symbol, rng.choice((0, -1, self.px[symbol])), rng.choice((10 ** 16 + 1, -1, TOP, -(2 ** 63))))
        if rng.random() < 0.3:
            return Funding(symbol, rng.choice((0, -1, self.px[symbol])),
                           rng.choice((10 ** 16 + 1, -10 ** 16 - 1, TOP, -(2 ** 63))))
        bad = {"qty": rng.choice((0, -1, -(2 ** 63))), "px": rng.choice((0, -1, -(2 ** 63))),
               "ref_px": rng.choice((0, -1)), "leverage": rng.choice((0, -1, -(2 ** 63))),
               "fee_rate": rng.choice((UNITS // 2 + 1, -UNITS // 2 - 1, TOP, -(2 ** 63)))}
        good = self.fill(symbol, rng.choice((-1, 1)), self.base_qty[symbol], self.px[symbol])
        wrong = {name: value for name, value in bad.items() if rng.random() < 0.4}
        if not wrong:
            return Fill(symbol, good.side, TOP, TOP, TOP, 0, UNITS)  # as large as it gets
        return replace(good, **wrong)

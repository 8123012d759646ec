"""A naive ledger in decimal arithmetic, written from the contract alone, against which keel's books are compared.

Amounts are Decimal in whole coins and dollars, rounded half-even to 1e-8 exactly where the contract says `rnd`.
The precision is wide enough that nothing else rounds: a product of two amounts has at most 38 digits; a quotient is
cut at 60 digits, while a value that is not a tie is at least 1e-28 away from one. Nothing here is fast or clever.
"""
from decimal import Context, Decimal, ROUND_HALF_EVEN, localcontext

UNIT = Decimal("1e-8")
LOWEST = Decimal(-(2 ** 63) + 1).scaleb(-8)  # amounts are symmetric
HIGHEST = Decimal(2 ** 63 - 1).scaleb(-8)
ZERO = Decimal(0)
HALF = Decimal("0.5")
ONE = Decimal(1)
CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)

OK, PRICE, QUANTITY, RATE, NO_POSITION, OVERFLOW, INSUFFICIENT_CASH = 0, 6, 7, 9, 11, 12, 13


class Refused(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def rnd(value):
    """To one unit of 1e-8, half-even; a result outside the representable range is refused."""
    return fit(value.quantize(UNIT))


def fit(value):
    if not LOWEST <= value <= HIGHEST:
        raise Refused(OVERFLOW)
    return value


class Position:
    NAMES = ("side", "qty", "basis", "margin", "fees", "funding", "realised", "slippage", "opened_ms", "opened_qty",
             "opened_usd", "closed_usd", "entry_prices")
    __slots__ = NAMES

    def __init__(self):
        self.side = 0
        self.qty = self.basis = self.margin = ZERO
        self.fees = self.funding = self.realised = self.slippage = ZERO
        self.opened_qty = self.opened_usd = self.closed_usd = ZERO
        self.opened_ms = 0
        self.entry_prices = frozenset()

    def copy(self):
        other = Position()
        for name in self.NAMES:
            setattr(other, name, getattr(self, name))
        return other


class Books:
    """Totals of one account, debits positive. `basis` is signed: bought positive, sold negative."""

    LEGS = ("cash", "margin", "basis", "contra", "fees", "funding", "realised", "capital")
    NAMES = LEGS + ("slippage", "turnover")
    __slots__ = NAMES

    def __init__(self):
        for name in self.NAMES:
            setattr(self, name, ZERO)

    def copy(self):
        other = Books()
        for name in self.NAMES:
            setattr(other, name, getattr(self, name))
        return other

    def post(self, **legs):
        """Add one balanced entry."""
        assert sum(amount for name, amount in legs.items() if name in self.LEGS) == 0
        for name, amount in legs.items():
            total = getattr(self, name) + fit(amount)
            setattr(self, name, fit(total) if name in self.LEGS else min(max(total, LOWEST), HIGHEST))  # memos saturate


class Ledger:
    def __init__(self, symbols):
        self.books = Books()
        self.positions = [Position() for _ in range(symbols)]

    def _attempt(self, action, symbol):
        """Run on copies; keep them only when nothing was refused."""
        books = self.books.copy()
        position = self.positions[symbol].copy()
        try:
            with localcontext(CONTEXT):
                position = action(books, position)
        except Refused as refusal:
            return refusal.code
        self.books = books
        self.positions[symbol] = position
        return OK

    def deposit(self, usd):
        def action(books, position):
            if usd <= 0:
                raise Refused(QUANTITY)
            books.post(cash=usd, capital=-usd)
            return position
        return self._attempt(action, 0)

    def fill(self, symbol, side, qty, px, ref_px, fee_rate, leverage, ts_ms):
        def action(books, position):
            if px <= 0 or ref_px <= 0:
                raise Refused(PRICE)
            if qty <= 0 or leverage <= 0:
                raise Refused(QUANTITY)
            if abs(fee_rate) > HALF:
                raise Refused(RATE)
            at = (px, ref_px, fee_rate, leverage, ts_ms)
            if position.side in (0, side):
                return self._open(books, position, side, qty, *at)
            closed = min(qty, position.qty)
            position = self._close(books, position, closed, px, ref_px, fee_rate)
            if qty > closed:
                position = self._open(books, position, side, qty - closed, *at)
            return position
        return self._attempt(action, symbol)

    @staticmethod
    def _open(books, position, side, qty, px, ref_px, fee_rate, leverage, ts_ms):
        notional = rnd(qty * px)
        fee = rnd(notional * fee_rate)
        margin = rnd(notional / leverage)
        slippage = side * (notional - rnd(qty * ref_px))
        cost = side * notional
        books.post(cash=-(margin + fee), margin=margin, basis=cost, contra=-cost, fees=fee,
                   slippage=slippage, turnover=notional)
        if position.side == 0:
            position = Position()
            position.side, position.opened_ms = side, ts_ms
        position.entry_prices = position.entry_prices | {px} if len(position.entry_prices) < 2 else position.entry_prices
        position.qty = fit(position.qty + qty)
        position.opened_qty = fit(position.opened_qty + qty)
        position.opened_usd = fit(position.opened_usd + notional)
        position.basis = fit(position.basis + notional)
        position.margin = fit(position.margin + margin)
        position.fees = fit(position.fees + fee)
        position.slippage = fit(position.slippage + slippage)
        if books.cash < 0:
            raise Refused(INSUFFICIENT_CASH)
        return position

    @staticmethod
    def _close(books, position, qty, px, ref_px, fee_rate):
        notional = rnd(qty * px)
        fee = rnd(notional * fee_rate)
        slippage = -position.side * (notional - rnd(qty * ref_px))
        if qty == position.qty:
            part, margin = position.basis, position.margin
        else:
            part = rnd(position.basis * qty / position.qty)
            margin = rnd(position.margin * qty / position.qty)
        pnl = fit(position.side * (notional - part))
        cost = position.side * part
        books.post(cash=margin + pnl - fee, margin=-margin, basis=-cost, contra=cost, fees=fee, realised=-pnl,
                   slippage=slippage, turnover=notional)
        position.qty = position.qty - qty
        position.basis = position.basis - part
        position.margin = position.margin - margin
        position.fees = fit(position.fees + fee)
        position.realised = fit(position.realised + pnl)
        position.closed_usd = fit(position.closed_usd + notional)
        position.slippage = fit(position.slippage + slippage)
        return position if position.qty > 0 else Position()

    def settle(self, symbol, mark, rate):
        def action(books, position):
            if mark <= 0:
                raise Refused(PRICE)
            if abs(rate) > ONE:
                raise Refused(RATE)
            if position.side == 0:
                raise Refused(NO_POSITION)
            return self._pay(books, position, position.side * rnd(rnd(position.qty * mark) * rate))
        return self._attempt(action, symbol)

    def accrue(self, symbol, px, rate):
        """Interest of one period on what was borrowed: dollars beyond the margin for a long, coins for a short."""
        def action(books, position):
            if px <= 0:
                raise Refused(PRICE)
            if not 0 <= rate <= ONE:
                raise Refused(RATE)
            if position.side == 0:
                raise Refused(NO_POSITION)
            loan = position.basis - position.margin if position.side > 0 else rnd(position.qty * px)
            if loan <= 0:
                raise Refused(NO_POSITION)
            return self._pay(books, position, rnd(loan * rate))
        return self._attempt(action, symbol)

    @staticmethod
    def _pay(books, position, paid):
        books.post(cash=-paid, funding=paid)
        position.funding = fit(position.funding + paid)
        return position

    def open_pnl(self, symbol, px):
        """None on overflow."""
        position = self.positions[symbol]
        try:
            with localcontext(CONTEXT):
                return fit(position.side * (rnd(position.qty * px) - position.basis)) if position.side else ZERO
        except Refused:
            return None

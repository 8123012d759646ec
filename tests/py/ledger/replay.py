"""Feeds operations to the oracle and to ledger_replay and compares every total after every operation."""
import os
import struct
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path

from ledger import market
from oracle_ledger import Ledger, OK

RECORD = struct.Struct("<4i7q")
OUTCOME = struct.Struct("<4i23qd")
NEW, DEPOSIT, FILL, FUNDING, BORROW = range(5)
ALL_HOLDS = 7
FIELDS = ("refusal", "side", "cash", "margin", "basis", "contra", "fees", "funding", "realised", "capital", "slippage",
          "turnover", "qty", "pos_basis", "pos_margin", "pos_fees", "pos_funding", "pos_realised", "pos_slippage",
          "opened_ms", "opened_qty", "opened_usd", "closed_usd", "open_pnl", "open_pnl_fits")
HOLDS = {1: "totals do not sum to zero", 2: "postings do not explain the change", 4: "a refused call changed the books"}


def programs():
    """ledger_replay beside each build of keel: (sanitizers, release)."""
    found = []
    for name in ("KEEL_BIN", "KEEL_BIN_RELEASE"):
        program = Path(os.environ[name]).parents[2] / "tests" / "ledger_replay"
        assert program.exists(), f"{program} is not built"
        found.append(program)
    return found


def whole(amount):
    return Decimal(amount).scaleb(-8)


def encode(op, ts_ms):
    if isinstance(op, market.Deposit):
        return RECORD.pack(DEPOSIT, 0, 0, 0, ts_ms, op.usd, 0, 0, 0, 0, 0)
    if isinstance(op, market.Funding):
        return RECORD.pack(FUNDING, op.symbol, 0, 0, ts_ms, 0, op.mark, 0, 0, 0, op.rate)
    if isinstance(op, market.Borrow):
        return RECORD.pack(BORROW, op.symbol, 0, 0, ts_ms, 0, op.px, 0, 0, 0, op.rate)
    return RECORD.pack(FILL, op.symbol, op.side, 1, ts_ms, op.qty, op.px, op.ref_px, op.fee_rate, op.leverage, 0)


def apply(ledger, op, ts_ms):
    """Returns refusal code, symbol and the price to value the position at."""
    if isinstance(op, market.Deposit):
        return ledger.deposit(whole(op.usd)), 0, 0
    if isinstance(op, market.Funding):
        return ledger.settle(op.symbol, whole(op.mark), Decimal(op.rate).scaleb(-16)), op.symbol, op.mark
    if isinstance(op, market.Borrow):
        return ledger.accrue(op.symbol, whole(op.px), Decimal(op.rate).scaleb(-16)), op.symbol, op.px
    code = ledger.fill(op.symbol, op.side, whole(op.qty), whole(op.px), whole(op.ref_px), whole(op.fee_rate),
                       whole(op.leverage), ts_ms)
    return code, op.symbol, op.px


def describe(ledger, code, symbol, px):
    """The totals as counts of 1e-8, in the order of FIELDS, and the exact entry price."""
    books, p = ledger.books, ledger.positions[symbol]
    pnl = ledger.open_pnl(symbol, whole(px)) if px > 0 else None
    n = market.units
    totals = (code, p.side, n(books.cash), n(books.margin), n(books.basis), n(books.contra), n(books.fees),
              n(books.funding), n(books.realised), n(books.capital), n(books.slippage), n(books.turnover),
              n(p.qty), n(p.basis), n(p.margin), n(p.fees), n(p.funding), n(p.realised), n(p.slippage), p.opened_ms,
              n(p.opened_qty), n(p.opened_usd), n(p.closed_usd), 0 if pnl is None else n(pnl), int(pnl is not None))
    return totals, entry_price(p)


def entry_price(p):
    """One price, when every entry had the same; else what the open quantity cost on average."""
    if not p.qty:
        return Decimal(0)
    return next(iter(p.entry_prices)) if len(p.entry_prices) == 1 else p.basis / p.qty


def kind_of(op, before, code, after):
    """What an accepted operation was, or what it was refused for."""
    if code != OK:
        return f"refused {code}"
    if not isinstance(op, market.Fill):
        return type(op).__name__.lower()
    if before == 0:
        return "open"
    if after == op.side:
        return "add" if before == op.side else "flip"
    return "partial" if after else "close"


class Stream:
    """Operations of several accounts, as bytes, with what the oracle makes of each."""

    def __init__(self):
        self.bytes = []
        self.expected = []
        self.seen = Counter()

    def add(self, seed):
        """One random account, which ends with everything closed."""
        episode = market.Episode(seed, Ledger)
        self.add_account(episode.ledger, seed, episode.operations())
        assert_closed(episode.ledger, seed)

    def add_account(self, ledger, seed, operations):
        self.bytes.append(RECORD.pack(NEW, *[0] * 10))
        for op in operations:
            self.apply(ledger, seed, op)

    def apply(self, ledger, seed, op):
        ts_ms = len(self.expected)
        symbol = getattr(op, "symbol", 0)
        before = ledger.positions[symbol].side
        self.bytes.append(encode(op, ts_ms))
        code, symbol, px = apply(ledger, op, ts_ms)
        if isinstance(op, market.Fill) and op.qty * op.px % market.UNITS * 2 == market.UNITS:
            self.seen["tie"] += 1
        self.seen[kind_of(op, before, code, ledger.positions[symbol].side)] += 1
        self.expected.append((seed, op, describe(ledger, code, symbol, px)))

    @property
    def fills(self):
        return sum(self.seen[k] for k in ("open", "add", "partial", "close", "flip"))

    def compare(self, program):
        done = subprocess.run([program], input=b"".join(self.bytes), capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        assert len(done.stdout) == OUTCOME.size * len(self.expected)
        for (seed, op, (want, entry_px)), got in zip(self.expected, OUTCOME.iter_unpack(done.stdout)):
            refusal, postings, holds, side, *amounts, got_px = got
            if (refusal, side, *amounts) != want or holds != ALL_HOLDS or postings != postings_of(op, want, postings) \
                    or not near(got_px, entry_px):
                raise AssertionError(explain(seed, op, want, (refusal, side, *amounts), holds, entry_px, got_px))


def postings_of(op, want, postings):
    """One posting for what was accepted (a fill may need two), none for what was refused."""
    if want[0] != OK:
        return 0
    return postings if isinstance(op, market.Fill) and postings in (1, 2) else 1


def near(got, exact):
    """The entry price is an amount, or one quotient of two, turned into doubles: within 4 units of the last place."""
    return abs(Decimal(got) - exact) <= abs(exact) * Decimal(2.0 ** -50)


def explain(seed, op, want, got, holds, entry_px, got_px):
    lines = [f"seed {seed}: {op}"]
    lines += [f"  {name}: oracle {w}, keel {g}" for name, w, g in zip(FIELDS, want, got) if w != g]
    lines += ["  " + text for bit, text in HOLDS.items() if not holds & bit]
    return "\n".join(lines + [f"  entry price: oracle {entry_px}, keel {got_px!r}"])


def assert_closed(ledger, seed):
    """Nothing is left over once everything is closed, and what came in equals what is there and what was spent."""
    books = ledger.books
    assert all(p.qty == 0 for p in ledger.positions), seed
    assert (books.basis, books.margin, books.contra) == (0, 0, 0), seed
    assert books.cash == -(books.capital + books.realised + books.fees + books.funding), seed


def run_chunk(first_seed, fills, programs_to_ask):
    """Whole accounts until `fills` executions were accepted. Returns (what was seen, accounts)."""
    stream, seed = Stream(), first_seed
    while stream.fills < fills:
        stream.add(seed)
        seed += 1
    for program in programs_to_ask:
        stream.compare(program)
    return stream.seen, seed - first_seed

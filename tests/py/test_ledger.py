"""keel's books against a naive ledger in decimal arithmetic: every total, after every operation, to the last unit.

LEDGER_FILLS in the environment asks for more executions than the suite's million.
"""
# time limit: 400 s

import itertools
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from decimal import ROUND_HALF_UP, Context

import pytest

import oracle_ledger
from ledger import market, replay

FILLS = int(os.environ.get("LEDGER_FILLS", "1000000"))
CHUNK = 25_000
WORKERS = 2
KINDS = ("open", "add", "partial", "close", "flip", "funding", "borrow", "deposit", "tie")
REFUSALS = (oracle_ledger.PRICE, oracle_ledger.QUANTITY, oracle_ledger.RATE, oracle_ledger.NO_POSITION,
            oracle_ledger.OVERFLOW, oracle_ledger.INSUFFICIENT_CASH)


def chunk(index):
    sanitized, release = replay.programs()
    return replay.run_chunk(1000 * index, CHUNK, [release] + ([sanitized] if index < 4 else []))


def test_a_million_random_fills_agree_to_the_last_unit():
    """[KRN-02] [KRN-03] [KRN-04] [KRN-07] [KRN-08] [BKT-04.3] [T-021] [T-022] [T-023] Dust, flips, rebates, prices from
    1e-8 to 9e10, leverage from 0.01 to 125, funding, interest, overflows; each account ends closed with basis, margin
    and contra zero."""
    seen = Counter()
    with ProcessPoolExecutor(WORKERS) as pool:
        for kinds, accounts in pool.map(chunk, range(-(-FILLS // CHUNK))):
            assert accounts < 1000, "chunks would share seeds"
            seen += kinds
    fills = sum(seen[k] for k in ("open", "add", "partial", "close", "flip"))
    print(fills, dict(seen))
    assert fills >= FILLS
    for kind in (*KINDS, *(f"refused {code}" for code in REFUSALS)):
        assert seen[kind] * 1000 > fills, f"'{kind}' was hardly tried: {seen[kind]} times"


def test_another_rounding_rule_is_noticed(monkeypatch):
    """Negative control: with ties rounded up instead of to even, the comparison must fail."""
    monkeypatch.setattr(oracle_ledger, "CONTEXT", Context(prec=60, rounding=ROUND_HALF_UP))
    with pytest.raises(AssertionError, match="oracle .* keel"):
        replay.run_chunk(0, CHUNK, replay.programs()[1:])


def test_one_unit_is_noticed():
    """Negative control: one total expected one unit higher must fail, and say which."""
    stream = replay.Stream()
    stream.add(1)
    seed, op, (want, entry_px) = stream.expected[-1]
    at = replay.FIELDS.index("fees")
    stream.expected[-1] = seed, op, (want[:at] + (want[at] + 1,) + want[at + 1:], entry_px)
    with pytest.raises(AssertionError, match="fees: oracle"):
        stream.compare(replay.programs()[1])


def bad_fills():
    """Every subset of the ways in which a fill can be wrong, with the refusal that comes first."""
    ways = (({"px": 0}, oracle_ledger.PRICE), ({"ref_px": -1}, oracle_ledger.PRICE),
            ({"qty": 0}, oracle_ledger.QUANTITY), ({"leverage": 0}, oracle_ledger.QUANTITY),
            ({"fee_rate": market.UNITS // 2 + 1}, oracle_ledger.RATE), ({"qty": market.TOP}, oracle_ledger.OVERFLOW),
            ({"leverage": 1}, oracle_ledger.INSUFFICIENT_CASH))
    good = {"symbol": 0, "side": 1, "qty": market.UNITS, "px": 100 * market.UNITS, "ref_px": 100 * market.UNITS,
            "fee_rate": 0, "leverage": market.UNITS}
    for chosen in itertools.product((False, True), repeat=len(ways)):
        picked = [way for way, on in zip(ways, chosen) if on]
        changed = [name for change, _ in picked for name in change]
        if len(set(changed)) == len(changed):
            fill = dict(good)
            for change, _ in picked:
                fill.update(change)
            yield market.Fill(**fill), picked[0][1] if picked else oracle_ledger.OK


def test_refusals_come_in_the_order_of_the_contract():
    """[KRN-01.5] [KRN-08.1] PRICE, QUANTITY, RATE, OVERFLOW, INSUFFICIENT_CASH; a refused call changes nothing."""
    fills, codes = zip(*bad_fills())
    ledger = oracle_ledger.Ledger(1)
    stream = replay.Stream()
    stream.add_account(ledger, 0, [market.Deposit(150 * market.UNITS), *fills])
    assert [want[0] for _, _, (want, _) in stream.expected[1:]] == list(codes)
    assert set(codes) == {oracle_ledger.OK, *REFUSALS} - {oracle_ledger.NO_POSITION}
    for program in replay.programs():
        stream.compare(program)


def coins(side, qty, px, leverage=1):
    return market.Fill(0, side, qty * market.UNITS, px * market.UNITS, px * market.UNITS, 0, leverage * market.UNITS)


EDGES = {
    "a total reaches the largest amount, then not one unit more": [
        (market.Deposit(market.TOP - 1), oracle_ledger.OK), (market.Deposit(1), oracle_ledger.OK),
        (market.Deposit(1), oracle_ledger.OVERFLOW)],
    "cash may be spent to zero, not below": [
        (market.Deposit(100 * market.UNITS), oracle_ledger.OK),
        (coins(1, 1, 100), oracle_ledger.OK),
        (market.Fill(0, 1, 1, market.UNITS, market.UNITS, 0, market.UNITS), oracle_ledger.INSUFFICIENT_CASH)],
    "the bounds of the rates are allowed, one beyond is not": [
        (market.Deposit(10 ** 6 * market.UNITS), oracle_ledger.OK),
        (market.Fill(0, -1, 1, 1, 1, market.UNITS // 2, market.UNITS), oracle_ledger.OK),
        (market.Fill(0, -1, 1, 1, 1, -market.UNITS // 2, market.UNITS), oracle_ledger.OK),
        (market.Fill(0, -1, 1, 1, 1, -market.UNITS // 2 - 1, market.UNITS), oracle_ledger.RATE),
        (market.Funding(0, market.UNITS, 10 ** 16), oracle_ledger.OK),
        (market.Funding(0, market.UNITS, 10 ** 16 + 1), oracle_ledger.RATE),
        (market.Funding(0, market.UNITS, -10 ** 16 - 1), oracle_ledger.RATE)],
    "interest: on dollars beyond the margin, on coins, on nothing": [
        (market.Deposit(10 ** 4 * market.UNITS), oracle_ledger.OK),
        (market.Borrow(0, market.UNITS, 1), oracle_ledger.NO_POSITION),
        (coins(1, 1, 100), oracle_ledger.OK),
        (market.Borrow(0, 100 * market.UNITS, 10 ** 12), oracle_ledger.NO_POSITION),
        (coins(1, 1, 100, leverage=2), oracle_ledger.OK),
        (market.Borrow(0, 100 * market.UNITS, 10 ** 12), oracle_ledger.OK),
        (market.Borrow(0, 100 * market.UNITS, -1), oracle_ledger.RATE),
        (market.Borrow(0, 0, -1), oracle_ledger.PRICE),
        (coins(-1, 3, 100), oracle_ledger.OK),
        (market.Borrow(0, 120 * market.UNITS, 10 ** 12), oracle_ledger.OK)],
    "the largest product rounds up past 64 bits": [
        (market.Deposit(10 ** 6 * market.UNITS), oracle_ledger.OK),
        (market.Fill(0, 1, 625 * 2 ** 36 - 1, 625 * 2 ** 36 + 1, 1, 0, market.UNITS), oracle_ledger.OVERFLOW)],
    "a flip that cannot be paid leaves the position as it was": [
        (market.Deposit(100 * market.UNITS), oracle_ledger.OK),
        (coins(1, 1, 50), oracle_ledger.OK),
        (coins(-1, 4, 50), oracle_ledger.INSUFFICIENT_CASH),
        (coins(-1, 3, 50), oracle_ledger.OK)],
    "a loss may take cash below zero; then nothing opens until there is cash again": [
        (market.Deposit(100 * market.UNITS), oracle_ledger.OK),
        (coins(-1, 1, 100), oracle_ledger.OK),
        (coins(1, 1, 300), oracle_ledger.OK),
        (market.Fill(0, 1, 1, 1, 1, 0, market.UNITS), oracle_ledger.INSUFFICIENT_CASH),
        (market.Deposit(100 * market.UNITS), oracle_ledger.OK),
        (market.Fill(0, 1, 1, 1, 1, 0, market.UNITS), oracle_ledger.OK)],
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(name):
    """[KRN-03.2] [KRN-08.1] [KRN-08.4] Cases whose outcome is known by hand, in both ledgers."""
    operations, codes = zip(*EDGES[name])
    stream = replay.Stream()
    stream.add_account(oracle_ledger.Ledger(1), 0, operations)
    assert [want[0] for _, _, (want, _) in stream.expected] == list(codes)
    for program in replay.programs():
        stream.compare(program)

/* core/ledger: the closed formulas of the contract, by hand, and what must hold whatever happens.
 * The comparison with an independent ledger over a million fills is tests/py/test_ledger.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/ledger/ledger.h"
#include "num/int.h"

#define USD(x) ((int64_t)((x)*100000000.0 + ((x) < 0 ? -0.5 : 0.5)))
#define QTY(x) USD(x)

typedef struct book {
    keel_account account;
    keel_position pos;
    keel_posting posting[2];
    int32_t count;
    int64_t ts_ms;
} book;

static book book_with(int64_t cash_e8) {
    book b;
    memset(&b, 0, sizeof b);
    assert_int_equal(keel_ledger_deposit(&b.account, 0, cash_e8, b.posting), KEEL_REFUSED_OK);
    return b;
}

static int32_t trade_at(book *b, int32_t side, int64_t qty_e8, int64_t px_e8, int64_t fee_rate_e8,
                        int64_t leverage_e8) {
    keel_ledger_fill fill = {.ts_ms = ++b->ts_ms,
                             .qty_e8 = qty_e8,
                             .px_e8 = px_e8,
                             .ref_px_e8 = px_e8,
                             .fee_rate_e8 = fee_rate_e8,
                             .leverage_e8 = leverage_e8,
                             .side = side,
                             .symbol = 0,
                             .fee_role = 1};
    return keel_ledger_book(&b->account, &b->pos, &fill, b->posting, &b->count);
}

static void trade(book *b, int32_t side, int64_t qty_e8, int64_t px_e8, int64_t fee_rate_e8) {
    assert_int_equal(trade_at(b, side, qty_e8, px_e8, fee_rate_e8, KEEL_E8), KEEL_REFUSED_OK);
    assert_true(keel_ledger_balanced(&b->account));
}

static void assert_i64(int64_t got, int64_t want, const char *what) {
    if (got != want) fail_msg("%s: %lld, want %lld", what, (long long)got, (long long)want);
}

static void assert_flat(const book *b) {
    keel_position clear;
    keel_position_clear(&clear);
    assert_memory_equal(&b->pos, &clear, sizeof clear);
    assert_i64(b->account.basis_e8, 0, "basis");
    assert_i64(b->account.margin_e8, 0, "margin");
    assert_i64(b->account.contra_e8, 0, "contra");
}

/* [KRN-02.4] Ten coins at 100, a quarter, a half, three quarters or all of them closed at 110 for 5 bps:
 *   pnl = side * 10 f * 10 dollars, fee = 10 f * 110 * 0.0005, margin back = 1000 f / leverage 4. */
static void partial_closes_follow_the_closed_formulas(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2)
        for (int quarter = 1; quarter <= 4; quarter++) {
            book b = book_with(USD(10000));
            assert_int_equal(trade_at(&b, side, QTY(10), USD(100), 0, 4 * KEEL_E8), KEEL_REFUSED_OK);
            assert_i64(b.account.cash_e8, USD(10000 - 250), "cash after opening");
            trade(&b, -side, QTY(2.5) * quarter, USD(110), 50000);
            int64_t pnl = side * USD(25) * quarter, fee = USD(0.1375) * quarter, back = USD(62.5) * quarter;
            assert_i64(b.account.cash_e8, USD(9750) + back + pnl - fee, "cash");
            assert_i64(b.account.realised_e8, -pnl, "realised");
            assert_i64(b.account.fees_e8, fee, "fees");
            assert_i64(b.account.margin_e8, USD(250) - back, "margin");
            assert_i64(b.account.basis_e8, side * USD(250) * (4 - quarter), "basis");
            assert_i64(b.pos.qty_e8, QTY(2.5) * (4 - quarter), "quantity");
            if (quarter == 4)
                assert_flat(&b);
            else
                assert_true(b.pos.entry_px == 100.0);
        }
}

/* [KRN-02.4] Two closes of half of what is left leave one quarter of everything. */
static void half_of_half_leaves_a_quarter(void **state) {
    (void)state;
    book b = book_with(USD(10000));
    trade(&b, 1, QTY(8), USD(100), 0);
    trade(&b, -1, b.pos.qty_e8 / 2, USD(120), 0);
    trade(&b, -1, b.pos.qty_e8 / 2, USD(90), 0);
    assert_i64(b.pos.qty_e8, QTY(2), "quantity");
    assert_i64(b.pos.basis_e8, USD(200), "basis");
    assert_i64(b.pos.margin_e8, USD(200), "margin");
    assert_i64(-b.account.realised_e8, USD(80 - 20), "profit");
    assert_i64(b.pos.realised_e8, USD(60), "profit of the position so far");
}

/* [KRN-02.4] [KRN-08.4] However a position is split, the parts of cost and margin sum to the whole exactly. The price
 * side may differ from one close of all by the rounding of each part's notional: half a unit a part, no more. With
 * parts whose notionals are whole units nothing remains at all. */
static void any_split_sums_to_one_full_close(void **state) {
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        int side = round % 2 ? 1 : -1;
        int exact = round % 3 == 0;
        int64_t qty = (int64_t)(seed % 1000000007u) + 100, entry = (int64_t)(seed % 999999937u) + 1;
        int64_t px = (int64_t)((seed >> 20) % 999999937u) + 1;
        if (exact) px = px * KEEL_E8;
        book whole = book_with(USD(9e9)), parts = whole;
        trade(&whole, side, qty, entry, 0);
        parts = whole;
        trade(&whole, -side, qty, px, 0);
        int count = 0;
        while (parts.pos.qty_e8 > 0) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            int64_t part = (int64_t)((seed >> 33) % (uint64_t)parts.pos.qty_e8) + 1;
            trade(&parts, -side, count == 9 ? parts.pos.qty_e8 : part, px, 0);
            count++;
        }
        assert_flat(&parts);
        assert_flat(&whole);
        int64_t off = parts.account.realised_e8 - whole.account.realised_e8;
        int64_t allowed = exact || count == 1 ? 0 : (count + 1) / 2;
        if (off > allowed || off < -allowed)
            fail_msg("round %d: %d parts differ by %lld", round, count, (long long)off);
        assert_i64(parts.account.cash_e8 + parts.account.realised_e8, whole.account.cash_e8 + whole.account.realised_e8,
                   "what is neither cash nor result");
    }
}

/* [KRN-03.1] [KRN-03.4] [T-021] The entry price is the quantity-weighted mean of the fills. */
static void entry_price_is_the_weighted_mean(void **state) {
    (void)state;
    book b = book_with(USD(100000));
    trade(&b, 1, QTY(1), USD(100), 0);
    trade(&b, 1, QTY(3), USD(200), 0);
    assert_true(b.pos.entry_px == 175.0);
    trade(&b, 1, QTY(4), USD(75), 0);
    assert_true(b.pos.entry_px == 125.0);
    assert_i64(b.pos.basis_e8, USD(1000), "basis");
    trade(&b, -1, QTY(6), USD(300), 0); /* a close leaves it */
    assert_true(b.pos.entry_px == 125.0);
}

/* [KRN-03.2] [KRN-03.3] [T-022] [T-023] */
static void a_flip_starts_afresh_and_zero_clears(void **state) {
    (void)state;
    book b = book_with(USD(100000));
    trade(&b, 1, QTY(2), USD(100), 50000);
    b.pos.adds_count = 3;
    b.pos.trail_e8 = USD(99);
    b.pos.entry_atr = 4.0;
    b.pos.bars_held = 17;
    trade(&b, -1, QTY(5), USD(110), 50000);
    assert_int_equal(b.count, 2);
    assert_int_equal(b.posting[0].kind, KEEL_POST_CLOSE);
    assert_int_equal(b.posting[1].kind, KEEL_POST_OPEN);
    assert_i64(b.posting[0].qty_e8, QTY(2), "closed");
    assert_i64(b.posting[1].qty_e8, QTY(3), "opened");
    assert_int_equal(b.pos.side, -1);
    assert_true(b.pos.entry_px == 110.0);
    assert_true(b.pos.entry_atr == 0.0);
    assert_int_equal(b.pos.adds_count + b.pos.bars_held, 0);
    assert_i64(b.pos.trail_e8, 0, "trail");
    assert_i64(b.pos.opened_ms, b.ts_ms, "opened");
    assert_i64(b.pos.realised_e8, 0, "profit of the new position");
    assert_i64(b.pos.fees_e8, USD(0.165), "fee of the new position");
    assert_i64(-b.account.realised_e8, USD(20), "profit");
    trade(&b, 1, QTY(3), USD(110), 0);
    assert_flat(&b);
    trade(&b, 1, QTY(1), USD(50), 0);
    assert_true(b.pos.entry_px == 50.0);
}

/* [KRN-07.1] [KRN-07.3] Maker and taker differ by the rate difference and by nothing else; a rebate is received. */
static void fees_differ_by_exactly_the_rates(void **state) {
    (void)state;
    static const int64_t rates[] = {50000, 20000, 0, -10000, -2500}; /* 5, 2, 0, -1, -0.25 bps */
    int64_t base = 0;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        book b = book_with(USD(10000));
        trade(&b, 1, QTY(10), USD(100), rates[i]);
        int64_t fee = rates[i] * 1000; /* of 1000 dollars */
        assert_i64(b.account.fees_e8, fee, "fee");
        assert_i64(b.account.cash_e8, USD(9000) - fee, "cash");
        if (i == 0) base = b.account.cash_e8;
        assert_i64(b.account.cash_e8 - base, (rates[0] - rates[i]) * 1000, "difference to taker");
        assert_i64(b.account.margin_e8, USD(1000), "margin");
    }
}

/* [KRN-04.1] [KRN-04.2] A positive rate: longs pay, shorts receive. */
static void funding_has_a_sign_for_each_side(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2)
        for (int sign = -1; sign <= 1; sign += 2) {
            book b = book_with(USD(10000));
            trade(&b, side, QTY(2), USD(100), 0);
            keel_position before = b.pos;
            keel_posting p;
            int64_t rate = sign * KEEL_E16 / 10000; /* 1 bp of 2 * 150 = 3 cents */
            assert_int_equal(keel_ledger_settle(&b.account, &b.pos, 9, 0, USD(150), rate, &p), KEEL_REFUSED_OK);
            assert_i64(b.account.cash_e8, USD(9800) - side * sign * USD(0.03), "cash");
            assert_i64(b.account.funding_e8, side * sign * USD(0.03), "funding");
            assert_i64(b.pos.funding_e8, side * sign * USD(0.03), "funding of the position");
            before.funding_e8 = b.pos.funding_e8;
            assert_memory_equal(&b.pos, &before, sizeof before);
            assert_true(keel_ledger_balanced(&b.account));
        }
}

/* [KRN-04.1] The finest rate: 1e-16 of a notional of 1e8 dollars is one unit; half of it is a tie, to even. */
static void funding_rounds_half_to_even(void **state) {
    (void)state;
    static const struct {
        double notional;
        int64_t rate_e16, want;
    } rows[] = {{1e8, 1, 1}, {5e7, 1, 0}, {5e7, 3, 2}, {1.5e8, 1, 2}, {5e7, -1, 0}, {5e7, -3, -2}, {4.9e7, 1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        book b = book_with(USD(1e9));
        trade(&b, 1, QTY(1), USD(rows[i].notional), 0);
        keel_posting p;
        assert_int_equal(keel_ledger_settle(&b.account, &b.pos, 9, 0, USD(rows[i].notional), rows[i].rate_e16, &p),
                         KEEL_REFUSED_OK);
        assert_i64(b.account.funding_e8, rows[i].want, "funding");
    }
}

/* [BKT-04.3] [T-192] Interest is on a long's dollars beyond its margin and on the coins of a short; one basis point. */
static void interest_on_what_is_borrowed(void **state) {
    (void)state;
    static const struct {
        int32_t side;
        int64_t leverage_e8, px_e8;
        double paid; /* 0: nothing is borrowed */
    } rows[] = {{1, KEEL_E8, USD(150), 0},
                {1, 4 * KEEL_E8, USD(150), 0.075},
                {1, KEEL_E8 / 2, USD(150), 0},
                {-1, KEEL_E8, USD(150), 0.15},
                {-1, 4 * KEEL_E8, USD(80), 0.08}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        book b = book_with(USD(10000));
        keel_posting p;
        assert_int_equal(trade_at(&b, rows[i].side, QTY(10), USD(100), 0, rows[i].leverage_e8), KEEL_REFUSED_OK);
        int64_t cash = b.account.cash_e8;
        int32_t refused = keel_ledger_accrue(&b.account, &b.pos, 9, 0, rows[i].px_e8, KEEL_E16 / 10000, &p);
        assert_int_equal(refused, rows[i].paid > 0 ? KEEL_REFUSED_OK : KEEL_REFUSED_NO_POSITION);
        assert_i64(b.account.cash_e8, cash - USD(rows[i].paid), "cash");
        assert_i64(b.account.funding_e8, USD(rows[i].paid), "interest");
        assert_true(keel_ledger_balanced(&b.account));
    }
}

/* [KRN-08.1] Leverage divides the margin, and only the margin. */
static void margin_is_notional_over_leverage(void **state) {
    (void)state;
    static const struct {
        int64_t leverage_e8;
        double margin;
    } rows[] = {
        {KEEL_E8, 1000}, {4 * KEEL_E8, 250}, {125 * KEEL_E8, 8}, {KEEL_E8 / 100, 100000}, {3 * KEEL_E8, 333.33333333}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        book b = book_with(USD(200000));
        assert_int_equal(trade_at(&b, -1, QTY(10), USD(100), 0, rows[i].leverage_e8), KEEL_REFUSED_OK);
        assert_i64(b.account.margin_e8, USD(rows[i].margin), "margin");
        assert_i64(b.account.cash_e8, USD(200000) - USD(rows[i].margin), "cash");
        assert_i64(b.pos.basis_e8, USD(1000), "basis");
    }
}

/* [KRN-01.5] [KRN-08.1] Every refusal leaves account, position, postings and count as they were. */
static void a_refused_call_changes_no_byte(void **state) {
    (void)state;
    const keel_ledger_fill good = {.ts_ms = 5,
                                   .qty_e8 = QTY(1),
                                   .px_e8 = USD(100),
                                   .ref_px_e8 = USD(100),
                                   .fee_rate_e8 = 50000,
                                   .leverage_e8 = KEEL_E8,
                                   .side = -1};
    keel_ledger_fill bad[12];
    for (int i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].px_e8 = 0;
    bad[1].ref_px_e8 = -1;
    bad[2].qty_e8 = 0;
    bad[3].leverage_e8 = 0;
    bad[4].side = 0;
    bad[5].side = 2;
    bad[6].fee_rate_e8 = KEEL_E8 / 2 + 1;
    bad[7].fee_rate_e8 = -KEEL_E8 / 2 - 1;
    bad[8].qty_e8 = INT64_MAX;                        /* notional */
    bad[9].qty_e8 = QTY(1e6), bad[9].leverage_e8 = 1; /* margin of the flip's second part */
    bad[10].qty_e8 = QTY(1000);                       /* the close pays, the open of the rest cannot be paid */
    bad[11].side = 1, bad[11].qty_e8 = QTY(1000);
    static const int32_t want[12] = {KEEL_REFUSED_PRICE,
                                     KEEL_REFUSED_PRICE,
                                     KEEL_REFUSED_QUANTITY,
                                     KEEL_REFUSED_QUANTITY,
                                     KEEL_REFUSED_QUANTITY,
                                     KEEL_REFUSED_QUANTITY,
                                     KEEL_REFUSED_RATE,
                                     KEEL_REFUSED_RATE,
                                     KEEL_REFUSED_OVERFLOW,
                                     KEEL_REFUSED_OVERFLOW,
                                     KEEL_REFUSED_INSUFFICIENT_CASH,
                                     KEEL_REFUSED_INSUFFICIENT_CASH};
    book b = book_with(USD(1000));
    trade(&b, 1, QTY(2), USD(90), 50000);
    memset(b.posting, 0x5a, sizeof b.posting);
    b.count = 77;
    const book before = b;
    for (int i = 0; i < 12; i++) {
        int32_t got = keel_ledger_book(&b.account, &b.pos, &bad[i], b.posting, &b.count);
        if (got != want[i]) fail_msg("fill %d: refusal %d, want %d", i, (int)got, (int)want[i]);
        assert_memory_equal(&b, &before, sizeof b);
    }
    assert_int_equal(keel_ledger_settle(&b.account, &b.pos, 9, 0, 0, 1, b.posting), KEEL_REFUSED_PRICE);
    assert_int_equal(keel_ledger_settle(&b.account, &b.pos, 9, 0, 1, KEEL_E16 + 1, b.posting), KEEL_REFUSED_RATE);
    assert_int_equal(keel_ledger_settle(&b.account, &b.pos, 9, 0, INT64_MAX, KEEL_E16, b.posting),
                     KEEL_REFUSED_OVERFLOW);
    assert_int_equal(keel_ledger_deposit(&b.account, 9, 0, b.posting), KEEL_REFUSED_QUANTITY);
    assert_int_equal(keel_ledger_deposit(&b.account, 9, INT64_MAX, b.posting), KEEL_REFUSED_OVERFLOW);
    assert_memory_equal(&b, &before, sizeof b);
    trade(&b, -1, QTY(2), USD(90), 0);
    assert_int_equal(keel_ledger_settle(&b.account, &b.pos, 9, 0, 1, 1, b.posting), KEEL_REFUSED_NO_POSITION);
}

/* [KRN-08.2] [T-020] Equity from the list of fills alone (what was paid, what was received, what is held at the last
 * price) equals the running account, to the unit: cost is money, so nothing is lost to an average. */
static void equity_recomputed_equals_the_running_value(void **state) {
    (void)state;
    uint64_t seed = 11;
    book b = book_with(USD(1000000));
    int64_t paid = 0, held = 0; /* signed: bought positive */
    for (int i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t px = USD(100) + (int64_t)(seed >> 33) % USD(20), qty = (int64_t)(seed >> 20) % QTY(3) + 1;
        int side = seed >> 63 ? 1 : -1, over = held > QTY(50) || held < -QTY(50);
        if (over) side = held > 0 ? -1 : 1;
        int64_t old = held < 0 ? -held : held, notional = 0, second = 0, equity_pnl = 0, value = 0;
        int flips = held * side < 0 && qty > old;
        trade(&b, side, qty, px, 30000);
        assert_true(keel_mul_e8(flips ? old : qty, px, &notional)); /* a flip is two fills, each rounded */
        if (flips) assert_true(keel_mul_e8(qty - old, px, &second));
        paid += side * (notional + second);
        held += side * qty;
        assert_true(keel_ledger_open_pnl(&b.pos, px, &equity_pnl));
        assert_true(keel_mul_e8(held, px, &value));
        int64_t running = b.account.cash_e8 + b.account.margin_e8 + equity_pnl;
        assert_i64(running, USD(1000000) - paid + value - b.account.fees_e8, "equity");
    }
    assert_true(b.account.turnover_e8 > USD(10000000));
}

/* The adverse part of a price is a memo: it is positive for the worse price on either side and moves no money. */
static void slippage_is_a_memo(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2) {
        book b = book_with(USD(10000)), plain = b;
        keel_ledger_fill fill = {.ts_ms = 1,
                                 .qty_e8 = QTY(3),
                                 .px_e8 = USD(100) + side * USD(0.5),
                                 .ref_px_e8 = USD(100),
                                 .leverage_e8 = KEEL_E8,
                                 .side = side};
        assert_int_equal(keel_ledger_book(&b.account, &b.pos, &fill, b.posting, &b.count), KEEL_REFUSED_OK);
        trade(&plain, side, fill.qty_e8, fill.px_e8, 0);
        assert_i64(b.account.slippage_e8, USD(1.5), "slippage");
        assert_i64(b.account.cash_e8, plain.account.cash_e8, "cash");
        assert_i64(b.posting[0].slippage, USD(1.5), "slippage of the posting");
    }
}

static void open_profit_and_cost_to_close(void **state) {
    (void)state;
    book b = book_with(USD(10000));
    int64_t got = -1;
    assert_int_equal(keel_ledger_open_pnl(&b.pos, USD(1), &got), 1);
    assert_i64(got, 0, "open profit when flat");
    trade(&b, -1, QTY(4), USD(50), 0);
    assert_int_equal(keel_ledger_open_pnl(&b.pos, USD(45), &got), 1);
    assert_i64(got, USD(20), "open profit of a short");
    assert_int_equal(keel_ledger_close_cost(&b.pos, USD(45), 50000, &got), 1);
    assert_i64(got, USD(0.09), "cost to close");
    assert_int_equal(keel_ledger_open_pnl(&b.pos, INT64_MAX, &got), 0);
    assert_int_equal(keel_ledger_close_cost(&b.pos, INT64_MAX, 50000, &got), 0);
    assert_i64(got, USD(0.09), "out-value after a refusal");
}

/* Each field of a posting that cannot be derived from the others reaches the hash. */
static void postings_are_told_apart_by_their_hash(void **state) {
    (void)state;
    const keel_posting plain = {.ts_ms = 1, .kind = KEEL_POST_OPEN, .side = 1, .qty_e8 = 5, .px_e8 = 7};
    keel_posting p[12];
    uint64_t seen[12];
    for (int i = 0; i < 12; i++)
        p[i] = plain;
    p[1].ts_ms++, p[2].kind++, p[3].symbol++, p[4].side = -1, p[5].fee_role++, p[6].qty_e8++, p[7].px_e8++;
    p[8].d_cash--, p[8].d_margin++, p[9].d_cash--, p[9].d_fees++, p[10].d_cash--, p[10].d_funding++, p[11].slippage++;
    for (int i = 0; i < 12; i++) {
        keel_hash h;
        keel_hash_init(&h);
        keel_ledger_hash_posting(&h, &p[i]);
        seen[i] = keel_hash_digest(&h);
        for (int k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partial_closes_follow_the_closed_formulas),
        cmocka_unit_test(half_of_half_leaves_a_quarter),
        cmocka_unit_test(any_split_sums_to_one_full_close),
        cmocka_unit_test(entry_price_is_the_weighted_mean),
        cmocka_unit_test(a_flip_starts_afresh_and_zero_clears),
        cmocka_unit_test(fees_differ_by_exactly_the_rates),
        cmocka_unit_test(funding_has_a_sign_for_each_side),
        cmocka_unit_test(funding_rounds_half_to_even),
        cmocka_unit_test(interest_on_what_is_borrowed),
        cmocka_unit_test(margin_is_notional_over_leverage),
        cmocka_unit_test(a_refused_call_changes_no_byte),
        cmocka_unit_test(equity_recomputed_equals_the_running_value),
        cmocka_unit_test(slippage_is_a_memo),
        cmocka_unit_test(open_profit_and_cost_to_close),
        cmocka_unit_test(postings_are_told_apart_by_their_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* core/ledger/ledger.c: see ledger.h. Every booking works out all its sums first and writes them when they all fit, so
 * a refusal leaves account and position as they were; a flip, which is two of them, keeps what was. */
#include "core/ledger/ledger.h"

#include "num/int.h"

KEEL_FN void keel_position_clear(keel_position *pos) {
    pos->side = 0;
    pos->confidence = 0;
    pos->entry_reason = 0;
    pos->adds_count = 0;
    pos->tp1_taken = 0;
    pos->be_armed = 0;
    pos->bars_held = 0;
    pos->checks_done = 0;
    pos->points = 0;
    pos->reserved = 0;
    pos->qty_e8 = 0;
    pos->basis_e8 = 0;
    pos->margin_e8 = 0;
    pos->first_qty_e8 = 0;
    pos->opened_ms = 0;
    pos->updated_ms = 0;
    pos->stop_e8 = 0;
    pos->trail_e8 = 0;
    pos->target_e8 = 0;
    pos->partial_e8 = 0;
    pos->liq_e8 = 0;
    pos->mae_e8 = 0;
    pos->mfe_e8 = 0;
    pos->mae_px_e8 = 0;
    pos->mfe_px_e8 = 0;
    pos->fees_e8 = 0;
    pos->funding_e8 = 0;
    pos->realised_e8 = 0;
    pos->slippage_e8 = 0;
    pos->opened_qty_e8 = 0;
    pos->opened_usd_e8 = 0;
    pos->closed_usd_e8 = 0;
    pos->opened_px_e8 = 0;
    pos->closed_px_e8 = 0;
    pos->entry_px = 0.0;
    pos->entry_atr = 0.0;
    pos->stop_scale = 0.0;
}

KEEL_LOCAL void keel_ledger_posting_clear(keel_posting *p) {
    p->ts_ms = 0;
    p->kind = 0;
    p->symbol = 0;
    p->side = 0;
    p->fee_role = 0;
    p->qty_e8 = 0;
    p->px_e8 = 0;
    p->d_cash = 0;
    p->d_margin = 0;
    p->d_basis = 0;
    p->d_contra = 0;
    p->d_fees = 0;
    p->d_funding = 0;
    p->d_realised = 0;
    p->d_capital = 0;
    p->slippage = 0;
}

/* Memos stop at the ends of 64 bits: a statistic must never be the reason that a position cannot be closed. */
KEEL_LOCAL int64_t keel_ledger_memo(int64_t sum, int64_t more) {
    int64_t total;
    if (keel_add_i64(sum, more, &total)) return total;
    return more > 0 ? KEEL_I64_MAX : -KEEL_I64_MAX;
}

/* a + b; the sign bit of *odd stays set once a sum did not fit: many sums, one question. */
KEEL_LOCAL int64_t keel_ledger_sum(int64_t a, int64_t b, uint64_t *odd) {
#if KEEL_ON_HOST
    int64_t sum;
    if (keel_sum_fits(a, b, &sum)) return sum;
    *odd = (uint64_t)1 << 63;
    return 0;
#else
    uint64_t sum = (uint64_t)a + (uint64_t)b; /* without a branch */
    *odd |= ((uint64_t)a ^ sum) & ((uint64_t)b ^ sum);
    return (int64_t)sum;
#endif
}

/* Add the legs of a balanced posting to the account. They are summed as 64-bit two's complement: the eight checked
 * additions below fail before a wrapped sum could pass. An opening one needs cash of zero or more afterwards. */
KEEL_LOCAL int32_t keel_ledger_apply(keel_account *a, const keel_posting *p, int64_t notional_e8, int32_t opens) {
    uint64_t odd = 0;
    uint64_t sum = (uint64_t)p->d_cash + (uint64_t)p->d_margin + (uint64_t)p->d_basis + (uint64_t)p->d_contra +
                   (uint64_t)p->d_fees + (uint64_t)p->d_funding + (uint64_t)p->d_realised + (uint64_t)p->d_capital;
    if (sum != 0) return KEEL_REFUSED_IMBALANCE;
    int64_t cash = keel_ledger_sum(a->cash_e8, p->d_cash, &odd),
            margin = keel_ledger_sum(a->margin_e8, p->d_margin, &odd);
    int64_t basis = keel_ledger_sum(a->basis_e8, p->d_basis, &odd);
    int64_t contra = keel_ledger_sum(a->contra_e8, p->d_contra, &odd);
    int64_t fees = keel_ledger_sum(a->fees_e8, p->d_fees, &odd);
    int64_t funding = keel_ledger_sum(a->funding_e8, p->d_funding, &odd);
    int64_t realised = keel_ledger_sum(a->realised_e8, p->d_realised, &odd);
    int64_t capital = keel_ledger_sum(a->capital_e8, p->d_capital, &odd);
    if (odd >> 63) return KEEL_REFUSED_OVERFLOW;
    if (opens && cash < 0) return KEEL_REFUSED_INSUFFICIENT_CASH;
    a->cash_e8 = cash;
    a->margin_e8 = margin;
    a->basis_e8 = basis;
    a->contra_e8 = contra;
    a->fees_e8 = fees;
    a->funding_e8 = funding;
    a->realised_e8 = realised;
    a->capital_e8 = capital;
    a->slippage_e8 = keel_ledger_memo(a->slippage_e8, p->slippage);
    a->turnover_e8 = keel_ledger_memo(a->turnover_e8, notional_e8);
    return KEEL_REFUSED_OK;
}

KEEL_FN int32_t keel_ledger_balanced(const keel_account *a) {
    return (uint64_t)a->cash_e8 + (uint64_t)a->margin_e8 + (uint64_t)a->basis_e8 + (uint64_t)a->contra_e8 +
               (uint64_t)a->fees_e8 + (uint64_t)a->funding_e8 + (uint64_t)a->realised_e8 + (uint64_t)a->capital_e8 ==
           0;
}

KEEL_FN int32_t keel_ledger_deposit(keel_account *a, int64_t ts_ms, int64_t usd_e8, keel_posting *ret_posting) {
    if (usd_e8 <= 0) return KEEL_REFUSED_QUANTITY;
    keel_posting p;
    keel_ledger_posting_clear(&p);
    p.ts_ms = ts_ms;
    p.kind = KEEL_POST_DEPOSIT;
    p.symbol = -1;
    p.d_cash = usd_e8;
    p.d_capital = -usd_e8;
    int32_t refused = keel_ledger_apply(a, &p, 0, 0);
    if (refused == KEEL_REFUSED_OK) *ret_posting = p;
    return refused;
}

/* Adverse part of a fill in money: what was paid beyond (bought) or received below (sold) the reference. */
KEEL_LOCAL int32_t keel_ledger_slippage(const keel_ledger_fill *f, int64_t qty_e8, int64_t notional_e8, int64_t *ret) {
    int64_t reference;
    if (f->ref_px_e8 == f->px_e8) {
        *ret = 0;
        return 1;
    }
    if (!keel_mul_e8(qty_e8, f->ref_px_e8, &reference)) return 0;
    return f->side > 0 ? keel_sub_i64(notional_e8, reference, ret) : keel_sub_i64(reference, notional_e8, ret);
}

KEEL_FN double keel_ledger_entry_px(const keel_position *pos) {
    if (pos->opened_px_e8 > 0) return keel_e8_to_f64(pos->opened_px_e8);
    return pos->qty_e8 > 0 ? (double)pos->basis_e8 / (double)pos->qty_e8 : 0.0;
}

/* Open or add qty on the fill's side. */
KEEL_LOCAL int32_t keel_ledger_increase(keel_account *a, keel_position *pos, const keel_ledger_fill *f, int64_t qty_e8,
                                        keel_posting *ret_posting) {
    int64_t notional, fee, margin, out, slippage;
    const int32_t opens = pos->side == 0;
    uint64_t odd = 0;
    keel_posting p;
    if (!keel_mul_e8(qty_e8, f->px_e8, &notional)) return KEEL_REFUSED_OVERFLOW;
    if (!keel_mul_e8(notional, f->fee_rate_e8, &fee)) return KEEL_REFUSED_OVERFLOW;
    margin = notional;
    if (f->leverage_e8 != KEEL_E8 && !keel_mul_div(notional, KEEL_E8, f->leverage_e8, &margin))
        return KEEL_REFUSED_OVERFLOW;
    if (!keel_add_i64(margin, fee, &out)) return KEEL_REFUSED_OVERFLOW;
    if (!keel_ledger_slippage(f, qty_e8, notional, &slippage)) return KEEL_REFUSED_OVERFLOW;
    keel_ledger_posting_clear(&p);
    p.ts_ms = f->ts_ms;
    p.kind = opens ? KEEL_POST_OPEN : KEEL_POST_ADD;
    p.symbol = f->symbol;
    p.side = f->side;
    p.fee_role = f->fee_role;
    p.qty_e8 = qty_e8;
    p.px_e8 = f->px_e8;
    p.d_cash = -out;
    p.d_margin = margin;
    p.d_basis = f->side > 0 ? notional : -notional;
    p.d_contra = -p.d_basis;
    p.d_fees = fee;
    p.slippage = slippage;
    if (opens) {
        int32_t refused = keel_ledger_apply(a, &p, notional, 1);
        if (refused != KEEL_REFUSED_OK) return refused;
        keel_position_clear(pos);
        pos->side = f->side;
        pos->opened_ms = f->ts_ms;
        pos->opened_px_e8 = f->px_e8;
        pos->qty_e8 = pos->opened_qty_e8 = qty_e8;
        pos->basis_e8 = pos->opened_usd_e8 = notional;
        pos->margin_e8 = margin;
        pos->fees_e8 = fee;
        pos->slippage_e8 = slippage;
    } else {
        int64_t qty = keel_ledger_sum(pos->qty_e8, qty_e8, &odd),
                basis = keel_ledger_sum(pos->basis_e8, notional, &odd);
        int64_t margins = keel_ledger_sum(pos->margin_e8, margin, &odd),
                fees = keel_ledger_sum(pos->fees_e8, fee, &odd);
        int64_t slipped = keel_ledger_sum(pos->slippage_e8, slippage, &odd);
        int64_t opened = keel_ledger_sum(pos->opened_qty_e8, qty_e8, &odd);
        int64_t opened_usd = keel_ledger_sum(pos->opened_usd_e8, notional, &odd);
        if (odd >> 63) return KEEL_REFUSED_OVERFLOW;
        int32_t refused = keel_ledger_apply(a, &p, notional, 1);
        if (refused != KEEL_REFUSED_OK) return refused;
        pos->qty_e8 = qty;
        pos->basis_e8 = basis;
        pos->margin_e8 = margins;
        pos->fees_e8 = fees;
        pos->slippage_e8 = slipped;
        pos->opened_qty_e8 = opened;
        pos->opened_usd_e8 = opened_usd;
        if (pos->opened_px_e8 != f->px_e8) pos->opened_px_e8 = 0;
    }
    *ret_posting = p;
    pos->updated_ms = f->ts_ms;
    pos->mae_px_e8 = 0;
    pos->mfe_px_e8 = 0;
    pos->entry_px = keel_ledger_entry_px(pos);
    return KEEL_REFUSED_OK;
}

/* Close qty <= pos->qty against the position. */
KEEL_LOCAL int32_t keel_ledger_decrease(keel_account *a, keel_position *pos, const keel_ledger_fill *f, int64_t qty_e8,
                                        keel_posting *ret_posting) {
    int64_t notional, fee, slippage, pnl, back;
    int64_t basis = pos->basis_e8, margin = pos->margin_e8;
    uint64_t odd = 0;
    keel_posting p;
    if (!keel_mul_e8(qty_e8, f->px_e8, &notional)) return KEEL_REFUSED_OVERFLOW;
    if (!keel_mul_e8(notional, f->fee_rate_e8, &fee)) return KEEL_REFUSED_OVERFLOW;
    if (qty_e8 != pos->qty_e8) {
        if (!keel_mul_div(pos->basis_e8, qty_e8, pos->qty_e8, &basis)) return KEEL_REFUSED_OVERFLOW;
        if (!keel_mul_div(pos->margin_e8, qty_e8, pos->qty_e8, &margin)) return KEEL_REFUSED_OVERFLOW;
    }
    if (!keel_ledger_slippage(f, qty_e8, notional, &slippage)) return KEEL_REFUSED_OVERFLOW;
    pnl = pos->side > 0 ? notional - basis : basis - notional; /* both in [0, 2^63): cannot overflow */
    if (!keel_add_i64(margin, pnl, &back) || !keel_sub_i64(back, fee, &back)) return KEEL_REFUSED_OVERFLOW;
    keel_ledger_posting_clear(&p);
    p.ts_ms = f->ts_ms;
    p.kind = KEEL_POST_CLOSE;
    p.symbol = f->symbol;
    p.side = pos->side;
    p.fee_role = f->fee_role;
    p.qty_e8 = qty_e8;
    p.px_e8 = f->px_e8;
    p.d_cash = back;
    p.d_margin = -margin;
    p.d_basis = pos->side > 0 ? -basis : basis;
    p.d_contra = -p.d_basis;
    p.d_fees = fee;
    p.d_realised = -pnl;
    p.slippage = slippage;
    int64_t fees = keel_ledger_sum(pos->fees_e8, fee, &odd), realised = keel_ledger_sum(pos->realised_e8, pnl, &odd);
    int64_t slipped = keel_ledger_sum(pos->slippage_e8, slippage, &odd);
    int64_t closed = keel_ledger_sum(pos->closed_usd_e8, notional, &odd);
    if (odd >> 63) return KEEL_REFUSED_OVERFLOW;
    int32_t refused = keel_ledger_apply(a, &p, notional, 0);
    if (refused != KEEL_REFUSED_OK) return refused;
    *ret_posting = p;
    if (qty_e8 == pos->qty_e8) {
        keel_position_clear(pos);
        return KEEL_REFUSED_OK;
    }
    if (pos->closed_usd_e8 == 0)
        pos->closed_px_e8 = f->px_e8;
    else if (pos->closed_px_e8 != f->px_e8)
        pos->closed_px_e8 = 0;
    pos->qty_e8 -= qty_e8;
    pos->basis_e8 -= basis;
    pos->margin_e8 -= margin;
    pos->fees_e8 = fees;
    pos->realised_e8 = realised;
    pos->slippage_e8 = slipped;
    pos->closed_usd_e8 = closed;
    pos->updated_ms = f->ts_ms;
    pos->entry_px = keel_ledger_entry_px(pos);
    return KEEL_REFUSED_OK;
}

KEEL_LOCAL int32_t keel_ledger_flip(keel_account *a, keel_position *pos, const keel_ledger_fill *fill,
                                    keel_posting *ret_posting) {
    const keel_account account = *a;
    const keel_position position = *pos;
    keel_posting closed;
    int64_t rest = fill->qty_e8 - pos->qty_e8;
    int32_t refused = keel_ledger_decrease(a, pos, fill, pos->qty_e8, &closed);
    if (refused == KEEL_REFUSED_OK) refused = keel_ledger_increase(a, pos, fill, rest, &ret_posting[1]);
    if (refused == KEEL_REFUSED_OK) {
        ret_posting[0] = closed;
        return refused;
    }
    *a = account;
    *pos = position;
    return refused;
}

KEEL_LOCAL int32_t keel_ledger_move(keel_account *a, keel_position *pos, const keel_ledger_fill *fill,
                                    keel_posting *ret_posting, int32_t *ret_count) {
    int32_t flips = pos->side == -fill->side && fill->qty_e8 > pos->qty_e8, refused;
    if (flips)
        refused = keel_ledger_flip(a, pos, fill, ret_posting);
    else if (pos->side == -fill->side)
        refused = keel_ledger_decrease(a, pos, fill, fill->qty_e8, &ret_posting[0]);
    else
        refused = keel_ledger_increase(a, pos, fill, fill->qty_e8, &ret_posting[0]);
    if (refused == KEEL_REFUSED_OK) *ret_count = flips ? 2 : 1;
    return refused;
}

KEEL_FN int32_t keel_ledger_book(keel_account *a, keel_position *pos, const keel_ledger_fill *fill,
                                 keel_posting *ret_posting, int32_t *ret_count) {
    if (fill->px_e8 <= 0 || fill->ref_px_e8 <= 0) return KEEL_REFUSED_PRICE;
    if (fill->qty_e8 <= 0 || fill->leverage_e8 <= 0 || (fill->side != 1 && fill->side != -1))
        return KEEL_REFUSED_QUANTITY;
    if (fill->fee_rate_e8 > KEEL_E8 / 2 || fill->fee_rate_e8 < -(KEEL_E8 / 2)) return KEEL_REFUSED_RATE;
    /* Postings that sum to zero leave the sum of the account as it is. */
    if (keel_ledger_balanced(a)) return keel_ledger_move(a, pos, fill, ret_posting, ret_count);
    keel_account account = *a;
    keel_position position = *pos;
    keel_posting postings[2];
    int32_t count;
    int32_t refused = keel_ledger_move(&account, &position, fill, postings, &count);
    return refused != KEEL_REFUSED_OK ? refused : KEEL_REFUSED_IMBALANCE;
}

/* Money paid on an open position: cash out, expense in. */
KEEL_LOCAL int32_t keel_ledger_pay(keel_account *a, keel_position *pos, int64_t ts_ms, int32_t symbol, int32_t kind,
                                   int64_t px_e8, int64_t paid_e8, keel_posting *ret_posting) {
    int64_t total;
    keel_posting p;
    if (!keel_add_i64(pos->funding_e8, paid_e8, &total)) return KEEL_REFUSED_OVERFLOW;
    keel_ledger_posting_clear(&p);
    p.ts_ms = ts_ms;
    p.kind = kind;
    p.symbol = symbol;
    p.side = pos->side;
    p.qty_e8 = pos->qty_e8;
    p.px_e8 = px_e8;
    p.d_cash = -paid_e8;
    p.d_funding = paid_e8;
    int32_t refused = keel_ledger_apply(a, &p, 0, 0);
    if (refused != KEEL_REFUSED_OK) return refused;
    pos->funding_e8 = total;
    *ret_posting = p;
    return KEEL_REFUSED_OK;
}

KEEL_FN int32_t keel_ledger_settle(keel_account *a, keel_position *pos, int64_t ts_ms, int32_t symbol, int64_t mark_e8,
                                   int64_t rate_e16, keel_posting *ret_posting) {
    int64_t notional, paid;
    if (mark_e8 <= 0) return KEEL_REFUSED_PRICE;
    if (rate_e16 > KEEL_E16 || rate_e16 < -KEEL_E16) return KEEL_REFUSED_RATE;
    if (pos->side == 0) return KEEL_REFUSED_NO_POSITION;
    if (!keel_mul_e8(pos->qty_e8, mark_e8, &notional)) return KEEL_REFUSED_OVERFLOW;
    if (!keel_mul_div(notional, rate_e16, KEEL_E16, &paid)) return KEEL_REFUSED_OVERFLOW;
    if (pos->side < 0) paid = -paid;
    return keel_ledger_pay(a, pos, ts_ms, symbol, KEEL_POST_FUNDING, mark_e8, paid, ret_posting);
}

KEEL_FN int32_t keel_ledger_accrue(keel_account *a, keel_position *pos, int64_t ts_ms, int32_t symbol, int64_t px_e8,
                                   int64_t rate_e16, keel_posting *ret_posting) {
    int64_t loan, paid;
    if (px_e8 <= 0) return KEEL_REFUSED_PRICE;
    if (rate_e16 > KEEL_E16 || rate_e16 < 0) return KEEL_REFUSED_RATE;
    if (pos->side == 0) return KEEL_REFUSED_NO_POSITION;
    if (pos->side > 0)
        loan = pos->basis_e8 - pos->margin_e8; /* both >= 0 */
    else if (!keel_mul_e8(pos->qty_e8, px_e8, &loan))
        return KEEL_REFUSED_OVERFLOW;
    if (loan <= 0) return KEEL_REFUSED_NO_POSITION;
    if (!keel_mul_div(loan, rate_e16, KEEL_E16, &paid)) return KEEL_REFUSED_OVERFLOW;
    return keel_ledger_pay(a, pos, ts_ms, symbol, KEEL_POST_BORROW, px_e8, paid, ret_posting);
}

KEEL_HOT int32_t keel_ledger_open_pnl(const keel_position *pos, int64_t px_e8, int64_t *ret_usd_e8) {
    int64_t notional;
    if (pos->side == 0) {
        *ret_usd_e8 = 0;
        return 1;
    }
    if (!keel_mul_e8(pos->qty_e8, px_e8, &notional)) return 0;
    *ret_usd_e8 = pos->side > 0 ? notional - pos->basis_e8 : pos->basis_e8 - notional;
    return 1;
}

KEEL_HOT int32_t keel_ledger_worth(const keel_position *pos, int64_t px_e8, int64_t taker_rate_e8, int64_t *ret_pnl_e8,
                                   int64_t *ret_cost_e8) {
    int64_t notional, cost;
    if (!keel_mul_e8(pos->qty_e8, px_e8, &notional) || !keel_mul_e8(notional, taker_rate_e8, &cost)) return 0;
    *ret_pnl_e8 = pos->side > 0 ? notional - pos->basis_e8 : pos->basis_e8 - notional;
    *ret_cost_e8 = cost;
    return 1;
}

KEEL_FN int32_t keel_ledger_close_cost(const keel_position *pos, int64_t px_e8, int64_t taker_rate_e8,
                                       int64_t *ret_usd_e8) {
    int64_t notional;
    if (!keel_mul_e8(pos->qty_e8, px_e8, &notional)) return 0;
    return keel_mul_e8(notional, taker_rate_e8, ret_usd_e8);
}

KEEL_FN void keel_ledger_hash_posting(keel_hash *h, const keel_posting *p) {
    keel_hash n = *h; /* stays in registers */
    keel_hash_u64(&n, (uint64_t)(uint32_t)p->kind | ((uint64_t)(uint32_t)(p->symbol + 1) << 8) |
                          ((uint64_t)(uint32_t)(p->side + 1) << 40) | ((uint64_t)(uint32_t)p->fee_role << 48));
    keel_hash_i64(&n, p->ts_ms);
    keel_hash_i64(&n, p->qty_e8);
    keel_hash_i64(&n, p->px_e8);
    keel_hash_i64(&n, p->d_cash);
    keel_hash_i64(&n, p->d_margin);
    keel_hash_i64(&n, p->d_basis);
    keel_hash_i64(&n, p->d_fees);
    keel_hash_i64(&n, p->d_funding);
    keel_hash_i64(&n, p->d_realised);
    keel_hash_i64(&n, p->slippage);
    *h = n;
}

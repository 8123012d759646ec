/* core/ledger/ledger.h: the books of one account, double entry, and the only place that changes them.
 *
 * Amounts are int64_t at 1e-8. Definitions (rnd = round half-even, once, to one unit of 1e-8):
 *   notional n = rnd(qty * px)              fee = rnd(n * fee_rate)            (rate at 1e-8; negative = rebate)
 *   open/add   margin m = rnd(n / leverage); cash -= m + fee; margin += m; basis += n
 *   close q of Q at px, Q > 0:
 *              b = q = Q ? basis  : rnd(basis  * q / Q)   the part of the cost
 *              m = q = Q ? margin : rnd(margin * q / Q)   the part of the margin
 *              pnl = side * (n - b); cash += m + pnl - fee; basis -= b; margin -= m
 *   flip       a fill against the position larger than it: close of all of it, then open of the rest, each with its
 *              own notional and fee
 *   slippage   bought: n - rnd(q * ref_px); sold: rnd(q * ref_px) - n; for each part of a flip      (memo)
 *   funding    n = rnd(Q * mark); paid = side * rnd(n * rate); cash -= paid         (rate at 1e-16; + = longs pay)
 *   borrow     (spot) long: L = basis - margin, the quote borrowed; short: L = rnd(Q * px), the base borrowed at its
 *              price; paid = rnd(L * rate of the period); cash -= paid; booked with funding                  (L <= 0:
 * 0) so that after the last close nothing is left over, whatever the split. Every change is one posting whose legs sum
 * to zero; that is checked before it is booked. A refused call changes nothing.
 *
 * Opening or adding needs cash of zero or more afterwards (INSUFFICIENT_CASH); a loss or funding may take it below,
 * since it has happened. */
#ifndef KEEL_CORE_LEDGER_LEDGER_H
#define KEEL_CORE_LEDGER_LEDGER_H

#include "model/position.h"
#include "model/posting.h"
#include "model/reason.h"
#include "num/hash.h"

/* Account totals, debits positive: cash + margin + basis + contra + fees + funding + realised + capital = 0. */
typedef struct keel_account {
    int64_t cash_e8;
    int64_t margin_e8;
    int64_t basis_e8;
    int64_t contra_e8;
    int64_t fees_e8;
    int64_t funding_e8;
    int64_t realised_e8; /* profit is negative here */
    int64_t capital_e8;  /* deposits are negative here */
    int64_t slippage_e8; /* memo: adverse part of fill prices, paid + */
    int64_t turnover_e8; /* memo: sum of notionals of all fills; memos saturate */
} keel_account;

/* One execution as the ledger sees it. */
typedef struct keel_ledger_fill {
    int64_t ts_ms;
    int64_t qty_e8;      /* > 0 */
    int64_t px_e8;       /* > 0 */
    int64_t ref_px_e8;   /* price before slippage, > 0; = px_e8 when there was none */
    int64_t fee_rate_e8; /* of notional, |rate| <= 0.5 */
    int64_t leverage_e8; /* > 0 */
    int32_t side;        /* +1 bought, -1 sold */
    int32_t symbol;
    int32_t fee_role;
} keel_ledger_fill;

/* Capital in. usd_e8 > 0. Refusals: QUANTITY, OVERFLOW. */
KEEL_FN int32_t keel_ledger_deposit(keel_account *a, int64_t ts_ms, int64_t usd_e8, keel_posting *ret_posting);

/* Book a fill: open, add, (partial) close or flip, decided by side and size against the position.
 *   a, pos        io   both unchanged on refusal. Position metadata (levels, reasons, excursions) is not touched,
 *                      except that a position that reaches zero is cleared and a flip or open starts from a cleared
 *                      one with opened_ms = ts; qty, basis, margin, entry_px, fees, realised, slippage and the life
 *                      totals (opened_*, closed_*) follow.
 *   ret_posting   out  [2]; one posting, two for a flip.
 *   ret_count     out  number of postings.
 * Returns KEEL_REFUSED_OK or, in this order, PRICE, QUANTITY (also a leverage or side out of range), RATE (|fee_rate|
 * > 0.5), OVERFLOW, INSUFFICIENT_CASH, IMBALANCE. */
KEEL_FN int32_t keel_ledger_book(keel_account *a, keel_position *pos, const keel_ledger_fill *fill,
                                 keel_posting *ret_posting, int32_t *ret_count);

/* Funding settlement at `mark`. Changes cash and totals only. Returns OK or PRICE, RATE (|rate| > 1), NO_POSITION,
 * OVERFLOW, IMBALANCE. */
KEEL_FN int32_t keel_ledger_settle(keel_account *a, keel_position *pos, int64_t ts_ms, int32_t symbol, int64_t mark_e8,
                                   int64_t rate_e16, keel_posting *ret_posting);

/* Interest on what the position borrowed, for one period. Changes cash and totals only. Returns OK or PRICE, RATE (rate
 * below 0 or above 1), NO_POSITION (flat, or nothing borrowed: an unlevered long), OVERFLOW, IMBALANCE. */
KEEL_FN int32_t keel_ledger_accrue(keel_account *a, keel_position *pos, int64_t ts_ms, int32_t symbol, int64_t px_e8,
                                   int64_t rate_e16, keel_posting *ret_posting);

/* Open profit at px: side * (rnd(qty * px) - basis); 0 when flat. Returns 1, or 0 on overflow. */
KEEL_FN int32_t keel_ledger_open_pnl(const keel_position *pos, int64_t px_e8, int64_t *ret_usd_e8);

/* What closing all at px would cost: rnd(rnd(qty * px) * taker rate). Returns 1, or 0 on overflow. */
KEEL_FN int32_t keel_ledger_close_cost(const keel_position *pos, int64_t px_e8, int64_t taker_rate_e8,
                                       int64_t *ret_usd_e8);

/* Both at once, from one notional. Returns 1, or 0 on overflow. */
KEEL_FN int32_t keel_ledger_worth(const keel_position *pos, int64_t px_e8, int64_t taker_rate_e8, int64_t *ret_pnl_e8,
                                  int64_t *ret_cost_e8);

/* 1 when the account's totals sum to zero. */
KEEL_FN int32_t keel_ledger_balanced(const keel_account *a);

/* Absorb a posting into the chain of the state hash. */
KEEL_FN void keel_ledger_hash_posting(keel_hash *h, const keel_posting *p);

/* Average entry price: the price itself when every entry had the same one, so that levels stand at exact distances from
 * it; else basis / qty. 0 when flat. */
KEEL_FN double keel_ledger_entry_px(const keel_position *pos);

/* No position: every field zero. */
KEEL_FN void keel_position_clear(keel_position *pos);

#endif

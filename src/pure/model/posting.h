/* model/posting.h: one line of the books. */
#ifndef KEEL_MODEL_POSTING_H
#define KEEL_MODEL_POSTING_H

#include "num/port.h"

enum {
    KEEL_POST_DEPOSIT = 1,
    KEEL_POST_OPEN = 2,
    KEEL_POST_ADD = 3,
    KEEL_POST_CLOSE = 4,
    KEEL_POST_FUNDING = 5,
    KEEL_POST_BORROW = 6
};

/* Debits positive, all at 1e-8. Invariant, asserted before it is booked:
 *   d_cash + d_margin + d_basis + d_contra + d_fees + d_funding + d_realised + d_capital = 0. */
typedef struct keel_posting {
    int64_t ts_ms;
    int32_t kind;
    int32_t symbol;
    int32_t side; /* of the position: +1 long, -1 short, 0 none */
    int32_t fee_role;
    int64_t qty_e8; /* moved by this posting */
    int64_t px_e8;
    int64_t d_cash;     /* free cash */
    int64_t d_margin;   /* locked */
    int64_t d_basis;    /* signed cost of open positions: + long, - short */
    int64_t d_contra;   /* counterpart of basis: what is owed for it */
    int64_t d_fees;     /* expense: paid +, rebate - */
    int64_t d_funding;  /* expense: paid +, received -; on spot: interest on what was borrowed */
    int64_t d_realised; /* income: profit -, loss + */
    int64_t d_capital;  /* equity put in: - */
    int64_t slippage;   /* memo, not a leg: adverse part of the price in money, + = cost */
} keel_posting;

#endif

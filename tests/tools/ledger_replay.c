/* ledger_replay: books a stream of operations with the core's ledger and writes what came of each, so that an
 * independent ledger can be compared with it, unit by unit.
 *
 * Standard input: records of 72 bytes, little-endian, in this order:
 *   i32 op (0 new account, 1 deposit, 2 fill, 3 funding, 4 interest), i32 symbol, i32 side, i32 fee_role,
 *   i64 ts_ms, i64 qty_e8 (deposit: usd_e8), i64 px_e8 (funding: mark), i64 ref_px_e8, i64 fee_rate_e8,
 *   i64 leverage_e8, i64 rate_e16
 * Standard output, one record of 208 bytes for each: see `outcome`.
 * Exit 0 at the end of the stream, 2 for an argument, 3 for a record that is cut short or out of range. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/ledger/ledger.h"

#define SYMBOLS 8

enum { OP_NEW = 0, OP_DEPOSIT = 1, OP_FILL = 2, OP_FUNDING = 3, OP_BORROW = 4 };

/* What must hold after every operation, one bit each. */
enum { HOLDS_BALANCED = 1, HOLDS_POSTINGS = 2, HOLDS_REFUSAL = 4 };

typedef struct operation {
    int32_t op, symbol, side, fee_role;
    int64_t ts_ms, qty_e8, px_e8, ref_px_e8, fee_rate_e8, leverage_e8, rate_e16;
} operation;
_Static_assert(sizeof(operation) == 72, "operation is 72 bytes");

typedef struct outcome {
    int32_t refusal, postings, holds, side;
    int64_t cash, margin, basis, contra, fees, funding, realised, capital, slippage, turnover;
    int64_t qty, pos_basis, pos_margin, pos_fees, pos_funding, pos_realised, pos_slippage, opened_ms;
    int64_t opened_qty, opened_usd, closed_usd;
    int64_t open_pnl, open_pnl_fits;
    double entry_px;
} outcome;
_Static_assert(sizeof(outcome) == 208, "outcome is 208 bytes");

static int32_t apply(const operation *op, keel_account *account, keel_position *pos, keel_posting ret_posting[2],
                     int32_t *ret_count) {
    keel_ledger_fill fill = {.ts_ms = op->ts_ms,
                             .qty_e8 = op->qty_e8,
                             .px_e8 = op->px_e8,
                             .ref_px_e8 = op->ref_px_e8,
                             .fee_rate_e8 = op->fee_rate_e8,
                             .leverage_e8 = op->leverage_e8,
                             .side = op->side,
                             .symbol = op->symbol,
                             .fee_role = op->fee_role};
    *ret_count = 1;
    if (op->op == OP_DEPOSIT) return keel_ledger_deposit(account, op->ts_ms, op->qty_e8, ret_posting);
    if (op->op == OP_FILL) return keel_ledger_book(account, pos, &fill, ret_posting, ret_count);
    if (op->op == OP_BORROW)
        return keel_ledger_accrue(account, pos, op->ts_ms, op->symbol, op->px_e8, op->rate_e16, ret_posting);
    return keel_ledger_settle(account, pos, op->ts_ms, op->symbol, op->px_e8, op->rate_e16, ret_posting);
}

/* The postings explain the whole change of every total, and each balances by itself. */
static int postings_explain(const keel_account *before, const keel_account *after, const keel_posting p[],
                            int32_t count) {
    keel_account want = *before;
    for (int32_t i = 0; i < count; i++) {
        int64_t legs[8] = {p[i].d_cash, p[i].d_margin,  p[i].d_basis,    p[i].d_contra,
                           p[i].d_fees, p[i].d_funding, p[i].d_realised, p[i].d_capital};
        uint64_t sum = 0; /* modulo 2^64, so that the order of the legs cannot overflow */
        for (int k = 0; k < 8; k++)
            sum += (uint64_t)legs[k];
        if (sum != 0) return 0;
        want.cash_e8 += legs[0];
        want.margin_e8 += legs[1];
        want.basis_e8 += legs[2];
        want.contra_e8 += legs[3];
        want.fees_e8 += legs[4];
        want.funding_e8 += legs[5];
        want.realised_e8 += legs[6];
        want.capital_e8 += legs[7];
        want.slippage_e8 += p[i].slippage;
    }
    want.turnover_e8 = after->turnover_e8;
    return memcmp(&want, after, sizeof want) == 0;
}

static outcome describe(int32_t refusal, int32_t postings, int32_t holds, const keel_account *a,
                        const keel_position *pos, int64_t px_e8) {
    int64_t pnl = 0;
    int32_t fits = px_e8 > 0 ? keel_ledger_open_pnl(pos, px_e8, &pnl) : 0;
    return (outcome){.refusal = refusal,
                     .postings = postings,
                     .holds = holds,
                     .side = pos->side,
                     .cash = a->cash_e8,
                     .margin = a->margin_e8,
                     .basis = a->basis_e8,
                     .contra = a->contra_e8,
                     .fees = a->fees_e8,
                     .funding = a->funding_e8,
                     .realised = a->realised_e8,
                     .capital = a->capital_e8,
                     .slippage = a->slippage_e8,
                     .turnover = a->turnover_e8,
                     .qty = pos->qty_e8,
                     .pos_basis = pos->basis_e8,
                     .pos_margin = pos->margin_e8,
                     .pos_fees = pos->fees_e8,
                     .pos_funding = pos->funding_e8,
                     .pos_realised = pos->realised_e8,
                     .pos_slippage = pos->slippage_e8,
                     .opened_ms = pos->opened_ms,
                     .opened_qty = pos->opened_qty_e8,
                     .opened_usd = pos->opened_usd_e8,
                     .closed_usd = pos->closed_usd_e8,
                     .open_pnl = fits ? pnl : 0,
                     .open_pnl_fits = fits,
                     .entry_px = pos->entry_px};
}

static outcome replay_one(const operation *op, keel_account *account, keel_position *pos) {
    keel_account account_before = *account;
    keel_position pos_before = *pos;
    keel_posting posting[2];
    int32_t count = 0;
    memset(posting, 0, sizeof posting);
    int32_t refusal = apply(op, account, pos, posting, &count);
    if (refusal != KEEL_REFUSED_OK) count = 0;

    int32_t holds = keel_ledger_balanced(account) ? HOLDS_BALANCED : 0;
    if (postings_explain(&account_before, account, posting, count)) holds |= HOLDS_POSTINGS;
    int unchanged =
        memcmp(&account_before, account, sizeof *account) == 0 && memcmp(&pos_before, pos, sizeof *pos) == 0;
    if (refusal == KEEL_REFUSED_OK || unchanged) holds |= HOLDS_REFUSAL;
    return describe(refusal, count, holds, account, pos, op->px_e8);
}

int main(int argc, char *argv[]) {
    static keel_account account;
    static keel_position positions[SYMBOLS];
    operation op;
    size_t got;

    if (argc != 1) {
        fprintf(stderr, "ledger_replay: '%s': takes no arguments, reads records from standard input\n", argv[1]);
        return 2;
    }
    while ((got = fread(&op, 1, sizeof op, stdin)) == sizeof op) {
        if (op.symbol < 0 || op.symbol >= SYMBOLS || op.op < OP_NEW || op.op > OP_BORROW) {
            fprintf(stderr, "ledger_replay: op %" PRId32 " symbol %" PRId32 ": out of range\n", op.op, op.symbol);
            return 3;
        }
        if (op.op == OP_NEW) {
            memset(&account, 0, sizeof account);
            memset(positions, 0, sizeof positions);
            continue;
        }
        outcome out = replay_one(&op, &account, &positions[op.symbol]);
        if (fwrite(&out, sizeof out, 1, stdout) != 1) return 3;
    }
    if (got != 0) {
        fprintf(stderr, "ledger_replay: last record has %zu bytes instead of %zu: send whole records\n", got,
                sizeof op);
        return 3;
    }
    return fflush(stdout) == 0 ? 0 : 3;
}

/* core/state.h: everything a configuration remembers between two events. No pointers: it may be copied, hashed,
 * stored and placed in device memory. Only keel_step changes it. */
#ifndef KEEL_CORE_STATE_H
#define KEEL_CORE_STATE_H

#include "core/ledger/ledger.h"
#include "model/instrument.h"
#include "model/position.h"
#include "model/snapshot.h"
#include "num/hash.h"

/* Devices lower it with -D; a host may also allocate keel_state_size(n) bytes and use n symbols. */
#ifndef KEEL_SYMBOLS_MAX
#define KEEL_SYMBOLS_MAX 256
#endif

#define KEEL_FILL_IDS 8 /* remembered per symbol */

/* The values of the last closed bar that exits between bar closes need. Bit i of `ready` = slot i has a value. */
typedef struct keel_seen {
    uint64_t ready;
    double atr;
    double adx;
    double adx_prev;
    double rsi;
    double bb_width_ratio;
    double ema_slope;
    double stoch_k;
} keel_seen;

/* The order in flight for a symbol; kind 0 = none. */
typedef struct keel_pending {
    uint64_t id;
    int32_t kind;
    int32_t side;
    int32_t reason;
    int32_t confidence;
    int32_t points;
    int32_t part_filled; /* 1: some of it was executed */
    int64_t qty_e8;      /* not yet executed */
    double entry_atr;
    double stop_scale;
} keel_pending;

typedef struct keel_symbol {
    keel_instrument rules;
    keel_position pos;
    keel_pending pending;
    keel_seen seen;    /* last closed bar */
    double before_adx; /* the closed bar before that, for rules that compare two */
    double before_slope;
    double before_stoch_k;
    uint64_t before_ready;
    int64_t last_px_e8; /* glitch reference, 0 = none yet */
    int64_t last_ts_ms;
    int64_t last_entry_ms; /* of entry and exit intents; KEEL_NEVER = none */
    int64_t last_exit_ms;
    int64_t last_close_ms;
    int64_t last_funding_ms;
    int64_t funding_gap_ms; /* distance of the last two settlements, 0 = unknown */
    int64_t last_rate_e16;
    int64_t open_pnl_e8; /* at last_px, what the running equity contains */
    int64_t close_cost_e8;
    uint64_t fill_ids[KEEL_FILL_IDS]; /* the newest fill ids, a ring: repeated fills are refused */
    int32_t fill_ids_at;
    int32_t reserved;
    int32_t last_close_side;
    int32_t last_close_reason;
} keel_symbol;

#define KEEL_NEVER ((int64_t)-0x4000000000000000LL)

typedef struct keel_state {
    keel_account acct;
    keel_hash chain; /* every posting and command so far */
    uint64_t last_seq;
    uint64_t step_count;
    int64_t last_ts_ms;
    int64_t open_pnl_e8; /* sums over symbols: equity = cash + margin + open_pnl - close_cost */
    int64_t close_cost_e8;
    int64_t loss_pause_until_ms;
    int64_t last_loss_ms;
    int64_t day; /* UTC day number of the entry counter */
    int32_t entries_today;
    int32_t consecutive_losses;
    int32_t open_positions;
    int32_t pending_opens;
    int32_t symbol_count;
    int32_t outcomes[6]; /* ended trades by points of their entry, */
    int32_t profits[6];  /* and those of them with a net profit */
    int32_t fault;       /* non-zero: broken inside; every further event is refused with this KEEL_REFUSED_* */
    keel_symbol sym[KEEL_SYMBOLS_MAX];
} keel_state;

/* Empty books, n symbols, 0 <= n <= KEEL_SYMBOLS_MAX. Instruments are set by the caller afterwards (sym[i].rules). */
KEEL_FN void keel_state_init(keel_state *st, int32_t symbol_count);

/* Equity at the last seen prices: free cash + margin + open profit - cost to close everything as taker. */
KEEL_FN int64_t keel_state_equity(const keel_state *st);

/* Equity recomputed from positions, for checks. Returns 1, or 0 on overflow. */
KEEL_FN int32_t keel_state_equity_full(const keel_state *st, int64_t taker_rate_e8, int64_t *ret_usd_e8);

/* Digest of the chain and of every field that can influence a later command. */
KEEL_FN uint64_t keel_state_hash(const keel_state *st);

#endif

/* golden_steps: drives keel_step over seeded streams for several strategies and parameter sets, and over every way an
 * event can be refused, and prints one line per step: what came in, what was decided, the state hash after it. The
 * state before a step is that of the line above, so the text is a list of (state, event, params) and their decisions.
 *
 *   golden_steps [OFFSET]   OFFSET is added to every seed; the stored text is that of 0
 *
 * Line: number, kind, symbol, digest of event and snapshot, refusal, signal, hold reason, shut gates, then each
 * command, posting and trade in brackets, then digest of the diagnostics and state hash. Amounts are units of 1e-8.
 * Exit 0, or 3 when a refused event changed a byte of the state or came with a decision. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/core_stream.h"
#include "core/ledger/ledger.h"
#include "model/command.h"
#include "num/hash.h"

#define COUNT(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))
#define STEPS 200
#define SETTINGS 10

typedef struct setting {
    int32_t index;
    double value;
} setting;

typedef struct scenario {
    const char *name;
    int32_t strategy;
    uint64_t seed;
    setting set[SETTINGS]; /* until a row of zeros: index 0 is the maker fee, set by none */
} scenario;

static const scenario SCENARIOS[] = {
    {"no_trade", KEEL_STRATEGY_NO_TRADE, 1, {{0, 0.0}}},
    {"buy_hold", KEEL_STRATEGY_BUY_HOLD, 2, {{0, 0.0}}},
    {"trend", KEEL_STRATEGY_TREND, 3, {{0, 0.0}}},
    {"trend, leverage, adds, reversals",
     KEEL_STRATEGY_TREND,
     4,
     {{KEEL_PARAM_leverage, 3.0},
      {KEEL_PARAM_max_adds_per_position, 3.0},
      {KEEL_PARAM_enable_reverse, 1.0},
      {KEEL_PARAM_gate_ranging, 0.0},
      {KEEL_PARAM_gate_anomaly, 0.0},
      {KEEL_PARAM_gate_extension, 0.0},
      {KEEL_PARAM_maintenance_margin_pct, 0.02}}},
    {"ema_cross", KEEL_STRATEGY_EMA_CROSS, 5, {{0, 0.0}}},
    {"buy_hold, managed exits",
     KEEL_STRATEGY_BUY_HOLD,
     6,
     {{KEEL_PARAM_sl_atr_mult, 2.0},
      {KEEL_PARAM_tp_atr_mult, 1.5},
      {KEEL_PARAM_enable_partial_tp, 1.0},
      {KEEL_PARAM_tp_partial_atr_mult, 0.75},
      {KEEL_PARAM_enable_breakeven_stop, 1.0},
      {KEEL_PARAM_enable_trailing, 1.0},
      {KEEL_PARAM_max_hold_bars, 12.0},
      {KEEL_PARAM_enable_rsi_ext, 1.0}}},
    {"rsi_reversion, adds",
     KEEL_STRATEGY_RSI_REVERSION,
     7,
     {{KEEL_PARAM_max_adds_per_position, 3.0},
      {KEEL_PARAM_add_min_profit_atr, 0.0},
      {KEEL_PARAM_add_cooldown_s, 600.0}}},
    {"donchian_breakout, cooldowns", KEEL_STRATEGY_DONCHIAN_BREAKOUT, 8, {{KEEL_PARAM_entry_cooldown_s, 14400.0}}},
    {"momentum", KEEL_STRATEGY_MOMENTUM, 9, {{0, 0.0}}},
    {"mean_reversion, no shorts", KEEL_STRATEGY_MEAN_REVERSION, 10, {{KEEL_PARAM_allow_short, 0.0}}},
    {"carry", KEEL_STRATEGY_CARRY, 11, {{KEEL_PARAM_enable_funding_exit, 1.0}}},
};

static const char *const KINDS[] = {"?",    "PRICE",  "BAR_CLOSE", "SIGNAL", "FUNDING",
                                    "FILL", "REJECT", "DEPOSIT",   "BORROW"};
static const char *const COMMANDS[] = {"HOLD", "OPEN", "ADD", "CLOSE", "PARTIAL_CLOSE", "REVERSE"};
static const char *const SIGNALS[] = {"NEUTRAL", "BUY", "SELL", "CLOSE", "PARTIAL_CLOSE"};
static const char *const REFUSALS[] = {
#define NAME(name, number, sentence) #name,
    KEEL_REFUSALS(NAME)
#undef NAME
};

static const char *reason_name(int32_t reason) {
    switch (reason) {
#define NAME(name, number, sentence) \
    case number: return #name;
        KEEL_REASONS(NAME)
#undef NAME
        default: return "?";
    }
}

/* Records without padding, as the words they are. */
static void hash_words(keel_hash *h, const void *record, size_t size) {
    uint64_t word;
    for (size_t at = 0; at + sizeof word <= size; at += sizeof word) {
        memcpy(&word, (const char *)record + at, sizeof word);
        keel_hash_u64(h, word);
    }
}

static uint64_t digest(const void *record, size_t size, const void *more, size_t more_size) {
    keel_hash h;
    keel_hash_init(&h);
    hash_words(&h, record, size);
    if (more) hash_words(&h, more, more_size);
    return keel_hash_digest(&h);
}

static uint64_t bits(double x) {
    uint64_t word;
    memcpy(&word, &x, sizeof word);
    return word;
}

static void print_command(const keel_command *c) {
    printf(" [%s %s %s qty %" PRId64 " notional %" PRId64 " trigger %" PRId64 " stop %" PRId64 " target %" PRId64
           " conf %d points %d atr %" PRIx64 "]",
           COMMANDS[c->kind], c->side > 0 ? "buy" : "sell", reason_name(c->reason), c->qty_e8, c->notional_e8,
           c->trigger_e8, c->stop_e8, c->target_e8, (int)c->confidence, (int)c->points, bits(c->entry_atr));
}

static void print_posting(const keel_posting *p) {
    printf(" [post %d cash %" PRId64 " margin %" PRId64 " basis %" PRId64 " fees %" PRId64 " funding %" PRId64
           " realised %" PRId64 "]",
           (int)p->kind, p->d_cash, p->d_margin, p->d_basis, p->d_fees, p->d_funding, p->d_realised);
}

/* One step, printed. Returns 0, or 1 when a refusal was not without consequence. */
static int step(int number, keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap) {
    static keel_state before;
    keel_decision d;
    keel_diag diag;
    memset(&d, 0, sizeof d);
    memset(&diag, 0, sizeof diag);
    before = *st;
    int32_t refused = keel_step(st, p, ev, snap, &d, &diag);
    printf("%d %s s%d %016" PRIx64 " %s", number, ev->kind >= 1 && ev->kind <= KEEL_EV_BORROW ? KINDS[ev->kind] : "?",
           (int)ev->symbol, digest(ev, sizeof *ev, snap, snap ? sizeof *snap : 0), REFUSALS[refused]);
    if (d.signal != KEEL_NEUTRAL) printf(" %s", SIGNALS[d.signal]);
    if (d.hold_reason != KEEL_NONE) printf(" %s", reason_name(d.hold_reason));
    if (d.gates_shut) printf(" gates %02x", (unsigned)d.gates_shut);
    for (int32_t i = 0; i < d.command_count; i++)
        print_command(&d.command[i]);
    for (int32_t i = 0; i < d.posting_count; i++)
        print_posting(&d.posting[i]);
    if (d.trade_count) printf(" [trade %s pnl %" PRId64 "]", reason_name(d.trade.exit_reason), d.trade.pnl_e8);
    printf(" diag %016" PRIx64 " state %016" PRIx64 "\n", digest(&diag, sizeof diag, NULL, 0), keel_state_hash(st));
    if (refused == KEEL_REFUSED_OK) return 0;
    return memcmp(st, &before, sizeof before) != 0 || d.command_count + d.posting_count + d.trade_count != 0;
}

static keel_state the_state;

static int run(const scenario *s, uint64_t offset) {
    keel_params p;
    stream r;
    int bad = 0;
    keel_params_default(&p);
    if (!keel_strategy_select(&p, s->strategy)) return 1;
    for (int i = 0; i < SETTINGS && s->set[i].index != 0; i++)
        if (!keel_params_set(&p, s->set[i].index, s->set[i].value)) return 1;
    printf("# %s\n", s->name);
    stream_start(&r, s->seed + offset, &p, &the_state);
    for (int i = 0; i < STEPS; i++) {
        stream_step next;
        stream_next(&r, &the_state, &next);
        bad += step(i + 1, &the_state, &p, &next.ev, next.has_snap ? &next.snap : NULL);
    }
    return bad;
}

/* ---- refusals, in the order of KEEL_REFUSALS ------------------------------------------------------------------- */

#define COIN ((int64_t)100000000)

/* Two coins long from 100 on symbol 0, the others flat. */
static keel_event prepare(const keel_params *p) {
    stream r;
    keel_decision d;
    stream_start(&r, 0, p, &the_state);
    keel_event ev = {.seq = 2, .ts_ms = r.ts_ms, .schema = KEEL_EVENT_SCHEMA, .kind = KEEL_EV_FILL, .side = 1};
    ev.price_e8 = 100 * COIN;
    ev.qty_e8 = 2 * COIN;
    ev.fill_id = 7;
    ev.last_of_order = 1;
    (void)keel_step(&the_state, p, &ev, NULL, &d, NULL);
    ev.seq = 3;
    ev.ts_ms += 3600000;
    ev.kind = KEEL_EV_FUNDING;
    ev.rate_e16 = 1;
    (void)keel_step(&the_state, p, &ev, NULL, &d, NULL);
    ev.seq = 4;
    ev.kind = KEEL_EV_SIGNAL;
    ev.signal = KEEL_BUY;
    ev.open_e8 = ev.high_e8 = ev.low_e8 = ev.price_e8;
    ev.fill_id = 8;
    (void)keel_step(&the_state, p, &ev, NULL, &d, NULL);
    ev.seq = 5;
    return ev;
}

/* A signal with every fault from `first` on, or with that one alone. */
static int refused_signals(const keel_params *p) {
    int bad = 0, number = 0;
    printf("# refusals of a signal: each fault alone, then with all that are checked after it\n");
    for (int first = 0; first < 8; first++)
        for (int others = 0; others <= 1; others++) {
            keel_event ev = prepare(p);
            for (int i = first; i < (others ? 8 : first + 1); i++)
                switch (i) {
                    case 0: ev.schema = KEEL_EVENT_SCHEMA + 1; break;
                    case 1: ev.seq = 1; break;
                    case 2: ev.kind = first == 2 ? 99 : ev.kind; break;
                    case 3: ev.symbol = -1; break;
                    case 4: ev.ts_ms = 1; break;
                    case 5: ev.price_e8 = 0; break;
                    case 6: ev.close_fraction = 1.5; break;
                    default: ev.signal = 99; break;
                }
            bad += step(++number, &the_state, p, &ev, NULL);
        }
    return bad;
}

static int refused_fills(const keel_params *p) {
    int bad = 0, number = 0;
    keel_params dear = *p;
    dear.taker_fee_bps = COIN; /* beyond what the ledger takes; the parameter table would not allow it */
    printf("# refusals of a fill: faults added from the last to the first\n");
    for (int first = 5; first >= 0; first--) {
        keel_event ev = prepare(p);
        ev.kind = KEEL_EV_FILL;
        for (int i = first; i < 6; i++)
            switch (i) {
                case 0: ev.fill_id = 7; break;
                case 1: ev.price_e8 = 0; break;
                case 2: ev.qty_e8 = 0; break;
                case 3: break; /* the fee rate, below */
                case 4: ev.qty_e8 = INT64_MAX; break;
                default: ev.qty_e8 = 5000 * COIN; break;
            }
        if (first == 2) ev.qty_e8 = 0;
        if (first == 4) ev.qty_e8 = INT64_MAX;
        bad += step(++number, &the_state, first <= 3 ? &dear : p, &ev, NULL);
    }
    return bad;
}

static int other_refusals(const keel_params *p) {
    int bad = 0;
    printf("# refusals of the other kinds\n");
    keel_event ev = prepare(p);
    ev.kind = KEEL_EV_REJECT;
    ev.order_id = 12345;
    bad += step(1, &the_state, p, &ev, NULL);
    ev.kind = KEEL_EV_FUNDING;
    bad += step(2, &the_state, p, &ev, NULL); /* the settlement of that time is booked */
    ev.ts_ms += 1;
    ev.rate_e16 = INT64_MAX;
    bad += step(3, &the_state, p, &ev, NULL);
    ev.price_e8 = -1;
    bad += step(4, &the_state, p, &ev, NULL);
    ev.kind = KEEL_EV_BORROW;
    ev.price_e8 = 100 * COIN;
    ev.rate_e16 = -1;
    bad += step(5, &the_state, p, &ev, NULL);
    ev.kind = KEEL_EV_DEPOSIT;
    ev.price_e8 = 0;
    bad += step(6, &the_state, p, &ev, NULL);
    ev.price_e8 = INT64_MAX;
    bad += step(7, &the_state, p, &ev, NULL);
    ev.kind = KEEL_EV_PRICE;
    ev.price_e8 = ev.open_e8 = ev.high_e8 = INT64_MAX;
    ev.low_e8 = 1;
    bad += step(8, &the_state, p, &ev, NULL);
    ev.low_e8 = ev.high_e8;
    ev.open_e8 = 1;
    bad += step(9, &the_state, p, &ev, NULL);
    ev.kind = KEEL_EV_SIGNAL;
    ev.price_e8 = INT64_MAX;
    bad += step(10, &the_state, p, &ev, NULL); /* what is held would be worth more than fits */
    ev.schema = 1;
    ev.kind = KEEL_EV_FUNDING;
    bad += step(11, &the_state, p, &ev, NULL); /* version 1 knows no funding */
    the_state.fault = KEEL_REFUSED_IMBALANCE;  /* broken inside: nothing is taken any more */
    ev.schema = 99;
    bad += step(12, &the_state, p, &ev, NULL);
    return bad;
}

int main(int argc, char **argv) {
    uint64_t offset = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    keel_params p;
    int bad = 0;
    keel_params_default(&p);
    bad += refused_signals(&p) + refused_fills(&p) + other_refusals(&p);
    for (int i = 0; i < COUNT(SCENARIOS); i++)
        bad += run(&SCENARIOS[i], offset);
    if (bad) fprintf(stderr, "golden_steps: %d refused events changed the state or came with a decision\n", bad);
    return bad || fflush(stdout) != 0 ? 3 : 0;
}

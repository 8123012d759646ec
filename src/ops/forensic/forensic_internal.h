/* ops/forensic/forensic_internal.h: what the files of forensic.h share. */
#ifndef KEEL_OPS_FORENSIC_FORENSIC_INTERNAL_H
#define KEEL_OPS_FORENSIC_FORENSIC_INTERNAL_H

#include "ops/forensic/forensic.h"
#include "ops/forensic/line.h"
#include "ops/forensic/stream.h"

enum {
    KEEL_FORENSIC_RING = 24,        /* lines before an incident */
    KEEL_FORENSIC_RING_LINE = 1024, /* longer ones are not kept there */
    KEEL_FORENSIC_LATENCIES = 64,
    KEEL_FORENSIC_ORDERS = 8, /* of a symbol: as many as an engine has at work */
    KEEL_FORENSIC_CORR_MAX = 40,
    KEEL_FORENSIC_ACTOR_MAX = 48,
    KEEL_FORENSIC_FEEDS = 64, /* that METRICS names */
    KEEL_FORENSIC_HOUR_MS = 3600000
};

enum { KEEL_STREAM_EVENTS, KEEL_STREAM_METRICS, KEEL_STREAM_TRACE, KEEL_STREAM_ROLLUPS, KEEL_STREAMS };

/* Data were set aside; since then a close came with them, of which nothing has been set aside so far. */
enum { KEEL_FORENSIC_ASIDE_NONE, KEEL_FORENSIC_ASIDE_YES, KEEL_FORENSIC_ASIDE_CAME };

/* What is remembered of an order: of each that is at work, and of some that are over. */
typedef struct keel_forensic_order {
    uint64_t id, input; /* 0: there is none; the input it came of */
    int64_t given_ms, qty_e8, filled_e8;
    int32_t is_over, guarded, uncovered, called_back;
} keel_forensic_order;

/* What is remembered of a symbol between two records. */
typedef struct keel_forensic_symbol {
    keel_forensic_order order[KEEL_FORENSIC_ORDERS];
    uint64_t position_id, position_input; /* number of the event that opened it */
    int64_t last_bar_ms;                  /* close of the last main bar */
    int64_t missed;                       /* bars since */
    int64_t cooldown_until_ms;            /* told as begun; 0: none */
    int32_t begun, stale, blind;
    int32_t aside; /* KEEL_FORENSIC_ASIDE_* */
} keel_forensic_symbol;

/* Sums over an hour, or over the run. */
typedef struct keel_forensic_sums {
    int64_t from_ms, to_ms;
    uint32_t counts[KEEL_EVENT_CODES];
    uint32_t severities[KEEL_SEVERITY_COUNT];
    uint64_t orders, fills, rejects, denied, trades, wins, incidents;
    int64_t pnl_e8, fees_usd_e8, funding_usd_e8, slippage_e8;
    int64_t regime_ms[KEEL_FORENSIC_REGIMES_MAX];
    int64_t drawdown_e8, drawdown_ms;
    double drawdown_pct; /* deepest of its own peak, which need not be the deepest in USD */
    uint64_t bars_expected, bars_seen;
    uint64_t worst_seq[3]; /* events of the highest severity, newest last */
    int32_t worst_code[3], worst_severity[3];
} keel_forensic_sums;

/* Everything that the next record depends on: kept with snapshots. No pointers. */
typedef struct keel_forensic_state {
    uint64_t seq[KEEL_STREAMS];
    keel_stream_place place[KEEL_STREAMS];
    int64_t last_ms, hour, metrics_ms;
    int64_t closed_ms; /* the last close of main bars, 0: none yet */
    uint64_t input;
    int64_t peak_e8, peak_ms, trough_e8;
    int32_t regime, has_figures, summarised;
    int32_t ahead; /* inputs in a row that were not believed for the clock */
    int32_t aside; /* KEEL_FORENSIC_ASIDE_*: a whole input */
    int32_t reserved;
    keel_forensic_figures figures;
    keel_forensic_sums of_hour, of_run;
    uint64_t rate_hours;
    double rate_mean[KEEL_EVENT_CODES], rate_m2[KEEL_EVENT_CODES]; /* Welford's sums of hourly counts */
    int64_t latency_ms[KEEL_FORENSIC_LATENCIES];
    uint64_t latencies;
    uint64_t slippage_fills;
    int64_t slippage_e8, filled_usd_e8;
    uint64_t errors, warnings, invalid, incidents;
    uint64_t trace_hour_bytes, trace_dropped, trace_steps;
    keel_forensic_symbol sym[KEEL_FORENSIC_SYMBOLS_MAX];
    uint64_t newest[KEEL_EVENT_CODES];   /* number of the newest record of each code, 0: none */
    char actor[KEEL_FORENSIC_ACTOR_MAX]; /* who gave the last order to the engine */
    uint32_t ring_at, ring_count;
    char ring[KEEL_FORENSIC_RING][KEEL_FORENSIC_RING_LINE];
} keel_forensic_state;

struct keel_forensic {
    keel_forensic_options o;
    keel_line_run run;
    keel_stream stream[KEEL_STREAMS];
    keel_forensic_state st;
    keel_line line;
    keel_line_head head;
    char corr[KEEL_FORENSIC_CORR_MAX], order[24], intent[24];
    int rollups_made; /* the folder is there */
    int in_incident, holds;
    char why[400]; /* a file beside the streams could not be written */
    uint64_t lost;
};

/* Begin a record of events.jsonl, or of the stream that the code belongs to. corr_input 0: the run itself; symbol -1:
 * none; order_id 0: none. Fields follow on f->line, then keel_forensic_put. */
void keel_forensic_new(keel_forensic *f, keel_event_code code, int64_t ts_ms, uint64_t corr_input, int32_t symbol,
                       uint64_t order_id);
/* Behind keel_forensic_new, before any field: of this severity instead of the code's own. */
void keel_forensic_grade(keel_forensic *f, keel_event_severity severity);
/* How many records could not be written so far. */
uint64_t keel_forensic_lost(const keel_forensic *f);
/* Finish it and count it. Returns its number. */
uint64_t keel_forensic_put(keel_forensic *f);

/* kept.c: the state as parts of a snapshot. takes 0: may refuse, and nothing changes; 1: after that. */
void keel_forensic_keep(keel_forensic *f, keel_packed_writer *out);
KEEL_MUST_USE int keel_forensic_take(keel_forensic_state *st, int32_t symbols, keel_packed_reader *in, int takes,
                                     keel_err *reterr);

/* orders.c. keel_forensic_order_of NULL: it is not known, or not any more. What an order leads to belongs to the input
 * that it came of. Fields filled_qty and left_qty of an order (NULL: none), position_id of a symbol's position. */
keel_forensic_symbol *keel_forensic_symbol_of(keel_forensic *f, int32_t symbol);
keel_forensic_order *keel_forensic_order_of(keel_forensic *f, int32_t symbol, uint64_t order_id);
uint64_t keel_forensic_input_of(keel_forensic *f, int32_t symbol, uint64_t order_id);
void keel_forensic_order_left(keel_forensic *f, const keel_forensic_order *o);
void keel_forensic_position_field(keel_forensic *f, const keel_forensic_symbol *s);

/* rollup.c */
void keel_forensic_count(keel_forensic *f, keel_event_code code, keel_event_severity severity, uint64_t seq);
void keel_forensic_pass_time(keel_forensic *f, int64_t ts_ms);
void keel_forensic_sums_both(keel_forensic *f, void (*add)(keel_forensic_sums *s, int64_t value), int64_t value);

/* notes.c: an input was worked through: data that were set aside before and are taken again are told. */
void keel_forensic_taken(keel_forensic *f, int64_t ts_ms);

/* incident.c: an event of SEV1 or SEV2 was written. */
void keel_forensic_incident(keel_forensic *f, keel_event_code code, keel_event_severity severity, uint64_t seq,
                            int64_t ts_ms);

/* Keep a line, with its newline, for the timelines of incidents. */
void keel_forensic_remember(keel_forensic *f, const char *text, size_t size);

/* Write dir/folder/name whole; the folder is made. */
void keel_forensic_file(keel_forensic *f, const char *folder, const char *name, const void *bytes, size_t size);
/* 1: dir/folder/name is there. */
int keel_forensic_has_file(const keel_forensic *f, const char *folder, const char *name);
/* Member `state_hash` of the record, where there is a state. */
int keel_forensic_state_hash(const keel_forensic *f, uint64_t *ret);

#endif

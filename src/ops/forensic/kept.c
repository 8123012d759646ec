/* ops/forensic/kept.c: see forensic.h. What the next record depends on, in a snapshot: docs/formats/engine_journal.md
 * has the parts. Events stand there by their numbers, which never change; places in the table may. */
#include <stdlib.h>

#include "ops/forensic/forensic_internal.h"

enum { WORST = 3 };

#define ONE(type, name, member) KEEL_PACKED(type, name, keel_forensic_state, member)

static const keel_packed_field STATE_FIELDS[] = {
    ONE(I64, "last_ms", last_ms),
    ONE(I64, "hour", hour),
    ONE(I64, "metrics_ms", metrics_ms),
    ONE(I64, "closed_ms", closed_ms),
    ONE(U64, "input", input),
    ONE(I64, "peak_usd", peak_e8),
    ONE(I64, "peak_ms", peak_ms),
    ONE(I64, "trough_usd", trough_e8),
    KEEL_PACKED_IN(I32, "regime", keel_forensic_state, regime, -1, KEEL_FORENSIC_REGIMES_MAX - 1),
    ONE(I32, "has_figures", has_figures),
    ONE(I32, "summarised", summarised),
    {"ahead", KEEL_PACKED_I32, 1, offsetof(keel_forensic_state, ahead), 0, 0, 1, 0.0},
    ONE(U64, "figures.input", figures.input),
    ONE(I64, "figures.ts_ms", figures.ts_ms),
    ONE(I64, "figures.equity_usd", figures.equity_e8),
    ONE(I64, "figures.cash_usd", figures.cash_usd_e8),
    ONE(I64, "figures.margin_usd", figures.margin_usd_e8),
    ONE(I64, "figures.unrealised_usd", figures.unrealised_e8),
    ONE(I64, "figures.gross_usd", figures.gross_e8),
    ONE(I64, "figures.net_usd", figures.net_e8),
    ONE(I64, "figures.fees_usd", figures.fees_usd_e8),
    ONE(I64, "figures.slippage_usd", figures.slippage_e8),
    ONE(I64, "figures.turnover_usd", figures.turnover_e8),
    ONE(I32, "figures.positions", figures.positions),
    ONE(I32, "figures.orders", figures.orders),
    ONE(I32, "figures.regime", figures.regime),
    ONE(U64, "rate_hours", rate_hours),
    KEEL_PACKED_LIST(I64, "latency_ms", keel_forensic_state, latency_ms, KEEL_FORENSIC_LATENCIES),
    ONE(U64, "latencies", latencies),
    ONE(U64, "slippage_fills", slippage_fills),
    ONE(I64, "slippage_usd", slippage_e8),
    ONE(I64, "filled_usd", filled_usd_e8),
    ONE(U64, "errors", errors),
    ONE(U64, "warnings", warnings),
    ONE(U64, "invalid", invalid),
    ONE(U64, "incidents", incidents),
    ONE(U64, "trace_hour_bytes", trace_hour_bytes),
    ONE(U64, "trace_dropped", trace_dropped),
    ONE(U64, "trace_steps", trace_steps),
    KEEL_PACKED_LIST(U8, "actor", keel_forensic_state, actor, KEEL_FORENSIC_ACTOR_MAX),
    KEEL_PACKED_IN(U32, "ring_at", keel_forensic_state, ring_at, 0, KEEL_FORENSIC_RING - 1),
    KEEL_PACKED_IN(U32, "ring_count", keel_forensic_state, ring_count, 0, KEEL_FORENSIC_RING),
    KEEL_PACKED_ADDED(I32, "aside", keel_forensic_state, aside, KEEL_FORENSIC_ASIDE_NONE, KEEL_FORENSIC_ASIDE_CAME)};
/* Beside the parts below, what is reserved: 4 bytes each of the state and of its figures. */
static const keel_packed_table STATE = KEEL_PACKED_TABLE(
    "log", STATE_FIELDS, keel_forensic_state,
    KEEL_STREAMS * (sizeof(uint64_t) + sizeof(keel_stream_place)) + 2 * sizeof(keel_forensic_sums) +
        KEEL_EVENT_CODES * (2 * sizeof(double) + sizeof(uint64_t)) +
        KEEL_FORENSIC_SYMBOLS_MAX * sizeof(keel_forensic_symbol) + KEEL_FORENSIC_RING * KEEL_FORENSIC_RING_LINE + 8);

typedef struct stream_row {
    uint64_t seq, offset, lines;
    int64_t day;
    uint32_t closed, reserved;
} stream_row;

static const keel_packed_field STREAM_FIELDS[] = {
    KEEL_PACKED(U64, "seq", stream_row, seq), KEEL_PACKED(U64, "offset", stream_row, offset),
    KEEL_PACKED(U64, "lines", stream_row, lines), KEEL_PACKED(I64, "day", stream_row, day),
    KEEL_PACKED(U32, "closed", stream_row, closed)};
static const keel_packed_table STREAM = KEEL_PACKED_TABLE("log.stream", STREAM_FIELDS, stream_row, 4);

#define SUM(type, name, member) KEEL_PACKED(type, name, keel_forensic_sums, member)
#define SUM_LIST(type, name, member, n) KEEL_PACKED_LIST(type, name, keel_forensic_sums, member, n)

static const keel_packed_field SUMS_FIELDS[] = {
    SUM(I64, "from_ms", from_ms),
    SUM(I64, "to_ms", to_ms),
    SUM_LIST(U32, "severities", severities, KEEL_SEVERITY_COUNT),
    SUM(U64, "orders", orders),
    SUM(U64, "fills", fills),
    SUM(U64, "rejects", rejects),
    SUM(U64, "denied", denied),
    SUM(U64, "trades", trades),
    SUM(U64, "wins", wins),
    SUM(U64, "incidents", incidents),
    SUM(I64, "pnl_usd", pnl_e8),
    SUM(I64, "fees_usd", fees_usd_e8),
    SUM(I64, "funding_usd", funding_usd_e8),
    SUM(I64, "slippage_usd", slippage_e8),
    SUM_LIST(I64, "regime_ms", regime_ms, KEEL_FORENSIC_REGIMES_MAX),
    SUM(I64, "drawdown_usd", drawdown_e8),
    SUM(I64, "drawdown_ms", drawdown_ms),
    SUM(F64, "drawdown_pct", drawdown_pct),
    SUM(U64, "bars_expected", bars_expected),
    SUM(U64, "bars_seen", bars_seen),
    SUM_LIST(U64, "worst_seq", worst_seq, WORST),
    SUM_LIST(I32, "worst_event", worst_code, WORST),
    {"worst_severity", KEEL_PACKED_I32, WORST, offsetof(keel_forensic_sums, worst_severity), 0,
     KEEL_SEVERITY_COUNT - 1, 0, 0.0}};
static const keel_packed_table SUMS = KEEL_PACKED_TABLE("log.sums", SUMS_FIELDS, keel_forensic_sums,
                                                        offsetof(keel_forensic_sums, orders) -
                                                            offsetof(keel_forensic_sums, counts) -
                                                            KEEL_SEVERITY_COUNT * sizeof(uint32_t));

/* What there is of each event. */
typedef struct event_row {
    uint64_t newest;
    double rate_mean, rate_m2;
    uint32_t of_hour, of_run;
    int32_t number, reserved;
} event_row;

static const keel_packed_field EVENT_FIELDS[] = {
    KEEL_PACKED(I32, "number", event_row, number),       KEEL_PACKED(U32, "of_hour", event_row, of_hour),
    KEEL_PACKED(U32, "of_run", event_row, of_run),       KEEL_PACKED(F64, "rate_mean", event_row, rate_mean),
    KEEL_PACKED(F64, "rate_m2", event_row, rate_m2), KEEL_PACKED(U64, "newest", event_row, newest)};
static const keel_packed_table EVENT = KEEL_PACKED_TABLE("log.event", EVENT_FIELDS, event_row, 4);

static const keel_packed_field SYMBOL_FIELDS[] = {
    KEEL_PACKED(U64, "position_id", keel_forensic_symbol, position_id),
    KEEL_PACKED(U64, "position_input", keel_forensic_symbol, position_input),
    KEEL_PACKED(I64, "last_bar_ms", keel_forensic_symbol, last_bar_ms),
    KEEL_PACKED(I64, "missed", keel_forensic_symbol, missed),
    KEEL_PACKED(I64, "cooldown_until_ms", keel_forensic_symbol, cooldown_until_ms),
    KEEL_PACKED(I32, "begun", keel_forensic_symbol, begun),
    KEEL_PACKED(I32, "stale", keel_forensic_symbol, stale),
    KEEL_PACKED(I32, "blind", keel_forensic_symbol, blind),
    KEEL_PACKED_ADDED(I32, "aside", keel_forensic_symbol, aside, KEEL_FORENSIC_ASIDE_NONE, KEEL_FORENSIC_ASIDE_CAME)};
static const keel_packed_table SYMBOL = KEEL_PACKED_TABLE("log.symbol", SYMBOL_FIELDS, keel_forensic_symbol,
                                                          KEEL_FORENSIC_ORDERS * sizeof(keel_forensic_order));

static const keel_packed_field ORDER_FIELDS[] = {
    KEEL_PACKED(U64, "id", keel_forensic_order, id),
    KEEL_PACKED(U64, "input", keel_forensic_order, input),
    KEEL_PACKED(I64, "given_ms", keel_forensic_order, given_ms),
    KEEL_PACKED(I64, "qty", keel_forensic_order, qty_e8),
    KEEL_PACKED(I64, "filled", keel_forensic_order, filled_e8),
    KEEL_PACKED(I32, "is_over", keel_forensic_order, is_over),
    KEEL_PACKED(I32, "guarded", keel_forensic_order, guarded),
    KEEL_PACKED(I32, "uncovered", keel_forensic_order, uncovered),
    KEEL_PACKED(I32, "called_back", keel_forensic_order, called_back)};
static const keel_packed_table ORDER = KEEL_PACKED_TABLE("log.order", ORDER_FIELDS, keel_forensic_order, 0);

typedef struct line_row {
    char text[KEEL_FORENSIC_RING_LINE];
} line_row;

static const keel_packed_field LINE_FIELDS[] = {
    KEEL_PACKED_LIST(U8, "text", line_row, text, KEEL_FORENSIC_RING_LINE)};
static const keel_packed_table LINE = KEEL_PACKED_TABLE("log.line", LINE_FIELDS, line_row, 0);

/* ---- events by number -------------------------------------------------------------------------------------------- */

static int32_t number_of(int32_t code) { return keel_event_info_of((keel_event_code)code)->number; }

/* KEEL_EVENT_CODES: there is none. */
static int32_t code_of(int32_t number) {
    int32_t code = 0;
    while (code < KEEL_EVENT_CODES && number_of(code) != number)
        code++;
    return code;
}

static int no_such_event(const keel_packed_reader *in, int32_t number, keel_err *err) {
    return keel_err_set(err, KEEL_E_VERSION, "a snapshot of a newer keel (%s): it counts an event %d", in->build,
                        (int)number);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void save_streams(keel_forensic *f, keel_packed_writer *out) {
    keel_packed_part(out, &STREAM, KEEL_STREAMS);
    for (int i = 0; i < KEEL_STREAMS; i++) {
        const keel_stream_place *p = &f->st.place[i];
        stream_row row = {f->st.seq[i], p->offset, p->lines, p->day, p->closed, 0};
        keel_packed_run(out, &STREAM, &row, 1, sizeof row);
    }
}

static void save_sums(const keel_forensic_sums *sums, keel_packed_writer *out) {
    keel_forensic_sums row = *sums;
    for (int i = 0; i < WORST; i++)
        row.worst_code[i] = row.worst_seq[i] ? number_of(row.worst_code[i]) : 0;
    keel_packed_run(out, &SUMS, &row, 1, sizeof row);
}

static void save_events(const keel_forensic_state *st, keel_packed_writer *out) {
    keel_packed_part(out, &EVENT, KEEL_EVENT_CODES);
    for (int32_t i = 0; i < KEEL_EVENT_CODES; i++) {
        event_row row = {.newest = st->newest[i],
                         .rate_mean = st->rate_mean[i],
                         .rate_m2 = st->rate_m2[i],
                         .of_hour = st->of_hour.counts[i],
                         .of_run = st->of_run.counts[i],
                         .number = number_of(i)};
        keel_packed_run(out, &EVENT, &row, 1, sizeof row);
    }
}

void keel_forensic_keep(keel_forensic *f, keel_packed_writer *out) {
    uint64_t n = (uint64_t)f->o.symbol_count;
    keel_packed_rows(out, &STATE, &f->st, 1, sizeof f->st);
    save_streams(f, out);
    keel_packed_part(out, &SUMS, 2);
    save_sums(&f->st.of_hour, out);
    save_sums(&f->st.of_run, out);
    save_events(&f->st, out);
    keel_packed_rows(out, &SYMBOL, f->st.sym, n, sizeof f->st.sym[0]);
    keel_packed_part(out, &ORDER, n * KEEL_FORENSIC_ORDERS);
    for (uint64_t i = 0; i < n; i++)
        keel_packed_run(out, &ORDER, f->st.sym[i].order, KEEL_FORENSIC_ORDERS, sizeof(keel_forensic_order));
    keel_packed_rows(out, &LINE, f->st.ring, KEEL_FORENSIC_RING, sizeof f->st.ring[0]);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int load_streams(keel_forensic_state *st, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view v;
    stream_row row;
    KEEL_TRY(keel_packed_look(in, &STREAM, KEEL_STREAMS, &v, err));
    for (uint64_t i = 0; i < v.rows && takes; i++) {
        keel_packed_get(&v, i, &row);
        st->seq[i] = row.seq;
        st->place[i] = (keel_stream_place){
            .offset = row.offset, .lines = row.lines, .day = row.day, .closed = row.closed};
    }
    return 0;
}

static int load_sums(keel_forensic_state *st, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view v;
    KEEL_TRY(keel_packed_look(in, &SUMS, 2, &v, err));
    for (uint64_t i = 0; i < v.rows; i++) {
        keel_forensic_sums row = i ? st->of_run : st->of_hour;
        keel_packed_get(&v, i, &row);
        for (int k = 0; k < WORST; k++) {
            int32_t number = row.worst_code[k];
            row.worst_code[k] = row.worst_seq[k] ? code_of(number) : 0;
            if (row.worst_code[k] == KEEL_EVENT_CODES) return no_such_event(in, number, err);
        }
        if (takes) *(i ? &st->of_run : &st->of_hour) = row;
    }
    return 0;
}

/* Behind load_sums. An event that is not there never was. */
static int load_events(keel_forensic_state *st, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view v;
    event_row row;
    KEEL_TRY(keel_packed_look(in, &EVENT, KEEL_PACKED_ANY, &v, err));
    for (uint64_t i = 0; i < v.rows; i++) {
        keel_packed_get(&v, i, &row);
        int32_t code = code_of(row.number);
        if (code == KEEL_EVENT_CODES) return no_such_event(in, row.number, err);
        if (!takes) continue;
        st->newest[code] = row.newest;
        st->rate_mean[code] = row.rate_mean;
        st->rate_m2[code] = row.rate_m2;
        st->of_hour.counts[code] = row.of_hour;
        st->of_run.counts[code] = row.of_run;
    }
    return 0;
}

static int load_symbols(keel_forensic_state *st, uint64_t n, keel_packed_reader *in, int takes, keel_err *err) {
    keel_packed_view v;
    KEEL_TRY(keel_packed_take(in, &SYMBOL, st->sym, n, sizeof st->sym[0], takes, err));
    KEEL_TRY(keel_packed_look(in, &ORDER, n * KEEL_FORENSIC_ORDERS, &v, err));
    for (uint64_t i = 0; i < v.rows && takes; i++)
        keel_packed_get(&v, i, &st->sym[i / KEEL_FORENSIC_ORDERS].order[i % KEEL_FORENSIC_ORDERS]);
    return 0;
}

int keel_forensic_take(keel_forensic_state *st, int32_t symbols, keel_packed_reader *in, int takes, keel_err *reterr) {
    KEEL_TRY(keel_packed_take(in, &STATE, st, 1, sizeof *st, takes, reterr));
    KEEL_TRY(load_streams(st, in, takes, reterr));
    KEEL_TRY(load_sums(st, in, takes, reterr));
    KEEL_TRY(load_events(st, in, takes, reterr));
    KEEL_TRY(load_symbols(st, (uint64_t)symbols, in, takes, reterr));
    KEEL_TRY(keel_packed_take(in, &LINE, st->ring, KEEL_FORENSIC_RING, sizeof st->ring[0], takes, reterr));
    if (!takes) return 0;
    st->actor[KEEL_FORENSIC_ACTOR_MAX - 1] = 0; /* texts end */
    for (int i = 0; i < KEEL_FORENSIC_RING; i++)
        st->ring[i][KEEL_FORENSIC_RING_LINE - 1] = 0;
    return 0;
}

int keel_forensic_look(keel_packed_reader *in, int32_t symbols, keel_err *reterr) {
    if (!keel_packed_has(in, STATE.name)) return 0;
    keel_forensic_state *scratch = calloc(1, sizeof *scratch);
    if (!scratch) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: snapshot: close other programs");
    int rc = keel_forensic_take(scratch, symbols, in, 1, reterr);
    free(scratch);
    return rc;
}

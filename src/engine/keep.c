/* engine/keep.c: see engine_internal.h. A snapshot is a shortcut, not a record: everything remembered, field by field,
 * as docs/formats/engine_journal.md has it. Where this program cannot read one, the journal is replayed instead. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"

/* What is one number for the whole engine. */
typedef struct kept {
    uint64_t seq, input, marked_at;
    uint64_t said[KEEL_FROM_COUNT];
    int64_t last_ms;
    int32_t symbols, sleeves;
    int32_t regime, ordered, ended, apart, breaker, probes, unbooked, behaviour, behind;
    int32_t reserved;
} kept;

static const keel_packed_field KEPT_FIELDS[] = {
    KEEL_PACKED_IN(I32, "symbols", kept, symbols, 1, KEEL_SYMBOLS_MAX),
    KEEL_PACKED_IN(I32, "sleeves", kept, sleeves, 0, KEEL_ENGINE_SLEEVES_MAX),
    KEEL_PACKED(U64, "seq", kept, seq),
    KEEL_PACKED(U64, "input", kept, input),
    KEEL_PACKED(U64, "marked_at", kept, marked_at),
    {"said", KEEL_PACKED_U64, KEEL_FROM_COUNT, offsetof(kept, said), 0, 0, 1, 0.0},
    KEEL_PACKED(I64, "last_ms", kept, last_ms),
    KEEL_PACKED_IN(I32, "regime", kept, regime, 0, KEEL_REGIME_COUNT - 1),
    KEEL_PACKED_IN(I32, "ordered", kept, ordered, 0, KEEL_ENGINE_PHASES - 1),
    KEEL_PACKED_IN(I32, "ended", kept, ended, 0, 1),
    KEEL_PACKED(I32, "apart", kept, apart),
    KEEL_PACKED_IN(I32, "breaker", kept, breaker, KEEL_BREAKER_CLOSED, KEEL_BREAKER_HALF_OPEN),
    KEEL_PACKED(I32, "probes", kept, probes),
    KEEL_PACKED(I32, "unbooked", kept, unbooked),
    KEEL_PACKED(I32, "behaviour", kept, behaviour),
    KEEL_PACKED(I32, "behind", kept, behind)};
static const keel_packed_table KEPT = KEEL_PACKED_TABLE("engine", KEPT_FIELDS, kept, 4);

static const keel_packed_field ENGINE_SYMBOL_FIELDS[] = {
    KEEL_PACKED(I64, "missing", keel_engine_symbol, missing),
    KEEL_PACKED(I32, "begun", keel_engine_symbol, begun),
    KEEL_PACKED_IN(I32, "leaves", keel_engine_symbol, leaves, KEEL_LEAVES_NOT, KEEL_LEAVES_LATE),
    KEEL_PACKED(U64, "aside_input", keel_engine_symbol, aside_input),
    KEEL_PACKED(I32, "aside", keel_engine_symbol, aside),
    KEEL_PACKED_IN(I32, "row", keel_engine_symbol, row, 0, KEEL_REGIME_COUNT)};
static const keel_packed_table ENGINE_SYMBOL = KEEL_PACKED_TABLE("engine.symbol", ENGINE_SYMBOL_FIELDS,
                                                                 keel_engine_symbol,
                                                                 KEEL_ENGINE_ORDERS * sizeof(keel_engine_sent));

static const keel_packed_field ORDER_FIELDS[] = {
    KEEL_PACKED(U64, "id", keel_engine_sent, command.id),
    KEEL_PACKED(I32, "kind", keel_engine_sent, command.kind),
    KEEL_PACKED_IN(I32, "symbol", keel_engine_sent, command.symbol, 0, KEEL_SYMBOLS_MAX - 1),
    KEEL_PACKED(I32, "side", keel_engine_sent, command.side),
    KEEL_PACKED(I32, "reason", keel_engine_sent, command.reason),
    KEEL_PACKED(I32, "confidence", keel_engine_sent, command.confidence),
    KEEL_PACKED(I32, "fee_role", keel_engine_sent, command.fee_role),
    KEEL_PACKED(I32, "trigger_kind", keel_engine_sent, command.trigger_kind),
    KEEL_PACKED(I32, "ambiguous", keel_engine_sent, command.ambiguous),
    KEEL_PACKED(I32, "points", keel_engine_sent, command.points),
    KEEL_PACKED(I64, "qty", keel_engine_sent, command.qty_e8),
    KEEL_PACKED(I64, "notional_usd", keel_engine_sent, command.notional_e8),
    KEEL_PACKED(I64, "ref_px", keel_engine_sent, command.ref_px_e8),
    KEEL_PACKED(I64, "trigger_px", keel_engine_sent, command.trigger_e8),
    KEEL_PACKED(I64, "stop_px", keel_engine_sent, command.stop_e8),
    KEEL_PACKED(I64, "target_px", keel_engine_sent, command.target_e8),
    KEEL_PACKED(F64, "entry_atr", keel_engine_sent, command.entry_atr),
    KEEL_PACKED(F64, "stop_scale", keel_engine_sent, command.stop_scale),
    KEEL_PACKED(I64, "left", keel_engine_sent, left_e8),
    KEEL_PACKED(I64, "given_ms", keel_engine_sent, given_ms),
    KEEL_PACKED(I32, "heard", keel_engine_sent, heard),
    KEEL_PACKED(I32, "open", keel_engine_sent, open),
    KEEL_PACKED(I32, "withheld", keel_engine_sent, withheld),
    KEEL_PACKED(I32, "cancelled", keel_engine_sent, cancelled)};
static const keel_packed_table ORDER = KEEL_PACKED_TABLE("engine.order", ORDER_FIELDS, keel_engine_sent, 4);

static const keel_packed_field SLEEVE_FIELDS[] = {
    KEEL_PACKED(F64, "breadth", keel_engine_sleeve, breadth),
    KEEL_PACKED(I32, "btc_bullish", keel_engine_sleeve, btc_bullish),
    KEEL_PACKED(I32, "regime_gate", keel_engine_sleeve, regime_gate),
    KEEL_PACKED(F64, "gate.breadth_low", keel_engine_sleeve, gate.params.breadth_low),
    KEEL_PACKED(F64, "gate.breadth_high", keel_engine_sleeve, gate.params.breadth_high),
    KEEL_PACKED(F64, "gate.adx_min", keel_engine_sleeve, gate.params.adx_min),
    KEEL_PACKED(F64, "gate.ratio_min", keel_engine_sleeve, gate.params.ratio_min),
    KEEL_PACKED(F64, "gate.ratio_max", keel_engine_sleeve, gate.params.ratio_max),
    KEEL_PACKED(I32, "gate.bars_on", keel_engine_sleeve, gate.params.bars_on),
    KEEL_PACKED(F64, "gate.breadth", keel_engine_sleeve, gate.view.breadth),
    KEEL_PACKED(F64, "gate.median_adx", keel_engine_sleeve, gate.view.median_adx),
    KEEL_PACKED(F64, "gate.median_atr_ratio", keel_engine_sleeve, gate.view.median_atr_ratio),
    KEEL_PACKED(I32, "gate.has_breadth", keel_engine_sleeve, gate.view.has_breadth),
    KEEL_PACKED(I32, "gate.has_adx", keel_engine_sleeve, gate.view.has_adx),
    KEEL_PACKED(I32, "gate.has_atr_ratio", keel_engine_sleeve, gate.view.has_atr_ratio),
    KEEL_PACKED(I64, "gate.changed_ms", keel_engine_sleeve, gate.changed_ms),
    KEEL_PACKED(I32, "gate.on", keel_engine_sleeve, gate.on),
    KEEL_PACKED(I32, "gate.streak", keel_engine_sleeve, gate.streak)};
static const keel_packed_table SLEEVE = KEEL_PACKED_TABLE("engine.sleeve", SLEEVE_FIELDS, keel_engine_sleeve, 8);

static const keel_packed_field REGIME_FIELDS[] = {
    KEEL_PACKED(I64, "bar_ts_ms", keel_regime_detector, bar_ts_ms),
    KEEL_PACKED(I64, "changed_ms", keel_regime_detector, changed_ms),
    KEEL_PACKED(F64, "bar_close", keel_regime_detector, bar_close),
    KEEL_PACKED(F64, "score", keel_regime_detector, score),
    KEEL_PACKED(F64, "confidence", keel_regime_detector, confidence),
    KEEL_PACKED(F64, "volatility", keel_regime_detector, volatility),
    KEEL_PACKED(F64, "volatility_median", keel_regime_detector, volatility_median),
    KEEL_PACKED(F64, "return_24h", keel_regime_detector, return_24h),
    KEEL_PACKED_IN(I32, "label", keel_regime_detector, label, 0, KEEL_REGIME_COUNT - 1),
    KEEL_PACKED(I32, "storm", keel_regime_detector, storm),
    KEEL_PACKED_IN(I32, "days", keel_regime_detector, days, 0, INT32_MAX - 1),
    KEEL_PACKED_IN(I32, "vols", keel_regime_detector, vols, 0, INT32_MAX - 1),
    KEEL_PACKED_LIST(F64, "close", keel_regime_detector, close, KEEL_REGIME_DAYS),
    KEEL_PACKED_LIST(F64, "vol", keel_regime_detector, vol, KEEL_REGIME_MEDIAN_DAYS),
    KEEL_PACKED_LIST(F64, "hour", keel_regime_detector, hour, KEEL_REGIME_HOURS),
    KEEL_PACKED_IN(I32, "hours", keel_regime_detector, hours, 0, KEEL_REGIME_HOURS)};
static const keel_packed_table REGIME = KEEL_PACKED_TABLE("engine.regime", REGIME_FIELDS, keel_regime_detector, 4);

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void keep_orders(const keel_engine *e, keel_packed_writer *w) {
    keel_packed_part(w, &ORDER, (uint64_t)e->plan.symbol_count * KEEL_ENGINE_ORDERS);
    for (int32_t i = 0; i < e->plan.symbol_count; i++)
        keel_packed_run(w, &ORDER, e->sym[i].order, KEEL_ENGINE_ORDERS, sizeof e->sym[i].order[0]);
}

void keel_engine_keep(const keel_engine *e, keel_strbuf *out) {
    uint64_t n = (uint64_t)e->plan.symbol_count;
    keel_packed_writer w;
    kept k = {.seq = e->seq,
              .input = e->input,
              .marked_at = e->marked_at,
              .last_ms = e->last_ms,
              .symbols = e->plan.symbol_count,
              .sleeves = e->plan.sleeve_count,
              .regime = e->regime,
              .ordered = e->ordered,
              .ended = e->ended,
              .apart = e->apart,
              .breaker = e->breaker,
              .probes = e->probes,
              .unbooked = e->unbooked,
              .behaviour = e->behaviour,
              .behind = e->behind};
    memcpy(k.said, e->said, sizeof k.said);
    keel_packed_begin(&w, out);
    keel_packed_bytes(&w, "start", e->start.text, e->start.size);
    keel_packed_rows(&w, &KEPT, &k, 1, sizeof k);
    keel_engine_keep_state(e->st, &w);
    keel_packed_rows(&w, &ENGINE_SYMBOL, e->sym, n, sizeof *e->sym);
    keep_orders(e, &w);
    keel_packed_rows(&w, &SLEEVE, e->sleeve, (uint64_t)e->plan.sleeve_count, sizeof e->sleeve[0]);
    keel_packed_rows(&w, &REGIME, &e->detector, 1, sizeof e->detector);
    keel_engine_keep_signals(e, &w);
    if (e->watch.save) e->watch.save(e->watch.data, &w);
    keel_packed_end(&w);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static int read_kept(keel_packed_reader *r, kept *ret, keel_err *err) {
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_packed_take(r, &KEPT, ret, 1, sizeof *ret, 1, err));
    if (ret->behaviour >= 1 && ret->behaviour <= KEEL_ENGINE_BEHAVIOUR) return 0;
    return keel_err_set(err, KEEL_E_VERSION,
                        "a snapshot of a newer engine (%s): behaviour %d, this one has %d: use that keel", r->build,
                        (int)ret->behaviour, (int)KEEL_ENGINE_BEHAVIOUR);
}

static int take_kept(keel_engine *e, keel_packed_reader *r, int takes, keel_err *err) {
    kept k;
    KEEL_TRY(read_kept(r, &k, err));
    if (k.symbols != e->plan.symbol_count || k.sleeves != e->plan.sleeve_count)
        return keel_err_set(err, KEEL_E_VERSION, "a snapshot of %d symbols and %d strategies, the run has %d and %d",
                            (int)k.symbols, (int)k.sleeves, (int)e->plan.symbol_count, (int)e->plan.sleeve_count);
    if (!takes) return 0;
    e->seq = k.seq;
    e->input = k.input;
    e->marked_at = k.marked_at;
    memcpy(e->said, k.said, sizeof e->said);
    e->last_ms = k.last_ms;
    e->regime = k.regime;
    e->ordered = k.ordered;
    e->ended = k.ended;
    e->apart = k.apart;
    e->breaker = k.breaker;
    e->probes = k.probes;
    e->unbooked = k.unbooked;
    e->behaviour = k.behaviour;
    e->behind = k.behind;
    return 0;
}

static int take_orders(keel_engine *e, keel_packed_reader *r, int takes, keel_err *err) {
    keel_packed_view v;
    KEEL_TRY(keel_packed_look(r, &ORDER, (uint64_t)e->plan.symbol_count * KEEL_ENGINE_ORDERS, &v, err));
    for (uint64_t i = 0; i < v.rows && takes; i++)
        keel_packed_get(&v, i, &e->sym[i / KEEL_ENGINE_ORDERS].order[i % KEEL_ENGINE_ORDERS]);
    return 0;
}

/* takes 0: may refuse, and nothing changes; 1: after that. */
static int take(keel_engine *e, keel_packed_reader *r, int takes, keel_err *err) {
    uint64_t n = (uint64_t)e->plan.symbol_count;
    KEEL_TRY(take_kept(e, r, takes, err));
    KEEL_TRY(keel_engine_take_state(e->st, e->plan.symbol_count, r, takes, err));
    KEEL_TRY(keel_packed_take(r, &ENGINE_SYMBOL, e->sym, n, sizeof *e->sym, takes, err));
    KEEL_TRY(take_orders(e, r, takes, err));
    KEEL_TRY(keel_packed_take(r, &SLEEVE, e->sleeve, (uint64_t)e->plan.sleeve_count, sizeof e->sleeve[0], takes, err));
    KEEL_TRY(keel_packed_take(r, &REGIME, &e->detector, 1, sizeof e->detector, takes, err));
    KEEL_TRY(keel_engine_take_signals(e, r, takes, err));
    return e->watch.load ? e->watch.load(e->watch.data, r, takes, err) : 0;
}

/* By regimes a symbol's parameters have a row for each; without, there is only the first. */
static int rows_fit(const keel_engine *e, keel_packed_reader *r, keel_err *err) {
    keel_packed_view v;
    keel_engine_symbol s;
    KEEL_TRY(keel_packed_look(r, &ENGINE_SYMBOL, KEEL_PACKED_ANY, &v, err));
    for (uint64_t i = 0; i < v.rows; i++) {
        keel_packed_get(&v, i, &s);
        if (s.row != 0 && !e->plan.by_regime)
            return keel_err_set(err, KEEL_E_PARITY, "a snapshot that cannot be: parameters of a regime in row %d",
                                (int)i + 1);
    }
    return 0;
}

int keel_engine_restore(keel_engine *e, const uint8_t *bytes, size_t size, keel_err *reterr) {
    const uint8_t *start = NULL;
    size_t start_size = 0;
    keel_packed_reader r;
    KEEL_TRY(keel_packed_open(&r, bytes, size, reterr));
    KEEL_TRY(keel_packed_look_bytes(&r, "start", &start, &start_size, reterr));
    if (start_size != e->start.size || memcmp(start, keel_strbuf_text(&e->start), start_size) != 0)
        return keel_err_set(reterr, KEEL_E_USAGE,
                            "a snapshot of another run: configuration, data, range or the build's core differ: choose "
                            "another folder, or give what it was begun with");
    KEEL_TRY(take(e, &r, 0, reterr));
    KEEL_TRY(rows_fit(e, &r, reterr));
    KEEL_TRY(keel_packed_all_known(&r, reterr));
    return take(e, &r, 1, reterr);
}

int keel_engine_snapshot_look(keel_packed_reader *r, const uint8_t *bytes, size_t size, keel_engine_kept *ret,
                              keel_err *reterr) {
    const uint8_t *start = NULL;
    size_t start_size = 0;
    keel_packed_view v;
    kept k;
    KEEL_TRY(keel_packed_open(r, bytes, size, reterr));
    *ret = (keel_engine_kept){.format = r->version};
    memcpy(ret->build, r->build, sizeof ret->build);
    KEEL_TRY(keel_packed_look_bytes(r, "start", &start, &start_size, reterr));
    KEEL_TRY(read_kept(r, &k, reterr));
    ret->symbols = k.symbols;
    uint64_t n = (uint64_t)k.symbols;
    KEEL_TRY(keel_packed_look(r, &ENGINE_SYMBOL, n, &v, reterr));
    KEEL_TRY(keel_packed_look(r, &ORDER, n * KEEL_ENGINE_ORDERS, &v, reterr));
    KEEL_TRY(keel_packed_look(r, &SLEEVE, (uint64_t)k.sleeves, &v, reterr));
    KEEL_TRY(keel_packed_look(r, &REGIME, 1, &v, reterr));
    KEEL_TRY(keel_engine_look_signals(k.symbols, r, reterr));
    keel_state *st = calloc(1, sizeof *st);
    if (!st) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: snapshot: close other programs");
    keel_state_init(st, k.symbols);
    int rc = keel_engine_take_state(st, k.symbols, r, 1, reterr);
    if (rc == 0) ret->state_hash = keel_state_hash(st);
    free(st);
    return rc;
}

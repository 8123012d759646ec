/* ops/forensic/notes.c: the feed, and what the journal notes for people, as records. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/forensic/failure.h"
#include "ops/forensic/forensic_internal.h"
#include "ops/forensic/words.h"

enum { STALE_BARS = 3, AHEAD_TOLD = 2 };

#define RECOVERY_FILE "recovery.json" /* beside the log */
#define DAMAGE "damage was found"     /* as the engine's phases say it */

/* ---- the feed --------------------------------------------------------------------------------------------------- */

static void feed_record(keel_forensic *f, keel_event_code code, const keel_forensic_bars *b, int32_t symbol,
                        int64_t from_ms) {
    keel_forensic_new(f, code, b->ts_ms, b->input, symbol, 0);
    keel_line_id(&f->line, "series", f->o.symbols[symbol]);
    keel_line_time(&f->line, "from", from_ms);
    if (code == KEEL_LOG_DATA_GAP || code == KEEL_LOG_FEED_RECOVERED) keel_line_time(&f->line, "to", b->ts_ms);
    if (code == KEEL_LOG_DATA_GAP) keel_line_int(&f->line, "bars", f->st.sym[symbol].missed);
    keel_line_int(&f->line, "age_ms", b->ts_ms - from_ms);
    if (code == KEEL_LOG_DATA_GAP) keel_line_string(&f->line, "reason", "the feed has no such bars");
    (void)keel_forensic_put(f);
}

static void bar_came(keel_forensic *f, const keel_forensic_bars *b, int32_t symbol) {
    keel_forensic_symbol *s = &f->st.sym[symbol];
    f->st.of_hour.bars_expected++;
    f->st.of_run.bars_expected++;
    f->st.of_hour.bars_seen++;
    f->st.of_run.bars_seen++;
    if (s->begun && s->missed > 0) {
        feed_record(f, KEEL_LOG_FEED_RECOVERED, b, symbol, s->last_bar_ms);
        feed_record(f, KEEL_LOG_DATA_GAP, b, symbol, s->last_bar_ms);
    }
    if (s->aside) s->aside = KEEL_FORENSIC_ASIDE_CAME;
    s->begun = 1;
    s->stale = 0;
    s->missed = 0;
    s->last_bar_ms = b->ts_ms;
}

static void bars_missing(keel_forensic *f, const keel_forensic_bars *b, int32_t symbol, int64_t bars) {
    keel_forensic_symbol *s = &f->st.sym[symbol];
    if (!s->begun || bars == 0) return; /* it has not begun to trade */
    f->st.of_hour.bars_expected += (uint64_t)bars;
    f->st.of_run.bars_expected += (uint64_t)bars;
    if (s->missed == 0) feed_record(f, KEEL_LOG_FEED_MISSING, b, symbol, s->last_bar_ms);
    s->missed += bars;
    if (s->missed >= STALE_BARS && !s->stale) {
        s->stale = 1;
        feed_record(f, KEEL_LOG_FEED_STALE, b, symbol, s->last_bar_ms);
    }
}

static void trace_input(keel_forensic *f, const keel_forensic_bars *b) {
    if (f->o.trace_every == 0 || b->input % f->o.trace_every != 0) return;
    if (f->st.trace_hour_bytes >= f->o.trace_bytes) {
        f->st.trace_dropped++;
        return;
    }
    keel_forensic_new(f, KEEL_LOG_TRACE_INPUT, b->ts_ms, b->input, -1, 0);
    keel_line_int(&f->line, "kind", b->kind);
    keel_line_int(&f->line, "pieces", b->pieces);
    keel_line_int(&f->line, "fundings", b->fundings);
    if (b->recv_ns) {
        keel_line_id(&f->line, "source", b->source);
        keel_line_int(&f->line, "source_seq", (int64_t)b->source_seq);
        keel_line_int(&f->line, "recv_ns", b->recv_ns);
    }
    (void)keel_forensic_put(f);
}

/* Closes of which no input came at all, since the last one that did. */
static int64_t closes_between(keel_forensic *f, int64_t ts_ms) {
    int64_t last_ms = f->st.closed_ms, bars = last_ms ? (ts_ms - last_ms) / f->o.interval_ms : 0;
    f->st.closed_ms = ts_ms;
    return bars > 1 ? bars - 1 : 0;
}

void keel_forensic_bars_came(keel_forensic *f, const keel_forensic_bars *b) {
    int32_t at = 0;
    f->st.input = b->input;
    f->st.ahead = 0;
    keel_forensic_pass_time(f, b->ts_ms);
    trace_input(f, b);
    if (!b->closes) return;
    if (f->st.aside) f->st.aside = KEEL_FORENSIC_ASIDE_CAME;
    int64_t between = closes_between(f, b->ts_ms);
    for (int32_t i = 0; i < f->o.symbol_count; i++) {
        int came = at < b->count && b->symbol[at] == i;
        at += came;
        bars_missing(f, b, i, between + !came);
        if (came) bar_came(f, b, i);
    }
}

/* ---- notes and people ------------------------------------------------------------------------------------------- */

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : "unknown";
}

static int64_t int_of(const keel_tree *t, const char *key) {
    int64_t value = 0;
    return keel_json_read_int(keel_tree_find(t, key), &value) == 0 ? value : 0;
}

/* A note that is not JSON is the journal's damage: the journal's own checks say so. */
static keel_tree *note(const char *json, size_t size) {
    keel_tree *t = NULL;
    keel_err ignored = {0};
    return keel_json_parse(json, size, "note", &t, &ignored) == 0 ? t : NULL;
}

/* What a change of phase rests on: the newest record of these codes, as they are told before it. */
typedef struct ground {
    const char *trigger;
    keel_event_code code[2];
    int is_order; /* 1: somebody's, who is known from the order */
} ground;

static const ground GROUNDS[] = {
    {"resume was ordered", {KEEL_LOG_MANUAL_ACTION, KEEL_LOG_MANUAL_ACTION}, 1},
    {"pause was ordered", {KEEL_LOG_MANUAL_ACTION, KEEL_LOG_MANUAL_ACTION}, 1},
    {"halt was ordered", {KEEL_LOG_MANUAL_ACTION, KEEL_LOG_MANUAL_ACTION}, 1},
    {"the account does not cover an execution", {KEEL_LOG_TRADE_DENIED, KEEL_LOG_FILL_SUSPECT}, 0},
    {"an execution of no known order", {KEEL_LOG_FILL_UNMATCHED, KEEL_LOG_FILL_SUSPECT}, 0},
    {"books and venue differ", {KEEL_LOG_DRIFT, KEEL_LOG_DRIFT}, 0},
    {"the shadow ledger has other books", {KEEL_LOG_SHADOW_BREACH, KEEL_LOG_SHADOW_BREACH}, 0},
    {"the venue's clock is another one", {KEEL_LOG_CLOCK_DRIFT, KEEL_LOG_CLOCK_DRIFT}, 0},
    {"too many calls to the venue failed", {KEEL_LOG_BREAKER_OPEN, KEEL_LOG_BREAKER_HALF}, 0},
    {"clock and venue are as they should be", {KEEL_LOG_CLOCK_GOOD, KEEL_LOG_BREAKER_CLOSE}, 0},
    {"it was so when the record ended", {KEEL_LOG_MODE_CHANGE, KEEL_LOG_KILL}, 0}};

static const ground DAMAGED = {DAMAGE, {KEEL_LOG_WAL_CORRUPT, KEEL_LOG_WAL_CORRUPT}, 0};

/* The newest record that the change rests on: "record 17 DRIFT". */
static void add_ground(const keel_forensic *f, const ground *g, const char *trigger, keel_strbuf *out) {
    if (!g && strcmp(trigger, DAMAGE) == 0) keel_strbuf_add(out, RECOVERY_FILE); /* is told behind it */
    if (!g) return;
    keel_event_code code = f->st.newest[g->code[1]] > f->st.newest[g->code[0]] ? g->code[1] : g->code[0];
    if (f->st.newest[code])
        keel_strbuf_addf(out, "record %" PRIu64 " %s", f->st.newest[code], keel_event_info_of(code)->name);
}

/* What the engine knew when it happened, by the note: "input 30, event 60, damages 1". */
static void add_known(const keel_tree *known, keel_strbuf *out) {
    for (size_t i = 0; known && i < known->count; i++) {
        const keel_tree *one = known->items[i];
        if (one->kind == KEEL_TREE_LIST || one->kind == KEEL_TREE_MAP || !one->text) continue;
        keel_strbuf_addf(out, "%s%s %s", out->size ? (i ? ", " : "; ") : "", one->key, one->text);
    }
}

/* Damage with its place is of a run that goes on; a start tells its own in the recovery. NULL: it is not that. */
static const keel_tree *found_while_running(const keel_tree *t) {
    const keel_tree *known = keel_tree_find(t, "evidence");
    int is_place = known && known->kind == KEEL_TREE_MAP && keel_tree_find(known, "file");
    return is_place && strcmp(text_of(t, "trigger"), DAMAGE) == 0 ? known : NULL;
}

/* Notes of earlier engines name no actor: then it is whoever gave the last order, or the engine. */
static void ground_fields(keel_forensic *f, const keel_tree *t) {
    const char *trigger = text_of(t, "trigger"), *actor = NULL;
    const ground *g = NULL;
    keel_strbuf text;
    for (size_t i = 0; i < sizeof GROUNDS / sizeof *GROUNDS; i++)
        if (strcmp(trigger, GROUNDS[i].trigger) == 0) g = &GROUNDS[i];
    if (found_while_running(t)) g = &DAMAGED;
    if (keel_json_read_string(keel_tree_find(t, "actor"), &actor) != 0)
        actor = g && g->is_order && f->st.actor[0] ? f->st.actor : "engine";
    keel_strbuf_init(&text, KEEL_LINE_STRING_MAX);
    add_ground(f, g, trigger, &text);
    add_known(keel_tree_find(t, "evidence"), &text);
    keel_line_string(&f->line, "actor", actor);
    keel_line_string(&f->line, "evidence", text.size ? keel_strbuf_text(&text) : trigger);
    keel_strbuf_done(&text);
}

static void transition(keel_forensic *f, keel_event_code code, int64_t ts_ms, const keel_tree *t) {
    uint64_t hash = 0;
    keel_forensic_new(f, code, ts_ms, f->st.input, -1, 0);
    if (code == KEEL_LOG_MODE_CHANGE || code == KEEL_LOG_KILL || code == KEEL_LOG_RESUME) ground_fields(f, t);
    if (code == KEEL_LOG_KILL && keel_forensic_state_hash(f, &hash)) keel_line_hash(&f->line, "state_hash", hash);
    keel_line_string(&f->line, "from", text_of(t, "from"));
    keel_line_string(&f->line, "to", text_of(t, "to"));
    keel_line_string(&f->line, "trigger", text_of(t, "trigger"));
    (void)keel_forensic_put(f);
}

static void tell_found(keel_forensic *f, int64_t ts_ms, const keel_tree *known) {
    if (!known) return;
    keel_forensic_new(f, KEEL_LOG_WAL_CORRUPT, ts_ms, f->st.input, -1, 0);
    keel_line_string(&f->line, "verdict", text_of(known, "verdict"));
    keel_line_string(&f->line, "file", text_of(known, "file"));
    keel_line_int(&f->line, "offset", int_of(known, "offset"));
    keel_line_string(&f->line, "why", text_of(known, "why"));
    (void)keel_forensic_put(f);
}

void keel_forensic_phase(keel_forensic *f, int64_t ts_ms, const char *json, size_t size) {
    keel_tree *t = note(json, size);
    if (!t) return;
    const char *from = text_of(t, "from"), *to = text_of(t, "to");
    int back = strcmp(to, "running") == 0 && strcmp(from, "recovering") != 0 && strcmp(from, "degraded") != 0;
    int mended = strcmp(to, "running") == 0 && strcmp(from, "degraded") == 0;
    keel_forensic_pass_time(f, ts_ms);
    tell_found(f, ts_ms, found_while_running(t));
    if (strcmp(from, to) == 0) { /* it found what leads nowhere from there */
        keel_tree_free(t);
        return;
    }
    transition(f, strcmp(to, "stopping") == 0 ? KEEL_LOG_ENGINE_STOP : KEEL_LOG_ENGINE_STATE, ts_ms, t);
    if (strcmp(to, "close_only") == 0 || strcmp(to, "safe_mode") == 0 || strcmp(to, "degraded") == 0 || back || mended)
        transition(f, KEEL_LOG_MODE_CHANGE, ts_ms, t);
    if (strcmp(to, "halted") == 0) transition(f, KEEL_LOG_KILL, ts_ms, t);
    if (back) transition(f, KEEL_LOG_RESUME, ts_ms, t);
    keel_tree_free(t);
}

void keel_forensic_controlled(keel_forensic *f, int64_t ts_ms, int by_person, const char *action) {
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f, KEEL_LOG_MANUAL_ACTION, ts_ms, f->st.input, -1, 0);
    (void)snprintf(f->st.actor, sizeof f->st.actor, "%s", by_person ? "operator" : "unknown");
    keel_line_id(&f->line, "actor", f->st.actor);
    keel_line_id(&f->line, "action", action);
    (void)keel_forensic_put(f);
}

/* ---- what was seen of the surroundings --------------------------------------------------------------------------- */

static const char *word_of(const char *const *words, int32_t count, int32_t level) {
    return level >= 0 && level < count ? words[level] : "unknown";
}

void keel_forensic_clock(keel_forensic *f, int64_t ts_ms, int32_t level, int64_t apart_ms) {
    static const char *const WORDS[] = {"good", "off", "far"};
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f, level == 0 ? KEEL_LOG_CLOCK_GOOD : KEEL_LOG_CLOCK_DRIFT, ts_ms, f->st.input, -1, 0);
    if (level != 0) keel_line_id(&f->line, "severity", word_of(WORDS, 3, level));
    keel_line_int(&f->line, "apart_ms", apart_ms);
    (void)keel_forensic_put(f);
}

void keel_forensic_set_aside(keel_forensic *f, int64_t ts_ms, int32_t symbol, const char *why) {
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f, KEEL_LOG_DATA_REJECTED, ts_ms, f->st.input, symbol, 0);
    keel_line_string(&f->line, "reason", why);
    (void)keel_forensic_put(f);
    *(symbol < 0 ? &f->st.aside : &f->st.sym[symbol].aside) = KEEL_FORENSIC_ASIDE_YES;
}

static void taken_again(keel_forensic *f, int64_t ts_ms, int32_t symbol, int32_t *aside) {
    if (*aside != KEEL_FORENSIC_ASIDE_CAME) return;
    *aside = KEEL_FORENSIC_ASIDE_NONE;
    keel_forensic_new(f, KEEL_LOG_DATA_SEEN, ts_ms, f->st.input, symbol, 0);
    if (symbol >= 0) keel_line_id(&f->line, "series", f->o.symbols[symbol]);
    (void)keel_forensic_put(f);
}

void keel_forensic_taken(keel_forensic *f, int64_t ts_ms) {
    taken_again(f, ts_ms, -1, &f->st.aside);
    for (int32_t i = 0; i < f->o.symbol_count; i++)
        taken_again(f, ts_ms, i, &f->st.sym[i].aside);
}

void keel_forensic_ahead(keel_forensic *f, int64_t ts_ms, int64_t leap_ms, const char *why) {
    if (f->st.ahead == AHEAD_TOLD || ++f->st.ahead < AHEAD_TOLD) return;
    keel_forensic_new(f, KEEL_LOG_DATA_AHEAD, ts_ms, f->st.input, -1, 0);
    keel_line_int(&f->line, "leap_ms", leap_ms);
    keel_line_string(&f->line, "reason", why);
    (void)keel_forensic_put(f);
}

void keel_forensic_blind(keel_forensic *f, int64_t ts_ms, const keel_forensic_held *held, int32_t closes) {
    keel_forensic_symbol *s = &f->st.sym[held->symbol];
    if (closes == 0 && !s->blind) return;
    s->blind = closes > 0;
    if (!closes) s->aside = KEEL_FORENSIC_ASIDE_NONE; /* told here */
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f, closes ? KEEL_LOG_DATA_BLIND : KEEL_LOG_DATA_SEEN, ts_ms, f->st.input, held->symbol, 0);
    keel_line_id(&f->line, "series", f->o.symbols[held->symbol]);
    if (closes) {
        keel_line_int(&f->line, "bars", closes);
        keel_line_id(&f->line, "side", keel_word_side(held->side));
        keel_line_e8(&f->line, "qty", held->qty_e8);
    }
    (void)keel_forensic_put(f);
}

void keel_forensic_breaker(keel_forensic *f, int64_t ts_ms, int32_t state, int64_t failed) {
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f,
                      state == 0   ? KEEL_LOG_BREAKER_CLOSE
                      : state == 1 ? KEEL_LOG_BREAKER_OPEN
                                   : KEEL_LOG_BREAKER_HALF,
                      ts_ms, f->st.input, -1, 0);
    keel_line_id(&f->line, "scope", "venue");
    keel_line_int(&f->line, "count", failed);
    (void)keel_forensic_put(f);
}

void keel_forensic_drifted(keel_forensic *f, int64_t ts_ms, const keel_forensic_drift *drift) {
    static const char *const WORDS[] = {"none", "warn", "halt", "close"};
    uint64_t hash = 0;
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f, KEEL_LOG_DRIFT, ts_ms, f->st.input, drift->symbol, 0);
    keel_line_id(&f->line, "item", "position");
    keel_line_e8(&f->line, "local", drift->books_e8);
    keel_line_e8(&f->line, "venue", drift->venue_e8);
    keel_line_real(&f->line, "score", drift->score);
    keel_line_id(&f->line, "severity", word_of(WORDS, 4, drift->level));
    if (keel_forensic_state_hash(f, &hash)) keel_line_hash(&f->line, "state_hash", hash);
    (void)keel_forensic_put(f);
}

void keel_forensic_breached(keel_forensic *f, int64_t ts_ms, const keel_forensic_breach *b) {
    uint64_t hash = 0;
    keel_forensic_pass_time(f, ts_ms);
    keel_forensic_new(f, KEEL_LOG_SHADOW_BREACH, ts_ms, f->st.input, b->symbol, 0);
    keel_line_id(&f->line, "item", b->figure);
    keel_line_int(&f->line, "event_seq", (int64_t)b->event_seq);
    keel_line_time(&f->line, "event_time", b->event_ms);
    keel_line_e8(&f->line, "shadow", b->shadow_e8);
    keel_line_e8(&f->line, "books", b->books_e8);
    keel_line_e8(&f->line, "shadow_worth_usd", b->shadow_worth_e8);
    keel_line_e8(&f->line, "books_worth_usd", b->books_worth_e8);
    if (keel_forensic_state_hash(f, &hash)) keel_line_hash(&f->line, "state_hash", hash);
    (void)keel_forensic_put(f);
}

/* ---- snapshots and recoveries ------------------------------------------------------------------------------------ */

void keel_forensic_snapshot(keel_forensic *f, int64_t ts_ms, const char *json, size_t size) {
    keel_tree *t = note(json, size);
    if (!t) return;
    int failed = keel_tree_find(t, "failed") != NULL;
    keel_forensic_new(f, failed ? KEEL_LOG_WAL_SNAPSHOT_FAILED : KEEL_LOG_WAL_SNAPSHOT, ts_ms, f->st.input, -1, 0);
    keel_line_int(&f->line, "seq", int_of(t, "seq"));
    if (failed) {
        keel_line_string(&f->line, "why", text_of(t, "failed"));
        (void)keel_forensic_put(f);
        keel_tree_free(t);
        return;
    }
    keel_line_id(&f->line, "state_hash", text_of(t, "state_hash"));
    keel_line_int(&f->line, "bytes", int_of(t, "bytes"));
    (void)keel_forensic_put(f);
    keel_tree_free(t);
}

/* Members of the engine's recovery report, and the fields they become. */
static const char *const FIELDS[][2] = {
    {"dropped_bytes", "dropped_bytes"}, {"records_replayed", "replayed"},   {"snapshot_record", "from_snapshot"},
    {"last_input", "last_input"},       {"positions", "positions"},         {"orders", "orders"},
    {"orders_in_doubt", "in_doubt"},    {"orders_known_to_venue", "known"}, {"orders_first_handed_in", "handed_in"}};

/* More than a torn end, now, or cut off by a repair since the last start. */
static void tell_damage(keel_forensic *f, int64_t ts_ms, const keel_tree *t, const char *verdict) {
    int hurt = strcmp(verdict, "good") != 0 && strcmp(verdict, "torn") != 0, was_hurt = 0;
    const char *file = NULL, *why = NULL;
    if (keel_json_read_bool(keel_tree_find(t, "safe_mode"), &was_hurt) != 0) was_hurt = 0;
    if (!hurt && !was_hurt) return;
    keel_forensic_new(f, KEEL_LOG_WAL_CORRUPT, ts_ms, f->st.input, -1, 0);
    if (keel_tree_find(t, "last_good_record")) keel_line_int(&f->line, "seq", int_of(t, "last_good_record"));
    keel_line_string(&f->line, "verdict", verdict);
    if (hurt && keel_json_read_string(keel_tree_find(t, "damaged_file"), &file) == 0) {
        keel_line_string(&f->line, "file", file);
        keel_line_int(&f->line, "offset", int_of(t, "damaged_offset"));
    }
    if (!hurt)
        keel_line_string(&f->line, "why", "damage was cut off before this start: what came behind this record is lost");
    else if (keel_json_read_string(keel_tree_find(t, "damaged_why"), &why) == 0)
        keel_line_string(&f->line, "why", why);
    (void)keel_forensic_put(f);
}

/* Each order by its id; those that the report names no more are counted. */
static void tell_doubts(keel_forensic *f, int64_t ts_ms, const keel_tree *t) {
    static const char WHY[] = "the record ended before its outcome; the venue was asked";
    const keel_tree *list = keel_tree_find(t, "doubts");
    int64_t in_doubt = int_of(t, "orders_in_doubt"), named = 0;
    size_t count = list && list->kind == KEEL_TREE_LIST ? list->count : 0;
    for (size_t i = 0; i < count; i++, named++) {
        const keel_tree *one = list->items[i];
        int64_t symbol = int_of(one, "symbol_index");
        if (symbol < 0 || symbol >= f->o.symbol_count) symbol = -1;
        keel_forensic_new(f, KEEL_LOG_ORDER_UNKNOWN, ts_ms, f->st.input, (int32_t)symbol,
                          strtoull(text_of(one, "order_id"), NULL, 16));
        keel_line_string(&f->line, "reason", WHY);
        keel_line_id(&f->line, "outcome", text_of(one, "outcome"));
        (void)keel_forensic_put(f);
    }
    if (in_doubt <= named) return;
    keel_forensic_new(f, KEEL_LOG_ORDER_UNKNOWN, ts_ms, f->st.input, -1, 0);
    keel_line_string(&f->line, "reason", "the record ended before their outcome; the venue was asked");
    keel_line_int(&f->line, "in_doubt", in_doubt);
    keel_line_int(&f->line, "known", int_of(t, "orders_known_to_venue"));
    keel_line_int(&f->line, "handed_in", int_of(t, "orders_first_handed_in"));
    (void)keel_forensic_put(f);
}

void keel_forensic_recovered(keel_forensic *f, int64_t ts_ms, const char *json, size_t size) {
    int64_t equity_e8 = 0;
    keel_tree *t = note(json, size);
    if (!t) return;
    const char *verdict = text_of(t, "journal");
    tell_damage(f, ts_ms, t, verdict);
    keel_forensic_new(f, KEEL_LOG_RECOVERY, ts_ms, f->st.input, -1, 0);
    keel_line_string(&f->line, "journal", verdict);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (keel_tree_find(t, FIELDS[i][0])) keel_line_int(&f->line, FIELDS[i][1], int_of(t, FIELDS[i][0]));
    keel_line_id(&f->line, "state_hash", text_of(t, "state_hash"));
    if (keel_json_read_decimal(keel_tree_find(t, "equity_usd"), 8, &equity_e8) == 0)
        keel_line_e8(&f->line, "equity_usd", equity_e8);
    keel_line_string(&f->line, "report", RECOVERY_FILE);
    (void)keel_forensic_put(f);
    tell_doubts(f, ts_ms, t);
    keel_tree_free(t);
}

void keel_forensic_fatal(keel_forensic *f, int code, const char *error) {
    uint64_t hash = 0;
    if (f->holds) return;
    keel_forensic_new(f, KEEL_LOG_ENGINE_FATAL, f->st.last_ms, f->st.input, -1, 0);
    keel_line_string(&f->line, "error", error);
    keel_line_id(&f->line, "error_code", keel_failure_error_name(code));
    keel_line_id(&f->line, "error_class", keel_failure_class_word(keel_failure_error_class(code)));
    if (keel_forensic_state_hash(f, &hash)) keel_line_hash(&f->line, "state_hash", hash);
    (void)keel_forensic_put(f);
    keel_forensic_flush(f);
}

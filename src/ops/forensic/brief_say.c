/* ops/forensic/brief_say.c: a brief as JSON and as a page. */
#include <inttypes.h>
#include <stdio.h>

#include "ops/forensic/brief_internal.h"

/* The newest that are open: the first of them; *ret_older: how many more there are before. */
static size_t newest_open(const keel_brief *b, size_t *ret_older) {
    size_t open = b->incidents - b->closed, shown = 0, at = b->incidents;
    while (at > 0 && shown < KEEL_BRIEF_INCIDENTS)
        shown += !b->incident[--at].closed;
    *ret_older = open - shown;
    return at;
}

static void list_json(keel_json *j, const char *key, const char *texts, size_t stride, int count) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (int i = 0; i < count; i++)
        keel_json_string(j, texts + (size_t)i * stride);
    keel_json_close(j);
}

static void incidents_json(const keel_brief *b, keel_json *j) {
    char text[KEEL_BRIEF_NOTE];
    size_t older, from = newest_open(b, &older);
    keel_json_key(j, "incidents");
    keel_json_array(j);
    for (size_t i = from; i < b->incidents; i++) {
        const keel_brief_incident *in = &b->incident[i];
        (void)snprintf(text, sizeof text, "%s %s %s", in->severity, in->time, in->id);
        if (!in->closed) keel_json_string(j, text);
    }
    keel_json_close(j);
    keel_json_kint(j, "incidents_older", (int64_t)older);
    keel_json_kint(j, "incidents_closed", (int64_t)b->closed);
}

void keel_brief_json(const keel_brief *b, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.brief");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", b->run_id);
    keel_json_kstring(j, "as_of", b->as_of);
    keel_json_kstring(j, "state", b->state[0] ? b->state : NULL);
    keel_json_kstring(j, "held_back", b->held.word[0] ? b->held.word : NULL);
    keel_json_kstring(j, "regime", b->regime);
    keel_json_kstring(j, "equity_usd", b->metrics ? b->equity : NULL);
    keel_json_kstring(j, "exposure_gross_usd", b->metrics ? b->gross : NULL);
    keel_json_kdouble(j, "drawdown_pct", b->drawdown_pct);
    list_json(j, "top_risks", b->risks.text[0], KEEL_BRIEF_NOTE, b->risks.count);
    keel_json_kint(j, "risks_more", b->risks.more);
    list_json(j, "unknowns", b->unknowns.text[0], KEEL_BRIEF_NOTE, b->unknowns.count);
    keel_json_kint(j, "unknowns_more", b->unknowns.more);
    incidents_json(b, j);
    list_json(j, "mode_changes", b->changes[0], KEEL_BRIEF_NOTE, b->change_count);
    list_json(j, "suggested_checks", b->checks.text[0], KEEL_BRIEF_NOTE, b->checks.count);
    keel_json_key(j, "positions");
    keel_json_array(j);
    for (int i = 0; i < b->symbols; i++) {
        const keel_brief_symbol *s = &b->symbol[i];
        if (!s->open) continue;
        keel_json_object(j);
        keel_json_kstring(j, "symbol", s->name);
        keel_json_kstring(j, "side", s->side);
        keel_json_kstring(j, "qty", s->qty);
        keel_json_kstring(j, "since", s->since);
        keel_json_kstring(j, "stop_px", s->stop[0] ? s->stop : NULL);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "counts");
    keel_json_object(j);
    for (int i = 0; i < KEEL_EVENT_CODES; i++)
        if (b->counts[i]) keel_json_kint(j, keel_event_info_of((keel_event_code)i)->name, (int64_t)b->counts[i]);
    keel_json_close(j);
    keel_json_close(j);
}

static void more_text(keel_strbuf *out, int more, const char *what) {
    if (more) keel_strbuf_addf(out, "  - and %d %s\n", more, what);
}

static void list_text(keel_strbuf *out, const char *title, const char *texts, size_t stride, int count,
                      const char *none) {
    keel_strbuf_addf(out, "%s\n", title);
    for (int i = 0; i < count; i++)
        keel_strbuf_addf(out, "  - %s\n", texts + (size_t)i * stride);
    if (count == 0) keel_strbuf_addf(out, "  %s\n", none);
}

static void incidents_text(const keel_brief *b, keel_strbuf *out) {
    size_t older, from = newest_open(b, &older);
    keel_strbuf_add(out, "open incidents, newest last\n");
    for (size_t i = from; i < b->incidents; i++) {
        const keel_brief_incident *in = &b->incident[i];
        if (!in->closed) keel_strbuf_addf(out, "  - %s %s %s\n", in->severity, in->time, in->id);
    }
    if (b->incidents == b->closed) keel_strbuf_add(out, "  none\n");
    more_text(out, (int)older, "older ones in the folder incidents");
    more_text(out, (int)b->closed, "that were closed");
}

void keel_brief_text(const keel_brief *b, keel_strbuf *out) {
    int needs = b->risks.count > 0 || b->incidents > b->closed;
    keel_strbuf_addf(out, "%s\n", needs ? "NEEDS ATTENTION" : "nothing needs attention");
    keel_strbuf_addf(out, "run %s, %s, as of %s\n", b->run_id, b->state[0] ? b->state : "state unknown", b->as_of);
    if (b->metrics)
        keel_strbuf_addf(out, "equity %s USD, drawdown %.2f %%, exposure %s USD\n", b->equity, b->drawdown_pct,
                         b->gross);
    keel_strbuf_addf(
        out, "%" PRIu64 " orders, %" PRIu64 " fills, %" PRIu64 " trades, %" PRIu64 " refused, %" PRIu64 " held back\n",
        b->counts[KEEL_LOG_ORDER_NEW], b->counts[KEEL_LOG_FILL], b->counts[KEEL_LOG_POSITION_CLOSE],
        b->counts[KEEL_LOG_ORDER_REJECT], b->counts[KEEL_LOG_TRADE_DENIED]);
    list_text(out, "risks", b->risks.text[0], KEEL_BRIEF_NOTE, b->risks.count, "none by the rules");
    more_text(out, b->risks.more, "more");
    incidents_text(b, out);
    list_text(out, "unknown", b->unknowns.text[0], KEEL_BRIEF_NOTE, b->unknowns.count, "nothing");
    more_text(out, b->unknowns.more, "more");
    list_text(out, "states, newest last", b->changes[0], KEEL_BRIEF_NOTE, b->change_count, "none");
    list_text(out, "to check", b->checks.text[0], KEEL_BRIEF_NOTE, b->checks.count, "nothing");
}

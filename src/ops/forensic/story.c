/* ops/forensic/story.c: see story.h. */
#include "ops/forensic/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timerange.h"

enum { CAUSES_MAX = 256, COLUMNS = 100, INDENT = 4 };

typedef struct causes {
    char corr[CAUSES_MAX][KEEL_LINE_ID_MAX + 1];
    size_t count;
    char symbol[KEEL_LINE_ID_MAX + 1], position[40];
    int found;
} causes;

static int has_cause(const causes *c, const char *corr) {
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->corr[i], corr) == 0) return 1;
    return 0;
}

static void add_cause(causes *c, const char *corr) {
    if (c->count == CAUSES_MAX || has_cause(c, corr) || strlen(corr) > KEEL_LINE_ID_MAX) return;
    (void)snprintf(c->corr[c->count++], sizeof c->corr[0], "%s", corr);
}

static int same_symbol(const causes *c, const keel_log_record *r) {
    return !c->symbol[0] || !r->symbol || strcmp(c->symbol, r->symbol) == 0;
}

/* ---- walking ---------------------------------------------------------------------------------------------------- */

typedef int (*step)(void *data, const keel_log_record *r, const char *text, size_t size);

static int walk(const keel_fs *fs, const char *dir, step visit, void *data, keel_err *err) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    const char *text;
    size_t size;
    int rc;
    KEEL_TRY(keel_log_lines_open_kept(fs, dir, "events", &lines, err));
    while ((rc = keel_log_lines_next(lines, &text, &size, err)) == 1) {
        rc = keel_log_record_read(text, size, keel_log_lines_where(lines), &r, err);
        if (rc == 0) {
            rc = visit(data, &r, text, size);
            keel_log_record_done(&r);
        }
        if (rc != 0) break;
    }
    keel_log_lines_close(lines);
    return rc;
}

typedef struct search {
    const keel_story_ask *ask;
    causes *c;
} search;

/* The one record that was asked for. */
static int find(void *data, const keel_log_record *r, const char *text, size_t size) {
    search *s = data;
    const keel_story_ask *a = s->ask;
    (void)text;
    (void)size;
    int here = (a->trade && r->code == KEEL_LOG_POSITION_CLOSE && keel_log_record_int(r, "trade_id") == a->trade) ||
               (a->order_id && r->code == KEEL_LOG_ORDER_NEW && r->order_id && strcmp(r->order_id, a->order_id) == 0) ||
               (a->event && r->seq == a->event);
    if (!here) return 0;
    s->c->found = 1;
    add_cause(s->c, r->corr_id);
    if (r->symbol) (void)snprintf(s->c->symbol, sizeof s->c->symbol, "%s", r->symbol);
    if (a->trade) (void)snprintf(s->c->position, sizeof s->c->position, "%s", keel_log_record_text(r, "position_id"));
    return 0;
}

/* Everything that speaks of the position brings its cause. */
static int join(void *data, const keel_log_record *r, const char *text, size_t size) {
    search *s = data;
    (void)text;
    (void)size;
    if (s->c->position[0] && strcmp(keel_log_record_text(r, "position_id"), s->c->position) == 0)
        add_cause(s->c, r->corr_id);
    return 0;
}

typedef struct telling {
    const keel_story_ask *ask;
    const causes *c;
    keel_story_visit visit;
    void *data;
} telling;

/* Causes of another position of the symbol may be the same: a reversal closes one and opens the next. Its order names
 * the one that it met. */
static int of_another(const causes *c, const keel_log_record *r) {
    const char *position = keel_log_record_text(r, "position_id");
    if (r->code == KEEL_LOG_ORDER_NEW) return 0;
    return c->position[0] && position[0] && strcmp(position, c->position) != 0;
}

static int tell(void *data, const keel_log_record *r, const char *text, size_t size) {
    const telling *t = data;
    const keel_story_ask *a = t->ask;
    int chosen = a->trade || a->order_id || a->event;
    if (r->ts_ms < a->from_ms || r->ts_ms > a->to_ms) return 0;
    if (a->symbol && (!r->symbol || strcmp(a->symbol, r->symbol) != 0)) return 0;
    if (chosen && (!has_cause(t->c, r->corr_id) || !same_symbol(t->c, r) || of_another(t->c, r))) return 0;
    /* what concerns the run as a whole has one cause; of it the very event was asked for */
    if (a->event && strcmp(r->corr_id, "run") == 0 && r->seq != a->event) return 0;
    return t->visit(t->data, r, text, size);
}

int keel_story_tell(const keel_fs *fs, const char *dir, const keel_story_ask *ask, keel_story_visit visit, void *data,
                    keel_err *reterr) {
    causes *c = calloc(1, sizeof *c);
    search s = {ask, c};
    telling t = {ask, c, visit, data};
    int chosen = ask->trade || ask->order_id || ask->event, rc = 0;
    if (!c) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: story: close other programs");
    if (chosen) rc = walk(fs, dir, find, &s, reterr);
    if (rc == 0 && chosen && !c->found)
        rc = keel_err_set(reterr, KEEL_E_NOT_FOUND, "no such %s: %s: keel events story RUN tells everything",
                          ask->trade      ? "trade"
                          : ask->order_id ? "order"
                                          : "event",
                          dir);
    if (rc == 0 && c->position[0]) rc = walk(fs, dir, join, &s, reterr);
    if (rc == 0) rc = walk(fs, dir, tell, &t, reterr);
    free(c);
    return rc;
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

static void add_word(keel_strbuf *out, size_t *column, const char *word) {
    size_t size = strlen(word);
    if (*column + size + 1 > COLUMNS) {
        keel_strbuf_addf(out, "\n%*s", INDENT, "");
        *column = INDENT;
    } else {
        keel_strbuf_add_char(out, ' ');
        *column += 1;
    }
    keel_strbuf_add(out, word);
    *column += size;
}

/* What the record's own text may do to a terminal it does not do here. */
static void add_value(keel_strbuf *out, size_t *column, const keel_tree *t) {
    char escaped[KEEL_LINE_STRING_MAX + 1], word[KEEL_LINE_STRING_MAX + 64];
    if (t->kind == KEEL_TREE_LIST || t->kind == KEEL_TREE_MAP || !t->text) return;
    (void)keel_line_text(t->text, strlen(t->text), escaped, sizeof escaped);
    (void)snprintf(word, sizeof word, "%.60s=%s", t->key, escaped);
    add_word(out, column, word);
}

void keel_story_lines(const keel_log_record *r, keel_strbuf *out) {
    char time[KEEL_TIME_TEXT_MAX], escaped[KEEL_LINE_STRING_MAX + 2];
    size_t from = out->size, column;
    keel_strbuf_addf(out, "%s %s", keel_time_format(r->ts_ms, time), keel_event_info_of(r->code)->name);
    if (r->symbol) {
        (void)keel_line_text(r->symbol, strlen(r->symbol), escaped, sizeof escaped);
        keel_strbuf_addf(out, " %s", escaped);
    }
    column = out->size - from;
    size_t size = keel_line_text(r->message, strlen(r->message), escaped, sizeof escaped - 1);
    memcpy(escaped + size, ":", 2);
    add_word(out, &column, escaped);
    for (size_t i = 0; i < r->data->count; i++)
        add_value(out, &column, r->data->items[i]);
    keel_strbuf_add_char(out, '\n');
}

/* app/cli/sweep_header.c: see sweep_header.h. */
#include "app/cli/sweep_header.h"

#include <stdio.h>
#include <string.h>

#include "base/build.h"
#include "base/json_read.h"
#include "base/timerange.h"

/* ---- writing ----------------------------------------------------------------------------------------------- */

static void objective_json(const keel_objective *o, keel_json *j) {
    keel_json_kstring(j, "target", o->target->name);
    keel_json_kstring(j, "direction", o->better > 0 ? "maximise" : "minimise");
    keel_json_key(j, "constraints");
    keel_json_array(j);
    for (int32_t i = 0; i < o->constraint_count; i++)
        keel_json_string(j, o->constraints[i].text);
    keel_json_close(j);
}

static void data_json(const keel_run_config *run, const keel_backtest_data *d, const char *range_hash, keel_json *j) {
    char text[KEEL_TIME_TEXT_MAX], interval[KEEL_DURATION_TEXT_MAX];
    keel_json_kstring(j, "dataset_hash", d->dataset_hash);
    keel_json_kstring(j, "range_hash", range_hash);
    keel_json_kstring(j, "venue", d->venue);
    keel_json_kstring(j, "trading_mode", d->market);
    keel_json_key(j, "symbols");
    keel_json_array(j);
    for (int32_t i = 0; i < d->count; i++)
        if (!d->series[i].watch_only) keel_json_string(j, d->series[i].name);
    keel_json_close(j);
    keel_duration_format(run->timeframe_ms, interval);
    keel_json_kstring(j, "timeframe", interval);
    if (run->detail_ms > 0) keel_duration_format(run->detail_ms, interval);
    keel_json_kstring(j, "detail", run->detail_ms > 0 ? interval : NULL);
    keel_json_key(j, "effective_range");
    keel_json_object(j);
    keel_json_kstring(j, "start", keel_time_format(d->start_ms, text));
    keel_json_kstring(j, "end", keel_time_format(d->end_ms, text));
    keel_json_close(j);
    keel_json_kint(j, "effective_days", (d->end_ms - d->start_ms) / 86400000);
    keel_json_kint(j, "bars", d->tape->bars - d->tape->trade_from);
    keel_json_key(j, "warnings");
    keel_json_array(j);
    for (int32_t i = 0; i < d->warning_count; i++)
        keel_json_string(j, d->warnings[i]);
    keel_json_close(j);
}

static void write_line(const keel_sweep_asked *a, const keel_run_config *run, const keel_space *space,
                       const keel_backtest_data *data, const char *range_hash, const char *build, const char *id,
                       keel_strbuf *out) {
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j != NULL);
    keel_json_object(j);
    keel_json_kstring(j, "schema", KEEL_SWEEP_SCHEMA);
    keel_json_kint(j, "schema_version", KEEL_SWEEP_SCHEMA_VERSION);
    keel_json_kstring(j, "sweep_id", id);
    keel_json_kstring(j, "build", build);
    keel_json_kstring(j, "strategy", run->strategy);
    keel_json_kstring(j, "strategy_version", run->strategy_version);
    keel_json_kstring(j, "sampler", keel_sampler_names[a->sampler]);
    keel_json_kint(j, "trials", a->trials);
    keel_json_kint(j, "seed", a->seed);
    keel_json_kint(j, "batch", a->batch);
    keel_json_kstring(j, "pruner", a->prune ? "median" : NULL);
    objective_json(&a->objective, j);
    keel_json_key(j, "space");
    keel_space_json(space, j);
    data_json(run, data, range_hash, j);
    keel_json_kbool(j, "accept_gaps", a->accept_gaps);
    keel_json_kbool(j, "accept_moves", a->accept_moves);
    keel_json_kbool(j, "no_funding", a->no_funding);
    keel_json_kbool(j, "keep_open", a->keep_open);
    keel_json_key(j, "config");
    keel_run_config_record(run, id[0] != 0, j);
    keel_json_close(j);
    keel_strbuf_add(out, keel_json_text(j, NULL));
    keel_json_free(j);
}

void keel_sweep_header_id(const keel_sweep_asked *asked, const keel_run_config *run, const keel_space *space,
                          const keel_backtest_data *data, const char *range_hash, const char *build,
                          char ret_id[KEEL_SWEEP_ID_SIZE]) {
    char digest[KEEL_SHA256_TEXT_MAX];
    keel_strbuf nameless;
    keel_strbuf_init(&nameless, 0);
    write_line(asked, run, space, data, range_hash, build, "", &nameless);
    keel_sha256_text(keel_strbuf_text(&nameless), nameless.size, digest);
    keel_strbuf_done(&nameless);
    memcpy(ret_id, digest, KEEL_SWEEP_ID_SIZE - 1);
    ret_id[KEEL_SWEEP_ID_SIZE - 1] = 0;
}

void keel_sweep_header_write(const keel_sweep_asked *asked, const keel_run_config *run, const keel_space *space,
                             const keel_backtest_data *data, const char *range_hash, keel_strbuf *ret_line,
                             char ret_id[KEEL_SWEEP_ID_SIZE]) {
    keel_sweep_header_id(asked, run, space, data, range_hash, keel_build_id(), ret_id);
    write_line(asked, run, space, data, range_hash, keel_build_id(), ret_id, ret_line);
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

static const char *text_of(const keel_tree *tree, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(tree, key), &text) == 0 ? text : NULL;
}

static int read_flags(const keel_tree *t, keel_sweep_asked *a) {
    const keel_tree *pruner = keel_tree_find(t, "pruner");
    a->prune = pruner && pruner->kind == KEEL_TREE_STRING;
    return keel_json_read_bool(keel_tree_find(t, "accept_gaps"), &a->accept_gaps) == 0 &&
           keel_json_read_bool(keel_tree_find(t, "accept_moves"), &a->accept_moves) == 0 &&
           keel_json_read_bool(keel_tree_find(t, "no_funding"), &a->no_funding) == 0 &&
           keel_json_read_bool(keel_tree_find(t, "keep_open"), &a->keep_open) == 0 &&
           keel_json_read_int(keel_tree_find(t, "trials"), &a->trials) == 0 &&
           keel_json_read_int(keel_tree_find(t, "batch"), &a->batch) == 0 &&
           keel_json_read_int(keel_tree_find(t, "seed"), &a->seed) == 0;
}

static int read_objective(const keel_tree *t, keel_objective *o) {
    const char *target = text_of(t, "target"), *direction = text_of(t, "direction");
    const keel_tree *constraints = keel_tree_find(t, "constraints");
    o->target = target ? keel_metric_find(target) : NULL;
    if (!o->target || !direction || !constraints || constraints->count > KEEL_CONSTRAINTS_MAX) return 0;
    o->better = strcmp(direction, "maximise") == 0 ? 1 : -1;
    for (size_t i = 0; i < constraints->count; i++) {
        const char *text = constraints->items[i]->text;
        if (!text || keel_constraint_parse(text, &o->constraints[o->constraint_count++], NULL) != 0) return 0;
    }
    return 1;
}

static int read_sampler(const keel_tree *t, keel_sweep_asked *a) {
    const char *name = text_of(t, "sampler");
    for (int i = 0; name && i < KEEL_SAMPLER_COUNT; i++) {
        if (strcmp(keel_sampler_names[i], name) != 0) continue;
        a->sampler = (keel_sampler_kind)i;
        return 1;
    }
    return 0;
}

static int read_range(const keel_tree *t, keel_sweep_header *h) {
    const keel_tree *range = keel_tree_find(t, "effective_range");
    const char *start = text_of(range, "start"), *end = text_of(range, "end");
    return start && end && keel_time_parse(start, &h->start_ms, NULL) == 0 &&
           keel_time_parse(end, &h->end_ms, NULL) == 0;
}

int keel_sweep_header_read(const char *line, size_t size, const char *where, keel_sweep_header *ret, keel_err *reterr) {
    keel_err parse = {0};
    int64_t version = 0;
    memset(ret, 0, sizeof *ret);
    int rc = keel_json_parse(line, size, where, &ret->tree, &parse);
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", parse.text);
    const keel_tree *t = ret->tree;
    const char *schema = text_of(t, "schema"), *id = text_of(t, "sweep_id");
    if (!schema || strcmp(schema, KEEL_SWEEP_SCHEMA) != 0 || !id || strlen(id) >= sizeof ret->sweep_id ||
        keel_json_read_int(keel_tree_find(t, "schema_version"), &version) != 0)
        return keel_err_set(reterr, KEEL_E_PARITY, "no header of a sweep: %s: the file is damaged or of something else",
                            where);
    if (version != KEEL_SWEEP_SCHEMA_VERSION)
        return keel_err_set(reterr, KEEL_E_VERSION, "sweep file of version %lld: %s: use the keel that wrote it",
                            (long long)version, where);
    (void)snprintf(ret->sweep_id, sizeof ret->sweep_id, "%s", id);
    ret->config = keel_tree_find(t, "config");
    ret->strategy = text_of(t, "strategy");
    ret->build = text_of(t, "build");
    ret->dataset_hash = text_of(t, "dataset_hash");
    ret->range_hash = text_of(t, "range_hash");
    ret->market = text_of(t, "trading_mode");
    if (!ret->config || !ret->strategy || !ret->market || !ret->build || !ret->dataset_hash || !ret->range_hash ||
        !read_flags(t, &ret->asked) || !read_objective(t, &ret->asked.objective) || !read_sampler(t, &ret->asked) ||
        !read_range(t, ret))
        return keel_err_set(reterr, KEEL_E_PARITY, "the header lacks something: %s: the file is damaged", where);
    return 0;
}

void keel_sweep_header_done(keel_sweep_header *h) {
    keel_tree_free(h->tree);
    memset(h, 0, sizeof *h);
}

/* ---- identities -------------------------------------------------------------------------------------------- */

void keel_sweep_range_hash(const keel_backtest_data *data, char ret_text[KEEL_SHA256_TEXT_MAX]) {
    keel_sha256 *h = keel_sha256_new();
    uint8_t part[KEEL_SHA256_SIZE];
    for (int32_t i = 0; i < data->count; i++) {
        const keel_backtest_series *s = &data->series[i];
        if (s->watch_only) continue;
        keel_candles main = keel_backtest_candles_view(&s->main, data->start_ms, data->end_ms);
        keel_candles detail = keel_backtest_candles_view(&s->detail, data->start_ms, data->end_ms);
        keel_fundings funding = keel_backtest_fundings_view(&s->funding, data->start_ms, data->end_ms);
        keel_sha256_add(h, s->name, strlen(s->name) + 1);
        keel_candles_hash(&main, part);
        keel_sha256_add(h, part, sizeof part);
        keel_candles_hash(&detail, part);
        keel_sha256_add(h, part, sizeof part);
        keel_fundings_hash(&funding, part);
        keel_sha256_add(h, part, sizeof part);
    }
    keel_sha256_finish_text(h, ret_text);
    keel_sha256_free(h);
}

void keel_sweep_trial_hash(const char *config_id, const char *range_hash, const keel_sweep_asked *asked,
                           char ret_text[KEEL_SHA256_TEXT_MAX]) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    keel_strbuf_addf(&text, "keel.trial 1\n%s\n%s\n%s", config_id, range_hash, asked->keep_open ? "keep-open\n" : "");
    keel_sha256_text(keel_strbuf_text(&text), text.size, ret_text);
    keel_strbuf_done(&text);
}

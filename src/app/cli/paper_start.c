/* app/cli/paper_start.c: see paper_start.h. */
#include "app/cli/paper_start.h"

#include <stdlib.h>
#include <string.h>

#include "base/build.h"
#include "base/json_read.h"
#include "engine/snapfile.h"
#include "kernel/unit_text.h"

#define SCHEMA "keel.engine_start"
enum { VERSION = 1 };

/* ---- the plan --------------------------------------------------------------------------------------------------- */

static void point(keel_paper_plan *to) {
    to->plan.params = to->params;
    to->plan.signals = to->signals;
    to->plan.btc = to->btc;
    to->plan.rules = to->rules;
    to->plan.sleeve = to->sleeve;
    to->plan.watch_only = to->watch_only;
    for (int32_t i = 0; i < to->plan.symbol_count; i++)
        to->slippage_bps[i] = to->params[to->sleeve[i]].slippage_bps;
}

void keel_paper_plan_fill(const keel_kernel *kernel, const keel_params *p, int32_t by_regime, const keel_tape *tape,
                          const keel_instrument *rules, int64_t capital_e8, keel_paper_plan *to) {
    memset(to, 0, sizeof *to);
    to->plan.symbol_count = tape->symbol_count;
    to->plan.sleeve_count = tape->sleeve_count;
    to->plan.start_ms = tape->start_ms;
    to->plan.interval_ms = tape->interval_ms;
    to->plan.start_usd_e8 = capital_e8;
    to->plan.step = kernel->step;
    to->plan.by_regime = by_regime;
    for (int32_t i = 0; i < tape->sleeve_count * (by_regime ? 1 + KEEL_REGIME_COUNT : 1); i++)
        to->params[i] = p[i];
    for (int32_t s = 0; s < tape->sleeve_count; s++) {
        kernel->strategy_signals(&p[s], &to->signals[s]);
        to->btc[s] = tape->btc[s];
    }
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        to->rules[i] = rules[i];
        to->sleeve[i] = tape->sym[i].sleeve;
        to->watch_only[i] = tape->sym[i].watch_only;
    }
    point(to);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void write_symbol(const keel_paper_plan *p, int32_t i, const char *name, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "name", name);
    keel_json_kint(j, "sleeve", p->sleeve[i]);
    keel_json_kbool(j, "watch_only", p->watch_only[i]);
    keel_json_ke8(j, "lot", p->rules[i].lot_e8);
    keel_json_ke8(j, "tick", p->rules[i].tick_e8);
    keel_json_ke8(j, "min_notional_usd", p->rules[i].min_notional_e8);
    keel_json_kstring(j, "market", p->rules[i].market == KEEL_SPOT ? "spot" : "perp");
    keel_json_kbool(j, "is_btc", p->rules[i].is_btc);
    keel_json_close(j);
}

void keel_paper_start_write(const keel_paper_start *s, const keel_paper_plan *p, const keel_tape *tape,
                            keel_strbuf *out) {
    size_t size = 0;
    keel_json *j = keel_json_new(0);
    KEEL_ASSERT(j);
    keel_json_object(j);
    keel_json_kstring(j, "schema", SCHEMA);
    keel_json_kint(j, "schema_version", VERSION);
    keel_json_kstring(j, "kind", "paper");
    keel_json_kstring(j, "run_id", s->run_id);
    keel_json_kstring(j, "config_id", s->run->config_id);
    keel_json_kstring(j, "dataset_hash", s->data->dataset_hash);
    keel_json_kstring(j, "build", s->build ? s->build : keel_build_id());
    keel_json_kstring(j, "core", s->core ? s->core : keel_unit_sha256);
    if (s->behaviour >= 0) keel_json_kint(j, "engine_behaviour", s->behaviour ? s->behaviour : KEEL_ENGINE_BEHAVIOUR);
    keel_json_kstring(j, "strategy", s->run->strategy);
    keel_json_kstring(j, "venue", s->data->venue);
    keel_json_ke8(j, "capital_usd", p->plan.start_usd_e8);
    keel_json_kint(j, "start_ms", p->plan.start_ms);
    keel_json_kint(j, "interval_ms", p->plan.interval_ms);
    keel_json_kint(j, "bars", tape->bars);
    keel_json_kint(j, "trade_from", tape->trade_from);
    keel_json_kint(j, "ratio", tape->ratio);
    keel_json_kbool(j, "flatten_at_end", s->flatten);
    keel_json_key(j, "execution");
    keel_json_object(j);
    keel_paper_model_json(s->model, j);
    keel_json_close(j);
    keel_json_key(j, "btc");
    keel_json_array(j);
    for (int32_t i = 0; i < p->plan.sleeve_count; i++)
        keel_json_int(j, p->btc[i]);
    keel_json_close(j);
    keel_json_key(j, "symbols");
    keel_json_array(j);
    for (int32_t i = 0; i < p->plan.symbol_count; i++)
        write_symbol(p, i, s->data->series[s->series[i]].name, j);
    keel_json_close(j);
    keel_json_key(j, "config");
    keel_run_config_record(s->run, 0, j);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    keel_strbuf_add_bytes(out, text, size);
    keel_json_free(j);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : NULL;
}

static int read_symbol(const keel_tree *t, keel_paper_opened *o, int32_t i) {
    keel_instrument *r = &o->plan.rules[i];
    int64_t sleeve = 0;
    int watch = 0, btc = 0;
    const char *market = text_of(t, "market");
    o->symbols[i] = text_of(t, "name");
    int bad = !o->symbols[i] || !market || keel_json_read_int(keel_tree_find(t, "sleeve"), &sleeve) != 0 ||
              keel_json_read_bool(keel_tree_find(t, "watch_only"), &watch) != 0 ||
              keel_json_read_bool(keel_tree_find(t, "is_btc"), &btc) != 0 ||
              keel_json_read_decimal(keel_tree_find(t, "lot"), 8, &r->lot_e8) != 0 ||
              keel_json_read_decimal(keel_tree_find(t, "tick"), 8, &r->tick_e8) != 0 ||
              keel_json_read_decimal(keel_tree_find(t, "min_notional_usd"), 8, &r->min_notional_e8) != 0;
    if (bad || sleeve < 0 || sleeve >= o->plan.plan.sleeve_count || r->lot_e8 < 1 || r->tick_e8 < 1) return 0;
    r->market = strcmp(market, "spot") == 0 ? KEEL_SPOT : KEEL_PERP;
    r->is_btc = btc;
    o->plan.sleeve[i] = (int32_t)sleeve;
    o->plan.watch_only[i] = watch;
    return 1;
}

static int read_plan(const keel_tree *t, keel_paper_opened *o) {
    keel_engine_plan *p = &o->plan.plan;
    const keel_tree *symbols = keel_tree_find(t, "symbols"), *btc = keel_tree_find(t, "btc");
    if (!symbols || symbols->kind != KEEL_TREE_LIST || symbols->count < 1 || symbols->count > KEEL_SYMBOLS_MAX)
        return 0;
    if (!btc || btc->kind != KEEL_TREE_LIST || btc->count != 1) return 0;
    p->symbol_count = (int32_t)symbols->count;
    p->sleeve_count = 1;
    if (keel_json_read_decimal(keel_tree_find(t, "capital_usd"), 8, &p->start_usd_e8) != 0 ||
        keel_json_read_int(keel_tree_find(t, "start_ms"), &p->start_ms) != 0 ||
        keel_json_read_int(keel_tree_find(t, "interval_ms"), &p->interval_ms) != 0 || p->interval_ms < 1)
        return 0;
    if (keel_json_read_int(keel_tree_find(t, "bars"), &o->bars) != 0 ||
        keel_json_read_int(keel_tree_find(t, "trade_from"), &o->trade_from) != 0 ||
        keel_json_read_int(keel_tree_find(t, "ratio"), &o->ratio) != 0 || o->bars < 1 || o->trade_from < 0 ||
        o->ratio < 1 || o->bars > INT32_MAX || o->ratio > INT32_MAX / o->bars ||
        keel_json_read_bool(keel_tree_find(t, "flatten_at_end"), &o->flatten) != 0 ||
        keel_paper_model_of(keel_tree_find(t, "execution"), &o->model) != 0)
        return 0;
    for (int32_t i = 0; i < p->symbol_count; i++)
        if (!read_symbol(symbols->items[i], o, i)) return 0;
    int64_t at;
    if (keel_json_read_int(btc->items[0], &at) != 0 || at < -1 || at >= p->symbol_count) return 0;
    o->plan.btc[0] = (int32_t)at;
    return 1;
}

static int read_config(keel_cli *cli, const keel_tree *t, keel_paper_opened *o, const char *name) {
    keel_err *err = keel_cli_err(cli);
    KEEL_TRY(keel_run_config_open(cli, keel_tree_find(t, "config"), &o->run));
    if (o->plan.rules[0].market == KEEL_SPOT)
        KEEL_TRY(keel_run_config_open_preset(&o->run, "account.allow_short", "false", "spot account", err));
    KEEL_TRY(keel_run_config_vary(&o->run, NULL, NULL, 0, err));
    if (strcmp(o->run.config_id, o->config_id) != 0)
        return keel_err_set(err, KEEL_E_PARITY,
                            "the configuration is not the recorded one: %s: the strategy's file or this build has "
                            "another one; use those it was run with",
                            name);
    o->plan.plan.by_regime = o->run.by_regime;
    memcpy(o->plan.params, keel_run_config_rows(&o->run),
           (size_t)keel_run_config_row_count(&o->run) * sizeof *o->plan.params);
    o->run.kernel->strategy_signals(&o->run.params, &o->plan.signals[0]);
    o->plan.plan.step = o->run.kernel->step;
    point(&o->plan);
    return 0;
}

/* What the record says of the engine that began it: 0 or KEEL_E_*; *ret_numbered 0: nothing. */
static int read_behaviour(const keel_tree *t, const char *name, int32_t *ret, int *ret_numbered, keel_err *err) {
    const keel_tree *said = keel_tree_find(t, "engine_behaviour");
    int64_t number = KEEL_ENGINE_BEHAVIOUR_UNNUMBERED;
    *ret_numbered = said != NULL;
    if (said && (keel_json_read_int(said, &number) != 0 || number < 1))
        return keel_err_set(err, KEEL_E_PARITY, "not the start of a run: %s: keel journal verify judges it", name);
    if (number > KEEL_ENGINE_BEHAVIOUR)
        return keel_err_set(err, KEEL_E_VERSION,
                            "begun by a newer engine: %s: behaviour %lld, this one has %d: use that keel", name,
                            (long long)number, (int)KEEL_ENGINE_BEHAVIOUR);
    *ret = (int32_t)number;
    return 0;
}

static int try_unnumbered(const keel_journal_where *where, keel_paper_plan *plan, int (*interrupted)(void),
                          keel_err *err) {
    int32_t first = plan->plan.behaviour;
    keel_engine_replay replay = {.plan = &plan->plan,
                                 .where = where,
                                 .venue_rebuilt = 1,
                                 .until_ms = INT64_MAX,
                                 .last_seq = UINT64_MAX,
                                 .interrupted = interrupted};
    for (; plan->plan.behaviour >= 1; plan->plan.behaviour--) {
        keel_engine *e = NULL;
        keel_err why = {0};
        int rc = keel_engine_replay_run(&replay, &e, &why);
        keel_engine_abandon(e);
        if (rc == 0) return 0;
        if (rc == KEEL_E_INTERRUPTED || rc == KEEL_E_NOMEM) return keel_err_set(err, rc, "%s", why.text);
        if (rc != KEEL_E_PARITY) break; /* of no engine's making */
    }
    plan->plan.behaviour = first;
    return 0;
}

int keel_paper_start_behaviour(const keel_journal_where *where, keel_paper_plan *plan, int (*interrupted)(void),
                               keel_err *err) {
    char *text = NULL;
    size_t size = 0;
    int numbered = 0;
    keel_tree *tree = NULL;
    KEEL_TRY(keel_engine_start_of(where, &text, &size, err));
    int rc = keel_json_parse(text, size, where->dir, &tree, err);
    if (rc == 0) rc = read_behaviour(tree, where->dir, &plan->plan.behaviour, &numbered, err);
    keel_tree_free(tree);
    free(text);
    return rc != 0 || numbered ? rc : try_unnumbered(where, plan, interrupted, err);
}

/* The recorded text, if with its build and core named this run would have written the same. */
static int adopt(const keel_paper_start *s, keel_paper_plan *plan, const keel_tape *tape, const char *text, size_t size,
                 int is_compacted, const keel_journal_where *where, keel_strbuf *out, keel_err *err) {
    const char *name = where->dir;
    int numbered = 0;
    int32_t behaviour = 0;
    keel_tree *tree = NULL;
    keel_err ignored = {0};
    keel_paper_start theirs = *s;
    keel_strbuf again;
    if (keel_json_parse(text, size, name, &tree, &ignored) != 0) return 0;
    theirs.build = text_of(tree, "build");
    theirs.core = text_of(tree, "core");
    theirs.run_id = text_of(tree, "run_id"); /* made of the core, too */
    keel_strbuf_init(&again, 0);
    int rc = read_behaviour(tree, name, &behaviour, &numbered, err);
    theirs.behaviour = numbered ? behaviour : -1;
    if (rc == 0 && theirs.build && theirs.core && theirs.run_id) keel_paper_start_write(&theirs, plan, tape, &again);
    int same = rc == 0 && again.size == size && memcmp(keel_strbuf_text(&again), text, size) == 0;
    if (same && strcmp(theirs.core, keel_unit_sha256) != 0) {
        rc = keel_err_set(err, KEEL_E_USAGE,
                          "the journal was begun by a build with another core: %s: go on with build %s, or choose "
                          "another folder",
                          name, theirs.build);
    } else if (same) {
        keel_strbuf_clear(out);
        keel_strbuf_add_bytes(out, text, size);
        /* without a number, and without the first record: the snapshot says in which it was then */
        if (numbered) plan->plan.behaviour = behaviour;
        if (!numbered && !is_compacted) rc = keel_paper_start_behaviour(where, plan, NULL, err);
    }
    keel_strbuf_done(&again);
    keel_tree_free(tree);
    return rc;
}

int keel_paper_start_adopt(const keel_journal_where *where, const keel_paper_start *s, keel_paper_plan *plan,
                           const keel_tape *tape, keel_strbuf *out, keel_err *err) {
    char *text = NULL;
    size_t size = 0;
    keel_err ignored = {0};
    /* no journal, or none that can be read: whoever opens it says so */
    int is_compacted = keel_engine_start_of(where, &text, &size, &ignored) != 0;
    if (is_compacted && keel_engine_snapfile_start(where, &text, &size, &ignored) != 0) return 0;
    int rc = adopt(s, plan, tape, text, size, is_compacted, where, out, err);
    free(text);
    return rc;
}

int keel_paper_start_read(keel_cli *cli, const char *text, size_t size, const char *name, keel_paper_opened *ret) {
    keel_err *err = keel_cli_err(cli);
    int64_t version = 0;
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(keel_json_parse(text, size, name, &ret->tree, err));
    const keel_tree *t = ret->tree;
    const char *schema = text_of(t, "schema");
    int ours =
        schema && strcmp(schema, SCHEMA) == 0 && keel_json_read_int(keel_tree_find(t, "schema_version"), &version) == 0;
    if (ours && version > VERSION)
        return keel_err_set(err, KEEL_E_VERSION, "written by a newer keel: %s: use that keel", name);
    ret->run_id = text_of(t, "run_id");
    ret->config_id = text_of(t, "config_id");
    ret->dataset_hash = text_of(t, "dataset_hash");
    ret->build = text_of(t, "build");
    ret->core = text_of(t, "core");
    ret->venue = text_of(t, "venue");
    ret->strategy = text_of(t, "strategy");
    if (!ours || !ret->run_id || !ret->config_id || !ret->dataset_hash || !ret->build || !ret->venue ||
        !ret->strategy || !read_plan(t, ret))
        return keel_err_set(err, KEEL_E_PARITY, "not the start of a run: %s: keel journal verify judges it", name);
    int numbered;
    KEEL_TRY(read_behaviour(t, name, &ret->plan.plan.behaviour, &numbered, err));
    return read_config(cli, t, ret, name);
}

void keel_paper_opened_done(keel_paper_opened *o) {
    keel_run_config_done(&o->run);
    keel_tree_free(o->tree);
    memset(o, 0, sizeof *o);
}

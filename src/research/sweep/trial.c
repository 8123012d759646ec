/* research/sweep/trial.c: see trial.h. */
#include "research/sweep/trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/real.h"

enum { CHECK_DIGITS = 16, TOTALS_MAX = 1 << 16 };

static const char CHECK_KEY[] = ",\"row_check\":\"";

const char *const keel_trial_status_names[3] = {"ok", "pruned", "failed"};

void keel_trial_init(keel_trial *t) {
    memset(t, 0, sizeof *t);
    keel_strbuf_init(&t->totals, TOTALS_MAX);
}

void keel_trial_done(keel_trial *t) { keel_strbuf_done(&t->totals); }

void keel_trial_clear(keel_trial *t) {
    keel_strbuf totals = t->totals;
    keel_strbuf_clear(&totals);
    memset(t, 0, sizeof *t);
    t->totals = totals;
}

/* ---- judging ----------------------------------------------------------------------------------------------- */

static keel_stat figure(const char *name, const keel_tree *totals) {
    return keel_metric_value(keel_metric_find(name), totals);
}

static void judge_tree(keel_trial *t, const keel_objective *objective, const keel_tree *totals) {
    t->score = keel_objective_score(objective, totals);
    t->sharpe = figure("sharpe", totals);
    t->psr = figure("psr", totals);
}

int keel_trial_judge(keel_trial *t, const keel_objective *objective, keel_err *reterr) {
    keel_tree *tree = NULL;
    t->score = (keel_score){.target = keel_stat_none()};
    t->sharpe = t->psr = keel_stat_none();
    if (t->status == KEEL_TRIAL_FAILED) return 0;
    KEEL_TRY(keel_json_parse(keel_strbuf_text(&t->totals), t->totals.size, "totals", &tree, reterr));
    judge_tree(t, objective, tree);
    keel_tree_free(tree);
    return 0;
}

double keel_trial_loss(const keel_trial *t, const keel_objective *objective) {
    return t->status == KEEL_TRIAL_OK ? keel_objective_loss(objective, &t->score) : HUGE_VAL;
}

/* ---- writing ----------------------------------------------------------------------------------------------- */

static void value_json(const keel_dim *d, const keel_space_value *v, keel_json *j) {
    char text[KEEL_SPACE_TEXT_MAX];
    (void)keel_space_text(d, v, text);
    if (d->type == KEEL_CONFIG_ENUM)
        keel_json_string(j, text);
    else
        keel_json_raw(j, text);
}

void keel_trial_params_json(const keel_space *space, const keel_space_value point[], keel_json *j) {
    keel_json_object(j);
    for (size_t i = 0; i < space->count; i++) {
        if (!point[i].active) continue;
        keel_json_key(j, space->dims[i].name);
        value_json(&space->dims[i], &point[i], j);
    }
    keel_json_close(j);
}

static void stat_json(keel_json *j, const char *key, keel_stat s) {
    keel_json_key(j, key);
    if (s.defined)
        keel_json_double(j, s.value);
    else
        keel_json_null(j);
}

static void steps_json(const keel_trial *t, keel_json *j) {
    keel_json_key(j, "step_losses");
    keel_json_array(j);
    for (int32_t i = 0; i < t->step_count; i++)
        keel_json_double(j, t->step_loss[i]); /* infinity is written as null */
    keel_json_close(j);
}

static void results_json(const keel_trial *t, keel_json *j) {
    char hash[17];
    keel_json_key(j, "state_hash");
    if (t->status == KEEL_TRIAL_OK) {
        (void)snprintf(hash, sizeof hash, "%016" PRIx64, t->state_hash);
        keel_json_string(j, hash);
    } else {
        keel_json_null(j);
    }
    stat_json(j, "target", t->status == KEEL_TRIAL_OK ? t->score.target : keel_stat_none());
    keel_json_kbool(j, "feasible", t->status == KEEL_TRIAL_OK && t->score.feasible);
    if (t->step_count > 0) steps_json(t, j);
    if (t->status == KEEL_TRIAL_FAILED) keel_json_kstring(j, "error", t->error);
    keel_json_key(j, "totals");
    if (t->totals.size > 0)
        keel_json_raw(j, keel_strbuf_text(&t->totals));
    else
        keel_json_null(j);
}

static void check_of(const char *sweep_id, const char *text, size_t size, char ret[KEEL_SHA256_TEXT_MAX]) {
    keel_sha256 *h = keel_sha256_new();
    keel_sha256_add(h, sweep_id, strlen(sweep_id));
    keel_sha256_add(h, text, size);
    keel_sha256_finish_text(h, ret);
    keel_sha256_free(h);
    ret[CHECK_DIGITS] = 0;
}

void keel_trial_write(const keel_trial *t, int64_t index, const keel_space *space, const keel_space_value point[],
                      const char *sweep_id, keel_strbuf *out) {
    keel_json *j = keel_json_new(0);
    char check[KEEL_SHA256_TEXT_MAX];
    size_t size = 0;
    KEEL_ASSERT(j != NULL);
    keel_json_object(j);
    keel_json_kint(j, "trial", index);
    keel_json_kstring(j, "trial_hash", t->trial_hash);
    keel_json_kstring(j, "config_id", t->config_id[0] ? t->config_id : NULL);
    keel_json_key(j, "params");
    keel_trial_params_json(space, point, j);
    keel_json_kstring(j, "status", keel_trial_status_names[t->status]);
    results_json(t, j);
    keel_json_close(j);
    const char *text = keel_json_text(j, &size);
    check_of(sweep_id, text, size - 1, check);
    keel_strbuf_add_bytes(out, text, size - 1);
    keel_strbuf_addf(out, "%s%s\"}\n", CHECK_KEY, check);
    keel_json_free(j);
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

static int read_text(const keel_tree *tree, const char *key, char *ret, size_t size, int may_be_null) {
    const keel_tree *node = keel_tree_find(tree, key);
    if (node && node->kind == KEEL_TREE_NULL && may_be_null) return 1;
    if (!node || node->kind != KEEL_TREE_STRING || strlen(node->text) >= size) return 0;
    (void)snprintf(ret, size, "%s", node->text);
    return 1;
}

static int read_status(const keel_tree *tree, keel_trial *t) {
    char text[16] = "";
    if (!read_text(tree, "status", text, sizeof text, 0)) return 0;
    for (int i = 0; i < 3; i++) {
        if (strcmp(keel_trial_status_names[i], text) != 0) continue;
        t->status = (keel_trial_status)i;
        return 1;
    }
    return 0;
}

static int read_hash(const keel_tree *tree, keel_trial *t) {
    char text[20] = "", *end = NULL;
    if (!read_text(tree, "state_hash", text, sizeof text, t->status != KEEL_TRIAL_OK)) return 0;
    if (t->status != KEEL_TRIAL_OK) return 1;
    t->state_hash = strtoull(text, &end, 16);
    return strlen(text) == 16 && *end == 0;
}

static int read_steps(const keel_tree *tree, keel_trial *t) {
    const keel_tree *steps = keel_tree_find(tree, "step_losses");
    if (!steps) return 1;
    if (steps->kind != KEEL_TREE_LIST || steps->count > KEEL_PRUNE_STEPS - 1) return 0;
    for (size_t i = 0; i < steps->count; i++) {
        t->step_loss[i] = HUGE_VAL;
        if (steps->items[i]->kind != KEEL_TREE_NULL && keel_json_read_double(steps->items[i], &t->step_loss[i]) != 0)
            return 0;
    }
    t->step_count = (int32_t)steps->count;
    return 1;
}

static int read_score(const keel_tree *tree, keel_trial *t) {
    const keel_tree *totals = keel_tree_find(tree, "totals"), *target = keel_tree_find(tree, "target");
    int feasible = 0;
    if (!totals || !target || keel_json_read_bool(keel_tree_find(tree, "feasible"), &feasible) != 0) return 0;
    if (t->status == KEEL_TRIAL_OK && totals->kind != KEEL_TREE_MAP) return 0;
    double value = 0.0;
    t->score = (keel_score){.target = keel_stat_none(), .feasible = feasible, .broken = !feasible};
    if (target->kind != KEEL_TREE_NULL) {
        if (keel_json_read_double(target, &value) != 0) return 0;
        t->score.target = keel_stat_of(value);
    }
    t->sharpe = figure("sharpe", totals);
    t->psr = figure("psr", totals);
    return 1;
}

/* The totals' own text: from their key to the last key. */
static int copy_totals(const char *line, size_t size, keel_trial *t) {
    static const char KEY[] = "\"totals\":";
    const char *from = strstr(line, KEY), *to = NULL;
    if (!from) return 0;
    from += sizeof KEY - 1;
    for (const char *at = from; (at = strstr(at, CHECK_KEY)) != NULL; at++)
        to = at;
    if (!to || to > line + size) return 0;
    keel_strbuf_clear(&t->totals);
    if (*from == '{') keel_strbuf_add_bytes(&t->totals, from, (size_t)(to - from));
    return !t->totals.failed;
}

int keel_row_is_intact(const char *line, size_t size, const char *sweep_id) {
    const size_t tail = sizeof CHECK_KEY - 1 + CHECK_DIGITS + 2;
    char check[KEEL_SHA256_TEXT_MAX];
    if (size <= tail || strncmp(line + size - tail, CHECK_KEY, sizeof CHECK_KEY - 1) != 0) return 0;
    check_of(sweep_id, line, size - tail, check);
    return strncmp(line + size - CHECK_DIGITS - 2, check, CHECK_DIGITS) == 0;
}

int keel_row_read(const char *line, size_t size, const char *sweep_id, const char *where, keel_row *ret,
                  keel_err *reterr) {
    keel_err parse = {0};
    memset(ret, 0, sizeof *ret);
    keel_trial_init(&ret->trial);
    int rc = keel_json_parse(line, size, where, &ret->tree, &parse);
    if (rc == KEEL_E_NOMEM) return keel_err_set(reterr, rc, "%s", parse.text);
    keel_tree *tree = ret->tree;
    ret->params = tree ? keel_tree_find(tree, "params") : NULL;
    keel_trial *t = &ret->trial;
    if (rc != 0 || keel_json_read_int(keel_tree_find(tree, "trial"), &ret->index) != 0 || !ret->params ||
        !read_text(tree, "trial_hash", t->trial_hash, sizeof t->trial_hash, 0) ||
        !read_text(tree, "config_id", t->config_id, sizeof t->config_id, 1) || !read_status(tree, t) ||
        !read_hash(tree, t) || !read_steps(tree, t) || !read_score(tree, t) || !copy_totals(line, size, t))
        return keel_err_set(reterr, KEEL_E_PARITY,
                            "not a row of a sweep: %s: the file is damaged from here on; cut it "
                            "before this line and use --resume",
                            where);
    if (t->status == KEEL_TRIAL_FAILED) (void)read_text(tree, "error", t->error, sizeof t->error, 0);
    ret->intact = keel_row_is_intact(line, size, sweep_id);
    return 0;
}

void keel_row_done(keel_row *r) {
    keel_trial_done(&r->trial);
    keel_tree_free(r->tree);
    memset(r, 0, sizeof *r);
}

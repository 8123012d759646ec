/* research/sweep/metric.c: see metric.h. */
#include "research/sweep/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/nearest.h"
#include "base/real.h"

static const keel_metric METRICS[] = {
#define METRIC(name, better) {#name, better},
    KEEL_METRICS(METRIC)
#undef METRIC
};

static const char *const SIGNS[] = {"<", "<=", ">", ">=", "="};

const keel_metric *keel_metric_find(const char *name) {
    for (size_t i = 0; i < sizeof METRICS / sizeof *METRICS; i++)
        if (strcmp(METRICS[i].name, name) == 0) return &METRICS[i];
    return NULL;
}

int keel_metric_unknown(const char *name, const char *origin, keel_err *reterr) {
    keel_nearest nearest;
    char say[KEEL_NEAREST_SAY_MAX];
    keel_nearest_init(&nearest, name);
    for (size_t i = 0; i < sizeof METRICS / sizeof *METRICS; i++)
        keel_nearest_offer(&nearest, METRICS[i].name);
    return keel_err_set(reterr, KEEL_E_UNKNOWN_KEY, "unknown metric '%.60s': %s%s: docs/sweep.md lists all", name,
                        origin, keel_nearest_say(&nearest, say));
}

keel_stat keel_metric_value(const keel_metric *m, const keel_tree *totals) {
    const keel_tree *node = keel_tree_find(totals, m->name);
    double value = 0.0;
    if (!node || !node->text || keel_real_parse(node->text, &value) != 0) return keel_stat_none();
    return keel_stat_of(value);
}

int keel_constraint_parse(const char *text, keel_constraint *ret, keel_err *reterr) {
    char name[64], number[64];
    size_t at = strspn(text, " "), size = strspn(text + at, "abcdefghijklmnopqrstuvwxyz_0123456789");
    memset(ret, 0, sizeof *ret);
    (void)snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), text + at);
    at += size;
    at += strspn(text + at, " ");
    size_t sign = strspn(text + at, "<>=");
    int found = -1;
    for (int i = 0; i < (int)(sizeof SIGNS / sizeof *SIGNS); i++)
        if (strlen(SIGNS[i]) == sign && strncmp(SIGNS[i], text + at, sign) == 0) found = i;
    if (sign == 2 && strncmp(text + at, "==", 2) == 0) found = KEEL_EQUAL;
    at += sign;
    at += strspn(text + at, " ");
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(text + at, " "), text + at);
    if (found < 0 || !name[0] || keel_real_parse(number, &ret->bound) != 0 ||
        text[at + strlen(number) + strspn(text + at + strlen(number), " ")] != 0)
        return keel_err_set(reterr, KEEL_E_PARSE,
                            "'%.80s' is no constraint: --constraint: write METRIC < NUMBER, as in "
                            "\"max_drawdown_pct < 25\"",
                            text);
    ret->metric = keel_metric_find(name);
    if (!ret->metric) return keel_metric_unknown(name, "--constraint", reterr);
    ret->compare = (keel_compare)found;
    char bound[KEEL_REAL_TEXT_MAX];
    (void)snprintf(ret->text, sizeof ret->text, "%s %s %s", name, SIGNS[found], keel_real_format(ret->bound, bound));
    return 0;
}

/* Does `below` keep a figure under what `above` asks for? */
static int exclude(const keel_constraint *below, const keel_constraint *above) {
    if (below->metric != above->metric || below->compare == KEEL_MORE || below->compare == KEEL_MORE_EQUAL ||
        above->compare == KEEL_LESS || above->compare == KEEL_LESS_EQUAL)
        return 0;
    int strict = below->compare == KEEL_LESS || above->compare == KEEL_MORE;
    return below->bound < above->bound || (strict && below->bound == above->bound);
}

int keel_constraints_check(const keel_constraint constraints[], int32_t count, keel_err *reterr) {
    for (int32_t i = 0; i < count; i++)
        for (int32_t k = 0; k < count; k++)
            if (exclude(&constraints[i], &constraints[k]))
                return keel_err_set(reterr, KEEL_E_USAGE,
                                    "no trial can have both '%s' and '%s': --constraint: leave one out",
                                    constraints[k].text, constraints[i].text);
    return 0;
}

static int holds(const keel_constraint *c, keel_stat value) {
    if (!value.defined) return 0;
    switch (c->compare) {
        case KEEL_LESS: return value.value < c->bound;
        case KEEL_LESS_EQUAL: return value.value <= c->bound;
        case KEEL_MORE: return value.value > c->bound;
        case KEEL_MORE_EQUAL: return value.value >= c->bound;
        case KEEL_EQUAL:
        default: return value.value == c->bound;
    }
}

keel_score keel_objective_score(const keel_objective *o, const keel_tree *totals) {
    keel_score score = {.target = keel_metric_value(o->target, totals)};
    for (int32_t i = 0; i < o->constraint_count; i++)
        score.broken += !holds(&o->constraints[i], keel_metric_value(o->constraints[i].metric, totals));
    score.feasible = score.broken == 0;
    return score;
}

double keel_objective_loss(const keel_objective *o, const keel_score *score) {
    const double beyond = 1e30; /* farther than any figure of an account */
    if (!score->target.defined) return HUGE_VAL;
    return score->feasible ? -(double)o->better * score->target.value : beyond * (double)score->broken;
}

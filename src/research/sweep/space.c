/* research/sweep/space.c: see space.h. Reading of files and flags: space_read.c. */
#include "research/sweep/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/real.h"
#include "num/elementary.h"

void keel_space_init(keel_space *s) { memset(s, 0, sizeof *s); }

static void dim_done(keel_dim *d) {
    for (int64_t i = 0; d->choices && i < d->count; i++)
        free(d->choices[i]);
    free(d->choices);
    free(d->when_levels);
}

void keel_space_done(keel_space *s) {
    for (size_t i = 0; i < s->count; i++)
        dim_done(&s->dims[i]);
    free(s->dims);
    memset(s, 0, sizeof *s);
}

/* ---- size -------------------------------------------------------------------------------------------------- */

static int is_wanted(const keel_dim *d, int64_t level) {
    for (size_t i = 0; i < d->when_count; i++)
        if (d->when_levels[i] == level) return 1;
    return 0;
}

void keel_space_activate(const keel_space *s, keel_space_value point[]) {
    for (size_t i = 0; i < s->count; i++) {
        const keel_dim *d = &s->dims[i];
        point[i].active = d->when < 0 || (point[d->when].active && is_wanted(d, point[d->when].level));
    }
}

/* Points of dimensions from..end, given the levels before: only those that something hangs on are walked. */
static double points_from(const keel_space *s, size_t from, keel_space_value point[]) {
    if (from == s->count) return 1.0;
    const keel_dim *d = &s->dims[from];
    int active = d->when < 0 || (point[d->when].active && is_wanted(d, point[d->when].level));
    int hung_on = 0;
    for (size_t i = from + 1; i < s->count; i++)
        hung_on |= s->dims[i].when == (int32_t)from;
    point[from].active = active;
    point[from].level = 0;
    if (!active) return points_from(s, from + 1, point);
    if (!hung_on) return (double)d->count * points_from(s, from + 1, point);
    double sum = 0.0;
    for (int64_t level = 0; level < d->count; level++) {
        point[from].level = level;
        sum += points_from(s, from + 1, point);
    }
    return sum;
}

int64_t keel_space_size(const keel_space *s, const keel_dim **ret_dim) {
    keel_space_value point[KEEL_SPACE_DIMS_MAX];
    memset(point, 0, sizeof point);
    *ret_dim = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (s->dims[i].kind != KEEL_DIM_RANGE) continue;
        *ret_dim = &s->dims[i];
        return -1;
    }
    double size = points_from(s, 0, point);
    return size > 1e12 ? -1 : (int64_t)size;
}

/* ---- values ------------------------------------------------------------------------------------------------ */

static double step_value(const keel_dim *d, int64_t level) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    double value = 0.0;
    (void)keel_decimal_format(d->low + level * d->step, d->scale, 0, text);
    KEEL_ASSERT(keel_real_parse(text, &value) == 0);
    return value;
}

static double choice_value(const keel_dim *d, int64_t level) {
    double value = (double)level;
    if (d->is_ordered) KEEL_ASSERT(keel_real_parse(d->choices[level], &value) == 0);
    return value;
}

double keel_space_number(const keel_dim *d, const keel_space_value *v) {
    switch (d->kind) {
        case KEEL_DIM_STEPS: return step_value(d, v->level);
        case KEEL_DIM_CHOICES: return choice_value(d, v->level);
        case KEEL_DIM_RANGE:
        default: return v->real;
    }
}

const char *keel_space_text(const keel_dim *d, const keel_space_value *v, char *text) {
    switch (d->kind) {
        case KEEL_DIM_STEPS: (void)keel_decimal_format(d->low + v->level * d->step, d->scale, 0, text); break;
        case KEEL_DIM_CHOICES: (void)snprintf(text, KEEL_SPACE_TEXT_MAX, "%s", d->choices[v->level]); break;
        case KEEL_DIM_RANGE:
        default: (void)keel_real_format(v->real, text); break;
    }
    return text;
}

double keel_space_settle(const keel_dim *d, double value) {
    char text[64];
    double settled = value;
    if (d->type == KEEL_CONFIG_BPS)
        (void)snprintf(text, sizeof text, "%.4f", value);
    else if (d->type == KEEL_CONFIG_USD)
        (void)snprintf(text, sizeof text, "%.8f", value);
    else
        (void)snprintf(text, sizeof text, "%.6g", value);
    KEEL_ASSERT(keel_real_parse(text, &settled) == 0);
    return settled < d->min ? d->min : settled > d->max ? d->max : settled;
}

/* The level whose number is nearest to value; levels ascend. */
static int64_t nearest_level(const keel_dim *d, double value) {
    int64_t low = 0, high = d->count - 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        keel_space_value v = {.level = middle};
        if (keel_space_number(d, &v) <= value)
            low = middle;
        else
            high = middle;
    }
    keel_space_value a = {.level = low}, b = {.level = high};
    return value - keel_space_number(d, &a) <= keel_space_number(d, &b) - value ? low : high;
}

static double by_logarithm(const keel_dim *d, double u) {
    double low = keel_log(d->min), high = keel_log(d->max);
    return keel_exp(low + u * (high - low));
}

keel_space_value keel_space_at(const keel_dim *d, double u) {
    keel_space_value v = {.active = 1};
    if (d->kind == KEEL_DIM_RANGE) {
        v.real = keel_space_settle(d, d->is_log ? by_logarithm(d, u) : d->min + u * (d->max - d->min));
    } else if (d->is_log) {
        v.level = nearest_level(d, by_logarithm(d, u));
    } else {
        v.level = (int64_t)(u * (double)d->count);
        if (v.level >= d->count) v.level = d->count - 1;
    }
    return v;
}

/* ---- as a document ----------------------------------------------------------------------------------------- */

static const char *kind_name(const keel_dim *d) {
    return d->kind == KEEL_DIM_STEPS ? "steps" : d->kind == KEEL_DIM_CHOICES ? "choices" : "range";
}

static void value_json(const keel_dim *d, const char *text, keel_json *j) {
    if (d->type == KEEL_CONFIG_ENUM || d->type == KEEL_CONFIG_STRING)
        keel_json_string(j, text);
    else
        keel_json_raw(j, text);
}

static void level_json(const keel_dim *d, int64_t level, keel_json *j) {
    char text[KEEL_SPACE_TEXT_MAX];
    keel_space_value v = {.level = level};
    value_json(d, keel_space_text(d, &v, text), j);
}

static void step_json(const keel_dim *d, keel_json *j) {
    char text[KEEL_DECIMAL_TEXT_MAX];
    keel_json_key(j, "low");
    level_json(d, 0, j);
    keel_json_key(j, "high");
    level_json(d, d->count - 1, j);
    keel_json_key(j, "step");
    (void)keel_decimal_format(d->step, d->scale, 0, text);
    keel_json_raw(j, text);
}

static void dim_json(const keel_space *s, const keel_dim *d, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "name", d->name);
    keel_json_kstring(j, "path", d->path);
    keel_json_kstring(j, "kind", kind_name(d));
    if (d->is_log) keel_json_kbool(j, "log", 1);
    if (d->kind == KEEL_DIM_STEPS) {
        step_json(d, j);
    } else if (d->kind == KEEL_DIM_RANGE) {
        keel_json_kdouble(j, "low", d->min);
        keel_json_kdouble(j, "high", d->max);
    } else {
        keel_json_key(j, "values");
        keel_json_array(j);
        for (int64_t i = 0; i < d->count; i++)
            level_json(d, i, j);
        keel_json_close(j);
    }
    if (d->when >= 0) {
        const keel_dim *on = &s->dims[d->when];
        keel_json_key(j, "when");
        keel_json_object(j);
        keel_json_key(j, on->name);
        keel_json_array(j);
        for (size_t i = 0; i < d->when_count; i++)
            level_json(on, d->when_levels[i], j);
        keel_json_close(j);
        keel_json_close(j);
    }
    keel_json_close(j);
}

void keel_space_json(const keel_space *s, keel_json *j) {
    keel_json_array(j);
    for (size_t i = 0; i < s->count; i++)
        dim_json(s, &s->dims[i], j);
    keel_json_close(j);
}

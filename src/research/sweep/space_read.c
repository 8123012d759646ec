/* research/sweep/space_read.c: dimensions from flags and space files, checked against the configuration's table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/nearest.h"
#include "base/real.h"
#include "base/yaml.h"
#include "research/sweep/space.h"

/* One dimension as written, before it is judged. Texts are borrowed. */
typedef struct written {
    const char *name, *origin;
    const char *low, *high, *step; /* NULL: not given */
    const keel_list *values;       /* NULL: not given */
    int is_log;
    keel_config_type type; /* asked for by name; 0: the table's */
} written;

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: parameter space: close other programs");
}

/* ---- names ------------------------------------------------------------------------------------------------- */

static const char *last_part(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

static int unknown_name(const keel_config *table, const written *w, keel_err *err) {
    keel_nearest nearest;
    char say[KEEL_NEAREST_SAY_MAX];
    keel_nearest_init(&nearest, last_part(w->name));
    for (size_t i = 0; i < keel_config_count(table); i++)
        if (keel_config_entry_at(table, i)->flags & KEEL_CONFIG_TUNABLE)
            keel_nearest_offer(&nearest, last_part(keel_config_entry_at(table, i)->path));
    return keel_err_set(err, KEEL_E_UNKNOWN_KEY, "unknown parameter '%.80s': %s%s: 'keel config schema' lists all",
                        w->name, w->origin, keel_nearest_say(&nearest, say));
}

/* The entry a name means: a path, or a last part that only one path has. */
static int find_entry(const keel_config *table, const written *w, size_t *ret_index, int *ret_is_short, keel_err *err) {
    const keel_config_entry *found = NULL;
    size_t same = 0;
    for (size_t i = 0; i < keel_config_count(table); i++) {
        const keel_config_entry *e = keel_config_entry_at(table, i);
        int whole = strcmp(e->path, w->name) == 0, part = strcmp(last_part(e->path), w->name) == 0;
        if (!whole && !part) continue;
        if (found && !whole && strcmp(found->path, w->name) != 0)
            return keel_err_set(err, KEEL_E_UNKNOWN_KEY, "'%s' may be '%s' or '%s': %s: write the whole path", w->name,
                                found->path, e->path, w->origin);
        found = e;
        *ret_index = i;
    }
    if (!found) return unknown_name(table, w, err);
    if (!(found->flags & KEEL_CONFIG_TUNABLE))
        return keel_err_set(err, KEEL_E_USAGE,
                            "'%s' cannot be swept: %s: only parameters of the core and of the "
                            "strategy can; see 'keel config schema'",
                            found->path, w->origin);
    for (size_t i = 0; i < keel_config_count(table); i++)
        same += strcmp(last_part(keel_config_entry_at(table, i)->path), last_part(found->path)) == 0;
    *ret_is_short = same == 1;
    return 0;
}

/* ---- values ------------------------------------------------------------------------------------------------ */

/* Set text as the value of d in the table and read it back: canonical text, number. The table ends as it was. */
static int judge(keel_config *table, size_t index, const keel_dim *d, const char *text, const char *origin,
                 keel_strbuf *ret_text, double *ret_number, keel_err *err) {
    size_t mark = keel_config_mark(table);
    int rc = keel_config_set(table, d->path, text, origin, err);
    if (rc == 0) rc = keel_config_resolve(table, err);
    if (rc == 0) {
        if (ret_text) keel_config_value_text(table, index, ret_text);
        if (ret_number && d->type != KEEL_CONFIG_ENUM) *ret_number = keel_config_get_real(table, d->path);
    }
    keel_config_rewind(table, mark);
    keel_err scratch = {0};
    int again = keel_config_resolve(table, &scratch);
    KEEL_ASSERT(again == 0 || rc != 0);
    return rc;
}

static int is_number_type(keel_config_type type) {
    return type == KEEL_CONFIG_INT || type == KEEL_CONFIG_REAL || type == KEEL_CONFIG_USD || type == KEEL_CONFIG_BPS;
}

/* The coarsest decimal scale at which all three texts are whole. */
static int common_scale(const char *low, const char *high, const char *step, int64_t value[3], int *ret_scale) {
    const char *const text[3] = {low, high, step};
    for (int scale = 0; scale <= KEEL_DECIMAL_SCALE_MAX; scale++) {
        int fits = 0;
        for (int i = 0; i < 3; i++)
            fits += keel_decimal_parse(text[i], strlen(text[i]), scale, &value[i]) == KEEL_DECIMAL_OK;
        if (fits < 3) continue;
        *ret_scale = scale;
        return 1;
    }
    return 0;
}

static int read_steps(keel_dim *d, const written *w, const char *step, keel_err *err) {
    int64_t value[3] = {0, 0, 0};
    double number = 0.0;
    if (keel_real_parse(step, &number) != 0 || !common_scale(w->low, w->high, step, value, &d->scale))
        return keel_err_set(err, KEEL_E_PARSE,
                            "%s = '%.60s:%.60s:%.60s' has a step that is not a number: %s: write "
                            "LOW:HIGH:STEP",
                            d->name, w->low, w->high, step, w->origin);
    if (value[2] <= 0)
        return keel_err_set(err, KEEL_E_RANGE, "%s has step %.60s: %s: give a step above 0", d->name, step, w->origin);
    d->kind = KEEL_DIM_STEPS;
    d->low = value[0];
    d->step = value[2];
    int64_t more = (value[1] - value[0]) / value[2];
    if (more >= KEEL_SPACE_LEVELS_MAX)
        return keel_err_set(err, KEEL_E_RANGE, "%s has more than %d steps: %s: take a larger step", d->name,
                            KEEL_SPACE_LEVELS_MAX, w->origin);
    d->count = more + 1;
    d->is_ordered = 1;
    keel_space_value last = {.level = d->count - 1};
    d->max = keel_space_number(d, &last);
    return 0;
}

static int read_bounds(keel_dim *d, keel_config *table, size_t index, const written *w, keel_err *err) {
    const keel_config_entry *entry = keel_config_entry_at(table, index);
    if (!is_number_type(d->type))
        return keel_err_set(err, KEEL_E_PARSE, "%s is not a number: %s: list its values, as in %s=true,false", d->name,
                            w->origin, d->name);
    KEEL_TRY(judge(table, index, d, w->low, w->origin, NULL, &d->min, err));
    KEEL_TRY(judge(table, index, d, w->high, w->origin, NULL, &d->max, err));
    if (d->min > d->max)
        return keel_err_set(err, KEEL_E_RANGE, "%s is empty: %s: low %s is above high %s: swap them", d->name,
                            w->origin, w->low, w->high);
    d->is_log = w->is_log;
    if (w->is_log && d->min <= 0.0)
        return keel_err_set(err, KEEL_E_RANGE, "%s begins at %s: %s: a logarithm wants a low above 0", d->name, w->low,
                            w->origin);
    const char *step = w->step;
    if (!step && d->type == KEEL_CONFIG_INT) step = entry->step ? entry->step : "1";
    if (step) {
        KEEL_TRY(read_steps(d, w, step, err));
        keel_space_value second = {.level = d->count > 1};
        char text[KEEL_SPACE_TEXT_MAX];
        return judge(table, index, d, keel_space_text(d, &second, text), w->origin, NULL, NULL, err);
    }
    if (d->min == d->max)
        return keel_err_set(err, KEEL_E_RANGE, "%s has one value only: %s: use --set, or give a higher high", d->name,
                            w->origin);
    d->kind = KEEL_DIM_RANGE;
    return 0;
}

static int repeats(const keel_dim *d, const char *text) {
    for (int64_t i = 0; i < d->count; i++)
        if (strcmp(d->choices[i], text) == 0) return 1;
    return 0;
}

static int read_choices(keel_dim *d, keel_config *table, size_t index, const written *w, keel_err *err) {
    double before = 0.0;
    d->kind = KEEL_DIM_CHOICES;
    d->is_ordered = is_number_type(d->type);
    if (w->values->count == 0)
        return keel_err_set(err, KEEL_E_RANGE, "%s is empty: %s: list at least one value", d->name, w->origin);
    d->choices = calloc(w->values->count, sizeof *d->choices);
    if (!d->choices) return no_memory(err);
    for (size_t i = 0; i < w->values->count; i++) {
        keel_strbuf text;
        double number = 0.0;
        keel_strbuf_init(&text, KEEL_SPACE_TEXT_MAX - 1);
        int rc = judge(table, index, d, w->values->items[i], w->origin, &text, &number, err);
        if (rc == 0 && repeats(d, keel_strbuf_text(&text)))
            rc = keel_err_set(err, KEEL_E_USAGE, "%s has %s twice: %s: leave one out", d->name, keel_strbuf_text(&text),
                              w->origin);
        if (rc == 0 && !(d->choices[i] = strdup(keel_strbuf_text(&text)))) rc = no_memory(err);
        keel_strbuf_done(&text);
        if (rc != 0) return rc;
        d->count++;
        if (i > 0 && number <= before) d->is_ordered = 0;
        before = number;
        if (i == 0 || number < d->min) d->min = number;
        if (i == 0 || number > d->max) d->max = number;
    }
    d->is_log = w->is_log && d->is_ordered && d->min > 0.0;
    return 0;
}

static int truths(keel_dim *d, keel_config *table, size_t index, const written *w, keel_err *err) {
    char *items[2] = {(char *)(uintptr_t) "false", (char *)(uintptr_t) "true"};
    keel_list both = {items, 2};
    written all = *w;
    all.values = &both;
    return read_choices(d, table, index, &all, err);
}

static int type_fits(keel_config_type asked, keel_config_type has) {
    if (asked == 0 || asked == KEEL_CONFIG_ENUM || asked == has) return 1;
    return asked == KEEL_CONFIG_REAL && is_number_type(has) && has != KEEL_CONFIG_INT;
}

static int fixed_by_flag(const keel_config *table, const char *path) {
    return keel_config_is_given(table, path) && strncmp(keel_config_origin_of(table, path), "--", 2) == 0;
}

static int read_dim(keel_dim *d, const keel_space *s, keel_config *table, const written *w, keel_err *err) {
    size_t index = 0;
    int is_short = 0;
    KEEL_TRY(find_entry(table, w, &index, &is_short, err));
    const keel_config_entry *entry = keel_config_entry_at(table, index);
    (void)snprintf(d->path, sizeof d->path, "%s", entry->path);
    (void)snprintf(d->name, sizeof d->name, "%s", is_short ? last_part(entry->path) : entry->path);
    d->type = entry->type;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->dims[i].path, d->path) == 0)
            return keel_err_set(err, KEEL_E_USAGE, "%s is swept twice: %s: leave one out", d->name, w->origin);
    if (fixed_by_flag(table, d->path))
        return keel_err_set(err, KEEL_E_USAGE, "%s is both fixed and swept: %s and %s: leave one out", d->name,
                            keel_config_origin_of(table, d->path), w->origin);
    if (!type_fits(w->type, d->type))
        return keel_err_set(err, KEEL_E_PARSE, "%s has another type in the table: %s: see 'keel config schema'",
                            d->name, w->origin);
    if (w->values) return read_choices(d, table, index, w, err);
    if (w->low && w->high) return read_bounds(d, table, index, w, err);
    if (d->type == KEEL_CONFIG_BOOL && !w->low && !w->high) return truths(d, table, index, w, err);
    return keel_err_set(err, KEEL_E_RANGE, "%s is empty: %s: give low and high, or values", d->name, w->origin);
}

static int add_dim(keel_space *s, keel_config *table, const written *w, keel_dim **ret, keel_err *err) {
    if (s->count == KEEL_SPACE_DIMS_MAX)
        return keel_err_set(err, KEEL_E_RANGE, "more than %d parameters: %s: sweep fewer at a time",
                            KEEL_SPACE_DIMS_MAX, w->origin);
    keel_dim *dims = realloc(s->dims, (s->count + 1) * sizeof *dims);
    if (!dims) return no_memory(err);
    s->dims = dims;
    keel_dim *d = &dims[s->count];
    memset(d, 0, sizeof *d);
    d->when = -1;
    int rc = read_dim(d, s, table, w, err);
    s->count++; /* also after an error: done frees what it has */
    if (ret) *ret = d;
    return rc;
}

/* ---- flags ------------------------------------------------------------------------------------------------- */

/* LO:HI, LO:HI:STEP, LO:HI:log. Cuts a copy in place. */
static int cut_range(char *copy, written *w, keel_err *err) {
    char *first = strchr(copy, ':'), *second = strchr(first + 1, ':');
    *first = 0;
    if (second) *second = 0;
    w->low = copy;
    w->high = first + 1;
    if (!second) return 0;
    if (strchr(second + 1, ':'))
        return keel_err_set(err, KEEL_E_PARSE, "%s has more than three parts: %s: write LOW:HIGH:STEP", w->name,
                            w->origin);
    if (strcmp(second + 1, "log") == 0)
        w->is_log = 1;
    else
        w->step = second + 1;
    return 0;
}

static int add_written(keel_space *s, keel_config *table, written *w, const char *text, keel_dim **ret, keel_err *err) {
    if (strchr(text, ':')) {
        char *copy = strdup(text);
        if (!copy) return no_memory(err);
        int rc = cut_range(copy, w, err);
        if (rc == 0) rc = add_dim(s, table, w, ret, err);
        free(copy);
        return rc;
    }
    keel_list list = {0};
    int rc = keel_list_parse(text, &list);
    if (rc == KEEL_E_NOMEM) return no_memory(err);
    if (rc != 0)
        return keel_err_set(err, KEEL_E_PARSE,
                            "%s = '%.60s' is no list of values: %s: write %s=LOW:HIGH:STEP or "
                            "%s=a,b,c",
                            w->name, text, w->origin, w->name, w->name);
    w->values = &list;
    rc = add_dim(s, table, w, ret, err);
    keel_list_done(&list);
    return rc;
}

int keel_space_add_text(keel_space *s, keel_config *table, const char *name, const char *text, const char *origin,
                        keel_err *reterr) {
    written w = {.name = name, .origin = origin};
    return add_written(s, table, &w, text, NULL, reterr);
}

/* ---- files ------------------------------------------------------------------------------------------------- */

static int read_type(const keel_tree *node, written *w, keel_err *err) {
    static const struct {
        const char *name;
        keel_config_type type;
        int is_log;
    } TYPES[] = {{"int", KEEL_CONFIG_INT, 0},        {"float", KEEL_CONFIG_REAL, 0}, {"log", 0, 1},
                 {"log-float", KEEL_CONFIG_REAL, 1}, {"enum", KEEL_CONFIG_ENUM, 0},  {"bool", KEEL_CONFIG_BOOL, 0}};
    for (size_t i = 0; node->text && i < sizeof TYPES / sizeof *TYPES; i++) {
        if (strcmp(TYPES[i].name, node->text) != 0) continue;
        w->type = TYPES[i].type;
        w->is_log |= TYPES[i].is_log;
        return 0;
    }
    return keel_err_set(err, KEEL_E_PARSE, "%s has an unknown type: %s: write int, float, log, enum or bool", w->name,
                        w->origin);
}

static int text_list(const keel_tree *node, const written *w, keel_list *ret, keel_err *err) {
    ret->items = calloc(node->count + 1, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    for (size_t i = 0; i < node->count; i++) {
        if (!node->items[i]->text)
            return keel_err_set(err, KEEL_E_PARSE, "%s holds %s: %s: list plain values", w->name,
                                keel_tree_kind_name(node->items[i]->kind), w->origin);
        ret->items[i] = strdup(node->items[i]->text);
        if (!ret->items[i]) return no_memory(err);
        ret->count++;
    }
    return 0;
}

static int level_of(const keel_dim *d, const char *text, int64_t *ret) {
    char has[KEEL_SPACE_TEXT_MAX];
    double wanted = 0.0;
    int is_number = is_number_type(d->type) && keel_real_parse(text, &wanted) == 0;
    for (int64_t i = 0; i < d->count; i++) {
        keel_space_value v = {.level = i};
        if (strcmp(keel_space_text(d, &v, has), text) != 0 && !(is_number && keel_space_number(d, &v) == wanted))
            continue;
        *ret = i;
        return 1;
    }
    return 0;
}

static int add_level(keel_dim *d, const keel_dim *on, const keel_tree *value, const written *w, keel_err *err) {
    int64_t level = 0;
    if (!value->text || !level_of(on, value->text, &level))
        return keel_err_set(err, KEEL_E_RANGE, "%s waits for %s = %.60s, which it never is: %s: name one of its values",
                            d->name, on->name, value->text ? value->text : "", w->origin);
    d->when_levels[d->when_count++] = level;
    return 0;
}

static int read_when(keel_space *s, keel_dim *d, const keel_tree *when, const written *w, keel_err *err) {
    if (when->kind != KEEL_TREE_MAP || when->count != 1)
        return keel_err_set(err, KEEL_E_PARSE,
                            "%s has a condition that is no 'when: {NAME: value}': %s: write one "
                            "name and its values",
                            d->name, w->origin);
    const keel_tree *values = when->items[0];
    for (size_t i = 0; i + 1 < s->count; i++)
        if (strcmp(s->dims[i].name, values->key) == 0 || strcmp(s->dims[i].path, values->key) == 0)
            d->when = (int32_t)i;
    if (d->when < 0)
        return keel_err_set(err, KEEL_E_UNKNOWN_KEY,
                            "%s waits for '%.80s', which is not swept before it: %s: list that "
                            "one first",
                            d->name, values->key, w->origin);
    const keel_dim *on = &s->dims[d->when];
    if (on->kind == KEEL_DIM_RANGE)
        return keel_err_set(err, KEEL_E_USAGE, "%s waits for %s, which may be any number: %s: give that one a step",
                            d->name, on->name, w->origin);
    d->when_levels = calloc(values->count + 1, sizeof *d->when_levels);
    if (!d->when_levels) return no_memory(err);
    if (values->kind != KEEL_TREE_LIST) return add_level(d, on, values, w, err);
    for (size_t i = 0; i < values->count; i++)
        KEEL_TRY(add_level(d, on, values->items[i], w, err));
    if (d->when_count == 0)
        return keel_err_set(err, KEEL_E_RANGE, "%s waits for no value of %s: %s: name one", d->name, on->name,
                            w->origin);
    return 0;
}

/* Also known by the words of other tools. */
static int is_key(const char *key, const char *name, const char *also) {
    return strcmp(key, name) == 0 || strcmp(key, also) == 0;
}

static int read_map(const keel_tree *node, written *w, keel_list *values, const keel_tree **ret_when, keel_err *err) {
    for (size_t i = 0; i < node->count; i++) {
        const keel_tree *item = node->items[i];
        const char *key = item->key;
        if (strcmp(key, "type") == 0) {
            KEEL_TRY(read_type(item, w, err));
        } else if (is_key(key, "low", "min") && item->text) {
            w->low = item->text;
        } else if (is_key(key, "high", "max") && item->text) {
            w->high = item->text;
        } else if (strcmp(key, "step") == 0 && item->text) {
            w->step = item->text;
        } else if (is_key(key, "values", "choices") && item->kind == KEEL_TREE_LIST) {
            KEEL_TRY(text_list(item, w, values, err));
            w->values = values;
        } else if (strcmp(key, "when") == 0) {
            *ret_when = item;
        } else {
            return keel_err_set(err, KEEL_E_UNKNOWN_KEY,
                                "unknown or wrong '%.60s' of %s: %s: a parameter has type, "
                                "low, high, step, values, when",
                                key, w->name, w->origin);
        }
    }
    if (w->values && (w->low || w->high || w->step))
        return keel_err_set(err, KEEL_E_USAGE, "%s has both values and bounds: %s: leave one out", w->name, w->origin);
    return 0;
}

static int add_node(keel_space *s, keel_config *table, const keel_tree *node, const char *file, keel_err *err) {
    char origin[300];
    (void)snprintf(origin, sizeof origin, "%.250s:%u", file, node->line);
    written w = {.name = node->key, .origin = origin};
    const keel_tree *when = NULL;
    keel_list values = {0};
    keel_dim *d = NULL;
    if (node->kind != KEEL_TREE_MAP && node->kind != KEEL_TREE_LIST) {
        if (node->text) return add_written(s, table, &w, node->text, NULL, err);
        return keel_err_set(err, KEEL_E_RANGE, "%s is empty: %s: give it values", w.name, origin);
    }
    int rc = 0;
    if (node->kind == KEEL_TREE_LIST) {
        rc = text_list(node, &w, &values, err);
        w.values = &values;
    } else {
        rc = read_map(node, &w, &values, &when, err);
    }
    if (rc == 0) rc = add_dim(s, table, &w, &d, err);
    if (rc == 0 && when) rc = read_when(s, d, when, &w, err);
    keel_list_done(&values);
    return rc;
}

int keel_space_add_yaml(keel_space *s, keel_config *table, const char *bytes, size_t size, const char *file,
                        keel_err *reterr) {
    keel_tree *tree = NULL;
    KEEL_TRY(keel_yaml_parse(bytes, size, file, &tree, reterr));
    const keel_tree *map = tree;
    if (tree && tree->kind == KEEL_TREE_MAP && tree->count == 1 && is_key(tree->items[0]->key, "space", "parameters"))
        map = tree->items[0];
    int rc = 0;
    if (!map || map->kind != KEEL_TREE_MAP || map->count == 0)
        rc = keel_err_set(reterr, KEEL_E_RANGE, "the space is empty: %s: write NAME: LOW:HIGH:STEP or NAME: [a, b]",
                          file);
    for (size_t i = 0; rc == 0 && i < map->count; i++)
        rc = add_node(s, table, map->items[i], file, reterr);
    keel_tree_free(tree);
    return rc;
}

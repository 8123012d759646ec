/* app/cli/strategy_rules.c: may a strategy run with these parameters on these symbols? What its table says of itself,
 * and whether its signals can be computed. Contract in strategy_source.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/strategy_source.h"
#include "base/real.h"
#include "kernel/guard.h"

typedef struct probe {
    const keel_strategy_source *source;
    const keel_params *p;
} probe;

/* How messages call the strategy. */
static const char *name_of(const keel_strategy_source *s) { return s->user ? s->user->file : s->text.name; }

/* ---- rules between parameters ---- */

/* "fast = 30, slow = 10": the own parameters that a condition names. */
static void list_values(const probe *a, const char *condition, keel_strbuf *out) {
    const keel_strategy_text *t = &a->source->text;
    char name[80], number[KEEL_REAL_TEXT_MAX];
    for (int32_t i = 0; i < t->row_count; i++) {
        (void)snprintf(name, sizeof name, "param(%.60s)", t->row[i].name);
        if (!strstr(condition, name)) continue;
        keel_strbuf_addf(out, "%s%s = %s", out->size ? ", " : "", t->row[i].name,
                         keel_real_format(a->p->own[i], number));
    }
}

static int check_rules(const probe *a, keel_err *err) {
    int32_t row = a->source->kernel->strategy_unmet(a->p);
    if (row < 0) return 0;
    const keel_strategy_rule *rule = &a->source->text.rule[row];
    keel_strbuf values;
    keel_strbuf_init(&values, 0);
    list_values(a, rule->condition, &values);
    int rc = keel_err_set(err, KEEL_E_RANGE, "%s: %s: it has %s: change one of them", name_of(a->source),
                          rule->sentence, values.size ? keel_strbuf_text(&values) : rule->condition);
    keel_strbuf_done(&values);
    return rc;
}

/* ---- signals ---- */

typedef struct bounds {
    const char *kind, *name; /* name of the first whole number; NULL: it has none */
    int32_t lo, hi;
} bounds;

static bounds bounds_of(int32_t kind) {
    static const char *const KINDS[] = {
#define X(KIND, name, input, outputs, output_names, sentence, reference) #KIND,
        KEEL_SIGNAL_KINDS(X)
#undef X
    };
    bounds ret = {.kind = kind >= 0 && (size_t)kind < sizeof KINDS / sizeof *KINDS ? KINDS[kind] : NULL};
#define X(KIND, index, name_, def, lo_, hi_, unit) \
    if (kind == KEEL_SIGNAL_##KIND && (index) == 0) ret = (bounds){ret.kind, name_, lo_, hi_};
    KEEL_SIGNAL_INTS(X)
#undef X
    return ret;
}

/* "EMA with period 0, which is 1 to 10000" for the first signal that is refused by itself; "" when none is. */
static const char *name_refused(const keel_signal_list *list, char *ret, size_t size) {
    *ret = 0;
    for (int32_t i = 0; i < list->n && !*ret; i++) {
        const keel_signal_spec *spec = &list->spec[i];
        bounds b = bounds_of(spec->kind);
        if (!b.kind || keel_signal_spec_check(spec) == KEEL_SIGNAL_OK) continue;
        if (!b.name && spec->p[0] != 0)
            (void)snprintf(ret, size, "%s with %d, but it has no such number: write 0", b.kind, (int)spec->p[0]);
        else if (b.name && (spec->p[0] < b.lo || spec->p[0] > b.hi))
            (void)snprintf(ret, size, "%s with %s %d, which is %d to %d", b.kind, b.name, (int)spec->p[0], (int)b.lo,
                           (int)b.hi);
        else
            (void)snprintf(ret, size, "%s: a parameter is out of its bounds, or fast is not below slow", b.kind);
    }
    return ret;
}

static int check_signals(const probe *a, keel_err *err) {
    static const char *const WHY[] = {"",
                                      "there are too many",
                                      "there is no such kind",
                                      "a parameter is out of its bounds",
                                      "there are more values than slots",
                                      "two of them share a slot",
                                      "a source is not one that stands before it",
                                      "their windows together span too many bars: shorten the longest"};
    keel_signal_list list;
    keel_signal_set *set = calloc(1, sizeof *set);
    a->source->kernel->strategy_signals(a->p, &list);
    char which[160];
    int32_t rc = KEEL_SIGNAL_E_WINDOW;
    if (set) rc = list.overflow ? KEEL_SIGNAL_E_COUNT : keel_signal_set_init(set, list.spec, list.n);
    free(set);
    if (rc == KEEL_SIGNAL_OK) return 0;
    int named = name_refused(&list, which, sizeof which)[0] != 0;
    return keel_err_set(err, KEEL_E_RANGE,
                        "%s: SIGNALS cannot be computed: %s: 'keel indicator --list' has the bounds of each kind",
                        name_of(a->source), named ? which : WHY[-rc]);
}

static int ask(void *data, keel_strbuf *out, keel_err *err) {
    (void)out;
    KEEL_TRY(check_rules(data, err));
    return check_signals(data, err);
}

/* ---- what it says of itself ---- */

static int is_in_universe(const char *universe, const char *symbol) {
    size_t size = strlen(symbol);
    for (const char *at = universe; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == size && strncmp(at, symbol, size) == 0) return 1;
    return 0;
}

static int check_universe(const keel_strategy_source *s, const keel_list *symbols, keel_err *err) {
    const char *universe = s->text.universe;
    for (size_t i = 0; symbols && universe[0] && i < symbols->count; i++)
        if (!is_in_universe(universe, symbols->items[i]))
            return keel_err_set(err, KEEL_E_RANGE,
                                "%s is not in the universe of %s, which is %.200s: leave it out, or widen UNIVERSE",
                                symbols->items[i], name_of(s), universe);
    return 0;
}

/* Margin of everything it may hold at once, adds included, as a share of equity. */
static double most_margin(const keel_params *p, size_t symbols) {
    double positions = p->max_positions < (double)symbols ? p->max_positions : (double)symbols;
    return p->allocation_pct * (1.0 + p->max_adds_per_position * p->add_fraction) * positions;
}

static int check_budget(const keel_strategy_source *s, const keel_params *p, size_t symbols, keel_err *err) {
    double budget = s->text.risk_budget, most = most_margin(p, symbols);
    if (!(budget > 0.0) || most <= budget * (1.0 + 1e-9)) return 0;
    return keel_err_set(
        err, KEEL_E_RANGE,
        "%s may put up %.4g of equity at once (allocation_pct x positions, adds included), more than its "
        "risk budget of %.4g: lower sizing.allocation_pct or risk.max_positions",
        name_of(s), most, budget);
}

int keel_strategy_probe(const keel_strategy_source *source, const keel_params *p, const keel_list *symbols,
                        keel_err *err) {
    probe a = {.source = source, .p = p};
    if (!source->text.name) return 0;
    KEEL_TRY(check_universe(source, symbols, err));
    KEEL_TRY(check_budget(source, p, symbols ? symbols->count : 0, err));
    if (!source->user) return check_rules(&a, err);
    keel_guard_options o = {.kernel = source->kernel, .name = source->user->file};
    keel_strbuf out;
    keel_strbuf_init(&out, 0);
    int rc = keel_guard_run(&o, ask, &a, &out, err);
    keel_strbuf_done(&out);
    return rc;
}

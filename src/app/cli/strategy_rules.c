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

/* Each rule that is broken: a line of out. */
static void list_rules(const probe *a, keel_strbuf *out) {
    for (int32_t row = 0; (row = a->source->kernel->strategy_unmet(a->p, row)) >= 0; row++) {
        const keel_strategy_rule *rule = &a->source->text.rule[row];
        keel_strbuf values;
        keel_strbuf_init(&values, 0);
        list_values(a, rule->condition, &values);
        keel_strbuf_addf(out, "%s: %s: it has %s: change one of them\n", name_of(a->source), rule->sentence,
                         values.size ? keel_strbuf_text(&values) : rule->condition);
        keel_strbuf_done(&values);
    }
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

/* "EMA with period 0, which is 1 to 10000": what is wrong with a signal that is refused by itself; 0: nothing is. */
static int name_refused(const keel_signal_spec *spec, char *ret, size_t size) {
    bounds b = bounds_of(spec->kind);
    if (!b.kind || keel_signal_spec_check(spec) == KEEL_SIGNAL_OK) return 0;
    if (!b.name && spec->p[0] != 0)
        (void)snprintf(ret, size, "%s with %d, but it has no such number: write 0", b.kind, (int)spec->p[0]);
    else if (b.name && (spec->p[0] < b.lo || spec->p[0] > b.hi))
        (void)snprintf(ret, size, "%s with %s %d, which is %d to %d", b.kind, b.name, (int)spec->p[0], (int)b.lo,
                       (int)b.hi);
    else
        (void)snprintf(ret, size, "%s: a parameter is out of its bounds, or fast is not below slow", b.kind);
    return 1;
}

/* Each signal that cannot be, or why the list of them cannot: lines of out. */
static void list_signals(const probe *a, keel_strbuf *out) {
    static const char *const WHY[] = {"",
                                      "there are too many",
                                      "there is no such kind",
                                      "a parameter is out of its bounds",
                                      "there are more values than slots",
                                      "two of them share a slot",
                                      "a source is not one that stands before it",
                                      "their windows together span too many bars: shorten the longest"};
    static const char FORM[] =
        "%s: SIGNALS cannot be computed: %s: 'keel indicator --list' has the bounds of each kind\n";
    keel_signal_list list;
    keel_signal_set *set = calloc(1, sizeof *set);
    a->source->kernel->strategy_signals(a->p, &list);
    char which[160];
    int32_t rc = KEEL_SIGNAL_E_WINDOW;
    if (set) rc = list.overflow ? KEEL_SIGNAL_E_COUNT : keel_signal_set_init(set, list.spec, list.n);
    free(set);
    if (rc == KEEL_SIGNAL_OK) return;
    int named = 0;
    for (int32_t i = 0; i < list.n; i++) {
        if (!name_refused(&list.spec[i], which, sizeof which)) continue;
        keel_strbuf_addf(out, FORM, name_of(a->source), which);
        named = 1;
    }
    if (!named) keel_strbuf_addf(out, FORM, name_of(a->source), WHY[-rc]);
}

static int ask(void *data, keel_strbuf *out, keel_err *err) {
    (void)err;
    list_rules(data, out);
    list_signals(data, out);
    return 0;
}

/* ---- what it says of itself ---- */

static int is_in_universe(const char *universe, const char *symbol) {
    size_t size = strlen(symbol);
    for (const char *at = universe; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == size && strncmp(at, symbol, size) == 0) return 1;
    return 0;
}

static void list_universe(const keel_strategy_source *s, const keel_list *symbols, keel_strbuf *out) {
    const char *universe = s->text.universe;
    for (size_t i = 0; symbols && universe[0] && i < symbols->count; i++)
        if (!is_in_universe(universe, symbols->items[i]))
            keel_strbuf_addf(out, "%s is not in the universe of %s, which is %.200s: leave it out, or widen UNIVERSE\n",
                             symbols->items[i], name_of(s), universe);
}

/* Margin of everything it may hold at once, adds included, as a share of equity. */
static double most_margin(const keel_params *p, size_t symbols) {
    double positions = p->max_positions < (double)symbols ? p->max_positions : (double)symbols;
    return p->allocation_pct * (1.0 + p->max_adds_per_position * p->add_fraction) * positions;
}

static void list_budget(const keel_strategy_source *s, const keel_params *p, size_t symbols, keel_strbuf *out) {
    double budget = s->text.risk_budget, most = most_margin(p, symbols);
    if (!(budget > 0.0) || most <= budget * (1.0 + 1e-9)) return;
    keel_strbuf_addf(out,
                     "%s may put up %.4g of equity at once (allocation_pct x positions, adds included), more than its "
                     "risk budget of %.4g: lower sizing.allocation_pct or risk.max_positions\n",
                     name_of(s), most, budget);
}

/* The first problem as the error's line, and how many more there are. */
static int conclude(const keel_strbuf *found, keel_err *err) {
    const char *text = keel_strbuf_text(found);
    int more = -1;
    for (const char *at = text; *at; at++)
        more += *at == '\n';
    if (found->failed) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: rules: close other programs");
    if (more < 0) return 0;
    int first = (int)strcspn(text, "\n");
    if (more == 0) return keel_err_set(err, KEEL_E_RANGE, "%.*s", first, text);
    return keel_err_set(err, KEEL_E_RANGE, "%.*s (and %d more: 'keel strategy check' lists them)", first, text, more);
}

int keel_strategy_probe(const keel_strategy_source *source, const keel_params *p, const keel_list *symbols,
                        keel_strbuf *problems, keel_err *err) {
    probe a = {.source = source, .p = p};
    keel_strbuf found;
    int rc = 0;
    if (!source->text.name) return 0;
    keel_strbuf_init(&found, 0);
    list_universe(source, symbols, &found);
    list_budget(source, p, symbols ? symbols->count : 0, &found);
    if (source->user) {
        keel_guard_options o = {.kernel = source->kernel, .name = source->user->file};
        keel_strbuf asked;
        keel_strbuf_init(&asked, 0);
        rc = keel_guard_run(&o, ask, &a, &asked, err);
        if (rc == 0) keel_strbuf_add(&found, keel_strbuf_text(&asked));
        keel_strbuf_done(&asked);
    } else {
        list_rules(&a, &found);
    }
    if (rc == 0) rc = conclude(&found, err);
    if (problems) keel_strbuf_add(problems, keel_strbuf_text(&found));
    keel_strbuf_done(&found);
    return rc;
}

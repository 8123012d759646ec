/* app/cli/diff_pair.c: see diff_pair.h. */
#include "app/cli/diff_pair.h"

#include <string.h>

enum { WITHIN_BARS = 3 };

static int open_sides(const keel_diff_ask *ask, const char *a, const char *b, keel_diff_pair *p) {
    KEEL_TRY(keel_diff_side_open(ask->cli, a, ask->key, ask->store, &p->a));
    if (!b) return keel_diff_side_backtest(ask->cli, &p->a, &p->b);
    return keel_diff_side_open(ask->cli, b, ask->key, ask->store, &p->b);
}

static int other_window(const keel_diff_pair *p, const char *what, keel_err *err) {
    return keel_err_set(err, KEEL_E_USAGE,
                        "not the same window: %s of %s and %s differ: compare runs of the same symbols, bars and range",
                        what, p->a.path, p->b.path);
}

static int check_window(const keel_diff_pair *p, keel_err *err) {
    const keel_diff_side *a = &p->a, *b = &p->b;
    int same = a->symbol_count == b->symbol_count;
    for (int32_t i = 0; same && i < a->symbol_count; i++)
        same = strcmp(a->symbols[i], b->symbols[i]) == 0;
    if (!same) return other_window(p, "the symbols", err);
    if (a->run->timeframe_ms != b->run->timeframe_ms) return other_window(p, "the bars", err);
    if (a->range.start_ms != b->range.start_ms || a->range.end_ms != b->range.end_ms)
        return other_window(p, "the ranges", err);
    return 0;
}

int keel_diff_pair_make(const keel_diff_ask *ask, const char *a, const char *b, keel_diff_pair *ret) {
    keel_err *err = keel_cli_err(ask->cli);
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(open_sides(ask, a, b, ret));
    KEEL_TRY(check_window(ret, err));
    ret->within_ms = ask->within_ms ? ask->within_ms : WITHIN_BARS * ret->a.run->timeframe_ms;
    KEEL_TRY(keel_diff_stages_make(&ret->a, &ret->b, &ret->stages));
    return keel_diff_make(ret->stages.item, ret->stages.count, ret->within_ms, &ret->diff, err);
}

void keel_diff_pair_done(keel_diff_pair *p) {
    keel_diff_done(&p->diff);
    keel_diff_stages_done(&p->stages);
    keel_diff_side_done(&p->a);
    keel_diff_side_done(&p->b);
}

keel_diff_page keel_diff_pair_page(const keel_diff_ask *ask, const keel_diff_pair *p) {
    return (keel_diff_page){
        .a = &p->a, .b = &p->b, .d = &p->diff, .runs = p->stages.runs, .rows = ask->rows, .within_ms = p->within_ms};
}

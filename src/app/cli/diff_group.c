/* app/cli/diff_group.c: see diff_group.h. One strategy is compared after the other, so that only one market is held. */
#include "app/cli/diff_group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/paper_several.h"
#include "app/cli/text_table.h"
#include "num/int.h"

enum { PATH_SIZE = KEEL_FS_PATH_MAX };

typedef struct group {
    const keel_diff_ask *ask;
    const char *a, *b;
    keel_diff_stage first, last; /* of the sum: trades are counted, not held */
    keel_diff sum;
    int32_t runs;
    const char *kind_b; /* static */
    keel_table table;   /* a row for each strategy */
    keel_json *json;    /* NULL: the page */
} group;

/* ---- the sum ---------------------------------------------------------------------------------------------------- */

static int add_row(const keel_diff_row *from, keel_diff_row *to) {
    int fits = 1;
    to->causes |= from->causes;
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++)
        fits = fits && keel_add_i64(to->part_e8[c], from->part_e8[c], &to->part_e8[c]);
    return fits;
}

static int add(group *g, const keel_diff_pair *p) {
    const keel_diff *d = &p->diff;
    keel_diff *s = &g->sum;
    int fits = add_row(&d->open, &s->open) && add_row(&d->passing, &s->passing) &&
               keel_add_i64(g->first.net_e8, d->first->net_e8, &g->first.net_e8) &&
               keel_add_i64(g->last.net_e8, d->last->net_e8, &g->last.net_e8) &&
               keel_add_i64(s->net_difference_e8, d->net_difference_e8, &s->net_difference_e8);
    for (int32_t c = 0; c < KEEL_DIFF_CAUSE_COUNT; c++) {
        fits = fits && keel_add_i64(s->cause_e8[c], d->cause_e8[c], &s->cause_e8[c]);
        s->cause_rows[c] += d->cause_rows[c];
    }
    g->first.count += d->first->count;
    g->last.count += d->last->count;
    s->matched += d->matched;
    s->only_a += d->only_a;
    s->only_b += d->only_b;
    s->changed += d->changed;
    g->runs += p->stages.runs;
    g->kind_b = p->b.is_paper ? "paper" : "backtest"; /* a side's own text goes with it */
    if (fits) return 0;
    return keel_err_set(keel_cli_err(g->ask->cli), KEEL_E_RANGE, "a sum over the strategies is beyond 92 billion: %s",
                        g->a);
}

/* ---- one strategy ----------------------------------------------------------------------------------------------- */

static void say_one(group *g, const char *name, const keel_diff_pair *p) {
    keel_diff_page page = keel_diff_pair_page(g->ask, p);
    if (g->json) {
        keel_json_object(g->json);
        keel_json_kstring(g->json, "name", name);
        keel_diff_page_members_json(&page, g->json);
        keel_json_close(g->json);
        return;
    }
    keel_cell a = keel_diff_page_exact(p->diff.first->net_e8), b = keel_diff_page_exact(p->diff.last->net_e8),
              difference = keel_diff_page_exact(p->diff.net_difference_e8), changed = keel_cell_count(p->diff.changed);
    const char *cells[] = {name, keel_diff_page_verdict(&p->diff), a.text, b.text, difference.text, changed.text};
    keel_table_row(&g->table, cells);
}

static int compare_one(group *g, const char *name) {
    char a[PATH_SIZE], b[PATH_SIZE];
    keel_err *err = keel_cli_err(g->ask->cli);
    keel_diff_pair *p = calloc(1, sizeof *p);
    if (!p) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: comparison: close other programs");
    (void)snprintf(a, sizeof a, "%.*s/" KEEL_PAPER_SEVERAL_FOLDER "/%s", PATH_SIZE - 128, g->a, name);
    if (g->b) (void)snprintf(b, sizeof b, "%.*s/" KEEL_PAPER_SEVERAL_FOLDER "/%s", PATH_SIZE - 128, g->b, name);
    int rc = keel_diff_pair_make(g->ask, a, g->b ? b : NULL, p);
    if (rc == 0) rc = add(g, p);
    if (rc == 0) say_one(g, name, p);
    keel_diff_pair_done(p);
    free(p);
    return rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static int has(const keel_list *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0) return 1;
    return 0;
}

static int check_names(const group *g, const keel_list *names) {
    keel_list others;
    keel_err *err = keel_cli_err(g->ask->cli);
    if (!g->b) return 0;
    int rc = keel_paper_several_names(g->b, &others, err);
    if (rc == 0 && others.count == 0)
        rc = keel_err_set(err, KEEL_E_USAGE,
                          "%s has several strategies: %s is not a paper run of them: compare strategy by strategy "
                          "(its folders strategies/NAME), or with --backtest",
                          g->a, g->b);
    for (int side = 0; rc == 0 && side < 2; side++) {
        const keel_list *of = side ? &others : names, *in = side ? names : &others;
        for (size_t i = 0; rc == 0 && i < of->count; i++)
            if (!has(in, of->items[i]))
                rc = keel_err_set(err, KEEL_E_USAGE,
                                  "strategy %s is in %s alone: compare those that both have, one by one (folders "
                                  "strategies/NAME)",
                                  of->items[i], side ? g->b : g->a);
    }
    keel_list_done(&others);
    return rc;
}

static void side_text(const char *letter, const group *g, const keel_diff_stage *s, keel_strbuf *out) {
    const char *path = s == &g->first ? g->a : g->b;
    keel_strbuf_addf(out, "  %s        net %s USD in %" PRId64 " trades%s\n", letter,
                     keel_diff_page_exact(s->net_e8).text, s->count, path ? "" : ", backtests made now from the store");
    if (path) keel_strbuf_addf(out, "           %.80s\n", path);
}

static int say_text(const group *g) {
    keel_strbuf text;
    const keel_diff *s = &g->sum;
    keel_strbuf_init(&text, 0);
    keel_diff_page_say_verdict(s, &text);
    side_text("A", g, &g->first, &text);
    side_text("B", g, &g->last, &text);
    keel_strbuf_addf(&text,
                     "  trades   %" PRId64 " matched, %" PRId64 " only in A, %" PRId64 " only in B; %" PRId64
                     " differ in something; %" PRId32 " runs of the core\n",
                     s->matched, s->only_a, s->only_b, s->changed, g->runs);
    keel_table_print(&g->table, "BY STRATEGY", KEEL_TABLE_WIDTH, &text);
    if (strcmp(keel_diff_page_verdict(s), "equal") != 0) {
        keel_diff_page_causes(s, &text);
        keel_strbuf_add(&text, "\nThe trades of one: keel diff with its folders strategies/NAME, or --json.\n");
    }
    int rc = 0;
    if (text.failed || fputs(keel_strbuf_text(&text), stdout) < 0)
        rc = keel_err_set(keel_cli_err(g->ask->cli), KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere",
                          strerror(errno));
    keel_strbuf_done(&text);
    return rc;
}

static void side_json(const char *key, const char *kind, const char *folder, const keel_diff_stage *s, keel_json *j) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_json_kstring(j, "kind", kind);
    keel_json_kstring(j, "folder", folder);
    keel_json_kint(j, "trades", s->count);
    keel_json_ke8(j, "net_profit_usd", s->net_e8);
    keel_json_close(j);
}

static int say_json(group *g) {
    keel_json_close(g->json);
    keel_diff_page_sums_json(&g->sum, g->json);
    keel_json_kint(g->json, "runs", g->runs);
    side_json("a", "paper", g->a, &g->first, g->json);
    side_json("b", g->kind_b, g->b, &g->last, g->json);
    keel_json_close(g->json);
    return keel_cli_print_json(g->ask->cli, g->json);
}

static int begin(group *g) {
    static const char *const HEAD[] = {"strategy", "verdict", "net A", "net B", "difference", "trades"};
    keel_table_init(&g->table, HEAD, 6, 2);
    if (!keel_cli_json(g->ask->cli)) return 0;
    g->json = keel_json_new(2);
    if (!g->json)
        return keel_err_set(keel_cli_err(g->ask->cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(g->json);
    keel_diff_page_schema_json(g->json);
    keel_json_key(g->json, "strategies");
    keel_json_array(g->json);
    return 0;
}

int keel_diff_group(const keel_diff_ask *ask, const char *a, const keel_list *names, const char *b,
                    const char **ret_verdict) {
    group g = {.ask = ask, .a = a, .b = b};
    g.sum.first = &g.first;
    g.sum.last = &g.last;
    KEEL_TRY(check_names(&g, names));
    int rc = begin(&g);
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = compare_one(&g, names->items[i]);
    if (rc == 0) rc = g.json ? say_json(&g) : say_text(&g);
    *ret_verdict = keel_diff_page_verdict(&g.sum);
    keel_json_free(g.json);
    keel_table_done(&g.table);
    return rc;
}

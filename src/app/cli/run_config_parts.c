/* app/cli/run_config_parts.c: several strategies in one run: who they are, and the configuration of each. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/run_config_internal.h"
#include "base/decimal.h"
#include "lane/tape.h"
#include "num/int.h"

static const keel_config_entry ITEM[] = {
    {.path = "name",
     .type = KEEL_CONFIG_STRING,
     .flags = KEEL_CONFIG_OPTIONAL,
     .doc = "its label in results and in --set NAME.PARAM=VALUE; default: the strategy's name"},
    {.path = "strategy", .type = KEEL_CONFIG_STRING, .doc = "built-in strategy, or a file of your own ending in .c"},
    {.path = "strategy_sha256",
     .type = KEEL_CONFIG_STRING,
     .flags = KEEL_CONFIG_OPTIONAL,
     .doc = "hash of the strategy's file; when given, another file is refused"},
    {.path = "symbols",
     .type = KEEL_CONFIG_LIST,
     .flags = KEEL_CONFIG_OPTIONAL | KEEL_CONFIG_SET,
     .doc = "symbols it trades; default: those of the run"},
    {.path = "weight",
     .type = KEEL_CONFIG_USD,
     .default_text = "1",
     .min = "0.00000001",
     .max = "1000000",
     .doc = "its part of the starting balance, against the weights of the others; separate accounts only"},
};

const keel_config_entry *keel_run_config_item_entries(size_t *ret_count) {
    *ret_count = sizeof ITEM / sizeof *ITEM;
    return ITEM;
}

/* One strategy as it was named, before it has a configuration. */
typedef struct entrant {
    char label[KEEL_RUN_LABEL_MAX];
    char *strategy;    /* owned */
    char origin[512];  /* where it was named */
    keel_config *item; /* its values under the paths of the table; NULL: named on the command line; owned */
    int64_t weight_e8;
    int weight_given;
} entrant;

typedef struct entrants {
    entrant e[KEEL_RUN_PARTS_MAX];
    int32_t count;
} entrants;

static void entrants_free(entrants *all) {
    for (int32_t i = 0; all && i < all->count; i++) {
        free(all->e[i].strategy);
        keel_config_free(all->e[i].item);
    }
    free(all);
}

static int no_memory(keel_cli *cli) {
    return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: close other programs", keel_cli_name(cli));
}

int keel_run_config_names_several(const keel_config *c) {
    const char *name = keel_config_raw(c, "run.strategy");
    int listed = keel_config_items_origin(c) != NULL;
    return (listed && keel_config_items_after(c, "run.strategy") >= 0) || (name && strchr(name, ','));
}

/* ---- who they are ------------------------------------------------------------------------------------------ */

static int note(keel_config *common, int code, const char *format, ...) KEEL_PRINTF(3, 4);
static int note(keel_config *common, int code, const char *format, ...) {
    char line[1000];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return keel_config_note_problem(common, code, line);
}

/* Values of an item go three ways: its own rows, a refusal, or a path of the table. */
static int sort_value(keel_cli *cli, keel_config *common, const keel_config *from, size_t i, keel_config *head,
                      entrant *to) {
    static const char OWN[] = "parameters.";
    const char *path = keel_config_given_path(from, i), *text = keel_config_given_text(from, i);
    char renamed[200];
    if (strncmp(path, "account.", 8) == 0 || strncmp(path, "run.", 4) == 0 || strncmp(path, "log.", 4) == 0) {
        (void)note(common, KEEL_E_UNKNOWN_KEY,
                   "'%.100s' is one for all strategies: %s: write it in section '%.*s' at the top of the file", path,
                   keel_config_given_origin(from, i), (int)strcspn(path, "."), path);
        return 0;
    }
    if (!strchr(path, '.')) {
        if (strcmp(path, "parameters") == 0 && !text) return 0; /* nothing below it */
        KEEL_TRY(keel_config_copy_given(head, path, from, i, keel_cli_err(cli)));
        if (strcmp(path, "symbols") != 0 && strcmp(path, "strategy") != 0 && strcmp(path, "strategy_sha256") != 0)
            return 0;
        (void)snprintf(renamed, sizeof renamed, "run.%s", path);
        return keel_config_copy_given(to->item, renamed, from, i, keel_cli_err(cli));
    }
    if (strncmp(path, OWN, sizeof OWN - 1) != 0)
        return keel_config_copy_given(to->item, path, from, i, keel_cli_err(cli));
    (void)snprintf(renamed, sizeof renamed, "strategy.%.180s", path + sizeof OWN - 1);
    return keel_config_copy_given(to->item, renamed, from, i, keel_cli_err(cli));
}

/* "strategies/mine.c" is called mine. */
static void default_label(const char *strategy, char *label) {
    const char *slash = strrchr(strategy, '/'), *base = slash ? slash + 1 : strategy;
    size_t size = strlen(base);
    if (size > 2 && strcmp(base + size - 2, ".c") == 0) size -= 2;
    (void)snprintf(label, KEEL_RUN_LABEL_MAX, "%.*s", (int)(size < 64 ? size : 64), base);
}

static int take_item(keel_cli *cli, keel_config *common, const keel_config *from, entrant *to) {
    keel_config *head = keel_config_new();
    to->item = keel_config_new();
    (void)snprintf(to->origin, sizeof to->origin, "%s", keel_config_items_origin(from));
    int rc = head && to->item ? 0 : no_memory(cli);
    if (!rc) rc = keel_config_add_entries(head, ITEM, sizeof ITEM / sizeof *ITEM, keel_cli_err(cli));
    for (size_t i = 0; !rc && i < keel_config_given_count(from); i++)
        rc = sort_value(cli, common, from, i, head, to);
    if (!rc && keel_config_resolve(head, NULL) != 0) {
        for (size_t i = 0; i < keel_config_problem_count(head); i++)
            (void)note(common, KEEL_E_PARSE, "%s (of strategies, %s)", keel_config_problem_at(head, i), to->origin);
    } else if (!rc) {
        const char *name = keel_config_get_text(head, "name");
        to->strategy = strdup(keel_config_get_text(head, "strategy"));
        if (!to->strategy) rc = no_memory(cli);
        if (!rc && name) (void)snprintf(to->label, sizeof to->label, "%.32s", name);
        if (!rc && !name) default_label(to->strategy, to->label);
        to->weight_e8 = keel_config_get_int(head, "weight");
        to->weight_given = keel_config_is_given(head, "weight");
    }
    keel_config_free(head);
    return rc;
}

static int too_many(keel_cli *cli, size_t count, const char *origin) {
    return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE, "%zu strategies: %s: at most %d in one run", count, origin,
                        KEEL_RUN_PARTS_MAX);
}

static int take_list(keel_cli *cli, keel_config *common, const keel_config *read, entrants *all) {
    size_t count = keel_config_item_count(read);
    const char *origin = keel_config_items_origin(read);
    if (count == 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "'strategies' is empty: %s: write one item '- strategy: NAME' for each", origin);
    if (count > KEEL_RUN_PARTS_MAX) return too_many(cli, count, origin);
    if (keel_config_items_after(read, "run.strategy") == 0)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "'run.strategy' and 'strategies' are both there: %s: delete one of them", origin);
    for (size_t i = 0; i < count; i++)
        KEEL_TRY(take_item(cli, common, keel_config_item(read, i), &all->e[all->count++]));
    return 0;
}

static int take_names(keel_cli *cli, const char *text, entrants *all) {
    keel_list names;
    int rc = keel_list_parse(text, &names);
    if (rc)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "'%.80s' is no list of strategies: %s --strategy: write A,B without an empty name", text,
                            keel_cli_name(cli));
    if (names.count > KEEL_RUN_PARTS_MAX) rc = too_many(cli, names.count, "--strategy");
    for (size_t i = 0; !rc && i < names.count; i++) {
        entrant *e = &all->e[all->count++];
        default_label(names.items[i], e->label);
        (void)snprintf(e->origin, sizeof e->origin, "--strategy");
        e->weight_e8 = 100000000;
        e->strategy = strdup(names.items[i]);
        if (!e->strategy) rc = no_memory(cli);
    }
    keel_list_done(&names);
    return rc;
}

/* ---- labels ------------------------------------------------------------------------------------------------ */

/* 1 when label is the section of some row: --set exits.tp=3 must stay what it is. */
static int is_section(const keel_config *table, const char *label) {
    size_t size = strlen(label);
    if (strcmp(label, "strategy") == 0 || strcmp(label, "strategies") == 0) return 1;
    for (size_t i = 0; i < keel_config_count(table); i++) {
        const char *path = keel_config_entry_at(table, i)->path;
        if (strncmp(path, label, size) == 0 && path[size] == '.') return 1;
    }
    return 0;
}

static int is_word(const char *label) {
    for (const char *c = label; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-') return 0;
    return label[0] != 0 && strlen(label) < KEEL_RUN_LABEL_MAX - 1;
}

static int is_taken(const entrants *all, int32_t i) {
    for (int32_t k = 0; k < i; k++)
        if (all->e[k].strategy && strcmp(all->e[k].label, all->e[i].label) == 0) return 1;
    return 0;
}

static void check_labels(keel_config *common, const entrants *all) {
    for (int32_t i = 0; i < all->count; i++) {
        const char *label = all->e[i].label, *origin = all->e[i].origin;
        if (!all->e[i].strategy) continue; /* said already */
        if (!is_word(label))
            (void)note(common, KEEL_E_PARSE,
                       "'%s' is no name of a strategy: %s: write 1 to %d letters, digits, '_' or '-' as name:", label,
                       origin, KEEL_RUN_LABEL_MAX - 2);
        else if (is_section(common, label))
            (void)note(common, KEEL_E_PARSE,
                       "'%s' is the name of a section: %s: give the strategy another name:", label, origin);
        if (is_taken(all, i))
            (void)note(common, KEEL_E_USAGE,
                       "two strategies are called '%s': %s: give each a name: of its own, in a list 'strategies'",
                       label, origin);
    }
}

static int by_label(const void *a, const void *b) {
    return strcmp(((const entrant *)a)->label, ((const entrant *)b)->label);
}

/* ---- their configurations ---------------------------------------------------------------------------------- */

/* floor(balance x weight / sum of weights); the last one gets what is left, so that nothing is lost. */
static int64_t share_of(const keel_run_config *common, const entrants *all, int32_t i) {
    int64_t total = common->starting_balance_usd_e8, sum = 0, given = 0, share = 0;
    if (common->shared) return total;
    for (int32_t k = 0; k < all->count; k++)
        sum += all->e[k].weight_e8; /* 64 x 1e14 fits */
    for (int32_t k = 0; k <= i; k++) {
        KEEL_ASSERT(keel_mul_div_floor(total, all->e[k].weight_e8, sum, &share));
        if (k == all->count - 1) share = total - given;
        given += share;
    }
    return share;
}

/* Settings of the account are one for all: another value came from --set LABEL.leverage=3. */
static void check_account(keel_config *common, const keel_config *own, const char *label) {
    keel_strbuf a, b;
    keel_strbuf_init(&a, 0);
    keel_strbuf_init(&b, 0);
    for (size_t i = 0; i < keel_config_count(common); i++) {
        const char *path = keel_config_entry_at(common, i)->path;
        if (strncmp(path, "account.", 8) != 0) continue;
        keel_strbuf_clear(&a);
        keel_strbuf_clear(&b);
        keel_config_value_text(common, i, &a);
        keel_config_value_text(own, i, &b);
        if (strcmp(keel_strbuf_text(&a), keel_strbuf_text(&b)) != 0)
            (void)note(common, KEEL_E_USAGE, "%s is one for all strategies: %s: set it without '%s.'", path,
                       keel_config_origin(own, i), label);
    }
    keel_strbuf_done(&a);
    keel_strbuf_done(&b);
}

/* The layers of one of them, as if it were alone with its share of the balance. */
static int begin_own(keel_cli *cli, const keel_run_config *common, const entrants *all, keel_run_pick *pick,
                     keel_run_config *to) {
    const entrant *e = &all->e[pick->at];
    char balance[KEEL_DECIMAL_TEXT_MAX];
    pick->item = e->item;
    KEEL_TRY(keel_run_config_begin(cli, pick, to));
    if (!e->item) KEEL_TRY(keel_config_set(to->config, "run.strategy", e->strategy, e->origin, keel_cli_err(cli)));
    (void)keel_decimal_format(share_of(common, all, pick->at), 8, 0, balance);
    return keel_config_set(to->config, "run.starting_balance_usd", balance, "its part of the balance",
                           keel_cli_err(cli));
}

static int load_part(keel_cli *cli, keel_run_config *common, const entrants *all, keel_run_pick *pick) {
    const entrant *e = &all->e[pick->at];
    keel_run_part *part = &common->parts[common->part_count++];
    (void)snprintf(part->name, sizeof part->name, "%s", e->label);
    part->weight_e8 = e->weight_e8;
    KEEL_TRY(begin_own(cli, common, all, pick, &part->run));
    int rc = keel_run_config_settle(cli, &part->run, e->strategy);
    if (rc == KEEL_E_NOMEM) return rc;
    size_t problems = keel_config_problem_count(part->run.config);
    for (size_t i = 0; i < problems; i++)
        (void)note(common->config, rc, "%s (strategy '%s')", keel_config_problem_at(part->run.config, i), e->label);
    if (rc && !problems) (void)note(common->config, rc, "%s", keel_cli_err(cli)->text);
    if (!rc) check_account(common->config, part->run.config, e->label);
    return 0;
}

static int by_bytes(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* Every symbol that some part trades, in order of name, each once. */
static int join_symbols(keel_cli *cli, keel_run_config *run) {
    size_t most = 0;
    keel_list *all = &run->all_symbols;
    keel_list_done(all);
    for (int32_t i = 0; i < run->part_count; i++)
        most += run->parts[i].run.symbols->count;
    const char **names = calloc(most + 1, sizeof *names);
    all->items = calloc(most + 1, sizeof *all->items);
    size_t count = 0;
    for (int32_t i = 0; names && i < run->part_count; i++)
        for (size_t k = 0; k < run->parts[i].run.symbols->count; k++)
            names[count++] = run->parts[i].run.symbols->items[k];
    int rc = names && all->items ? 0 : no_memory(cli);
    if (!rc) qsort(names, count, sizeof *names, by_bytes);
    for (size_t i = 0; !rc && i < count; i++) {
        if (all->count && strcmp(all->items[all->count - 1], names[i]) == 0) continue;
        all->items[all->count] = strdup(names[i]);
        if (!all->items[all->count++]) rc = no_memory(cli);
    }
    free(names);
    run->symbols = all;
    return rc;
}

static int join_names(keel_cli *cli, keel_run_config *run) {
    keel_strbuf names, versions;
    free(run->joined);
    free(run->joined_versions);
    keel_strbuf_init(&names, 0);
    keel_strbuf_init(&versions, 0);
    for (int32_t i = 0; i < run->part_count; i++) {
        keel_strbuf_addf(&names, "%s%s", i ? "," : "", run->parts[i].name);
        keel_strbuf_addf(&versions, "%s%s", i ? "," : "", run->parts[i].run.strategy_version);
    }
    run->strategy = run->joined = keel_strbuf_take(&names);
    run->strategy_version = run->joined_versions = keel_strbuf_take(&versions);
    return run->joined && run->joined_versions ? 0 : no_memory(cli);
}

int keel_run_config_join(keel_cli *cli, keel_run_config *run) {
    KEEL_TRY(join_symbols(cli, run));
    KEEL_TRY(join_names(cli, run));
    keel_strbuf canonical;
    keel_strbuf_init(&canonical, 0);
    keel_run_config_canonical(run, &canonical);
    keel_sha256_text(keel_strbuf_text(&canonical), canonical.size, run->config_id);
    int rc = canonical.failed ? no_memory(cli) : 0;
    keel_strbuf_done(&canonical);
    return rc;
}

/* A shared account is one lane: bounds of its own, and nothing to split. */
static void check_shared(keel_run_config *run, const entrants *all) {
    if (all->count > KEEL_SLEEVES_MAX)
        (void)note(run->config, KEEL_E_USAGE, "%d strategies on one account: run.accounts: at most %d share one",
                   (int)all->count, KEEL_SLEEVES_MAX);
    for (int32_t i = 0; i < all->count; i++)
        if (all->e[i].weight_given)
            (void)note(run->config, KEEL_E_USAGE,
                       "weight has no meaning on a shared account: %s: delete it, or set run.accounts to separate",
                       all->e[i].origin);
}

/* One of those that run has, again and by itself. */
static int load_alone(keel_cli *cli, const keel_run_config *run, const entrants *all, keel_run_pick *pick,
                      keel_run_config *ret) {
    KEEL_ASSERT(pick->at < all->count);
    KEEL_TRY(begin_own(cli, run, all, pick, ret));
    int rc = keel_run_config_settle(cli, ret, all->e[pick->at].strategy);
    return rc ? keel_run_config_tell(cli, ret->config, rc) : 0;
}

static int load_all(keel_cli *cli, keel_run_config *run, entrants *all, int32_t only, keel_run_config *ret_only) {
    const char *labels[KEEL_RUN_PARTS_MAX];
    keel_run_pick pick = {.labels = labels, .count = all->count, .at = -1};
    qsort(all->e, (size_t)all->count, sizeof *all->e, by_label);
    for (int32_t i = 0; i < all->count; i++)
        labels[i] = all->e[i].label;
    keel_run_config_done(run);
    KEEL_TRY(keel_run_config_begin(cli, &pick, run));
    keel_config_forget(run->config, "run.strategy");
    int rc = keel_run_config_settle(cli, run, NULL);
    if (rc && keel_run_config_wants_strategy(run->config))
        keel_cli_warn(cli, "a parameter of one strategy is set as NAME.PARAM, or below 'parameters' of its item: %s",
                      keel_cli_name(cli));
    if (rc) return keel_run_config_tell(cli, run->config, rc);
    run->shared = keel_config_get_int(run->config, "run.accounts") == 1;
    if (run->shared) check_shared(run, all);
    run->parts = calloc((size_t)all->count, sizeof *run->parts);
    if (!run->parts) return no_memory(cli);
    for (pick.at = 0; pick.at < all->count; pick.at++)
        KEEL_TRY(load_part(cli, run, all, &pick));
    if (keel_config_problem_count(run->config) > 0) return keel_run_config_tell(cli, run->config, KEEL_E_USAGE);
    if (!ret_only) return keel_run_config_join(cli, run);
    pick.at = only;
    return load_alone(cli, run, all, &pick, ret_only);
}

static int load_named(keel_cli *cli, keel_run_config *run, int32_t only, keel_run_config *ret_only) {
    entrants *all = calloc(1, sizeof *all);
    if (!all) return no_memory(cli);
    const char *names = keel_config_raw(run->config, "run.strategy");
    int listed = keel_config_items_origin(run->config) && keel_config_items_after(run->config, "run.strategy") >= 0;
    int rc = keel_run_config_add_tables(run->config, NULL, keel_cli_err(cli)); /* for the names of sections */
    if (!rc) rc = listed ? take_list(cli, run->config, run->config, all) : take_names(cli, names, all);
    if (!rc) check_labels(run->config, all);
    if (!rc && keel_config_problem_count(run->config) > 0) rc = keel_run_config_tell(cli, run->config, KEEL_E_USAGE);
    if (!rc) rc = load_all(cli, run, all, only, ret_only);
    entrants_free(all);
    return rc;
}

int keel_run_config_load_parts(keel_cli *cli, keel_run_config *run) { return load_named(cli, run, -1, NULL); }

int keel_run_config_load_part(keel_cli *cli, int32_t at, keel_run_config *ret) {
    static const keel_run_pick EVERYTHING = {.at = -1};
    keel_run_config *all = calloc(1, sizeof *all);
    if (!all) return no_memory(cli);
    memset(ret, 0, sizeof *ret);
    int rc = keel_run_config_begin(cli, &EVERYTHING, all);
    if (!rc) rc = load_named(cli, all, at, ret);
    keel_run_config_done(all);
    free(all);
    return rc;
}

/* ---- access ------------------------------------------------------------------------------------------------ */

int32_t keel_run_config_count(const keel_run_config *run) { return run->part_count ? run->part_count : 1; }

const keel_run_config *keel_run_config_at(const keel_run_config *run, int32_t i) {
    KEEL_ASSERT(i >= 0 && i < keel_run_config_count(run));
    return run->part_count ? &run->parts[i].run : run;
}

const char *keel_run_config_label(const keel_run_config *run, int32_t i) {
    KEEL_ASSERT(i >= 0 && i < keel_run_config_count(run));
    return run->part_count ? run->parts[i].name : run->strategy;
}

int32_t keel_run_config_can_owe(const keel_run_config *run) {
    return run->params.leverage > 1.0 || run->params.allow_short;
}

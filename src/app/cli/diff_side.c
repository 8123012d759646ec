/* app/cli/diff_side.c: see diff_side.h. */
#include "app/cli/diff_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli/paper_several.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/timerange.h"
#include "base/yaml.h"
#include "port/fs_real.h"

enum { FILE_MAX = 1 << 22 };

static const char *text_of(const keel_tree *t, const char *key) {
    const char *text = NULL;
    return keel_json_read_string(keel_tree_find(t, key), &text) == 0 ? text : NULL;
}

static int read_file(const keel_diff_side *s, const char *name, char **ret_text, size_t *ret_size, keel_err *err) {
    char path[KEEL_FS_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/%s", s->path, name);
    return keel_file_read(path, FILE_MAX, ret_text, ret_size, err);
}

static int parse_manifest(keel_diff_side *s, keel_err *err) {
    char *text = NULL;
    size_t size = 0;
    KEEL_TRY(read_file(s, "manifest.json", &text, &size, err));
    int rc = keel_json_parse(text, size, "manifest.json", &s->manifest, err);
    free(text);
    return rc;
}

static int bad_manifest(const keel_diff_side *s, keel_err *err) {
    return keel_err_set(err, KEEL_E_PARITY, "not the manifest of a run: %s: run it again", s->path);
}

static int read_symbols(keel_diff_side *s, keel_err *err) {
    const keel_tree *list = keel_tree_find(s->manifest, "symbols");
    if (!list || list->kind != KEEL_TREE_LIST || list->count < 1 || list->count > KEEL_SYMBOLS_MAX)
        return bad_manifest(s, err);
    for (size_t i = 0; i < list->count; i++)
        if (keel_json_read_string(list->items[i], &s->symbols[s->symbol_count++]) != 0) return bad_manifest(s, err);
    return 0;
}

static int read_identity(keel_diff_side *s, keel_err *err) {
    const keel_tree *realism = keel_tree_find(s->manifest, "realism"), *strategies;
    const char *hash = text_of(s->manifest, "state_hash");
    int funding = 1, closes = 1;
    s->run_id = text_of(s->manifest, "run_id");
    s->kind = text_of(s->manifest, "kind");
    s->config_id = text_of(s->manifest, "config_id");
    s->dataset_hash = text_of(s->manifest, "dataset_hash");
    s->core = text_of(s->manifest, "core");
    s->strategy = text_of(s->manifest, "strategy");
    if (!hash || !s->run_id || !s->kind || !s->config_id || !s->dataset_hash || !s->strategy)
        return bad_manifest(s, err);
    s->state_hash = strtoull(hash, NULL, 16);
    s->is_paper = strcmp(s->kind, "paper") == 0;
    strategies = keel_tree_find(s->manifest, "strategies");
    if (strategies && strategies->count > 1)
        return keel_err_set(
            err, KEEL_E_USAGE,
            "several strategies: %s: only paper runs keep them apart: run one of them alone, or compare "
            "the paper run (its folder first) with --backtest",
            s->path);
    if (keel_json_read_bool(keel_tree_find(realism, "funding"), &funding) != 0) return bad_manifest(s, err);
    const keel_tree *ending = keel_tree_find(realism, "close_at_end"); /* not told by earlier builds */
    if (ending && keel_json_read_bool(ending, &closes) != 0) return bad_manifest(s, err);
    const keel_tree *range = keel_tree_find(s->manifest, "effective_range");
    const char *start = text_of(range, "start"), *end = text_of(range, "end");
    if (!start || !end || keel_time_parse(start, &s->range.start_ms, NULL) != 0 ||
        keel_time_parse(end, &s->range.end_ms, NULL) != 0)
        return bad_manifest(s, err);
    s->timeframe = text_of(s->manifest, "timeframe");
    s->no_funding = !funding;
    s->flatten = closes;
    return read_symbols(s, err);
}

/* ---- configuration --------------------------------------------------------------------------------------------- */

/* The market that a paper run of --feed keeps in its folder. */
static int find_feed(keel_diff_side *s) {
    struct stat st;
    static const char *const PLACES[] = {"feed", "../../feed"}; /* of one of several strategies: the whole run's */
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        (void)snprintf(s->feed, sizeof s->feed, "%s/%s", s->path, PLACES[i]);
        if (stat(s->feed, &st) == 0 && S_ISDIR(st.st_mode)) return 1;
    }
    return 0;
}

/* From the values that were given; what the account is preset to is known with the data. */
static int open_config(keel_diff_side *s) {
    char *text = NULL;
    size_t size = 0;
    keel_err *err = keel_cli_err(s->cli);
    KEEL_TRY(read_file(s, "config.yaml", &text, &size, err));
    int rc = keel_yaml_parse(text, size, "config.yaml", &s->config, err);
    free(text);
    if (rc != 0) return rc;
    const keel_tree *store = keel_tree_find(keel_tree_find(s->config, "run"), "store");
    const keel_cli_home *home = NULL;
    if (!s->store && store) s->store = store->text;
    if (!s->store && find_feed(s)) s->store = s->feed;
    if (!s->store) KEEL_TRY(keel_cli_home_find(s->cli, &home));
    if (home) s->store = home->store;
    return 0;
}

static int resolve(keel_diff_side *s) {
    keel_err *err = keel_cli_err(s->cli);
    KEEL_TRY(keel_run_config_open(s->cli, s->config, &s->own));
    s->run = &s->own;
    return keel_run_config_vary(&s->own, NULL, NULL, 0, err);
}

static int open_journal(keel_diff_side *s, const uint8_t *key) {
    char dir[KEEL_FS_PATH_MAX + 16], *text = NULL;
    size_t size = 0;
    keel_err *err = keel_cli_err(s->cli);
    (void)snprintf(dir, sizeof dir, "%s/journal", s->path);
    keel_journal_where where = {keel_fs_real(), dir, NULL, key, NULL};
    KEEL_TRY(keel_engine_start_of(&where, &text, &size, err));
    int rc = keel_paper_start_read(s->cli, text, size, s->path, &s->opened);
    free(text);
    if (rc != 0) return rc;
    s->run = &s->opened.run;
    s->model = s->opened.model;
    s->flatten = s->opened.flatten;
    KEEL_TRY(keel_paper_start_behaviour(&where, &s->opened.plan, keel_cli_interrupted, err));
    s->behaviour = s->opened.plan.plan.behaviour;
    return keel_diff_tape_read(&where, &s->opened, &s->market, err);
}

int keel_diff_side_open(keel_cli *cli, const char *path, const uint8_t *key, const char *store, keel_diff_side *ret) {
    keel_err *err = keel_cli_err(cli);
    struct stat st;
    memset(ret, 0, sizeof *ret);
    ret->cli = cli;
    ret->store = store;
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    if (size + 64 > sizeof ret->path) return keel_err_set(err, KEEL_E_USAGE, "path is too long: %.80s", path);
    (void)snprintf(ret->path, sizeof ret->path, "%.*s", (int)size, path);
    if (stat(ret->path, &st) != 0)
        return keel_err_set(err, KEEL_E_NOT_FOUND, "no such run: %s: name its folder", ret->path);
    KEEL_TRY(keel_paper_several_refuse(ret->path, err));
    int rc = keel_run_folder_open(ret->path, &ret->folder, err);
    if (rc == KEEL_E_NOT_FOUND)
        return keel_err_set(err, KEEL_E_NOT_FOUND,
                            "no manifest.json: %s: not the folder of a run, or one that has not ended: go on with it "
                            "first",
                            ret->path);
    if (rc != 0) return rc;
    KEEL_TRY(parse_manifest(ret, err));
    KEEL_TRY(read_identity(ret, err));
    KEEL_TRY(open_config(ret));
    KEEL_TRY(ret->is_paper ? open_journal(ret, key) : resolve(ret));
    return keel_diff_recorded(ret->folder, ret->symbols, ret->symbol_count, &ret->recorded, err);
}

int keel_diff_side_backtest(keel_cli *cli, const keel_diff_side *a, keel_diff_side *ret) {
    keel_err *err = keel_cli_err(cli);
    memset(ret, 0, sizeof *ret);
    ret->cli = cli;
    ret->is_made = 1;
    ret->store = a->store;
    memcpy(ret->path, a->path, sizeof ret->path);
    KEEL_TRY(parse_manifest(ret, err));
    KEEL_TRY(read_identity(ret, err));
    ret->is_paper = 0;
    ret->kind = "backtest";
    ret->flatten = a->flatten;
    KEEL_TRY(open_config(ret));
    ret->store = a->store;
    return resolve(ret);
}

void keel_diff_side_done(keel_diff_side *s) {
    keel_run_folder_close(s->folder);
    keel_diff_tape_done(&s->market);
    keel_paper_opened_done(&s->opened);
    keel_run_config_done(&s->own);
    keel_tree_free(s->manifest);
    keel_tree_free(s->config);
    free(s->recorded.trades);
    memset(s, 0, sizeof *s);
}

/* ---- markets --------------------------------------------------------------------------------------------------- */

/* One account on the market of a journal. */
static int from_journal(const keel_diff_side *data, const keel_run_config *run, keel_diff_market *ret, keel_err *err) {
    const keel_tape *tape = &data->market.tape;
    keel_backtest_accounts *x = &ret->accounts;
    x->items = calloc(1, sizeof *x->items);
    if (x->items) x->items[0].tape = calloc(1, sizeof *x->items[0].tape);
    if (x->items) x->items[0].rules = calloc((size_t)tape->symbol_count, sizeof *x->items[0].rules);
    if (!x->items || !x->items[0].tape || !x->items[0].rules) {
        x->count = x->items != NULL;
        return keel_err_set(err, KEEL_E_NOMEM, "out of memory: accounts: close other programs");
    }
    x->count = 1;
    x->bars = tape->bars;
    x->items[0].count = 1;
    x->items[0].start_e8 = run->starting_balance_usd_e8;
    *x->items[0].tape = *tape;
    for (int32_t i = 0; i < tape->symbol_count; i++) {
        x->items[0].rules[i] = data->opened.plan.rules[i];
        x->items[0].series[i] = i;
    }
    return 0;
}

/* Spot accounts hold what they own unless shorts were asked for by name. */
static int preset_spot(keel_diff_side *params, const keel_backtest_data *d, keel_err *err) {
    if (params->is_paper || strcmp(d->market, "spot") != 0 ||
        keel_config_is_given(params->own.config, "account.allow_short"))
        return 0;
    KEEL_TRY(keel_run_config_open_preset(&params->own, "account.allow_short", "false", "spot account", err));
    return keel_run_config_vary(&params->own, NULL, NULL, 0, err);
}

static int from_store(keel_diff_side *params, int no_funding, keel_run_config *run, keel_diff_market *ret,
                      keel_err *err) {
    keel_backtest_part *part = keel_backtest_parts_new(run);
    if (!part) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    /* What the run accepted when it was made is accepted again. */
    keel_backtest_needs needs = {.run = run,
                                 .part = part,
                                 .part_count = 1,
                                 .accept_gaps = 1,
                                 .accept_moves = 1,
                                 .no_funding = no_funding,
                                 .runs = 1};
    int rc = keel_backtest_data_load(&needs, &ret->data, err);
    if (rc == 0) rc = preset_spot(params, &ret->data, err);
    if (rc == 0) rc = keel_backtest_accounts_plan(run, part, &ret->data, &ret->accounts, err);
    free(part);
    return rc;
}

int keel_diff_market_load(keel_diff_side *params, const keel_diff_side *data, keel_diff_market *ret) {
    keel_err *err = keel_cli_err(params->cli);
    keel_run_config *run = params->is_paper ? &params->opened.run : &params->own;
    memset(ret, 0, sizeof *ret);
    if (data->is_paper) return from_journal(data, run, ret, err);
    if (!data->store) return keel_err_set(err, KEEL_E_USAGE, "no store is known: %s: add --store DIR", data->path);
    run->store = data->store;
    run->range = data->range; /* a store may have grown since */
    return from_store(params, data->no_funding, run, ret, err);
}

void keel_diff_market_done(keel_diff_market *m) {
    keel_backtest_accounts_done(&m->accounts);
    keel_backtest_data_done(&m->data);
}

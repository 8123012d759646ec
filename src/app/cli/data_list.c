/* app/cli/data_list.c: keel data list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "base/timerange.h"
#include "edge/data/store.h"

static const keel_cli_opt OPTIONS[] = {{"store", "DIR", "folder of the store; default: the home's data", 0},
                                       {"venue", "NAME", "only this venue", 0},
                                       {"symbol", "NAME", "only this symbol", 0},
                                       {0}};

const keel_cli_verb keel_verb_data_list_info = {.noun = "data",
                                                .verb = "list",
                                                .run = keel_verb_data_list,
                                                .summary = "what a store holds",
                                                .example = "keel data list --store data --json",
                                                .options = {OPTIONS},
                                                .reports = 1};

static void to_json(const keel_series_info *s, keel_json *j) {
    char interval[KEEL_DURATION_TEXT_MAX], time[KEEL_TIME_TEXT_MAX];
    keel_duration_format(s->interval_ms, interval);
    keel_json_object(j);
    keel_json_kstring(j, "kind", keel_kind_name(s->kind));
    keel_json_kstring(j, "venue", s->venue);
    keel_json_kstring(j, "market", s->market);
    keel_json_kstring(j, "symbol", s->symbol);
    keel_json_kstring(j, "interval", s->interval_ms ? interval : NULL);
    keel_json_kint(j, "interval_ms", s->interval_ms);
    keel_json_kint(j, "rows", s->rows);
    keel_json_kint(j, "first_ts_ms", s->first_ts_ms);
    keel_json_kint(j, "last_ts_ms", s->last_ts_ms);
    keel_json_kstring(j, "first", keel_time_format(s->first_ts_ms, time));
    keel_json_kstring(j, "last", keel_time_format(s->last_ts_ms, time));
    keel_json_kint(j, "generation", s->generation);
    keel_json_close(j);
}

/* "2024-01-01T00:05:00.000Z" -> "2024-01-01 00:05" */
static const char *short_time(int64_t ts_ms, char *text) {
    (void)keel_time_format(ts_ms, text);
    text[10] = ' ';
    text[16] = 0;
    return text;
}

static void to_text(const keel_series_info *s) {
    char interval[KEEL_DURATION_TEXT_MAX], first[KEEL_TIME_TEXT_MAX], last[KEEL_TIME_TEXT_MAX];
    keel_duration_format(s->interval_ms, interval);
    (void)printf("%-7s  %-18s  %-14s  %-8s  %9lld  %s  %s\n", keel_kind_name(s->kind), s->venue, s->symbol,
                 s->interval_ms ? interval : "-", (long long)s->rows, short_time(s->first_ts_ms, first),
                 short_time(s->last_ts_ms, last));
}

static int wanted(const keel_cli *cli, const keel_series_info *s) {
    const char *venue = keel_cli_option(cli, "venue"), *symbol = keel_cli_option(cli, "symbol");
    return (!venue || strcmp(venue, s->venue) == 0) && (!symbol || strcmp(symbol, s->symbol) == 0);
}

static int print(keel_cli *cli, const char *folder, const keel_series_info *list, int64_t count, const char *hash) {
    int64_t shown = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: list: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.data_list");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "store", folder);
    keel_json_kstring(j, "dataset_hash", hash);
    keel_json_key(j, "series");
    keel_json_array(j);
    if (!keel_cli_json(cli))
        (void)printf("%-7s  %-18s  %-14s  %-8s  %9s  %-16s  %s\n", "kind", "venue", "symbol", "interval", "rows",
                     "first (UTC)", "last (UTC)");
    for (int64_t i = 0; i < count; i++) {
        if (!wanted(cli, &list[i])) continue;
        shown++;
        to_json(&list[i], j);
        if (!keel_cli_json(cli)) to_text(&list[i]);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = 0;
    if (keel_cli_json(cli))
        rc = keel_cli_print_json(cli, j);
    else
        (void)printf("%lld series, dataset hash %s\n", (long long)shown, hash);
    keel_json_free(j);
    return rc;
}

int keel_verb_data_list(keel_cli *cli) {
    keel_store *store;
    keel_series_info *list = NULL;
    int64_t count = 0;
    uint8_t sha256[32];
    char hash[65];
    const char *folder;
    keel_err *err = keel_cli_err(cli);
    KEEL_TRY(keel_cli_store(cli, &folder));
    KEEL_TRY(keel_store_open(folder, KEEL_STORE_READ, &store, err));
    int rc = keel_store_series_list(store, &list, &count, err);
    if (!rc) rc = keel_store_hash(store, sha256, err);
    for (int i = 0; i < 32 && !rc; i++)
        (void)snprintf(hash + 2 * i, 3, "%02x", sha256[i]);
    if (!rc) rc = print(cli, folder, list, count, hash);
    free(list);
    keel_store_close(store);
    return rc;
}

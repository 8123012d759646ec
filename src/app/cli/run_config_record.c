/* app/cli/run_config_record.c: a configuration kept in a document, and tried with other values: no command line, files,
 * home or environment stand between what was recorded and what runs. */
#include <stdio.h>
#include <string.h>

#include "app/cli/run_config_internal.h"

static const char *path_at(const keel_config *c, size_t i) { return keel_config_entry_at(c, i)->path; }

/* Length of the section's name with its dot; 0: none. */
static size_t section_size(const char *path) {
    const char *dot = strchr(path, '.');
    return dot ? (size_t)(dot - path) + 1 : 0;
}

static int same_section(const keel_config *c, size_t a, size_t b) {
    size_t size = section_size(path_at(c, a));
    return size == section_size(path_at(c, b)) && strncmp(path_at(c, a), path_at(c, b), size) == 0;
}

/* Rows for single regimes stand behind all others: a section may come more than once. */
static int section_before(const keel_config *c, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (same_section(c, k, i)) return 1;
    return 0;
}

static void record_section(const keel_config *c, size_t first, int with_store, keel_json *j) {
    size_t size = section_size(path_at(c, first));
    int open = 0;
    for (size_t i = first; size && i < keel_config_count(c); i++) {
        const char *path = path_at(c, i);
        int is_store = strcmp(path, "run.store") == 0; /* the home's own is given by no layer: it is found anew */
        int is_log = strncmp(path, "log.", 4) == 0;    /* what is kept of a run is no part of it: it may change later */
        if (!same_section(c, first, i) || !keel_config_is_given(c, path) || (is_store && !with_store) || is_log)
            continue;
        if (!open) {
            char name[64];
            (void)snprintf(name, sizeof name, "%.*s", (int)size - 1, path);
            keel_json_key(j, name);
            keel_json_object(j);
            open = 1;
        }
        keel_json_key(j, path + size);
        keel_config_write_value(c, i, j);
    }
    if (open) keel_json_close(j);
}

void keel_run_config_record(const keel_run_config *run, int with_store, keel_json *j) {
    keel_json_object(j);
    for (size_t i = 0; i < keel_config_count(run->config); i++)
        if (!section_before(run->config, i)) record_section(run->config, i, with_store, j);
    keel_json_close(j);
}

static int add_value(keel_config *config, const char *path, const keel_tree *node, keel_err *err) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    if (node->kind != KEEL_TREE_LIST) keel_strbuf_add(&text, node->text ? node->text : "");
    for (size_t i = 0; node->kind == KEEL_TREE_LIST && i < node->count; i++)
        keel_strbuf_addf(&text, "%s%s", i ? "," : "", node->items[i]->text ? node->items[i]->text : "");
    int rc = keel_config_set(config, path, keel_strbuf_text(&text), "recorded configuration", err);
    keel_strbuf_done(&text);
    return rc;
}

/* What was recorded in a home names no store: it is the home's. */
static int add_home_store(keel_cli *cli, keel_config *config) {
    const keel_cli_home *home = NULL;
    if (keel_config_raw(config, "run.store")) return 0;
    KEEL_TRY(keel_cli_home_find(cli, &home));
    return home ? keel_config_preset(config, "run.store", home->store, "home", keel_cli_err(cli)) : 0;
}

int keel_run_config_open(keel_cli *cli, const keel_tree *recorded, keel_run_config *ret) {
    keel_err *err = keel_cli_err(cli);
    char path[128];
    memset(ret, 0, sizeof *ret);
    ret->config = keel_config_new();
    if (!ret->config) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: configuration: close other programs");
    for (size_t i = 0; recorded && i < recorded->count; i++) {
        const keel_tree *section = recorded->items[i];
        for (size_t k = 0; k < section->count; k++) {
            (void)snprintf(path, sizeof path, "%.60s.%.60s", section->key, section->items[k]->key);
            KEEL_TRY(add_value(ret->config, path, section->items[k], err));
        }
    }
    const char *name = keel_config_raw(ret->config, "run.strategy");
    if (!name) return keel_err_set(err, KEEL_E_PARITY, "no strategy: recorded configuration: the file is damaged");
    KEEL_TRY(keel_run_config_add_strategy(cli, ret, name));
    KEEL_TRY(add_home_store(cli, ret->config));
    ret->mark = keel_config_mark(ret->config);
    return 0;
}

int keel_run_config_open_preset(keel_run_config *run, const char *path, const char *text, const char *origin,
                                keel_err *err) {
    keel_config_rewind(run->config, run->mark);
    KEEL_TRY(keel_config_preset(run->config, path, text, origin, err));
    run->mark = keel_config_mark(run->config);
    return 0;
}

int keel_run_config_vary(keel_run_config *run, const char *const names[], const char *const values[], size_t count,
                         keel_err *err) {
    keel_err scratch = {0};
    keel_config_rewind(run->config, run->mark);
    for (size_t i = 0; i < count; i++) {
        if (strchr(names[i], '@')) KEEL_TRY(keel_run_config_know(run, names[i], "trial", err));
        KEEL_TRY(keel_config_set(run->config, names[i], values[i], "trial", err));
    }
    int rc = keel_config_resolve(run->config, &scratch);
    if (rc == 0) rc = keel_run_config_check_rules(run->config);
    if (rc != 0 && keel_config_problem_count(run->config) > 0)
        return keel_err_set(err, rc, "%s", keel_config_problem_at(run->config, 0));
    if (rc != 0) return keel_err_set(err, rc, "%s", scratch.text);
    return keel_run_config_fill(run, err);
}

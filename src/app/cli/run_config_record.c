/* app/cli/run_config_record.c: a configuration kept in a document, and tried with other values: no command line, files,
 * home or environment stand between what was recorded and what runs. */
#include <stdio.h>
#include <string.h>

#include "app/cli/run_config_internal.h"

void keel_run_config_record(const keel_run_config *run, int with_store, keel_json *j) {
    const char *section = "";
    size_t section_size = 0;
    int open = 0;
    keel_json_object(j);
    for (size_t i = 0; i < keel_config_count(run->config); i++) {
        const char *path = keel_config_entry_at(run->config, i)->path, *dot = strchr(path, '.');
        int is_store = strcmp(path, "run.store") == 0; /* the home's own is given by no layer: it is found anew */
        int is_log = strncmp(path, "log.", 4) == 0;    /* what is kept of a run is no part of it: it may change later */
        if (!dot || !keel_config_is_given(run->config, path) || (is_store && !with_store) || is_log) continue;
        if (!open || (size_t)(dot - path) != section_size || strncmp(section, path, section_size) != 0) {
            char name[64];
            section = path;
            section_size = (size_t)(dot - path);
            (void)snprintf(name, sizeof name, "%.*s", (int)section_size, path);
            if (open) keel_json_close(j);
            keel_json_key(j, name);
            keel_json_object(j);
            open = 1;
        }
        keel_json_key(j, dot + 1);
        keel_config_write_value(run->config, i, j);
    }
    if (open) keel_json_close(j);
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
    for (size_t i = 0; i < count; i++)
        KEEL_TRY(keel_config_set(run->config, names[i], values[i], "trial", err));
    int rc = keel_config_resolve(run->config, &scratch);
    if (rc == 0) rc = keel_run_config_check_rules(run->config);
    if (rc != 0 && keel_config_problem_count(run->config) > 0)
        return keel_err_set(err, rc, "%s", keel_config_problem_at(run->config, 0));
    if (rc != 0) return keel_err_set(err, rc, "%s", scratch.text);
    return keel_run_config_fill(run, err);
}

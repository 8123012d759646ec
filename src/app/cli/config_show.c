/* app/cli/config_show.c: keel config show. */
#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"

static const keel_cli_opt OPTIONS[] = {{"effective", NULL, "every value with its origin, not only what was given", 0},
                                       {"canonical", NULL, "the text whose SHA-256 is the config_id", 0},
                                       {NULL, NULL, NULL, 0}};

const keel_cli_verb keel_verb_config_show_info = {
    .noun = "config",
    .verb = "show",
    .run = keel_verb_config_show,
    .summary = "the configuration as YAML, or every effective value with its origin",
    .example = "keel config show --effective --strategy ema_cross --set fast=9",
    .options = {OPTIONS, keel_run_config_options},
    .notes =
        "Layers, later ones win: defaults, the strategy's presets, files in the order given, environment\n"
        "KEEL__SECTION__KEY, flags.",
    .reports = 1};

static void write_values(keel_json *j, const keel_config *c) {
    keel_json_key(j, "values");
    keel_json_array(j);
    for (size_t i = 0; i < keel_config_count(c); i++) {
        const keel_config_entry *entry = keel_config_entry_at(c, i);
        keel_json_object(j);
        keel_json_kstring(j, "path", entry->path);
        keel_json_key(j, "value");
        keel_config_write_value(c, i, j);
        keel_json_kstring(j, "origin", keel_config_origin(c, i));
        keel_json_kstring(j, "unit", entry->unit && entry->unit[0] ? entry->unit : NULL);
        keel_json_close(j);
    }
    keel_json_close(j);
}

/* Of several strategies each with all of its values: presets differ, and so does what an item says. */
static void write_parts(keel_json *j, const keel_run_config *run) {
    keel_json_key(j, "strategies");
    keel_json_array(j);
    for (int32_t i = 0; i < run->part_count; i++) {
        keel_json_object(j);
        keel_json_kstring(j, "name", run->parts[i].name);
        keel_json_kstring(j, "config_id", run->shared ? NULL : run->parts[i].run.config_id);
        write_values(j, run->parts[i].run.config);
        keel_json_close(j);
    }
    keel_json_close(j);
}

static int show_json(keel_cli *cli, const keel_run_config *run) {
    keel_json *j = keel_json_new(2);
    if (!j)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: keel config show: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.config");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "config_id", run->config_id);
    write_values(j, run->config);
    if (run->part_count) write_parts(j, run);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static void show_rows(const keel_config *c) {
    for (size_t i = 0; i < keel_config_count(c); i++) {
        keel_strbuf value;
        keel_strbuf_init(&value, 0);
        keel_config_value_text(c, i, &value);
        (void)printf("%-44s %-24s %s\n", keel_config_entry_at(c, i)->path, value.size ? keel_strbuf_text(&value) : "-",
                     keel_config_origin(c, i));
        keel_strbuf_done(&value);
    }
}

static void show_table(const keel_run_config *run) {
    (void)printf("%-44s %-24s %s\n", "path", "value", "origin");
    show_rows(run->config);
    for (int32_t i = 0; i < run->part_count; i++) {
        (void)printf("\nstrategy %s\n", run->parts[i].name);
        show_rows(run->parts[i].run.config);
    }
    (void)printf("config_id %s\n", run->config_id);
}

static void show_text(const keel_run_config *run, int canonical) {
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    if (canonical)
        keel_run_config_canonical(run, &text);
    else
        keel_run_config_write_yaml(run, /* everything= */ 0, &text);
    (void)fputs(keel_strbuf_text(&text), stdout);
    keel_strbuf_done(&text);
}

static int show(keel_cli *cli, const keel_run_config *run) {
    if (keel_cli_json(cli)) return show_json(cli, run);
    if (keel_cli_flag(cli, "effective"))
        show_table(run);
    else
        show_text(run, keel_cli_flag(cli, "canonical"));
    return 0;
}

int keel_verb_config_show(keel_cli *cli) {
    keel_run_config run;
    int rc = keel_run_config_load(cli, &run);
    if (!rc) rc = show(cli, &run);
    keel_run_config_done(&run);
    return rc;
}

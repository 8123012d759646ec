/* app/cli/sweep_list.c: keel sweep list: the sweeps of a folder. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/backtest_format.h"
#include "app/cli/sweep_folder.h"
#include "app/cli/text_table.h"
#include "base/json_read.h"
#include "research/sweep/runner.h"

const keel_cli_verb keel_verb_sweep_list_info = {.noun = "sweep",
                                                 .verb = "list",
                                                 .run = keel_verb_sweep_list,
                                                 .summary = "the sweeps there are",
                                                 .example = "keel sweep list",
                                                 .options = {keel_sweep_folder_options},
                                                 .reports = 1};

typedef struct found {
    const char *id, *path;
    const keel_sweep_header *header;
    int64_t rows;
} found;

static void add_row(const found *s, keel_table *t) {
    const keel_sweep_asked *a = &s->header->asked;
    keel_cell rows = keel_cell_text("%" PRId64 " of %" PRId64, s->rows, a->trials);
    keel_cell target = keel_cell_text("%s", a->objective.target->name);
    keel_table_row(t, (const char *const[]){s->id, s->header->strategy, keel_sampler_names[a->sampler], rows.text,
                                            target.text, s->rows == a->trials ? "complete" : "interrupted"});
}

static void add_json(const found *s, keel_json *j) {
    const keel_sweep_asked *a = &s->header->asked;
    keel_json_object(j);
    keel_json_kstring(j, "sweep_id", s->id);
    keel_json_kstring(j, "strategy", s->header->strategy);
    keel_json_kstring(j, "sampler", keel_sampler_names[a->sampler]);
    keel_json_kstring(j, "target", a->objective.target->name);
    keel_json_kint(j, "trials", a->trials);
    keel_json_kint(j, "done", s->rows);
    keel_json_kbool(j, "complete", s->rows == a->trials);
    keel_json_kstring(j, "build", s->header->build);
    keel_json_kstring(j, "dataset_hash", s->header->dataset_hash);
    keel_json_kstring(j, "trials_file", s->path);
    keel_json_close(j);
}

/* One sweep into the table or the document; a folder that never came to a file is passed over, a damaged one is said.
 */
static int list_one(keel_cli *cli, const char *folder, const char *id, keel_table *t, keel_json *j) {
    char path[KEEL_SWEEP_PATH_MAX];
    keel_rows_file f;
    keel_sweep_header header;
    keel_err bad = {0};
    found s = {.id = id, .path = path, .header = &header};
    KEEL_TRY(keel_sweep_path(folder, id, "trials.jsonl", path, keel_cli_err(cli)));
    int rc = keel_sweep_open(path, &f, &header, &bad);
    if (rc == 0) rc = keel_sweep_count_rows(path, NULL, &s.rows, &bad);
    if (rc == 0) {
        add_row(&s, t);
        add_json(&s, j);
    } else if (rc != KEEL_E_NOT_FOUND) {
        keel_cli_warn(cli, "%s", bad.text);
    }
    keel_sweep_header_done(&header);
    keel_rows_file_close(&f);
    return rc == KEEL_E_NOMEM ? keel_err_set(keel_cli_err(cli), rc, "%s", bad.text) : 0;
}

static int print(keel_cli *cli, const char *folder, const keel_list *ids, keel_json *j) {
    static const char *const HEADERS[] = {"Sweep", "Strategy", "Sampler", "Trials", "Target", "State"};
    keel_table t;
    keel_strbuf text;
    int rc = 0;
    keel_table_init(&t, HEADERS, 6, 3);
    keel_strbuf_init(&text, 0);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.sweep_list");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "folder", folder);
    keel_json_key(j, "sweeps");
    keel_json_array(j);
    for (size_t i = 0; rc == 0 && i < ids->count; i++)
        rc = list_one(cli, folder, ids->items[i], &t, j);
    keel_json_close(j);
    keel_json_close(j);
    if (rc == 0 && keel_cli_json(cli)) {
        rc = keel_cli_print_json(cli, j);
    } else if (rc == 0) {
        keel_table_print(&t, "SWEEPS", KEEL_TABLE_WIDTH, &text);
        (void)fputs(ids->count > 0 ? keel_strbuf_text(&text) : "no sweeps yet: keel sweep run makes one\n", stdout);
    }
    keel_strbuf_done(&text);
    keel_table_done(&t);
    return rc;
}

int keel_verb_sweep_list(keel_cli *cli) {
    char folder[KEEL_SWEEP_PATH_MAX];
    keel_list ids;
    KEEL_TRY(keel_sweep_folder(cli, folder));
    KEEL_TRY(keel_sweep_ids(folder, &ids, keel_cli_err(cli)));
    keel_json *j = keel_json_new(2);
    int rc = j ? print(cli, folder, &ids, j)
               : keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: list: close other programs");
    keel_json_free(j);
    keel_list_done(&ids);
    return rc;
}

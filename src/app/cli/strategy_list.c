/* app/cli/strategy_list.c: keel strategy list. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"
#include "app/cli/strategy_source.h"
#include "app/cli/strategy_text.h"
#include "core/strategy/strategy.h"

const keel_cli_verb keel_verb_strategy_list_info = {.noun = "strategy",
                                                    .verb = "list",
                                                    .run = keel_verb_strategy_list,
                                                    .summary = "the built-in strategies, and the files of a home",
                                                    .example = "keel strategy list",
                                                    .reports = 1};

enum { FILES_MAX = 256 };

/* The files of strategies/ in the home, or here without one, in order of name. */
typedef struct files {
    char folder[KEEL_HOME_PATH_MAX];
    char name[FILES_MAX][KEEL_USER_NAME_MAX];
    int count;
} files;

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void find_files(keel_cli *cli, files *ret) {
    const keel_cli_home *home = NULL;
    memset(ret, 0, sizeof *ret);
    if (keel_cli_home_find(cli, &home) != 0) *keel_cli_err(cli) = (keel_err){0};
    (void)snprintf(ret->folder, sizeof ret->folder, "%.4000s%sstrategies", home ? home->folder : "", home ? "/" : "");
    DIR *folder = opendir(ret->folder);
    if (!folder) return;
    for (struct dirent *e; ret->count < FILES_MAX && (e = readdir(folder)) != NULL;)
        if (keel_user_is_file(e->d_name) && keel_user_name(e->d_name, ret->name[ret->count], NULL) == 0) ret->count++;
    (void)closedir(folder);
    qsort(ret->name, (size_t)ret->count, sizeof *ret->name, by_name);
}

static int list_json(keel_cli *cli, const files *f) {
    keel_json *j = keel_json_new(2);
    if (!j)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %s: close other programs",
                            keel_cli_name(cli));
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.strategies");
    keel_json_kint(j, "schema_version", 1);
    keel_json_key(j, "strategies");
    keel_json_array(j);
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++) {
        keel_strategy_text text = keel_strategy_describe(i);
        keel_json_object(j);
        keel_json_kstring(j, "name", text.name);
        keel_json_kstring(j, "version", text.version);
        keel_json_kstring(j, "description", text.sentence);
        keel_strategy_text_json(&text, j);
        keel_json_kint(j, "own_parameters", text.row_count);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_key(j, "files");
    keel_json_array(j);
    for (int i = 0; i < f->count; i++) {
        keel_strbuf path;
        keel_strbuf_init(&path, 0);
        keel_strbuf_addf(&path, "%s/%s.c", f->folder, f->name[i]);
        keel_json_object(j);
        keel_json_kstring(j, "name", f->name[i]);
        keel_json_kstring(j, "file", keel_strbuf_text(&path));
        keel_json_close(j);
        keel_strbuf_done(&path);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

int keel_verb_strategy_list(keel_cli *cli) {
    static files found;
    find_files(cli, &found);
    if (keel_cli_json(cli)) return list_json(cli, &found);
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++) {
        keel_strategy_text text = keel_strategy_describe(i);
        (void)printf("%-20s %-7s %s\n", text.name, text.version, text.sentence);
    }
    for (int i = 0; i < found.count; i++)
        (void)printf("%-20s %-7s %s/%s.c\n", found.name[i], "file", found.folder, found.name[i]);
    return 0;
}

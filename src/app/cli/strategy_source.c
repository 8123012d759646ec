/* app/cli/strategy_source.c: see strategy_source.h. */
#include "app/cli/strategy_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"

int32_t keel_strategy_builtin(const char *name) {
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++)
        if (strcmp(keel_strategy_describe(i).name, name) == 0) return i;
    return -1;
}

static int is_there(const char *folder, const char *name, const char *ending, char ret_path[KEEL_HOME_PATH_MAX]) {
    int size = snprintf(ret_path, KEEL_HOME_PATH_MAX, "%s%s%s", folder, name, ending);
    return size > 0 && size < KEEL_HOME_PATH_MAX && access(ret_path, F_OK) == 0;
}

int keel_strategy_path(keel_cli *cli, const char *name, char ret_path[KEEL_HOME_PATH_MAX]) {
    const keel_cli_home *home = NULL;
    keel_err quiet = *keel_cli_err(cli);
    char folder[KEEL_HOME_PATH_MAX + 16] = "strategies/";
    const char *ending = keel_user_is_file(name) ? "" : ".c";
    if (*ending == 0 && is_there("", name, "", ret_path)) return 1;
    if (keel_cli_home_find(cli, &home) != 0) *keel_cli_err(cli) = quiet; /* without a home a file may still be there */
    if (home) (void)snprintf(folder, sizeof folder, "%s/strategies/", home->folder);
    if (name[0] != '/' && is_there(folder, name, ending, ret_path)) return 1;
    (void)snprintf(ret_path, KEEL_HOME_PATH_MAX, "%s", name);
    return 0;
}

static int unknown(keel_cli *cli, const char *name) {
    keel_nearest nearest;
    char say[KEEL_NEAREST_SAY_MAX];
    keel_nearest_init(&nearest, name);
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++)
        keel_nearest_offer(&nearest, keel_strategy_describe(i).name);
    return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                        "unknown strategy '%.80s': %s%s; 'keel strategy list' names all; a file of your own ends in .c",
                        name, keel_cli_name(cli), keel_nearest_say(&nearest, say));
}

/* Where progress is shown: the first use of a file takes seconds that nothing else would explain. */
static void say_compiling(void *data, const char *file) {
    (void)data;
    (void)fprintf(stderr, "compiling %s, once for each change of it\n", file);
}

static int open_user(keel_cli *cli, const char *path, keel_strbuf *errors, keel_strategy_source *ret) {
    keel_strbuf excerpt;
    ret->user = calloc(1, sizeof *ret->user);
    if (!ret->user)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %.200s: close other programs", path);
    keel_strbuf_init(&excerpt, 0);
    keel_progress shown;
    keel_progress_begin(cli, &shown, "compiling", 0, "");
    keel_user_listener listener = {
        .compiling = shown.label ? say_compiling : NULL, .excerpt = errors ? NULL : &excerpt, .errors = errors};
    int rc = keel_user_load(path, &listener, ret->user, keel_cli_err(cli));
    if (excerpt.size) (void)fputs(keel_strbuf_text(&excerpt), stderr);
    keel_strbuf_done(&excerpt);
    if (rc) return rc;
    ret->kernel = ret->user->kernel;
    ret->id = KEEL_STRATEGY_USER;
    ret->text = ret->user->text;
    return 0;
}

int keel_strategy_judge(keel_cli *cli, const char *name, keel_strbuf *errors, keel_strategy_source *ret) {
    memset(ret, 0, sizeof *ret);
    int32_t id = keel_strategy_builtin(name);
    if (id < 0) {
        if (!keel_strategy_path(cli, name, ret->path) && !keel_user_is_file(name)) return unknown(cli, name);
        return open_user(cli, ret->path, errors, ret);
    }
    ret->kernel = &keel_kernel_builtin;
    ret->id = id;
    ret->text = keel_strategy_describe(id);
    return 0;
}

int keel_strategy_open(keel_cli *cli, const char *name, keel_strategy_source *ret) {
    return keel_strategy_judge(cli, name, NULL, ret);
}

void keel_strategy_close(keel_strategy_source *source) {
    if (source->user) keel_user_done(source->user);
    free(source->user);
    memset(source, 0, sizeof *source);
}

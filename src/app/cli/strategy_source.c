/* app/cli/strategy_source.c: see strategy_source.h. */
#include "app/cli/strategy_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "kernel/guard.h"

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
    keel_nearest_init(&nearest, name);
    for (int32_t i = 0; i < KEEL_STRATEGY_COUNT; i++)
        keel_nearest_offer(&nearest, keel_strategy_describe(i).name);
    return keel_err_set(
        keel_cli_err(cli), KEEL_E_USAGE,
        "unknown strategy '%.80s': %s: nearest is '%s'; 'keel strategy list' names all; a file of your own "
        "ends in .c",
        name, keel_cli_name(cli), nearest.best);
}

static int open_user(keel_cli *cli, const char *path, keel_strategy_source *ret) {
    keel_strbuf excerpt;
    ret->user = calloc(1, sizeof *ret->user);
    if (!ret->user)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: %.200s: close other programs", path);
    keel_strbuf_init(&excerpt, 0);
    int rc = keel_user_load(path, ret->user, &excerpt, keel_cli_err(cli));
    if (excerpt.size) (void)fputs(keel_strbuf_text(&excerpt), stderr);
    keel_strbuf_done(&excerpt);
    if (rc) return rc;
    ret->kernel = ret->user->kernel;
    ret->id = KEEL_STRATEGY_USER;
    ret->text = ret->user->text;
    return 0;
}

int keel_strategy_open(keel_cli *cli, const char *name, keel_strategy_source *ret) {
    memset(ret, 0, sizeof *ret);
    int32_t id = keel_strategy_builtin(name);
    if (id < 0) {
        if (!keel_strategy_path(cli, name, ret->path) && !keel_user_is_file(name)) return unknown(cli, name);
        return open_user(cli, ret->path, ret);
    }
    ret->kernel = &keel_kernel_builtin;
    ret->id = id;
    ret->text = keel_strategy_describe(id);
    return 0;
}

typedef struct probe {
    const keel_kernel *kernel;
    const keel_params *p;
    const char *file;
} probe;

/* "PREV with -1: " for the first signal that is refused by itself; empty when none is. */
static const char *name_refused(const keel_signal_list *list, char *ret, size_t size) {
    static const char *const NAMES[] = {
#define X(KIND, name, input, outputs, output_names, sentence, reference) #KIND,
        KEEL_SIGNAL_KINDS(X)
#undef X
    };
    *ret = 0;
    for (int32_t i = 0; i < list->n && !*ret; i++) {
        const keel_signal_spec *spec = &list->spec[i];
        int known = spec->kind >= 0 && (size_t)spec->kind < sizeof NAMES / sizeof *NAMES;
        if (known && keel_signal_spec_check(spec) != KEEL_SIGNAL_OK)
            (void)snprintf(ret, size, "%s with %d: ", NAMES[spec->kind], (int)spec->p[0]);
    }
    return ret;
}

static int ask_signals(void *data, keel_strbuf *out, keel_err *err) {
    static const char *const WHY[] = {"",
                                      "there are too many",
                                      "there is no such kind",
                                      "a period or another parameter is out of its bounds, or fast is not below slow",
                                      "there are more values than slots",
                                      "two of them share a slot",
                                      "a source is not one that stands before it",
                                      "their windows together span too many bars: shorten the longest"};
    const probe *a = data;
    keel_signal_list list;
    keel_signal_set *set = calloc(1, sizeof *set);
    (void)out;
    a->kernel->strategy_signals(a->p, &list);
    char which[80];
    int32_t rc = KEEL_SIGNAL_E_WINDOW;
    if (set) rc = list.overflow ? KEEL_SIGNAL_E_COUNT : keel_signal_set_init(set, list.spec, list.n);
    free(set);
    if (rc == KEEL_SIGNAL_OK) return 0;
    return keel_err_set(err, KEEL_E_RANGE,
                        "%s: SIGNALS cannot be computed: %s%s: 'keel indicator --list' has the bounds of each kind",
                        a->file, name_refused(&list, which, sizeof which), WHY[-rc]);
}

int keel_strategy_probe(const keel_strategy_source *source, const keel_params *p, keel_err *err) {
    if (!source->user) return 0;
    probe a = {.kernel = source->kernel, .p = p, .file = source->user->file};
    keel_guard_options o = {.kernel = source->kernel, .name = source->user->file};
    keel_strbuf out;
    keel_strbuf_init(&out, 0);
    int rc = keel_guard_run(&o, ask_signals, &a, &out, err);
    keel_strbuf_done(&out);
    return rc;
}

void keel_strategy_close(keel_strategy_source *source) {
    if (source->user) keel_user_done(source->user);
    free(source->user);
    memset(source, 0, sizeof *source);
}

/* app/cli/cli_home.c: which folder is this run's home; contracts in cli.h.
 *
 * In this order: the folder KEEL_HOME names (empty: no home at all); else the current folder, else the nearest folder
 * above it, that holds both config.yaml and the marker .keel-home which `keel init` writes. A folder found by looking
 * must belong to the user who runs keel, since its configuration may name strategies to be compiled and run; KEEL_HOME
 * is a person's word and is taken as it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/cli_internal.h"

static const char MARKER[] = ".keel-home", CONFIG[] = "config.yaml", STORE[] = "data";

/* folder/name into ret[KEEL_HOME_PATH_MAX]; 0 when it does not fit. */
static int join(char *ret, const char *folder, const char *name) {
    const char *slash = folder[0] && folder[strlen(folder) - 1] == '/' ? "" : "/";
    int size = strcmp(folder, ".") == 0 ? snprintf(ret, KEEL_HOME_PATH_MAX, "%s", name)
                                        : snprintf(ret, KEEL_HOME_PATH_MAX, "%s%s%s", folder, slash, name);
    return size > 0 && size < KEEL_HOME_PATH_MAX;
}

static int holds(const char *folder, const char *name, struct stat *ret) {
    char path[KEEL_HOME_PATH_MAX];
    return join(path, folder, name) && stat(path, ret) == 0 && S_ISREG(ret->st_mode);
}

static int take(keel_cli *cli, const char *folder) {
    keel_cli_home *home = &cli->home;
    int size = snprintf(home->folder, sizeof home->folder, "%s", folder);
    if (size < 0 || size >= KEEL_HOME_PATH_MAX || !join(home->config, folder, CONFIG) ||
        !join(home->store, folder, STORE))
        return keel_err_set(&cli->err, KEEL_E_USAGE, "the path is too long: %.80s...: move the home", folder);
    cli->home_found = 1;
    return 0;
}

static int take_named(keel_cli *cli, const char *folder) {
    struct stat about;
    if (!*folder) return 0;
    if (!holds(folder, CONFIG, &about))
        return keel_err_set(&cli->err, KEEL_E_NOT_FOUND,
                            "no home: KEEL_HOME=%.400s: make it with 'keel init %.400s', or unset KEEL_HOME", folder,
                            folder);
    return take(cli, folder);
}

/* 1 when folder is a home; its owner by config.yaml. */
static int is_home(const char *folder, uid_t *ret_owner) {
    struct stat marker, config;
    if (!holds(folder, MARKER, &marker) || !holds(folder, CONFIG, &config)) return 0;
    *ret_owner = config.st_uid;
    return 1;
}

static int look_upwards(keel_cli *cli) {
    char folder[KEEL_HOME_PATH_MAX];
    uid_t owner;
    if (!getcwd(folder, sizeof folder)) return 0; /* a folder without a path has no parents to look at */
    for (int first = 1;; first = 0) {
        if (is_home(first ? "." : folder, &owner)) {
            if (owner == geteuid()) return take(cli, first ? "." : folder);
            return keel_err_set(&cli->err, KEEL_E_USAGE,
                                "the home belongs to another user: %.600s: set KEEL_HOME to it if you trust it, or to "
                                "nothing to go without",
                                folder);
        }
        char *slash = strrchr(folder, '/');
        if (!slash || !slash[1]) return 0;
        slash[slash == folder] = 0;
    }
}

int keel_cli_home_find(keel_cli *cli, const keel_cli_home **ret_home) {
    if (!cli->home_looked) {
        const char *named = getenv("KEEL_HOME");
        KEEL_TRY(named ? take_named(cli, named) : look_upwards(cli));
        cli->home_looked = 1;
    }
    *ret_home = cli->home_found ? &cli->home : NULL;
    return 0;
}

int keel_cli_store(keel_cli *cli, const char **ret_folder) {
    const char *given = keel_cli_option(cli, "store");
    const keel_cli_home *home = NULL;
    if (!given) KEEL_TRY(keel_cli_home_find(cli, &home));
    if (!given && !home)
        return keel_err_set(&cli->err, KEEL_E_USAGE,
                            "'--store' is missing: %s: add --store DIR, or work in a home that 'keel init' makes",
                            cli->name);
    *ret_folder = given ? given : home->store;
    return 0;
}

/* app/cli/init.c: keel init.
 *
 * Nothing that is there is ever replaced or removed. Without --force a name that is taken refuses the whole; with it,
 * what is there is kept and what is missing is made. The marker is written last, so that a folder in which making
 * stopped half-way is no home yet. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/cli.h"
#include "app/cli/init_files.h"
#include "app/cli/run_config.h"

static const keel_cli_opt OPTIONS[] = {
    {"force", NULL, "keep what is there and make what is missing; nothing is overwritten", 0}, {0}};

const keel_cli_verb keel_verb_init_info = {
    .noun = "init",
    .run = keel_verb_init,
    .summary = "make a home: configuration, data, strategies, runs in one folder",
    .example = "keel init home",
    .positionals = "[DIR]",
    .positional_max = 1,
    .options = {OPTIONS},
    .notes =
        "Makes config.yaml with comments, its schema for editors, and strategies/ data/ runs/ sweeps/ registry/\n"
        "journal/ logs/ secrets/; registry, journal, logs and secrets are for the user alone (mode 0700). DIR\n"
        "defaults to the current folder. Commands find the home by KEEL_HOME, else in the current folder or one\n"
        "above it; then --store defaults to its data and its config.yaml is the first configuration file.\n"
        "Everything works without a home too: docs/home.md.",
    .reports = 1};

enum { FOLDER_MODE = 0777, PRIVATE_MODE = 0700, FILE_MODE = 0666 };

typedef struct home_folder {
    const char *name;
    int private;
} home_folder;

#define ROW(name, private, what) {name, private},
static const home_folder FOLDERS[] = {KEEL_HOME_FOLDERS(ROW)};
#undef ROW

enum { FOLDER_COUNT = sizeof FOLDERS / sizeof *FOLDERS, FILES_MAX = 4, MADE_MAX = FOLDER_COUNT + FILES_MAX };

typedef struct making {
    keel_cli *cli;
    const char *home;
    const char *made[MADE_MAX], *kept[MADE_MAX];
    int made_count, kept_count;
} making;

static int path_of(const making *m, const char *name, char ret[KEEL_HOME_PATH_MAX]) {
    int size = snprintf(ret, KEEL_HOME_PATH_MAX, "%s/%s", m->home, name);
    if (size > 0 && size < KEEL_HOME_PATH_MAX) return 0;
    return keel_err_set(keel_cli_err(m->cli), KEEL_E_USAGE, "the path is too long: %.80s...: choose another folder",
                        m->home);
}

static int cannot(const making *m, const char *what, const char *path) {
    return keel_err_set(keel_cli_err(m->cli), KEEL_E_IO, "cannot make the %s: %s: %s: choose a folder you may write in",
                        what, path, strerror(errno));
}

static int make_home_folder(const making *m) {
    struct stat about;
    if (mkdir(m->home, FOLDER_MODE) == 0) return 0;
    if (errno == ENOENT)
        return keel_err_set(keel_cli_err(m->cli), KEEL_E_NOT_FOUND,
                            "no such folder: above %s: make it first, or choose another", m->home);
    if (errno != EEXIST) return cannot(m, "folder", m->home);
    if (stat(m->home, &about) == 0 && S_ISDIR(about.st_mode)) return 0;
    return keel_err_set(keel_cli_err(m->cli), KEEL_E_USAGE, "is not a folder: %s: choose another name", m->home);
}

static int is_taken(const making *m, const char *name, mode_t *ret_mode) {
    char path[KEEL_HOME_PATH_MAX];
    struct stat about;
    if (path_of(m, name, path) != 0 || lstat(path, &about) != 0) return 0;
    *ret_mode = about.st_mode;
    return 1;
}

/* Before anything is made: a name that is taken. A folder in the place of a file, or the other way round, refuses even
 * a forced one. */
static int check_free(const making *m, int force) {
    static const char *const files[] = {".keel-home", "config.yaml", "config.schema.json"};
    mode_t mode;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (!is_taken(m, files[i], &mode)) continue;
        if (force && S_ISREG(mode)) continue;
        return keel_err_set(keel_cli_err(m->cli), KEEL_E_USAGE, "%s is there already: %s: %s", files[i], m->home,
                            S_ISREG(mode) ? "choose an empty folder, or add --force to keep it and make what is missing"
                                          : "it is no plain file; choose another folder");
    }
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (!is_taken(m, FOLDERS[i].name, &mode)) continue;
        if (force && S_ISDIR(mode)) continue;
        return keel_err_set(keel_cli_err(m->cli), KEEL_E_USAGE, "%s is there already: %s: %s", FOLDERS[i].name, m->home,
                            S_ISDIR(mode) ? "choose an empty folder, or add --force to use it as it is"
                                          : "it is no folder; choose another place");
    }
    return 0;
}

static int make_folder(making *m, const home_folder *f) {
    char path[KEEL_HOME_PATH_MAX];
    KEEL_TRY(path_of(m, f->name, path));
    if (mkdir(path, f->private ? PRIVATE_MODE : FOLDER_MODE) == 0) {
        m->made[m->made_count++] = f->name;
        return 0;
    }
    if (errno != EEXIST) return cannot(m, "folder", path);
    m->kept[m->kept_count++] = f->name;
    if (f->private && chmod(path, PRIVATE_MODE) != 0) return cannot(m, "folder private", path);
    return 0;
}

static int write_all(int fd, const char *text) {
    for (size_t left = strlen(text); left;) {
        ssize_t put = write(fd, text, left);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return -1;
        text += put;
        left -= (size_t)put;
    }
    return 0;
}

static int make_file(making *m, const char *name, const char *text) {
    char path[KEEL_HOME_PATH_MAX];
    KEEL_TRY(path_of(m, name, path));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0 && errno == EEXIST) {
        m->kept[m->kept_count++] = name;
        return 0;
    }
    if (fd < 0) return cannot(m, "file", path);
    int failed = write_all(fd, text) != 0 || fsync(fd) != 0;
    failed |= close(fd) != 0;
    if (failed) {
        int code = cannot(m, "file", path);
        (void)unlink(path); /* ours, and only a part of it */
        return code;
    }
    m->made[m->made_count++] = name;
    return 0;
}

static int make_schema(making *m) {
    keel_json *j = keel_json_new(2);
    int rc = j ? keel_run_config_write_schema(-1, j, keel_cli_err(m->cli)) : KEEL_E_NOMEM;
    if (!rc) rc = make_file(m, "config.schema.json", keel_json_text(j, NULL));
    keel_json_free(j);
    return rc;
}

static int make_all(making *m) {
    for (size_t i = 0; i < FOLDER_COUNT; i++)
        KEEL_TRY(make_folder(m, &FOLDERS[i]));
    KEEL_TRY(make_file(m, "config.yaml", keel_home_config_text));
    KEEL_TRY(make_schema(m));
    KEEL_TRY(make_file(m, ".gitignore", keel_home_gitignore_text));
    return make_file(m, ".keel-home", "keel home 1\n");
}

static void write_names(keel_json *j, const char *key, const char *const names[], int count) {
    keel_json_key(j, key);
    keel_json_array(j);
    for (int i = 0; i < count; i++)
        keel_json_string(j, names[i]);
    keel_json_close(j);
}

static int report_json(const making *m) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(m->cli), KEEL_E_NOMEM, "out of memory: init: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.init");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "home", m->home);
    write_names(j, "made", m->made, m->made_count);
    write_names(j, "kept", m->kept, m->kept_count);
    keel_json_close(j);
    int rc = keel_cli_print_json(m->cli, j);
    keel_json_free(j);
    return rc;
}

static void report_text(const making *m) {
    (void)printf("%s: a home for keel", m->home);
    if (m->kept_count) (void)printf(" (%d made, %d kept as they were)", m->made_count, m->kept_count);
    (void)printf("\n\nNext:\n");
    if (strcmp(m->home, ".") != 0) (void)printf("  cd %s\n", m->home);
    (void)printf(
        "  keel data synth --symbols BTCUSDT,ETHUSDT --interval 5m --also 1h\n"
        "                      # a made-up market to try things on; your own: keel data import --help\n"
        "  keel backtest run   # what config.yaml says\n"
        "  keel doctor         # is something missing on this machine?\n");
}

int keel_verb_init(keel_cli *cli) {
    making m = {.cli = cli, .home = keel_cli_positional_count(cli) ? keel_cli_positional(cli, 0) : "."};
    KEEL_TRY(make_home_folder(&m));
    KEEL_TRY(check_free(&m, keel_cli_flag(cli, "force")));
    KEEL_TRY(make_all(&m));
    if (keel_cli_json(cli)) return report_json(&m);
    report_text(&m);
    return 0;
}

/* app/cli/doctor_home.c: what keel doctor looks at in the home and the store. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/cli/doctor.h"
#include "app/cli/init_files.h"
#include "app/cli/parity_status.h"
#include "app/cli/run_config.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/timerange.h"
#include "edge/data/store.h"
#include "port/diskspace.h"

enum { SCHEMA_FILE_MAX = 1 << 22 };

static int join(char ret[KEEL_HOME_PATH_MAX], const char *folder, const char *name) {
    int size = snprintf(ret, KEEL_HOME_PATH_MAX, "%s/%s", folder, name);
    return size > 0 && size < KEEL_HOME_PATH_MAX;
}

/* 1 when a file can be made, synced and removed there; errno tells otherwise. */
static int is_writable(const char *folder) {
    char path[KEEL_HOME_PATH_MAX], name[40];
    (void)snprintf(name, sizeof name, ".keel-doctor-%ld", (long)getpid());
    if (!join(path, folder, name)) return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return 0;
    int good = write(fd, "x", 1) == 1 && fsync(fd) == 0, number = errno;
    good = close(fd) == 0 && good;
    (void)unlink(path);
    errno = number;
    return good;
}

static void check_writable(keel_doctor *d, const char *name, const char *folder) {
    if (is_writable(folder))
        keel_doctor_say(d, KEEL_DOCTOR_OK, name, NULL, "%s can be written", folder);
    else
        keel_doctor_say(d, KEEL_DOCTOR_FAIL, name, "mend its rights, or make a home elsewhere: keel init DIR",
                        "%s cannot be written: %s", folder, strerror(errno));
}

/* The configuration of a run with the doctor's options; *ret_store is the store it names, "" when none. */
static void check_configuration(keel_doctor *d, char ret_store[KEEL_HOME_PATH_MAX]) {
    keel_run_config run;
    int rc = keel_run_config_load(d->cli, &run);
    if (!rc)
        keel_doctor_say(d, KEEL_DOCTOR_OK, "config", NULL, "valid, config_id %.12s...", run.config_id);
    else
        keel_doctor_say_error(d, KEEL_DOCTOR_FAIL, "config", keel_cli_err(d->cli));
    (void)snprintf(ret_store, KEEL_HOME_PATH_MAX, "%s", !rc && run.store ? run.store : "");
    keel_run_config_done(&run);
}

/* The schema that editors read is a copy: another keel may have written it. */
static void check_schema(keel_doctor *d, const keel_cli_home *home) {
    static const char remedy[] = "keel config schema > config.schema.json, in the home";
    char path[KEEL_HOME_PATH_MAX], *bytes = NULL;
    size_t size = 0, wanted_size = 0;
    keel_json *j = keel_json_new(2);
    if (!j || !join(path, home->folder, "config.schema.json") || keel_run_config_write_schema(-1, j, NULL) != 0) {
        keel_json_free(j);
        return;
    }
    const char *wanted = keel_json_text(j, &wanted_size);
    if (keel_file_read(path, SCHEMA_FILE_MAX, &bytes, &size, NULL) != 0)
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "schema", remedy, "%s is missing; editors cannot complete", path);
    else if (size < wanted_size || memcmp(bytes, wanted, wanted_size) != 0 || size > wanted_size + 1)
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "schema", remedy, "%s is of another keel", path);
    else
        keel_doctor_say(d, KEEL_DOCTOR_OK, "schema", NULL, "%s is current", path);
    free(bytes);
    keel_json_free(j);
}

/* The first file of a folder that others may read or write; 0 when there is none. */
static int find_open_file(const char *folder, char ret[KEEL_HOME_PATH_MAX]) {
    DIR *open = opendir(folder);
    int found = 0;
    if (!open) return 0;
    for (struct dirent *entry; !found && (entry = readdir(open));) {
        struct stat about;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        found = join(ret, folder, entry->d_name) && stat(ret, &about) == 0 && (about.st_mode & 077);
    }
    (void)closedir(open);
    return found;
}

static void check_private(keel_doctor *d, const keel_cli_home *home) {
    static const struct {
        const char *name;
        int private;
    } folders[] = {
#define ROW(name, private, what) {name, private},
        KEEL_HOME_FOLDERS(ROW)
#undef ROW
    };
    char path[KEEL_HOME_PATH_MAX], file[KEEL_HOME_PATH_MAX];
    int before = (int)(d->count[KEEL_DOCTOR_WARN] + d->count[KEEL_DOCTOR_FAIL]);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        struct stat about;
        if (!join(path, home->folder, folders[i].name)) continue;
        int secret = strcmp(folders[i].name, "secrets") == 0;
        if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
            keel_doctor_say(d, KEEL_DOCTOR_WARN, "folders", "keel init --force, in the home, makes what is missing",
                            "%s is missing", path);
        else if (folders[i].private && (about.st_mode & 077))
            keel_doctor_say(d, secret ? KEEL_DOCTOR_FAIL : KEEL_DOCTOR_WARN, "folders",
                            "keel init --force, in the home, closes it; or chmod 700", "%s is open to other users",
                            path);
        else if (secret && find_open_file(path, file))
            keel_doctor_say(d, KEEL_DOCTOR_FAIL, "folders", "chmod 600 this file", "%s is open to other users", file);
    }
    if ((int)(d->count[KEEL_DOCTOR_WARN] + d->count[KEEL_DOCTOR_FAIL]) == before)
        keel_doctor_say(d, KEEL_DOCTOR_OK, "folders", NULL, "all there; journals, logs and secrets are yours alone");
}

/* The limits of the running system: warn at 10 % free, no entries at 5 %. */
static void check_disk(keel_doctor *d, const char *folder) {
    keel_diskspace_left disk;
    const keel_diskspace *space = keel_diskspace_real();
    if (space->look(space->ctx, folder, &disk) != 0) {
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "disk", "look with df", "%s: cannot tell how much is free", folder);
        return;
    }
    double free_pct = 100.0 * (double)disk.free_bytes / (double)disk.total_bytes;
    double free_gib = (double)disk.free_bytes / 1073741824.0;
    keel_doctor_status status = free_pct < 5.0 ? KEEL_DOCTOR_FAIL : free_pct < 10.0 ? KEEL_DOCTOR_WARN : KEEL_DOCTOR_OK;
    keel_doctor_say(d, status, "disk", "make room, or move the store to a larger disk", "%s: %.1f GiB free, %.0f %%",
                    folder, free_gib, free_pct);
}

/* Rows later than a day after now: the data or the clock is wrong. */
static void check_times(keel_doctor *d, const keel_series_info *list, int64_t count) {
    int64_t now_ms = (int64_t)time(NULL) * 1000, latest_ms = 0;
    char text[KEEL_TIME_TEXT_MAX];
    for (int64_t i = 0; i < count; i++)
        if (list[i].last_ts_ms > latest_ms) latest_ms = list[i].last_ts_ms;
    if (latest_ms > now_ms + 86400000)
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "store clock",
                        "check this machine's clock with date, and the unit of the times",
                        "the newest row is of %s, later than this machine's clock", keel_time_format(latest_ms, text));
}

static void check_series(keel_doctor *d, keel_store *store, const char *folder) {
    keel_series_info *list = NULL;
    int64_t count = 0, rows = 0, months = 0;
    int deep = keel_cli_flag(d->cli, "deep");
    keel_err err = {0};
    int rc = keel_store_series_list(store, &list, &count, &err);
    if (!rc) rc = keel_store_verify(store, deep, &months, &err);
    for (int64_t i = 0; i < count; i++)
        rows += list[i].rows;
    if (rc)
        keel_doctor_say_error(d, KEEL_DOCTOR_FAIL, "store", &err);
    else if (deep)
        keel_doctor_say(d, KEEL_DOCTOR_OK, "store", NULL,
                        "%s: %lld series, %lld rows, every one as it was written (%lld months)", folder,
                        (long long)count, (long long)rows, (long long)months);
    else
        keel_doctor_say(d, KEEL_DOCTOR_OK, "store", NULL, "%s: %lld series, %lld rows, the database is whole", folder,
                        (long long)count, (long long)rows);
    if (!rc) check_times(d, list, count);
    free(list);
}

static void check_store(keel_doctor *d, const char *folder) {
    keel_store *store = NULL;
    keel_err err = {0};
    int rc = keel_store_open(folder, KEEL_STORE_READ, &store, &err);
    if (rc == KEEL_E_NOT_FOUND) {
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "store",
                        "keel data import FILE..., or a made-up market: keel data synth --also 1h",
                        "%s: nothing in it yet", folder);
        return;
    }
    if (rc) {
        keel_doctor_say_error(d, KEEL_DOCTOR_FAIL, "store", &err);
        return;
    }
    check_series(d, store, folder);
    keel_store_close(store);
    check_writable(d, "store folder", folder);
}

static void check_in_home(keel_doctor *d, const keel_cli_home *home) {
    check_writable(d, "home", home->folder);
    check_schema(d, home);
    check_private(d, home);
}

/* What the last three-way reports said; nothing while nobody asked for one. */
static void check_parity(keel_doctor *d) {
    static const char *const remedy = "find the cause in the report, then keel validate parity again";
    char folder[KEEL_PARITY_PATH_MAX], text[800];
    keel_parity_status status;
    keel_err err = {0};
    if (keel_parity_folder(d->cli, NULL, folder) != 0) return; /* the home is told elsewhere */
    if (keel_parity_status_read(folder, &status, &err) != 0)
        keel_doctor_say_error(d, KEEL_DOCTOR_WARN, "parity", &err);
    else if (status.known && !status.validated) {
        keel_parity_status_say(&status, text, sizeof text);
        keel_doctor_say(d, KEEL_DOCTOR_WARN, "parity", remedy, "%s", text);
    } else if (status.known)
        keel_doctor_say(d, KEEL_DOCTOR_OK, "parity", NULL,
                        "validated: sweep, replay and paper run equal for %lld of %lld, last asked %.10s",
                        (long long)status.subjects, (long long)status.subjects, status.checked_at);
}

void keel_doctor_home(keel_doctor *d) {
    const keel_cli_home *home = NULL;
    char store[KEEL_HOME_PATH_MAX] = "";
    struct stat about;
    int rc = keel_cli_home_find(d->cli, &home);
    if (rc)
        keel_doctor_say_error(d, KEEL_DOCTOR_FAIL, "home", keel_cli_err(d->cli));
    else if (home)
        check_in_home(d, home);
    else
        keel_doctor_say(d, KEEL_DOCTOR_OK, "home", NULL, "none; not needed, 'keel init DIR' makes one");
    if (!rc) check_configuration(d, store);
    const char *given = keel_cli_option(d->cli, "store");
    if (!store[0] && given) (void)snprintf(store, sizeof store, "%s", given);
    if (store[0]) check_store(d, store);
    check_parity(d);
    check_disk(d, store[0] && stat(store, &about) == 0 ? store : home ? home->folder : ".");
}

/* app/cli/backtest_manifest.c: what the manifest of a run folder says of the run and of the machine. */
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "app/cli/backtest_folder.h"
#include "app/cli/backtest_internal.h"
#include "base/build.h"
#include "base/timerange.h"
#include "kernel/unit_text.h"
#include "ops/report/report.h"
#include "port/fs_real.h"

static void identity(const keel_backtest_result *r, const keel_manifest_head *h, keel_json *j) {
    char text[KEEL_TIME_TEXT_MAX], hash[17];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)r->run.state_hash);
    keel_json_kstring(j, "schema", KEEL_RUN_SCHEMA);
    keel_json_kint(j, "schema_version", KEEL_RUN_SCHEMA_VERSION);
    keel_json_kstring(j, "kind", h->kind ? h->kind : "backtest");
    keel_json_kstring(j, "state", h->running ? KEEL_RUN_RUNNING : KEEL_RUN_ENDED);
    keel_json_kstring(j, "run_id", r->run_id);
    if (!h->running) keel_json_kstring(j, "state_hash", hash);
    keel_json_kstring(j, "config_id", r->config_id);
    keel_json_kstring(j, "dataset_hash", r->dataset_hash);
    keel_json_kstring(j, "build", r->build);
    keel_json_kstring(j, "core", keel_unit_sha256);
    keel_json_kstring(j, "git_revision", keel_build_revision());
    keel_json_kstring(j, "version", keel_build_version());
    keel_json_kstring(j, "compiler", keel_build_compiler());
    keel_json_kstring(j, "build_flags", keel_build_flags());
    keel_json_kstring(j, "strategy", r->strategy);
    keel_json_kstring(j, "strategy_version", r->strategy_version);
    keel_backtest_declared_json(r, j);
    keel_json_kstring(j, "venue", h->venue);
    keel_json_key(j, "symbols");
    keel_json_array(j);
    for (int32_t i = 0; i < r->symbol_count; i++)
        keel_json_string(j, r->symbols[i].name);
    keel_json_close(j);
    keel_json_kstring(j, "timeframe", r->timeframe);
    keel_json_kstring(j, "detail", r->detail);
    keel_json_key(j, "effective_range");
    keel_json_object(j);
    keel_json_kstring(j, "start", keel_time_format(r->start_ms, text));
    keel_json_kstring(j, "end", keel_time_format(r->end_ms, text));
    keel_json_close(j);
    keel_json_key(j, "seed"); /* nothing in a run on bars is drawn */
    keel_json_null(j);
    keel_json_key(j, "realism");
    keel_json_object(j);
    for (int32_t i = 0; i < r->setting_count; i++) {
        keel_json_key(j, r->settings[i].key);
        keel_json_raw(j, r->settings[i].json);
    }
    keel_json_close(j);
}

static void host(keel_json *j) {
    struct utsname system;
    struct timespec now;
    char text[KEEL_TIME_TEXT_MAX];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    keel_json_kstring(j, "written_at",
                      keel_time_format((int64_t)now.tv_sec * 1000 + (int64_t)(now.tv_nsec / 1000000), text));
    keel_json_key(j, "host");
    keel_json_object(j);
    if (uname(&system) == 0) {
        keel_json_kstring(j, "system", system.sysname);
        keel_json_kstring(j, "release", system.release);
        keel_json_kstring(j, "machine", system.machine);
    }
    keel_json_close(j);
}

void keel_backtest_manifest_json(const keel_backtest_result *r, const keel_manifest_head *head, keel_json *j) {
    identity(r, head, j);
    host(j);
}

int keel_backtest_manifest_begin(const keel_backtest_result *r, const keel_manifest_head *head, const char *folder,
                                 keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    const keel_fs *fs = keel_fs_real();
    size_t size = 0;
    KEEL_TRY(keel_fs_path(folder, "manifest.json", path, reterr));
    if (fs->stat(fs->ctx, path, &st) == 0) return 0;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: manifest: close other programs");
    keel_json_object(j);
    keel_backtest_manifest_json(r, head, j);
    keel_json_close(j);
    const char *bytes = keel_json_text(j, &size);
    int rc = keel_fs_replace(fs, folder, "manifest.json", bytes, size, reterr);
    keel_json_free(j);
    return rc;
}

/* app/cli/audit_db.c: keel audit db: the audit database of a run. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/audit_build.h"
#include "app/cli/paper_journal.h"
#include "app/cli/paper_several.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"output", "FILE", "where it shall stand; default: audit.db in the run's folder", 0},
    {"cycles", "FILE", "also write one JSON record a line for each cycle: account, decisions, trades", 0},
    {0}};

const keel_cli_verb keel_verb_audit_db_info = {
    .noun = "audit",
    .verb = "db",
    .run = keel_verb_audit_db,
    .summary = "decisions, trades, account and interventions of a run as an SQLite file",
    .example = "keel audit db runs/paper",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options, OPTIONS},
    .notes =
        "Made again from the journal and the audit trail each time, and put in its place at once; mode 0600. With "
        "--json\n"
        "every table on stdout. Exit code 6, and nothing is replaced, when the journal or the trail is not what was\n"
        "written. Tables: docs/formats/audit_db.md.\n",
    .reports = 1};

static int say_json(keel_cli *cli, const char *path, const keel_audit_built *r) {
    char hash[17];
    keel_err *err = keel_cli_err(cli);
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: audit database: close other programs");
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, r->state_hash);
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.audit_db");
    keel_json_kint(j, "schema_version", KEEL_AUDITDB_VERSION);
    keel_json_kstring(j, "run_id", r->run_id);
    keel_json_kstring(j, "file", path);
    keel_json_kstring(j, "state_hash", hash);
    keel_json_kbool(j, "ended", r->ended);
    keel_json_key(j, "tables");
    keel_json_object(j);
    int rc = keel_auditdb_json(keel_fs_real(), path, j, err);
    if (rc == 0) {
        keel_json_close(j);
        keel_json_close(j);
        rc = keel_cli_print_json(cli, j);
    }
    keel_json_free(j);
    return rc;
}

static void say_text(const char *path, const keel_audit_built *r) {
    (void)printf("%s: run %s, state %016" PRIx64 "%s\n", path, r->run_id, r->state_hash,
                 r->ended ? "" : ", which has not ended");
    for (int t = 0; t < KEEL_AUDITDB_TABLES; t++)
        (void)printf("  %-20s %10" PRIu64 " rows\n", keel_auditdb_table_name((keel_auditdb_table)t), r->rows[t]);
}

/* ---- cycle by cycle --------------------------------------------------------------------------------------------- */

typedef struct pour {
    const keel_fs *fs;
    int file;
    int64_t size;
    const char *path;
    keel_err *err;
} pour;

static int write_line(void *data, const char *line, size_t size) {
    pour *p = data;
    int rc = keel_fs_write_at(p->fs, p->file, line, size, p->size);
    if (rc != 0) return keel_fs_fail(rc, "cannot write", p->path, p->err);
    p->size += (int64_t)size;
    return 0;
}

static int pour_cycles(const char *db, const char *path, const char *beside, keel_err *err) {
    char dir[KEEL_FS_PATH_MAX];
    const keel_fs *fs = keel_fs_real();
    const char *slash = strrchr(path, '/');
    pour p = {fs, fs->open(fs->ctx, beside, KEEL_FS_WRITE | KEEL_FS_CREATE | KEEL_FS_EXCLUSIVE), 0, beside, err};
    if (p.file < 0) return keel_fs_fail(p.file, "cannot make", beside, err);
    (void)snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1, slash ? path : ".");
    int rc = keel_auditdb_cycles(fs, db, write_line, &p, err);
    int failed = rc == 0 ? fs->sync(fs->ctx, p.file) : 0;
    fs->close(fs->ctx, p.file);
    if (rc == 0 && failed == 0) failed = fs->rename(fs->ctx, beside, path);
    if (rc == 0 && failed == 0) failed = fs->sync_dir(fs->ctx, dir);
    if (failed != 0) rc = keel_fs_fail(failed, "cannot write", path, err);
    if (rc != 0) (void)fs->unlink(fs->ctx, beside); /* whatever is left of it */
    return rc;
}

/* Written beside, under a name of this process, and renamed, like the database. */
static int write_cycles(keel_cli *cli, const char *db, const char *path) {
    const keel_fs *fs = keel_fs_real();
    char beside[KEEL_FS_PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.%" PRId64 ".new", path, fs->owner(fs->ctx)) >= (int)sizeof beside)
        return keel_cli_refuse_option(cli, "cycles", "is too long a path: choose another");
    int rc = fs->unlink(fs->ctx, beside); /* of a process that was stopped and had our number */
    if (rc != 0 && rc != -ENOENT) return keel_fs_fail(rc, "cannot remove", beside, keel_cli_err(cli));
    return pour_cycles(db, path, beside, keel_cli_err(cli));
}

/* The run or journal `run`, to output (NULL: into its folder). */
static int make_one(keel_cli *cli, const keel_journal_cli *given, const char *run, const char *output) {
    char dir[KEEL_FS_PATH_MAX], path[KEEL_FS_PATH_MAX];
    keel_err *err = keel_cli_err(cli);
    keel_journal_where where = given->where;
    const char *cycles = keel_cli_option(cli, "cycles");
    keel_audit_built built;
    where.dir = run;
    KEEL_TRY(keel_paper_journal_find(&where, dir, err));
    int alone = strcmp(dir, run) == 0; /* a journal without its run */
    if (alone && !output)
        return keel_err_set(err, KEEL_E_USAGE, "no place for the database: %s: is a journal; add --output FILE", run);
    if (!output) {
        KEEL_TRY(keel_fs_path(run, "audit.db", path, err));
        output = path;
    }
    KEEL_TRY(keel_audit_build(cli, &where, alone ? NULL : run, output, &built));
    if (cycles) KEEL_TRY(write_cycles(cli, output, cycles));
    if (keel_cli_json(cli)) return say_json(cli, output, &built);
    say_text(output, &built);
    return 0;
}

/* Of a run of several strategies each has a database of its own, in its own folder. */
static int make_each(keel_cli *cli, const keel_journal_cli *in, const keel_list *names) {
    char folder[KEEL_FS_PATH_MAX];
    if (keel_cli_option(cli, "output") || keel_cli_option(cli, "cycles") || keel_cli_json(cli))
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "several strategies: %s: --output, --cycles and --json are of one: name its "
                            "folder " KEEL_PAPER_SEVERAL_FOLDER "/NAME",
                            in->where.dir);
    for (size_t i = 0; i < names->count; i++) {
        (void)snprintf(folder, sizeof folder, "%.*s/%s/%s", KEEL_FS_PATH_MAX - 128, in->where.dir,
                       KEEL_PAPER_SEVERAL_FOLDER, names->items[i]);
        KEEL_TRY(make_one(cli, in, folder, NULL));
    }
    return 0;
}

static int work(keel_cli *cli, keel_journal_cli *in) {
    keel_list names;
    KEEL_TRY(keel_journal_cli_where(cli, in));
    int rc = keel_paper_several_names(in->where.dir, &names, keel_cli_err(cli));
    if (rc == 0)
        rc =
            names.count ? make_each(cli, in, &names) : make_one(cli, in, in->where.dir, keel_cli_option(cli, "output"));
    keel_list_done(&names);
    return rc;
}

int keel_verb_audit_db(keel_cli *cli) {
    keel_journal_cli in = {0};
    int rc = work(cli, &in);
    keel_wipe(in.key, sizeof in.key);
    return rc;
}

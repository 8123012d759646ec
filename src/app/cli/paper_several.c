/* app/cli/paper_several.c: see paper_several.h. */
#include "app/cli/paper_several.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/paper_books.h"
#include "app/cli/paper_group.h"
#include "app/cli/paper_start.h"
#include "base/file.h"
#include "base/json_read.h"
#include "port/fs_real.h"

enum { PATH_SIZE = KEEL_FS_PATH_MAX, STATUS_MAX = 1 << 20 };

static void folder_of(const keel_paper_several *s, int32_t i, char ret[PATH_SIZE]) {
    (void)snprintf(ret, PATH_SIZE, "%.*s/%s/%s", PATH_SIZE - 128, s->folder, KEEL_PAPER_SEVERAL_FOLDER,
                   keel_run_config_label(s->run, i));
}

/* ---- what became of them ---------------------------------------------------------------------------------------- */

static const char *status_of(const keel_paper_member *m) {
    if (m->signal) return "crashed";
    if (m->code == KEEL_E_INTERRUPTED) return "interrupted";
    return m->code ? "failed" : "ended";
}

static int write_status(const keel_paper_several *s, const keel_paper_member *member, int32_t count, int running,
                        keel_err *err) {
    char path[PATH_SIZE + 32], folder[64];
    size_t size = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.paper_strategies");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", s->run_id);
    keel_json_key(j, "strategies");
    keel_json_array(j);
    for (int32_t i = 0; i < count; i++) {
        const keel_paper_member *m = &member[i];
        (void)snprintf(folder, sizeof folder, "%s/%s", KEEL_PAPER_SEVERAL_FOLDER, m->name);
        keel_json_object(j);
        keel_json_kstring(j, "name", m->name);
        keel_json_kstring(j, "folder", folder);
        keel_json_kstring(j, "status", running && !m->is_over ? "running" : status_of(m));
        int says_why = m->code && (m->code != KEEL_E_INTERRUPTED || !m->has_begun);
        keel_json_kstring(j, "error", says_why ? m->text : NULL);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    const char *bytes = keel_json_text(j, &size);
    (void)snprintf(path, sizeof path, "%s/strategies.json", s->folder);
    int rc = keel_file_write(path, bytes, size, err);
    keel_json_free(j);
    return rc;
}

static int judge(const keel_paper_member *member, int32_t count, const keel_paper_asked *kill, keel_err *err) {
    const keel_paper_member *worst = NULL;
    int32_t ended = 0, interrupted = 0;
    for (int32_t i = 0; i < count; i++) {
        ended += member[i].code == 0;
        interrupted += member[i].code == KEEL_E_INTERRUPTED;
        if (!worst && member[i].code && member[i].code != KEEL_E_INTERRUPTED) worst = &member[i];
    }
    if (worst)
        return keel_err_set(err, worst->code,
                            "strategy %s: %s (the others ran on: %d of %d ended; mended, the same command goes on)",
                            worst->name, worst->text, (int)ended, (int)count);
    if (interrupted == 0) return 0;
    if (kill->is_given)
        return keel_err_set(err, KEEL_E_INTERRUPTED,
                            "killed by %.90s: %.200s: every journal is whole: the same command goes on (%d of %d "
                            "strategies had ended)",
                            kill->actor, kill->reason, (int)ended, (int)count);
    return keel_err_set(err, KEEL_E_INTERRUPTED,
                        "interrupted: every journal is whole: the same command goes on (%d of %d strategies had ended)",
                        (int)ended, (int)count);
}

typedef struct work {
    const keel_paper_several *s;
    const keel_paper_member *member;
    int lock;
    keel_paper_group_control control;
} work;

static int work_on(void *data, int32_t i) {
    work *w = data;
    const keel_paper_several *s = w->s;
    char folder[PATH_SIZE];
    keel_fs_real()->close(keel_fs_real()->ctx, w->lock); /* the run's, not a strategy's, which has its journal's own */
    keel_paper_group_control_forget(&w->control);
    folder_of(s, i, folder);
    return s->work(s->data, i, folder, &w->control.asked);
}

/* The file stays open. */
static int lock(const keel_paper_several *s, int *ret_file, keel_err *err) {
    char path[PATH_SIZE], text[32] = "";
    const keel_fs *fs = keel_fs_real();
    (void)snprintf(path, sizeof path, "%.*s/" KEEL_PAPER_SEVERAL_FOLDER, PATH_SIZE - 128, s->folder);
    int rc = fs->mkdir(fs->ctx, path);
    if (rc != 0 && rc != -EEXIST) return keel_fs_fail(rc, "cannot make folder", path, err);
    (void)snprintf(path, sizeof path, "%.*s/" KEEL_PAPER_SEVERAL_LOCK, PATH_SIZE - 128, s->folder);
    int file = fs->open(fs->ctx, path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (file < 0) return keel_fs_fail(file, "cannot open", path, err);
    rc = fs->lock(fs->ctx, file);
    if (rc == -EWOULDBLOCK) {
        int64_t n = keel_fs_read_at(fs, file, text, sizeof text - 1, 0);
        text[n > 0 ? strcspn(text, "\n") : 0] = 0;
        fs->close(fs->ctx, file);
        return keel_err_set(err, KEEL_E_GATE, "another writer (process %s) holds the run: %s: end it first",
                            text[0] ? text : "unknown", s->folder);
    }
    int size = snprintf(text, sizeof text, "%" PRId64 "\n", fs->owner(fs->ctx));
    if (rc == 0) rc = fs->truncate(fs->ctx, file, 0);
    if (rc == 0) rc = keel_fs_write_at(fs, file, text, (size_t)size, 0);
    if (rc == 0) {
        *ret_file = file;
        return 0;
    }
    fs->close(fs->ctx, file);
    return keel_fs_fail(rc, "cannot lock", path, err);
}

/* At once: the others may run on for weeks. What cannot be written now is written, or said, once all are over. */
static void tell_over(void *data, int32_t i) {
    const work *w = data;
    char folder[PATH_SIZE];
    keel_err ignored = {0};
    (void)write_status(w->s, w->member, keel_run_config_count(w->s->run), 1, &ignored);
    if (!w->member[i].signal) return;
    folder_of(w->s, i, folder);
    w->s->crashed(w->s->data, folder, w->member[i].text);
}

static int look(void *data) { return keel_paper_group_control_look(&((work *)data)->control); }

static int record(void *data, keel_err *err) {
    const work *w = data;
    return write_status(w->s, w->member, keel_run_config_count(w->s->run), 1, err);
}

/* A run that nobody can reach goes on, as one of a single strategy does. */
static void open_control(work *w, const keel_paper_group *group) {
    keel_err why = {0};
    keel_paper_group_control_run run = {.folder = w->s->folder,
                                        .run_id = w->s->run_id,
                                        .clock = keel_clock_real(),
                                        .local = keel_local_real(),
                                        .fs = keel_fs_real(),
                                        .member = group->member,
                                        .count = group->count,
                                        .record = record,
                                        .data = w};
    if (keel_paper_group_control_open(&w->control, &run, &why) != 0)
        keel_cli_warn(w->s->cli, "keel pause, flat and kill cannot reach strategies that have not begun: %s", why.text);
}

static int run_locked(work *w, const keel_paper_group *group, keel_err *err) {
    const keel_paper_several *s = w->s;
    keel_err second = {0};
    KEEL_TRY(s->begun(s->data, err));
    KEEL_TRY(write_status(s, group->member, group->count, 1, err));
    open_control(w, group);
    int rc = keel_paper_group_run(group, err);
    keel_paper_group_control_leave(&w->control);
    int written = write_status(s, group->member, group->count, 0, rc == 0 ? err : &second);
    if (rc == 0) rc = written;
    return rc == 0 ? judge(group->member, group->count, &w->control.kill, err) : rc;
}

int keel_paper_several_run(const keel_paper_several *s, keel_err *err) {
    int32_t count = keel_run_config_count(s->run);
    keel_paper_member *member = calloc((size_t)count, sizeof *member);
    work w = {.s = s, .member = member, .lock = -1};
    if (!member) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    for (int32_t i = 0; i < count; i++)
        member[i].name = keel_run_config_label(s->run, i);
    keel_paper_group group = {.cli = s->cli,
                              .member = member,
                              .count = count,
                              .at_once = s->together ? count : 0,
                              .work = work_on,
                              .over = tell_over,
                              .look = look,
                              .data = &w};
    int rc = lock(s, &w.lock, err);
    if (rc == 0) rc = run_locked(&w, &group, err);
    if (rc != 0 && w.lock >= 0) keel_fs_real()->close(keel_fs_real()->ctx, w.lock);
    keel_paper_group_control_close(&w.control); /* whoever killed the run may go on with it */
    free(member);
    return rc;
}

/* A name that is no path. */
static int is_name(const char *text) {
    return text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(text);
}

static int read_names(const keel_tree *tree, const char *path, keel_list *ret, keel_err *err) {
    const keel_tree *list = keel_tree_find(tree, "strategies");
    const char *name = NULL;
    size_t count = list && list->kind == KEEL_TREE_LIST ? list->count : 0;
    ret->items = calloc(count + 1, sizeof *ret->items);
    if (!ret->items) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    for (size_t i = 0; i < count; i++) {
        if (keel_json_read_string(keel_tree_find(list->items[i], "name"), &name) != 0 || !is_name(name)) break;
        ret->items[ret->count] = strdup(name);
        if (!ret->items[ret->count]) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: strategies");
        ret->count++;
    }
    if (count > 0 && ret->count == count) return 0;
    return keel_err_set(err, KEEL_E_PARITY, "no list of strategies: %s: name a folder strategies/NAME of the run",
                        path);
}

/* NULL and 0: there is none. */
static int read_status(const char *folder, char path[PATH_SIZE + 32], keel_tree **ret, keel_err *err) {
    char *text = NULL;
    size_t size = 0;
    keel_fs_stat st;
    const keel_fs *fs = keel_fs_real();
    *ret = NULL;
    (void)snprintf(path, PATH_SIZE + 32, "%.*s/strategies.json", PATH_SIZE - 1, folder);
    if (fs->stat(fs->ctx, path, &st) != 0) return 0;
    int rc = keel_file_read(path, STATUS_MAX, &text, &size, err);
    if (rc == 0) rc = keel_json_parse(text, size, path, ret, err);
    free(text);
    return rc;
}

int keel_paper_several_names(const char *folder, keel_list *ret, keel_err *err) {
    char path[PATH_SIZE + 32];
    keel_tree *tree = NULL;
    memset(ret, 0, sizeof *ret);
    int rc = read_status(folder, path, &tree, err);
    if (rc == 0 && tree) rc = read_names(tree, path, ret, err);
    keel_tree_free(tree);
    return rc;
}

int keel_paper_several_has_ended(const char *folder, const char *name) {
    char path[PATH_SIZE + 32];
    keel_tree *tree = NULL;
    keel_err none = {0};
    int has_ended = 0;
    const keel_tree *list = read_status(folder, path, &tree, &none) == 0 ? keel_tree_find(tree, "strategies") : NULL;
    for (size_t i = 0; list && list->kind == KEEL_TREE_LIST && i < list->count; i++) {
        const char *is = "", *status = "";
        if (keel_json_read_string(keel_tree_find(list->items[i], "name"), &is) != 0 || strcmp(is, name) != 0) continue;
        if (keel_json_read_string(keel_tree_find(list->items[i], "status"), &status) != 0) continue;
        has_ended = strcmp(status, "ended") == 0;
    }
    keel_tree_free(tree);
    return has_ended;
}

int keel_paper_several_refuse(const char *folder, keel_err *err) {
    char path[PATH_SIZE + 32];
    keel_fs_stat st;
    const keel_fs *fs = keel_fs_real();
    (void)snprintf(path, sizeof path, "%.*s/strategies.json", PATH_SIZE - 1, folder);
    if (fs->stat(fs->ctx, path, &st) != 0) return 0;
    return keel_err_set(err, KEEL_E_USAGE,
                        "a run of several strategies: %s: name the folder of one: %s/" KEEL_PAPER_SEVERAL_FOLDER
                        "/NAME",
                        folder, folder);
}

/* ---- what they came to ------------------------------------------------------------------------------------------ */

typedef struct again {
    keel_paper_plan plan;
    keel_paper_books books;
    keel_journal_report report;
    keel_engine *engine;
    char journal[PATH_SIZE + 16];
} again;

static int replay(again *x, const keel_paper_several *s, const keel_params *p, const keel_exec_options *o,
                  keel_exec_result *ret, keel_err *err) {
    keel_journal_where where = {keel_fs_real(), x->journal, NULL, s->key, NULL};
    KEEL_TRY(keel_journal_inspect(&where, 0, NULL, NULL, &x->report, err));
    KEEL_TRY(keel_paper_start_behaviour(&where, &x->plan, o->interrupted, err));
    keel_engine_replay r = {.plan = &x->plan.plan,
                            .watch = keel_paper_books_watch(&x->books),
                            .where = &where,
                            .venue_rebuilt = 1,
                            .until_ms = INT64_MAX,
                            .last_seq = x->report.last_seq,
                            .interrupted = o->interrupted};
    KEEL_TRY(keel_engine_replay_run(&r, &x->engine, err));
    if (!keel_engine_ended(x->engine))
        return keel_err_set(err, KEEL_E_PARITY, "the record has no end: %s: keel journal verify judges it", x->journal);
    return keel_paper_books_result(&x->books, keel_engine_state(x->engine), p, ret, err);
}

int keel_paper_several_result(const keel_paper_several *s, const keel_params *p, const keel_tape *tape,
                              const keel_instrument *rules, const keel_exec_options *o, keel_exec_result *ret,
                              keel_err *err) {
    char folder[PATH_SIZE];
    int32_t i = 0;
    again *x = calloc(1, sizeof *x);
    if (!x) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: strategies: close other programs");
    while (i < s->accounts->count && s->accounts->items[i].tape != tape)
        i++;
    KEEL_ASSERT(i < s->accounts->count);
    folder_of(s, i, folder);
    (void)snprintf(x->journal, sizeof x->journal, "%s/journal", folder);
    keel_paper_plan_fill(o->kernel, p, o->by_regime, tape, rules, o->capital_e8, &x->plan);
    keel_paper_books_init(&x->books, o->capital_e8, tape->symbol_count);
    x->books.progress = o->progress;
    x->books.progress_data = o->progress_data;
    x->books.start_ms = tape->start_ms;
    x->books.interval_ms = tape->interval_ms;
    int rc = replay(x, s, p, o, ret, err);
    keel_engine_abandon(x->engine);
    keel_paper_books_done(&x->books);
    free(x);
    return rc;
}

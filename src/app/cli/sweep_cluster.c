/* app/cli/sweep_cluster.c: see sweep_cluster.h. */
#include "app/cli/sweep_cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "research/cluster/script.h"
#include "research/cluster/slurm.h"
#include "research/sweep/runner.h"

enum {
    SHARDS_DEFAULT = 16,
    SHARDS_PER_NODE = 4,
    TRIES_MAX = 3,     /* times that one shard is handed in */
    LOOK_MS = 200,     /* between looks at the folder */
    ASK_MS_MIN = 1000, /* between questions to Slurm: at first, and at most */
    ASK_MS_MAX = 10000,
    PATIENCE_MS = 600000, /* for a controller that does not answer */
    WORDS_MAX = 512,
    NAME_DIGITS = 8,
    LOG_END = 4096
};

/* Options of the command line that tasks do not get: they are of the whole, or are said anew. */
static const char *const OF_THE_WHOLE[] = {
    "cluster", "nodes",   "shards", "sbatch",      "on-interrupt", "shard",    "sweep-id",    "threads",
    "resume",  "restart", "ledger", "trial-limit", "json",         "progress", "no-progress", "quiet"};

typedef struct watch {
    const keel_sweep_cluster *c;
    keel_err *err;
    keel_shards shards;
    char folder[KEEL_SHARD_PATH_MAX], script[KEEL_SHARD_PATH_MAX], logs[KEEL_SHARD_PATH_MAX];
    char name[KEEL_SLURM_NAME_MAX];
    unsigned char *complete, *active, *tries; /* [shards.count] */
    int64_t *job;                             /* [shards.count] that ran it last, 0: not known */
    int64_t done;                             /* complete shards */
    int lock, warned;
    int64_t silent_ms; /* since when Slurm does not answer, 0: it does */
    keel_progress progress;
} watch;

static int64_t now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void rest(int64_t ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL); /* a signal ends it early */
}

static int too_long(keel_err *err) {
    return keel_err_set(err, KEEL_E_RANGE, "path too long: --sweeps: choose a shorter one");
}

static int put_path(const watch *w, const char *name, char *ret) {
    int n = snprintf(ret, KEEL_SHARD_PATH_MAX, "%s/%s", w->c->sweep, name);
    return n < KEEL_SHARD_PATH_MAX ? 0 : too_long(w->err);
}

/* ---- the folder -------------------------------------------------------------------------------------------- */

/* The absolute path of the sweep's folder, without links; ret holds KEEL_SHARD_PATH_MAX. */
static int real_path(const watch *w, char *ret) {
    char link[64];
    int fd = open(w->c->sweep, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t n = -1;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fd >= 0) n = readlink(link, ret, KEEL_SHARD_PATH_MAX);
    int why = errno;
    if (fd >= 0) (void)close(fd);
    if (n >= KEEL_SHARD_PATH_MAX) return too_long(w->err);
    if (n <= 0) return keel_err_set(w->err, KEEL_E_IO, "cannot find the folder: %s: %s", w->c->sweep, strerror(why));
    ret[n] = 0;
    return 0;
}

/* The job's name: of this sweep in this folder, whoever else runs the same sweep elsewhere. */
static int name_job(watch *w) {
    char digest[KEEL_SHA256_TEXT_MAX], real[KEEL_SHARD_PATH_MAX];
    KEEL_TRY(real_path(w, real));
    keel_sha256_text(real, strlen(real), digest);
    (void)snprintf(w->name, sizeof w->name, "keel-%.20s-%.*s", w->c->sweep_id, NAME_DIGITS, digest);
    int n = snprintf(w->logs, sizeof w->logs, "%s/log", real);
    return n < (int)sizeof w->logs ? 0 : too_long(w->err);
}

/* One keel at a time watches a sweep. File systems without locks do without this. */
static int take_lock(watch *w) {
    char path[KEEL_SHARD_PATH_MAX];
    struct flock f;
    KEEL_TRY(put_path(w, "watch.lock", path));
    memset(&f, 0, sizeof f);
    f.l_type = F_WRLCK;
    f.l_whence = SEEK_SET;
    w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (w->lock < 0)
        return keel_err_set(w->err, KEEL_E_IO, "cannot write: %s: %s; choose another place with --sweeps", path,
                            strerror(errno));
    if (fcntl(w->lock, F_SETLK, &f) == 0 || (errno != EACCES && errno != EAGAIN)) return 0;
    return keel_err_set(w->err, KEEL_E_USAGE, "another keel watches this sweep: %s: wait for it, or end it first",
                        path);
}

/* How many pieces: as the folder was begun, else as asked. 0: none, nor asked for. */
static int plan(watch *w) {
    const keel_sweep_spread *s = w->c->spread;
    int64_t planned = 0, rows = 0;
    w->shards = (keel_shards){w->folder, w->c->sweep_id, w->c->header, w->c->trials, 0};
    KEEL_TRY(keel_shards_planned(w->folder, &planned, w->err));
    if (planned > 0 && !w->c->resume && !w->c->restart)
        return keel_err_set(w->err, KEEL_E_USAGE,
                            "this sweep was begun in %" PRId64
                            " shards: %s: pass --resume to go on, or --restart to begin anew",
                            planned, w->folder);
    if (planned > 0 && w->c->resume) {
        w->shards.count = planned;
        if (!s->slurm || s->shards == 0 || s->shards == planned) return 0;
        return keel_err_set(
            w->err, KEEL_E_USAGE,
            "the sweep is cut into %" PRId64 " shards: --shards: leave it out, or begin anew with --restart", planned);
    }
    if (!s->slurm && planned > 0) keel_shards_remove(w->folder); /* --restart, on one machine */
    if (!s->slurm) return 0;
    if (w->c->resume) KEEL_TRY(keel_sweep_count_rows(w->c->trials_file, w->c->header, &rows, w->err));
    if (rows > 0 && rows < w->c->trials)
        return keel_err_set(w->err, KEEL_E_USAGE,
                            "one machine has run %" PRId64 " of %" PRId64
                            " trials: %s: go on there without --cluster, or begin anew with --restart",
                            rows, w->c->trials, w->c->trials_file);
    w->shards.count = s->shards > 0 ? s->shards : s->nodes > 0 ? s->nodes * SHARDS_PER_NODE : SHARDS_DEFAULT;
    if (w->shards.count > KEEL_SHARDS_MAX) w->shards.count = KEEL_SHARDS_MAX;
    if (w->shards.count > w->c->trials) w->shards.count = w->c->trials;
    return 0;
}

/* Was the option given for the whole? */
static int is_of_the_whole(const char *name) {
    for (size_t i = 0; i < sizeof OF_THE_WHOLE / sizeof *OF_THE_WHOLE; i++)
        if (strcmp(OF_THE_WHOLE[i], name) == 0) return 1;
    return 0;
}

/* The tasks' command: this program and the options of this command line, word by word. */
static int put_words(const watch *w, const char *program, const char *threads, keel_list *words) {
    const char *name = NULL, *value = NULL;
    static char sweep[] = "sweep", run[] = "run", id[] = "--sweep-id", count[] = "--threads";
    char *fixed[] = {(char *)(uintptr_t)program, sweep, run, id, (char *)(uintptr_t)w->c->sweep_id, count,
                     (char *)(uintptr_t)threads};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        words->items[words->count++] = fixed[i];
    for (size_t i = 0; keel_cli_given_at(w->c->cli, i, &name, &value); i++) {
        keel_strbuf word;
        if (is_of_the_whole(name)) continue;
        if (words->count == WORDS_MAX)
            return keel_err_set(w->err, KEEL_E_USAGE, "too many options: %s: write a space file",
                                keel_cli_name(w->c->cli));
        keel_strbuf_init(&word, 0);
        keel_strbuf_addf(&word, "--%s%s%s", name, value ? "=" : "", value ? value : "");
        words->items[words->count] = keel_strbuf_take(&word);
        if (!words->items[words->count]) return keel_err_set(w->err, KEEL_E_NOMEM, "out of memory: job script: again");
        words->count++;
    }
    return 0;
}

static int write_script(watch *w) {
    char program[KEEL_SHARD_PATH_MAX], here[KEEL_SHARD_PATH_MAX], threads[24];
    char *items[WORDS_MAX];
    keel_list words = {items, 0};
    keel_strbuf text;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0 || !getcwd(here, sizeof here))
        return keel_err_set(w->err, KEEL_E_IO, "cannot tell where this program or this folder is: /proc: %s",
                            strerror(errno));
    program[n] = 0;
    (void)snprintf(threads, sizeof threads, "%" PRId64, w->c->threads);
    int rc = put_words(w, program, threads, &words);
    keel_strbuf_init(&text, 0);
    keel_cluster_script script = {
        w->name,         here,         w->logs, getenv("KEEL_HOME"), (const char *const *)words.items, words.count,
        w->shards.count, w->c->threads};
    if (rc == 0) keel_cluster_script_write(&script, &text);
    if (text.failed) rc = keel_err_set(w->err, KEEL_E_NOMEM, "out of memory: job script: close other programs");
    if (rc == 0) rc = keel_file_write(w->script, keel_strbuf_text(&text), text.size, w->err);
    if (rc == 0 && mkdir(w->logs, 0777) != 0 && errno != EEXIST)
        rc = keel_err_set(w->err, KEEL_E_IO, "cannot make the folder: %s: %s", w->logs, strerror(errno));
    for (size_t i = 7; i < words.count; i++) /* behind the fixed ones */
        free(words.items[i]);
    keel_strbuf_done(&text);
    return rc;
}

/* ---- Slurm ------------------------------------------------------------------------------------------------- */

/* Which shards wait or run. A controller that does not answer is waited for; 1 when it did. */
static int ask(watch *w, int *ret_answered) {
    keel_slurm_task *tasks = NULL;
    keel_err err = {0};
    size_t count = 0;
    int rc = keel_slurm_queue(w->name, &tasks, &count, &err);
    *ret_answered = rc == 0;
    if (rc == KEEL_E_TIMEOUT && (w->silent_ms == 0 || now_ms() - w->silent_ms < PATIENCE_MS)) {
        if (w->silent_ms == 0) w->silent_ms = now_ms();
        if (!w->warned) keel_cli_warn(w->c->cli, "%s (waiting for it)", err.text);
        w->warned = 1;
        return 0;
    }
    if (rc != 0) return keel_err_set(w->err, rc, "%s", err.text);
    w->silent_ms = 0;
    memset(w->active, 0, (size_t)w->shards.count);
    for (size_t i = 0; i < count; i++) {
        if (tasks[i].index >= w->shards.count) continue; /* of an array handed in by hand */
        w->active[tasks[i].index] = 1;
        w->job[tasks[i].index] = tasks[i].job;
    }
    free(tasks);
    return 0;
}

static int cancel_all(const watch *w, keel_err *err) {
    keel_slurm_task *tasks = NULL;
    size_t count = 0;
    KEEL_TRY(keel_slurm_queue(w->name, &tasks, &count, err));
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (i == 0 || tasks[i].job != tasks[i - 1].job) rc = keel_slurm_cancel(tasks[i].job, err);
    free(tasks);
    return rc;
}

/* "0-3,7%4": the shards of a mark. */
static void list_tasks(const watch *w, const unsigned char *mark, keel_strbuf *out) {
    for (int64_t i = 0; i < w->shards.count; i++) {
        if (!mark[i]) continue;
        int64_t last = i;
        while (last + 1 < w->shards.count && mark[last + 1])
            last++;
        keel_strbuf_addf(out, "%s%" PRId64, out->size > 0 ? "," : "", i);
        if (last > i) keel_strbuf_addf(out, "-%" PRId64, last);
        i = last;
    }
    if (w->c->spread->nodes > 0) keel_strbuf_addf(out, "%%%" PRId64, w->c->spread->nodes);
}

static int submit(watch *w, const unsigned char *mark) {
    const char *options[64];
    size_t count = keel_cli_option_count(w->c->cli, "sbatch");
    keel_strbuf tasks;
    int64_t job = 0;
    if (count > sizeof options / sizeof *options)
        return keel_err_set(w->err, KEEL_E_USAGE, "too many options for sbatch: --sbatch: at most 64");
    for (size_t i = 0; i < count; i++)
        options[i] = keel_cli_option_at(w->c->cli, "sbatch", i);
    keel_strbuf_init(&tasks, 0);
    list_tasks(w, mark, &tasks);
    int rc = keel_slurm_submit(w->name, keel_strbuf_text(&tasks), options, count, w->script, &job, w->err);
    if (rc == 0) {
        (void)fprintf(stderr, "keel: job %" PRId64 " handed in to Slurm: shards %s of %" PRId64 " (%s)\n", job,
                      keel_strbuf_text(&tasks), w->shards.count, w->name);
        for (int64_t i = 0; i < w->shards.count; i++) {
            if (!mark[i]) continue;
            w->active[i] = 1;
            w->tries[i]++;
            w->job[i] = job;
        }
    }
    keel_strbuf_done(&tasks);
    return rc;
}

/* ---- what a shard came to ---------------------------------------------------------------------------------- */

/* The last line of a shard's log, for the error line. */
static void last_said(const watch *w, int64_t number, char *ret, size_t size) {
    char path[KEEL_SHARD_PATH_MAX + 32], end[LOG_END + 1];
    ret[0] = 0;
    (void)snprintf(path, sizeof path, "%s/%" PRId64 ".log", w->logs, number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    off_t from = lseek(fd, 0, SEEK_END);
    ssize_t n = pread(fd, end, LOG_END, from > LOG_END ? from - LOG_END : 0);
    (void)close(fd);
    while (n > 0 && (end[n - 1] == '\n' || end[n - 1] == '\r'))
        n--;
    if (n <= 0) return;
    end[n] = 0;
    const char *line = strrchr(end, '\n');
    (void)snprintf(ret, size, "%.*s", (int)size - 1, line ? line + 1 : end);
}

static int given_up(const watch *w, int64_t number) {
    char said[300], remembered[200] = "";
    last_said(w, number, said, sizeof said);
    if (w->job[number] > 0) keel_slurm_remember(w->job[number], number, remembered, sizeof remembered);
    return keel_err_set(w->err, KEEL_E_ERROR,
                        "%" PRId64 " of %" PRId64 " shards are complete, and shard %" PRId64
                        " ended %d times without being: %s/%" PRId64 ".log: '%s'%s%s; mend it, then --resume",
                        w->done, w->shards.count, number, TRIES_MAX, w->logs, number, said[0] ? said : "it is empty",
                        remembered[0] ? "; Slurm says " : "", remembered);
}

/* Look at the shards that are not known to be complete. */
static int look(watch *w) {
    for (int64_t i = 0; i < w->shards.count; i++) {
        keel_shard shard = keel_shard_at(&w->shards, i);
        int64_t rows = 0;
        if (w->complete[i]) continue;
        KEEL_TRY(keel_shard_rows(&w->shards, i, &rows, w->err));
        w->complete[i] = rows == shard.end - shard.first;
        w->done += w->complete[i];
    }
    keel_progress_update(&w->progress, (uint64_t)(w->done * w->c->trials / w->shards.count));
    return 0;
}

static int stop(const watch *w) {
    keel_err err = {0};
    int rc = w->c->spread->cancel ? cancel_all(w, &err) : 0;
    return keel_err_set(w->err, KEEL_E_INTERRUPTED,
                        "interrupted: %" PRId64 " of %" PRId64
                        " shards are complete and the job array %s: %s: the same "
                        "command with --resume goes on",
                        w->done, w->shards.count,
                        !w->c->spread->cancel ? "goes on running"
                        : rc == 0             ? "is cancelled"
                                              : "could not be cancelled",
                        w->name);
}

/* Until something changed, it is time to ask Slurm again, or somebody wants to stop. */
static int wait_for_change(watch *w, int64_t ms) {
    int64_t until = now_ms() + ms, before = w->done;
    while (now_ms() < until && w->done == before) {
        if (keel_cli_interrupted()) return stop(w);
        rest(LOOK_MS);
        KEEL_TRY(look(w));
    }
    return keel_cli_interrupted() ? stop(w) : 0;
}

/* Hand in what is neither complete nor on its way. */
static int hand_in(watch *w, unsigned char *mark) {
    int any = 0;
    for (int64_t i = 0; i < w->shards.count; i++) {
        mark[i] = !w->complete[i] && !w->active[i];
        any |= mark[i];
        if (!mark[i]) continue;
        if (w->tries[i] >= TRIES_MAX) return given_up(w, i);
    }
    return any ? submit(w, mark) : 0;
}

static int watch_array(watch *w) {
    unsigned char *mark = calloc((size_t)w->shards.count, 1);
    int64_t pause = ASK_MS_MIN;
    int rc = mark ? 0 : keel_err_set(w->err, KEEL_E_NOMEM, "out of memory: shards: close other programs");
    while (rc == 0 && w->done < w->shards.count) {
        int answered = 0;
        /* first the queue, then the folder: a task leaves the queue after its shard is there */
        rc = ask(w, &answered);
        if (rc == 0) rc = look(w);
        if (rc == 0 && answered && w->done < w->shards.count) rc = hand_in(w, mark);
        if (rc == 0 && w->done < w->shards.count) rc = wait_for_change(w, pause);
        pause = pause * 3 / 2 < ASK_MS_MAX ? pause * 3 / 2 : ASK_MS_MAX;
    }
    free(mark);
    return rc;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static int begin(watch *w) {
    size_t n = 0;
    KEEL_TRY(put_path(w, "shards", w->folder));
    KEEL_TRY(put_path(w, "job.sh", w->script));
    KEEL_TRY(plan(w));
    if (w->shards.count == 0) return 0;
    KEEL_TRY(name_job(w));
    KEEL_TRY(take_lock(w));
    if (w->c->restart) {
        if (w->c->spread->slurm) KEEL_TRY(cancel_all(w, w->err));
        keel_shards_remove(w->folder);
    }
    n = (size_t)w->shards.count;
    w->complete = calloc(n, 1);
    w->active = calloc(n, 1);
    w->tries = calloc(n, 1);
    w->job = calloc(n, sizeof *w->job);
    if (!w->complete || !w->active || !w->tries || !w->job)
        return keel_err_set(w->err, KEEL_E_NOMEM, "out of memory: shards: close other programs");
    return keel_shards_open(&w->shards, w->err);
}

static int all_of_it(watch *w, const char *path) {
    KEEL_TRY(begin(w));
    if (w->shards.count == 0) return 0;
    KEEL_TRY(look(w));
    if (w->done < w->shards.count && !w->c->spread->slurm)
        return keel_err_set(w->err, KEEL_E_USAGE,
                            "%" PRId64 " of %" PRId64
                            " shards are complete: %s: add --cluster slurm, or run the others "
                            "with --shard K/%" PRId64,
                            w->done, w->shards.count, w->folder, w->shards.count);
    if (w->done < w->shards.count) KEEL_TRY(write_script(w));
    for (;;) {
        keel_progress_begin(w->c->cli, &w->progress, "sweep", (uint64_t)w->c->trials, "trials");
        int rc = watch_array(w);
        keel_progress_end(&w->progress, (uint64_t)(w->done * w->c->trials / w->shards.count));
        KEEL_TRY(rc);
        rc = keel_shards_join(&w->shards, path, w->err);
        if (rc != KEEL_E_PARITY || !w->c->spread->slurm) return rc != 0 ? rc : 1;
        /* a shard that was complete is no longer */
        memset(w->complete, 0, (size_t)w->shards.count);
        w->done = 0;
        KEEL_TRY(write_script(w));
        KEEL_TRY(look(w));
    }
}

int keel_sweep_cluster_run(const keel_sweep_cluster *c, const char *path, keel_err *err) {
    watch *w = calloc(1, sizeof *w);
    if (!w) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: shards: close other programs");
    w->c = c;
    w->err = err;
    w->lock = -1;
    int rc = all_of_it(w, path);
    if (w->lock >= 0) (void)close(w->lock);
    free(w->complete);
    free(w->active);
    free(w->tries);
    free(w->job);
    free(w);
    return rc;
}

void keel_sweep_cluster_clear(const keel_sweep_cluster *c) {
    watch w = {.c = c, .lock = -1};
    keel_err ignored = {0};
    char path[KEEL_SHARD_PATH_MAX];
    w.err = &ignored;
    if (put_path(&w, "shards", w.folder) != 0 || put_path(&w, "watch.lock", path) != 0) return;
    /* a shard that runs a second time has nothing left to do */
    if (c->spread->slurm && name_job(&w) == 0) (void)!cancel_all(&w, &ignored);
    keel_shards_remove(w.folder);
    (void)unlink(path);
}

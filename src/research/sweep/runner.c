/* research/sweep/runner.c: see runner.h. */
#include "research/sweep/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "research/sweep/rows_file.h"

enum { WINDOW_MIN = 256, WAIT_MS = 100, GROUP_FIRST = 16, GROUP_GROWTH = 8 };
static const double FLUSH_S = 1.0, GROUP_S = 1.0;
static const int64_t GROUP_BYTES = (int64_t)16 << 20;

/* One place of the window: a trial from being handed out to being written and told. */
typedef struct place {
    keel_space_value *point; /* [dims], in the runner's block */
    keel_prune_bar bar;
    keel_trial trial;
    int done;
} place;

typedef struct runner {
    const keel_sweep_plan *plan;
    const keel_sweep_host *host;
    keel_sweep_result *ret;
    keel_sampler *sampler;
    keel_prune *prune;
    keel_rows_file file;
    place *places; /* [window] */
    keel_space_value *points;
    int64_t window;
    int64_t next;    /* trial to hand out */
    int64_t told;    /* trials that sampler and pruner know */
    int64_t done;    /* trials done without a gap */
    int64_t written; /* of those, in the file */
    int stop, code;  /* 1: hand out nothing more; why */
    keel_err err;
    pthread_mutex_t mutex;
    pthread_cond_t work, result;
} runner;

typedef struct worker {
    runner *r;
    int32_t number, started;
    int32_t group; /* trials to take at a time */
    int32_t reserved;
    pthread_t thread;
} worker;

int64_t keel_sweep_window(const keel_sweep_plan *plan) {
    int64_t window = 2 * plan->batch > WINDOW_MIN ? 2 * plan->batch : WINDOW_MIN;
    int64_t groups = ((int64_t)plan->threads + 1) * plan->group;
    if (groups > window) window = groups;
    return 8 * (int64_t)plan->threads > window ? 8 * (int64_t)plan->threads : window;
}

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of the calling thread: how long a group takes must not depend on what else the machine does. */
static double busy_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static place *place_of(runner *r, int64_t index) { return &r->places[index % r->window]; }

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: sweep: use fewer threads or a smaller --batch");
}

/* ---- what samplers know ------------------------------------------------------------------------------------ */

/* Trials that must be known, and no more than those, when `index` is chosen. */
static int64_t needs(const runner *r, int64_t index) {
    if (r->plan->prune) return index / r->plan->batch * r->plan->batch;
    return keel_sampler_needs(r->sampler, index);
}

static int tell(runner *r, int64_t index, keel_err *err) {
    const place *p = place_of(r, index);
    if (r->prune && p->trial.status == KEEL_TRIAL_OK) KEEL_TRY(keel_prune_tell(r->prune, p->trial.step_loss, err));
    return keel_sampler_tell(r->sampler, keel_trial_loss(&p->trial, r->plan->objective), err);
}

/* Choose the point of the next trial. */
static int choose(runner *r, place *p, keel_err *err) {
    for (; r->told < needs(r, r->next); r->told++)
        KEEL_TRY(tell(r, r->told, err));
    keel_sampler_ask(r->sampler, r->next, p->point);
    if (r->prune) p->bar = keel_prune_ask(r->prune);
    keel_trial_clear(&p->trial);
    p->done = 0;
    return 0;
}

/* ---- the best ---------------------------------------------------------------------------------------------- */

static void take_best(runner *r, int64_t index, const place *p) {
    keel_sweep_result *ret = r->ret;
    const keel_trial *t = &p->trial;
    keel_json *params = keel_json_new(0);
    KEEL_ASSERT(params != NULL);
    keel_trial_params_json(r->plan->space, p->point, params);
    ret->best_index = index;
    ret->best_target = t->score.target.value;
    ret->best_state_hash = t->state_hash;
    memcpy(ret->best_hash, t->trial_hash, sizeof ret->best_hash);
    keel_strbuf_clear(&ret->best_params);
    keel_strbuf_add(&ret->best_params, keel_json_text(params, NULL));
    keel_strbuf_clear(&ret->best_totals);
    keel_strbuf_add(&ret->best_totals, keel_strbuf_text(&t->totals));
    keel_json_free(params);
}

/* Count a trial, in order of trials. */
static void count(runner *r, int64_t index) {
    const place *p = place_of(r, index);
    const keel_trial *t = &p->trial;
    keel_sweep_result *ret = r->ret;
    ret->done++;
    ret->bars_run += t->bars;
    ret->failed += t->status == KEEL_TRIAL_FAILED;
    ret->pruned += t->status == KEEL_TRIAL_PRUNED;
    if (t->status == KEEL_TRIAL_FAILED && !ret->first_error[0])
        (void)snprintf(ret->first_error, sizeof ret->first_error, "%s", t->error);
    if (t->status != KEEL_TRIAL_OK) return;
    ret->infeasible += !t->score.feasible;
    if (!t->score.feasible || !t->score.target.defined) return;
    double better = (double)r->plan->objective->better;
    if (ret->best_index < 0 || better * t->score.target.value > better * ret->best_target) take_best(r, index, p);
}

/* ---- going on ---------------------------------------------------------------------------------------------- */

static int misplaced(const runner *r, const char *what, keel_err *err) {
    return keel_err_set(err, KEEL_E_PARITY,
                        "%s: %s:%" PRId64
                        ": the file was changed; cut it before this line, then "
                        "--resume, or begin anew with --restart",
                        what, r->plan->path, r->file.lines);
}

/* Is this the row of the point that was chosen? */
static int belongs(const runner *r, const place *p, const keel_row *row, const char *line) {
    keel_json *params = keel_json_new(0);
    keel_strbuf wanted;
    KEEL_ASSERT(params != NULL);
    keel_strbuf_init(&wanted, 0);
    keel_trial_params_json(r->plan->space, p->point, params);
    keel_strbuf_addf(&wanted, ",\"params\":%s,\"status\":", keel_json_text(params, NULL));
    int found = row->index == r->next && strstr(line, keel_strbuf_text(&wanted)) != NULL;
    keel_strbuf_done(&wanted);
    keel_json_free(params);
    return found;
}

static int take_row(runner *r, size_t size, keel_err *err) {
    char where[512];
    keel_row row;
    if (r->next >= r->plan->trials) return misplaced(r, "more rows than trials", err);
    (void)snprintf(where, sizeof where, "%.480s:%" PRId64, r->plan->path, r->file.lines);
    place *p = place_of(r, r->next);
    KEEL_TRY(choose(r, p, err));
    int rc = keel_row_read(r->file.line, size, r->plan->sweep_id, where, &row, err);
    if (rc == 0 && !row.intact) rc = misplaced(r, "this row is damaged", err);
    if (rc == 0 && !belongs(r, p, &row, r->file.line)) rc = misplaced(r, "this row is of another trial", err);
    if (rc == 0) rc = keel_trial_judge(&row.trial, r->plan->objective, err);
    if (rc == 0) {
        keel_trial_done(&p->trial);
        p->trial = row.trial;
        keel_trial_init(&row.trial);
        p->done = 1;
        count(r, r->next);
        r->next++;
        r->done++;
    }
    keel_row_done(&row);
    return rc;
}

/* Append trials [written, to) to the ledger. */
static int account(runner *r, int64_t to, keel_err *err) {
    int64_t n = to - r->written;
    if (n == 0 || !r->plan->ledger) return 0;
    keel_ledger_trial *trials = calloc((size_t)n, sizeof *trials);
    if (!trials) return no_memory(err);
    int64_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        const keel_trial *t = &place_of(r, r->written + i)->trial;
        if (t->status == KEEL_TRIAL_FAILED) continue; /* nothing was learnt of the data */
        trials[used++] = (keel_ledger_trial){t->trial_hash, t->sharpe, t->psr};
    }
    int rc = keel_ledger_append(r->plan->ledger, r->plan->scope, trials, used, err);
    free(trials);
    return rc;
}

/* Read the rows that are there. */
static int read_rows(runner *r, keel_err *err) {
    size_t size = 0;
    int rc = keel_rows_file_open(&r->file, r->plan->path, err);
    if (rc != 0) return rc;
    while ((rc = keel_rows_file_next(&r->file, &size, err)) > 0) {
        if (r->file.lines == 1) {
            if (strcmp(r->file.line, r->plan->header) != 0) return misplaced(r, "the header is of another sweep", err);
            continue;
        }
        KEEL_TRY(take_row(r, size, err));
        if (r->done - r->written < r->window / 4) continue;
        KEEL_TRY(account(r, r->done, err));
        r->written = r->done;
    }
    KEEL_TRY(rc);
    KEEL_TRY(account(r, r->done, err));
    r->written = r->done;
    r->ret->resumed = r->done - r->plan->first;
    return 0;
}

int keel_sweep_count_rows(const char *path, const char *header, int64_t *ret_rows, keel_err *reterr) {
    keel_rows_file f;
    size_t size = 0;
    keel_err scratch = {0};
    *ret_rows = 0;
    int rc = keel_rows_file_open(&f, path, &scratch);
    if (rc == KEEL_E_NOT_FOUND) return 0;
    if (rc != 0) return keel_err_set(reterr, rc, "%s", scratch.text);
    while ((rc = keel_rows_file_next(&f, &size, reterr)) > 0) {
        if (f.lines > 1)
            ++*ret_rows;
        else if (header && strcmp(f.line, header) != 0)
            rc = keel_err_set(reterr, KEEL_E_PARITY,
                              "the header is of another sweep: %s:1: move the file away, or begin "
                              "anew with --restart",
                              path);
        if (rc < 0) break;
    }
    keel_rows_file_close(&f);
    return rc;
}

/* ---- threads ----------------------------------------------------------------------------------------------- */

static void fail(runner *r, int code, const keel_err *err) {
    if (!r->stop) {
        r->code = code;
        r->err = *err;
    }
    r->stop = 1;
    (void)pthread_cond_broadcast(&r->work);
    (void)pthread_cond_signal(&r->result);
}

/* Under the mutex: may trial `next` be handed out? A place is free once its trial is written and told. */
static int may_hand_out(const runner *r) {
    int64_t oldest = r->next - r->window;
    return r->next < r->plan->trials && needs(r, r->next) <= r->done && oldest < r->written &&
           (oldest < r->told || needs(r, r->plan->trials - 1) == 0 || oldest < needs(r, r->next));
}

/* Under the mutex: choose the next trials, as many as this thread takes at a time and no more than its share of what is
 * left. At least one may be handed out. */
static int take(worker *w, place *taken[], int32_t *ret_count, keel_err *err) {
    runner *r = w->r;
    int64_t left = r->plan->trials - r->next, share = (left + r->plan->threads - 1) / r->plan->threads;
    int32_t most = share < w->group ? (int32_t)share : w->group;
    for (*ret_count = 0; *ret_count < most && may_hand_out(r); ++*ret_count) {
        taken[*ret_count] = place_of(r, r->next);
        KEEL_TRY(choose(r, taken[*ret_count], err));
        r->next++;
    }
    return 0;
}

/* How many to take next: so many that results are written every second or so, and memory stays bounded. The results
 * do not depend on it. */
static void adapt(worker *w, int32_t n, double seconds) {
    const runner *r = w->r;
    double most = (double)n * GROUP_GROWTH, fit = (double)n * GROUP_S / (seconds > 1e-6 ? seconds : 1e-6);
    int64_t bytes = r->host->group_bytes(r->host->data, w->number);
    double held = (double)n * (double)GROUP_BYTES / (bytes > 0 ? (double)bytes : 1.0);
    double group = most < fit ? most : fit;
    if (held < group) group = held;
    if (group > (double)r->plan->group) group = (double)r->plan->group;
    w->group = group < 1.0 ? 1 : (int32_t)group;
}

static int run_taken(worker *w, place *taken[], int32_t n, keel_err *err) {
    runner *r = w->r;
    const keel_sweep_host *host = r->host;
    int rc = 0;
    if (host->run_group && !r->prune) {
        keel_space_value *point[KEEL_SWEEP_GROUP_MAX];
        keel_trial *trial[KEEL_SWEEP_GROUP_MAX];
        double start = busy_s();
        for (int32_t i = 0; i < n; i++) {
            point[i] = taken[i]->point;
            trial[i] = &taken[i]->trial;
        }
        rc = host->run_group(host->data, w->number, n, point, trial, err);
        adapt(w, n, busy_s() - start);
    }
    for (int32_t i = 0; rc == 0 && i < n; i++) {
        place *p = taken[i];
        if (!host->run_group || r->prune)
            rc = host->run(host->data, w->number, p->point, r->prune ? &p->bar : NULL, &p->trial, err);
        if (rc == 0) rc = keel_trial_judge(&p->trial, r->plan->objective, err);
    }
    return rc;
}

static void *work(void *data) {
    worker *w = data;
    runner *r = w->r;
    keel_err err = {0};
    (void)pthread_mutex_lock(&r->mutex);
    while (!r->stop && r->next < r->plan->trials) {
        if (!may_hand_out(r)) {
            (void)pthread_cond_wait(&r->work, &r->mutex);
            continue;
        }
        place *taken[KEEL_SWEEP_GROUP_MAX];
        int32_t n = 0;
        int rc = take(w, taken, &n, &err);
        (void)pthread_mutex_unlock(&r->mutex);
        if (rc == 0) rc = run_taken(w, taken, n, &err);
        (void)pthread_mutex_lock(&r->mutex);
        if (rc != 0) {
            fail(r, rc, &err);
            break;
        }
        for (int32_t i = 0; i < n; i++)
            taken[i]->done = 1;
        while (r->done < r->next && place_of(r, r->done)->done)
            count(r, r->done++);
        (void)pthread_cond_broadcast(&r->work); /* a batch may be complete */
        (void)pthread_cond_signal(&r->result);
    }
    (void)pthread_mutex_unlock(&r->mutex);
    return NULL;
}

/* Write trials [written, to): ledger first. Without the mutex: nobody touches those places meanwhile. */
static int flush(runner *r, int64_t to, keel_err *err) {
    keel_strbuf text;
    KEEL_TRY(account(r, to, err));
    keel_strbuf_init(&text, 0);
    for (int64_t i = r->written; i < to; i++) {
        const place *p = place_of(r, i);
        keel_trial_write(&p->trial, i, r->plan->space, p->point, r->plan->sweep_id, &text);
    }
    int rc = text.failed ? no_memory(err) : keel_rows_file_put(&r->file, keel_strbuf_text(&text), text.size, err);
    keel_strbuf_done(&text);
    return rc;
}

static void wait_a_little(runner *r) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&r->result, &r->mutex, &until);
}

/* The calling thread: write what is done, watch for interruption, show progress. The mutex is held on entry and exit.
 */
static void oversee(runner *r) {
    double flushed_s = now_s();
    while (r->written < r->plan->trials) {
        int64_t ready = r->done - r->written;
        if (r->host->interrupted && r->host->interrupted() && !r->stop) {
            keel_err err = {0};
            fail(r, keel_err_set(&err, KEEL_E_INTERRUPTED, "interrupted: sweep"), &err);
        }
        if (r->stop) return;
        if (ready >= r->window / 4 || r->done == r->plan->trials || (ready > 0 && now_s() - flushed_s > FLUSH_S)) {
            int64_t to = r->done;
            keel_err err = {0};
            (void)pthread_mutex_unlock(&r->mutex);
            int rc = flush(r, to, &err);
            (void)pthread_mutex_lock(&r->mutex);
            if (rc != 0) {
                fail(r, rc, &err);
                return;
            }
            r->written = to;
            flushed_s = now_s();
            (void)pthread_cond_broadcast(&r->work);
            continue;
        }
        if (r->host->progress) r->host->progress(r->host->data, r->done);
        wait_a_little(r);
    }
}

static int32_t first_group(const keel_sweep_plan *plan) {
    return plan->group < GROUP_FIRST ? plan->group : GROUP_FIRST;
}

static int run_threads(runner *r, keel_err *err) {
    int32_t threads = r->plan->threads;
    worker *workers = calloc((size_t)threads, sizeof *workers);
    if (!workers) return no_memory(err);
    (void)pthread_mutex_lock(&r->mutex);
    for (int32_t i = 0; i < threads && !r->stop; i++) {
        int together = r->host->run_group && !r->prune;
        workers[i] = (worker){.r = r, .number = i, .group = together ? first_group(r->plan) : 1};
        int rc = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        workers[i].started = rc == 0;
        if (rc == 0) continue;
        keel_err e = {0};
        fail(r, keel_err_set(&e, KEEL_E_ERROR, "cannot start a thread: %s: use fewer --threads", strerror(rc)), &e);
    }
    oversee(r);
    (void)pthread_mutex_unlock(&r->mutex);
    for (int32_t i = 0; i < threads; i++)
        if (workers[i].started) (void)pthread_join(workers[i].thread, NULL);
    free(workers);
    if (!r->stop) return 0;
    if (err) *err = r->err;
    if (r->code == KEEL_E_IO) return r->code; /* what could not be written is run again */
    keel_err late = {0};
    if (flush(r, r->done, &late) == 0) r->written = r->done;
    return r->code;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static int set_up(runner *r, keel_err *err) {
    size_t dims = r->plan->space->count;
    r->window = keel_sweep_window(r->plan);
    if (r->window > r->plan->trials + 1) r->window = r->plan->trials + 1;
    KEEL_TRY(keel_sampler_new(r->plan->sampler, r->plan->space, r->plan->seed, r->plan->batch, &r->sampler, err));
    if (r->plan->prune) r->prune = keel_prune_new();
    r->places = calloc((size_t)r->window, sizeof *r->places);
    r->points = calloc((size_t)r->window * dims, sizeof *r->points);
    if (!r->places || !r->points || (r->plan->prune && !r->prune)) return no_memory(err);
    for (int64_t i = 0; i < r->window; i++) {
        r->places[i].point = r->points + (size_t)i * dims;
        keel_trial_init(&r->places[i].trial);
    }
    return 0;
}

static void tear_down(runner *r) {
    for (int64_t i = 0; r->places && i < r->window; i++)
        keel_trial_done(&r->places[i].trial);
    free(r->places);
    free(r->points);
    keel_prune_free(r->prune);
    keel_sampler_free(r->sampler);
    keel_rows_file_close(&r->file);
    (void)pthread_mutex_destroy(&r->mutex);
    (void)pthread_cond_destroy(&r->work);
    (void)pthread_cond_destroy(&r->result);
}

static int begin_file(runner *r, keel_err *err) {
    keel_strbuf line;
    KEEL_TRY(keel_rows_file_write_on(&r->file, r->plan->path, err));
    if (r->file.size > 0) return 0;
    keel_strbuf_init(&line, 0);
    keel_strbuf_addf(&line, "%s\n", r->plan->header);
    int rc = line.failed ? no_memory(err) : keel_rows_file_put(&r->file, keel_strbuf_text(&line), line.size, err);
    keel_strbuf_done(&line);
    return rc;
}

/* Stand before the shard's first trial. Points depend on the number of the trial, or (grid) on the points before. */
static void skip(runner *r) {
    for (int64_t i = 0; i < r->plan->first; i++)
        keel_sampler_ask(r->sampler, i, r->points);
    r->next = r->told = r->done = r->written = r->plan->first;
}

static int run(runner *r, keel_err *err) {
    KEEL_TRY(set_up(r, err));
    skip(r);
    if (r->plan->resume) {
        int rc = read_rows(r, err);
        if (rc == KEEL_E_NOT_FOUND) keel_rows_file_close(&r->file); /* nothing there: a beginning like any other */
        if (rc != 0 && rc != KEEL_E_NOT_FOUND) return rc;
    }
    KEEL_TRY(begin_file(r, err));
    KEEL_TRY(run_threads(r, err));
    return keel_rows_file_sync(&r->file, err);
}

int keel_sweep_run(const keel_sweep_plan *plan, const keel_sweep_host *host, keel_sweep_result *ret, keel_err *reterr) {
    runner r;
    KEEL_ASSERT(plan->group >= 1 && plan->group <= KEEL_SWEEP_GROUP_MAX);
    KEEL_ASSERT(plan->threads >= 1 && plan->threads <= KEEL_SWEEP_THREADS_MAX && plan->batch >= 1 &&
                plan->trials > plan->first);
    KEEL_ASSERT(plan->first == 0 || (plan->first > 0 && plan->sampler != KEEL_SAMPLER_TPE && !plan->prune));
    memset(&r, 0, sizeof r);
    memset(ret, 0, sizeof *ret);
    keel_strbuf_init(&ret->best_params, 0);
    keel_strbuf_init(&ret->best_totals, 0);
    ret->best_index = -1;
    r.plan = plan;
    r.host = host;
    r.ret = ret;
    r.file.fd = -1;
    (void)pthread_mutex_init(&r.mutex, NULL);
    (void)pthread_cond_init(&r.work, NULL);
    (void)pthread_cond_init(&r.result, NULL);
    int rc = run(&r, reterr);
    tear_down(&r);
    return rc;
}

void keel_sweep_result_done(keel_sweep_result *r) {
    keel_strbuf_done(&r->best_params);
    keel_strbuf_done(&r->best_totals);
}

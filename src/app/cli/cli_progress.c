/* app/cli/cli_progress.c: one line of progress on stderr; contract in cli.h. */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "app/cli/cli_internal.h"

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void keel_progress_begin(keel_cli *cli, keel_progress *p, const char *label, uint64_t total, const char *unit) {
    p->terminal = isatty(STDERR_FILENO);
    p->label = p->terminal || cli->progress ? label : NULL;
    p->unit = unit;
    p->total = total;
    p->start_s = p->shown_s = now_s();
}

static void show(const keel_progress *p, uint64_t done, double elapsed_s) {
    double rate = elapsed_s > 0.0 ? (double)done / elapsed_s : 0.0;
    (void)fprintf(stderr, "%s%s: %" PRIu64, p->terminal ? "\r\033[K" : "", p->label, done);
    if (p->total) (void)fprintf(stderr, " of %" PRIu64, p->total);
    (void)fprintf(stderr, " %s, %.0f/s", p->unit, rate);
    if (p->total > done && rate > 0.0) (void)fprintf(stderr, ", %.0f s left", (double)(p->total - done) / rate);
    if (!p->terminal) (void)fputc('\n', stderr);
    (void)fflush(stderr);
}

void keel_progress_update(keel_progress *p, uint64_t done) {
    if (!p->label) return;
    double now = now_s();
    if (now - p->shown_s < (p->terminal ? 0.2 : 2.0)) return; /* a log wants fewer lines than a screen */
    p->shown_s = now;
    show(p, done, now - p->start_s);
}

void keel_progress_end(keel_progress *p, uint64_t done) {
    if (!p->label) return;
    show(p, done, now_s() - p->start_s);
    if (p->terminal) (void)fputc('\n', stderr);
    p->label = NULL;
}

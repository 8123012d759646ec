/* device_check.c: a moving-average sweep with exact books on a device and on one thread of this machine's processor:
 * every state hash must be equal; prints configuration-bars per second of both.
 *   device_check opencl|cuda CONFIGURATIONS BARS
 * Exit status: 0 equal, 6 different, 4 no device, 1 anything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lane/kat.h"
#include "research/sweep/lane_batch.h"

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int stop(const char *what, int code) {
    (void)fprintf(stderr, "device_check: %s\n", what);
    return code;
}

/* A drifting walk, one symbol, hourly. */
static void make_tape(int64_t bars, int64_t *x, double *volume, keel_tape *tape) {
    uint64_t s = 11;
    int64_t px = 4000000000000;
    for (int64_t i = 0; i < bars; i++) {
        s = s * 6364136223846793005u + 1442695040888963407u;
        int64_t step = px / 100000 * ((int64_t)(s >> 40) % 801 - 400 + ((i / 400) % 2 ? -11 : 12));
        int64_t close = px + step > 100000000 ? px + step : px;
        x[i] = px;
        x[bars + i] = (px > close ? px : close) + px / 2000;
        x[2 * bars + i] = (px < close ? px : close) - px / 2000;
        x[3 * bars + i] = close;
        volume[i] = 1.0;
        px = close;
    }
    memset(tape, 0, sizeof *tape);
    tape->start_ms = 1500000000000 / 3600000 * 3600000;
    tape->interval_ms = 3600000;
    tape->bars = bars;
    tape->trade_from = 300;
    tape->ratio = 1;
    tape->symbol_count = tape->sleeve_count = 1;
    for (int i = 0; i < KEEL_SLEEVES_MAX; i++)
        tape->btc[i] = -1;
    tape->sym[0] = (keel_tape_symbol){
        .open_e8 = x, .high_e8 = x + bars, .low_e8 = x + 2 * bars, .close_e8 = x + 3 * bars, .volume = volume};
}

static int make_runs(keel_params params[], keel_stats_book books[], keel_group_run runs[], int32_t n,
                     const keel_tape *tape) {
    for (int32_t i = 0; i < n; i++) {
        keel_stats_book_done(&books[i]);
        if (!keel_kat_params(KEEL_STRATEGY_EMA_CROSS, &params[i]) ||
            keel_stats_book_init(&books[i], tape->start_ms, tape->start_ms + tape->bars * tape->interval_ms,
                                 KEEL_KAT_CAPITAL_E8, NULL) != 0)
            return 0;
        params[i].own[0] = 3 + i % 40;
        params[i].own[1] = 44 + i / 40 % 150;
        params[i].slippage_bps = 100 * (i / 6000);
        runs[i] = (keel_group_run){.params = &params[i], .capital_e8 = KEEL_KAT_CAPITAL_E8, .book = &books[i]};
    }
    return 1;
}

int main(int argc, char **argv) {
    int kind = argc == 4 && strcmp(argv[1], "cuda") == 0 ? KEEL_DEVICE_CUDA : KEEL_DEVICE_OPENCL;
    if (argc != 4) return stop("usage: device_check opencl|cuda CONFIGURATIONS BARS", 2);
    int32_t n = atoi(argv[2]);
    int64_t bars = atoll(argv[3]);
    if (n < 1 || bars < 1000) return stop("at least 1 configuration and 1000 bars", 2);
    size_t count = (size_t)n;
    keel_err err = {0};
    keel_device *device = NULL;
    int64_t *x = malloc((size_t)bars * 32);
    double *volume = malloc((size_t)bars * 8);
    keel_params *params = calloc(count, sizeof *params);
    keel_stats_book *books = calloc(count, sizeof *books);
    keel_group_run *runs = calloc(count, sizeof *runs);
    uint64_t *hashes = calloc(count, sizeof *hashes);
    keel_tape *tape = calloc(1, sizeof *tape);
    if (!x || !volume || !params || !books || !runs || !hashes || !tape) return stop("out of memory", 1);
    int rc = keel_device_open((keel_device_kind)kind, -1, &device, &err);
    if (rc != 0) return stop(err.text, keel_err_exit_code(rc));
    make_tape(bars, x, volume, tape);
    const keel_instrument rules = {.lot_e8 = 1, .tick_e8 = 1};
    keel_group_task task = {.kernel = &keel_kernel_builtin, .tape = tape, .rules = &rules, .close_at_end = 1};
    keel_lane_batch *batch = keel_lane_batch_new(device, tape, &rules, 0);
    keel_lane_batch_room room = {0};
    /* once for the compiler and the known answers, then for the clock */
    double start = now_s(), first = 0.0;
    int32_t warm = n < 32 ? n : 32;
    if (!batch || !make_runs(params, books, runs, n, tape)) return stop("out of memory", 1);
    if ((rc = keel_lane_batch_go(batch, &task, runs, warm, &room, &err)) != 0)
        return stop(err.text, keel_err_exit_code(rc));
    first = now_s() - start;
    if (!make_runs(params, books, runs, n, tape)) return stop("out of memory", 1);
    start = now_s();
    if ((rc = keel_lane_batch_go(batch, &task, runs, n, &room, &err)) != 0)
        return stop(err.text, keel_err_exit_code(rc));
    double there = now_s() - start;
    for (int32_t i = 0; i < n; i++)
        hashes[i] = runs[i].result.state_hash;
    double here = 0.0;
    int32_t equal = 0;
    for (int32_t from = 0; from < n; from += 1024) { /* in the processor's own groups */
        int32_t part = n - from < 1024 ? n - from : 1024;
        keel_group *group = NULL;
        if (!make_runs(params, books, runs, n, tape)) return stop("out of memory", 1);
        start = now_s();
        if ((rc = keel_group_go(&task, runs + from, part, &group, &err)) != 0)
            return stop(err.text, keel_err_exit_code(rc));
        here += now_s() - start;
        for (int32_t i = from; i < from + part; i++)
            equal += runs[i].code == 0 && runs[i].result.state_hash == hashes[i];
        keel_group_free(group);
    }
    double work = (double)n * (double)bars;
    (void)printf("%s: %d configurations of ema_cross, %lld bars, exact books: %d equal state hashes\n",
                 device->info.name, n, (long long)bars, equal);
    (void)printf("  device %.3f s, %.3g configuration-bars/s (first call with compiler and known answers: %.1f s)\n",
                 there, work / there, first);
    (void)printf("  one thread of the processor %.3f s, %.3g configuration-bars/s; device / thread %.2f\n", here,
                 work / here, here / there);
    for (int32_t i = 0; i < n; i++)
        keel_stats_book_done(&books[i]);
    keel_lane_batch_room_done(&room);
    keel_lane_batch_free(batch);
    keel_device_close(device);
    free(x);
    free(volume);
    free(params);
    free(books);
    free(runs);
    free(hashes);
    free(tape);
    return equal == n ? 0 : 6;
}

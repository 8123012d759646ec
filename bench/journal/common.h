/* bench/journal/common.h: what the programs of the journal suite share: arguments, clock, one line of JSON. */
#ifndef KEEL_BENCH_JOURNAL_COMMON_H
#define KEEL_BENCH_JOURNAL_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* An error ends the program: a figure with an error in it is none. */
#define MUST(cond)                                                                  \
    do {                                                                            \
        if (!(cond)) {                                                              \
            (void)fprintf(stderr, "%s:%d: %s failed\n", __FILE__, __LINE__, #cond); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

static inline int64_t now_ns(void) {
    struct timespec t;
    MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline double cpu_s(void) {
    struct rusage u;
    MUST(getrusage(RUSAGE_SELF, &u) == 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Bytes that do not compress and differ from record to record. */
static inline void fill(uint8_t *bytes, size_t size, uint64_t seed) {
    for (size_t i = 0; i < size; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(seed >> 56);
    }
}

/* Bytes that this process had written to a disk so far; 0 where the system does not say. */
static inline uint64_t written_bytes(void) {
    unsigned long long bytes = 0;
    char line[100];
    FILE *io = fopen("/proc/self/io", "r");
    while (io && fgets(line, sizeof line, io))
        if (sscanf(line, "write_bytes: %llu", &bytes) == 1) break;
    if (io) (void)fclose(io);
    return bytes;
}

/* DIR COMMITS BATCH SIZE [REST_MS] */
typedef struct plan {
    const char *dir;
    uint64_t commits, batch, size;
    long rest_ms; /* between what is prepared and the clock's start */
} plan;

/* Where the clock starts. */
typedef struct clock_start {
    int64_t ns;
    double cpu_s;
    uint64_t written;
} clock_start;

static inline plan plan_of(int argc, char **argv, int from) {
    MUST(argc >= from + 4);
    plan p = {argv[from], strtoull(argv[from + 1], NULL, 10), strtoull(argv[from + 2], NULL, 10),
              strtoull(argv[from + 3], NULL, 10), argc > from + 4 ? strtol(argv[from + 4], NULL, 10) : 0};
    MUST(p.commits > 0 && p.batch > 0 && p.size >= 8);
    return p;
}

/* What was prepared is off the disk's account; then the clock starts. */
static inline clock_start rest(const plan *p) {
    struct timespec t = {p->rest_ms / 1000, p->rest_ms % 1000 * 1000000};
    MUST(nanosleep(&t, NULL) == 0);
    return (clock_start){now_ns(), cpu_s(), written_bytes()};
}

static inline void report(const plan *p, const clock_start *from) {
    double wall = 1e-9 * (double)(now_ns() - from->ns);
    (void)printf("{\"records\": %llu, \"commits\": %llu, \"wall_s\": %.6f, \"cpu_s\": %.6f, \"written\": %llu}\n",
                 (unsigned long long)(p->commits * p->batch), (unsigned long long)p->commits, wall,
                 cpu_s() - from->cpu_s, (unsigned long long)(written_bytes() - from->written));
}

#endif

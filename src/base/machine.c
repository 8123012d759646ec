/* base/machine.c: see machine.h. */
#include "base/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number after `key` in a small text file, or -1. An empty key takes the first number. */
static int64_t number_in(const char *path, const char *key) {
    char line[256];
    int64_t found = -1;
    FILE *file = fopen(path, "r");
    while (file && found < 0 && fgets(line, sizeof line, file)) {
        const char *at = line + strlen(key);
        char *end;
        if (strncmp(line, key, strlen(key)) != 0) continue;
        long long value = strtoll(at, &end, 10);
        if (end != at && value >= 0) found = value;
    }
    if (file) (void)fclose(file); /* read-only, nothing to lose */
    return found;
}

/* Pages of /proc/self/statm: the whole address space, then (sixth) what counts as data. */
static int64_t held(int column) {
    long long pages[7] = {0};
    FILE *file = fopen("/proc/self/statm", "r");
    int read = file ? fscanf(file, "%lld %lld %lld %lld %lld %lld", &pages[0], &pages[1], &pages[2], &pages[3],
                             &pages[4], &pages[5])
                    : 0;
    if (file) (void)fclose(file); /* read-only, nothing to lose */
    return read > column ? pages[column] * sysconf(_SC_PAGESIZE) : 0;
}

typedef struct least {
    int64_t bytes;
    const char *what;
} least;

static void take(least *l, int64_t bytes, const char *what) {
    if (bytes < 0) bytes = 0;
    if (bytes < l->bytes) *l = (least){bytes, what};
}

static void take_rlimit(least *l, int resource, int column, const char *what) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > INT64_MAX) return;
    take(l, (int64_t)limit.rlim_cur - held(column), what);
}

int64_t keel_machine_memory_left(const char **ret_what) {
    least l = {INT64_MAX, ""};
    int64_t available_kib = number_in("/proc/meminfo", "MemAvailable:");
    int64_t group_max = number_in("/sys/fs/cgroup/memory.max", "");
    int64_t group_used = number_in("/sys/fs/cgroup/memory.current", "");
    if (available_kib >= 0 && available_kib <= INT64_MAX / 1024)
        take(&l, available_kib * 1024, "what this machine has free");
    if (group_max >= 0 && group_used >= 0) take(&l, group_max - group_used, "the limit of this control group");
    take_rlimit(&l, RLIMIT_AS, 0, "the limit of this shell (ulimit -v)");
    take_rlimit(&l, RLIMIT_DATA, 5, "the limit of this shell (ulimit -d)");
    *ret_what = l.what;
    return l.bytes;
}

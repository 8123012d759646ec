/* port/processors.c: see processors.h. */
#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity */
#include <sched.h>
#endif
#include "port/processors.h"

#include <unistd.h>

static long counted(void) {
#ifdef __linux__
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0) return CPU_COUNT(&mine);
#endif
    return sysconf(_SC_NPROCESSORS_ONLN);
}

int32_t keel_processors(void) {
    long n = counted();
    return n < 1 ? 1 : n > 65536 ? 65536 : (int32_t)n;
}

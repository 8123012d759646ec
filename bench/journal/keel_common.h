/* bench/journal/keel_common.h: what the programs that call keel's own rooms share beside common.h. */
#ifndef KEEL_BENCH_JOURNAL_KEEL_COMMON_H
#define KEEL_BENCH_JOURNAL_KEEL_COMMON_H

#include "base/err.h"
#include "common.h"

static keel_err err;

/* An error of keel's ends the program with its line. */
#define GOOD(call)                                   \
    do {                                             \
        if ((call) != 0) {                           \
            (void)fprintf(stderr, "%s\n", err.text); \
            exit(1);                                 \
        }                                            \
    } while (0)

#endif

/* edge/data/series.c: see series.h. */
#include "edge/data/series.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void keel_candles_done(keel_candles *c) {
    if (c->map) {
        (void)munmap(c->map, c->map_size);
    } else {
        free(c->ts_ms);
        free(c->open_e8);
        free(c->high_e8);
        free(c->low_e8);
        free(c->close_e8);
        free(c->volume);
    }
    memset(c, 0, sizeof *c);
}

void keel_fundings_done(keel_fundings *f) {
    if (f->map) {
        (void)munmap(f->map, f->map_size);
    } else {
        free(f->ts_ms);
        free(f->rate_e16);
    }
    memset(f, 0, sizeof *f);
}

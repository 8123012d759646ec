/* edge/data/series.c: see series.h. */
#include "edge/data/series.h"

#include <stdlib.h>
#include <string.h>

void keel_candles_done(keel_candles *c) {
    free(c->ts_ms);
    free(c->open_e8);
    free(c->high_e8);
    free(c->low_e8);
    free(c->close_e8);
    free(c->volume);
    memset(c, 0, sizeof *c);
}

void keel_fundings_done(keel_fundings *f) {
    free(f->ts_ms);
    free(f->rate_e16);
    memset(f, 0, sizeof *f);
}

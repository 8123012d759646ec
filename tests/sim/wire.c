/* wire.c: see wire.h. One line per message: its numbers in the order of the record. A batch is its lines. */
#include "wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 18, LINE_MAX_SIZE = 600 };

static void put(void *ctx, const keel_desk_msg *msgs, int32_t count, keel_strbuf *out) {
    (void)ctx;
    for (int32_t i = 0; i < count; i++) {
        const keel_desk_msg *m = &msgs[i];
        keel_strbuf_addf(out,
                         "%d %d %d %d %d %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64
                         " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d\n",
                         m->kind, m->symbol, m->side, m->closes, m->state, m->maker, m->run, m->order_id, m->fill_id,
                         m->venue_ms, m->stamp_ms, m->window_ms, m->wait_ms, m->qty_e8, m->px_e8, m->cum_e8, m->ts_ms,
                         7);
    }
}

static int get(void *ctx, const char *bytes, size_t size, keel_desk_msg *ret, size_t *ret_used) {
    (void)ctx;
    char line[LINE_MAX_SIZE];
    const char *at = line, *end = memchr(bytes, '\n', size);
    int64_t v[NUMBERS];
    if (!end) return size >= sizeof line ? -1 : 0;
    size_t length = (size_t)(end - bytes);
    if (length >= sizeof line) return -1;
    memcpy(line, bytes, length);
    line[length] = 0;
    for (int i = 0; i < NUMBERS; i++) {
        char *behind;
        v[i] = (int64_t)strtoull(at, &behind, 10);
        if (behind == at) return -1;
        at = behind;
    }
    if (*at != 0 || v[NUMBERS - 1] != 7) return -1;
    *ret_used = length + 1;
    *ret = (keel_desk_msg){.kind = (int32_t)v[0],
                           .symbol = (int32_t)v[1],
                           .side = (int32_t)v[2],
                           .closes = (int32_t)v[3],
                           .state = (int32_t)v[4],
                           .maker = (int32_t)v[5],
                           .run = (uint64_t)v[6],
                           .order_id = (uint64_t)v[7],
                           .fill_id = (uint64_t)v[8],
                           .venue_ms = v[9],
                           .stamp_ms = v[10],
                           .window_ms = v[11],
                           .wait_ms = v[12],
                           .qty_e8 = v[13],
                           .px_e8 = v[14],
                           .cum_e8 = v[15],
                           .ts_ms = v[16]};
    return 1;
}

const keel_desk_codec SIM_WIRE = {NULL, put, get};

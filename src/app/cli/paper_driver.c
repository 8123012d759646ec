/* app/cli/paper_driver.c: see paper_driver.h. */
#include "app/cli/paper_driver.h"

#include <string.h>

enum { SLOTS = 64, LOOK_NS = 100000000 /* so soon whoever asks something of the run is heard */ };

/* ---- the market's thread ----------------------------------------------------------------------------------------- */

/* Every input of a recorded market is a bar or what belongs to one: nothing is put together. */
static void *hear_market(void *data) {
    keel_paper_driver *d = data;
    keel_input in;
    memset(&in, 0, sizeof in);
    for (;;) {
        int rc = d->feed->port.next(d->feed->port.ctx, &in, &d->err);
        if (rc <= 0 || !keel_engine_ring_put_wait(d->ring, &in, KEEL_RING_NO_KEY)) break;
    }
    keel_engine_ring_close(d->ring);
    keel_input_done(&in);
    return NULL;
}

/* ---- sources ----------------------------------------------------------------------------------------------------- */

/* Every so often by the machine's clock, at full speed too, between two inputs. */
static void look(keel_paper_driver *d) {
    const keel_paper_look *l = d->look;
    if (!l) return;
    int64_t now_ns = l->clock->mono_ns(l->clock->ctx);
    if (now_ns < d->look_ns) return;
    d->look_ns = now_ns + l->every_ms * 1000000;
    l->at(l->data);
}

static int next_of_market(void *ctx, keel_input *ret, keel_err *err) {
    keel_paper_driver *d = ctx;
    const keel_clock *real = keel_clock_real();
    int rc;
    if (d->disk && keel_paper_disk_look(d->disk) == KEEL_PAPER_DISK_STOP) return 0;
    look(d);
    if (!d->ring) {
        rc = d->feed->port.next(d->feed->port.ctx, ret, err);
    } else {
        rc = keel_engine_ring_wait_until(d->ring, ret, real->mono_ns(real->ctx) + LOOK_NS);
        if (rc == 0 && d->err.code) return keel_err_set(err, d->err.code, "%s", d->err.text);
    }
    if (rc == 1 && keel_input_is_market(ret)) d->last_ms = ret->ts_ms;
    return rc;
}

static int market_is_there(void *ctx) {
    keel_paper_driver *d = ctx;
    return d->ring ? keel_engine_ring_has(d->ring) : d->feed->port.ready(d->feed->port.ctx);
}

static int between_turns(void *ctx, keel_err *err) {
    const keel_paper_driver *d = ctx;
    return d->between(d->between_data, err);
}

/* Asked once an input came through the ring: the feed's thread wrote down before it when its first one was due. */
static int64_t now_of_market(void *ctx) {
    const keel_paper_driver *d = ctx;
    return keel_paper_feed_now_ms(d->feed);
}

/* What was compared, as the record keeps it. */
static void put_figures(const keel_shadow_breach *b, keel_input_piece *p) {
    p->symbol = b->symbol;
    p->open_ms = (int64_t)b->seq;
    p->close_ms = b->ts_ms;
    p->open_e8 = b->ours;
    p->close_e8 = b->theirs;
    p->high_e8 = b->ours_worth;
    p->low_e8 = b->theirs_worth;
    p->volume = b->figure;
}

/* An order of nobody but the program: from here on only what reduces leaves. */
static int next_halt(void *ctx, keel_input *ret, keel_err *err) {
    keel_paper_driver *d = ctx;
    d->halted = 1;
    keel_input_clear(ret);
    keel_input_piece *p = keel_input_add_piece(ret);
    if (!p) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: shadow ledger: close other programs");
    put_figures(&d->shadow->first, p);
    ret->number = 0;
    ret->kind = KEEL_INPUT_CONTROL;
    ret->control = KEEL_ENGINE_ORDER_SHADOW;
    ret->bar_open_ms = 0;
    ret->ts_ms = d->last_ms;
    return 1;
}

static int halt_is_there(void *ctx) {
    const keel_paper_driver *d = ctx;
    return d->shadow && d->shadow->breaches > 0 && !d->halted;
}

/* No entries while the disk fills up: the engine's own order, as when the journal finds no room. */
static int next_safe(void *ctx, keel_input *ret, keel_err *err) {
    keel_paper_driver *d = ctx;
    (void)err;
    d->disk->ordered = 1;
    keel_input_clear(ret);
    ret->number = 0;
    ret->kind = KEEL_INPUT_CONTROL;
    ret->control = KEEL_ENGINE_ORDER_DISK;
    ret->bar_open_ms = 0;
    ret->ts_ms = d->last_ms;
    return 1;
}

static int safe_is_there(void *ctx) {
    const keel_paper_driver *d = ctx;
    return d->disk && !d->disk->ordered && keel_paper_disk_look(d->disk) >= KEEL_PAPER_DISK_BLOCK;
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

int keel_paper_driver_start(keel_paper_driver *d, keel_paper_feed *feed, const keel_shadow *shadow,
                            const keel_paper_look *at_times, int has_thread, uint64_t number, int64_t last_ms,
                            keel_err *reterr) {
    keel_paper_driver fresh = {
        .between = d->between, .between_data = d->between_data, .disk = d->disk, .look = at_times};
    *d = fresh;
    if (at_times) d->look_ns = at_times->clock->mono_ns(at_times->clock->ctx) + at_times->every_ms * 1000000;
    atomic_init(&d->left, 0);
    d->feed = feed;
    d->shadow = shadow;
    d->last_ms = last_ms;
    d->market = (keel_engine_source){.ctx = d, .next = next_of_market, .ready = market_is_there};
    if (has_thread) d->market.now_ms = now_of_market;
    if (d->between) d->market.between = between_turns;
    d->halts = (keel_engine_source){.ctx = d, .next = next_halt, .ready = halt_is_there};
    d->room = (keel_engine_source){.ctx = d, .next = next_safe, .ready = safe_is_there};
    const keel_engine_source *const sources[] = {&d->market, &d->halts, &d->room};
    keel_engine_merge_init(&d->merge, sources, 3, number);
    if (!has_thread) return 0;
    feed->left = &d->left;
    KEEL_TRY(keel_engine_ring_new(SLOTS, &d->ring, reterr));
    if (pthread_create(&d->thread, NULL, hear_market, d) == 0) return 0;
    keel_engine_ring_free(d->ring);
    d->ring = NULL;
    return keel_err_set(reterr, KEEL_E_ERROR, "no thread: feed: raise the limit of processes");
}

void keel_paper_driver_stop(keel_paper_driver *d, keel_ring_counts *ret_counts) {
    if (ret_counts) memset(ret_counts, 0, sizeof *ret_counts);
    if (d->ring) {
        atomic_store(&d->left, 1);
        keel_engine_ring_leave(d->ring);
        KEEL_ASSERT(pthread_join(d->thread, NULL) == 0);
        if (ret_counts) *ret_counts = keel_engine_ring_counts(d->ring);
        keel_engine_ring_free(d->ring);
        d->ring = NULL;
    }
    keel_engine_merge_done(&d->merge);
}

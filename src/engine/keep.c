/* engine/keep.c: see engine_internal.h. A snapshot is a shortcut, not a record: the same records as they lie in memory,
 * behind a head that tells whether this build has them alike. Where it does not, the journal is replayed instead. */
#include <stddef.h>
#include <string.h>

#include "base/build.h"
#include "engine/engine_internal.h"

enum { VERSION = 3 };

typedef struct head {
    char magic[8];
    uint32_t version, symbols;
    uint64_t layout; /* sizes of every record below */
    uint64_t watch_size;
    uint64_t seq, input, marked_at;
    int64_t last_ms;
    int32_t regime, ordered, ended, sleeves;
    int32_t apart, breaker, probes, unbooked;
    int32_t behaviour, behind;
} head;

static const char MAGIC[8] = "keelsnap";

/* Sizes, and the build: what the same records mean may differ between two. */
static uint64_t layout(void) {
    const size_t sizes[] = {sizeof(keel_state),           sizeof(keel_symbol),        sizeof(keel_signal_set),
                            sizeof(keel_snapshot),        sizeof(keel_engine_symbol), sizeof(keel_engine_sleeve),
                            sizeof(keel_regime_detector), offsetof(keel_state, sym),  sizeof(head)};
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        sum = (sum ^ (uint64_t)sizes[i]) * 1099511628211u;
    for (const char *c = keel_build_id(); *c; c++)
        sum = (sum ^ (uint64_t)(unsigned char)*c) * 1099511628211u;
    return sum;
}

void keel_engine_keep(const keel_engine *e, keel_strbuf *out) {
    size_t n = (size_t)e->plan.symbol_count;
    keel_strbuf theirs;
    keel_strbuf_init(&theirs, (size_t)1 << 32);
    if (e->watch.save) e->watch.save(e->watch.data, &theirs);
    head h;
    memset(&h, 0, sizeof h);
    memcpy(h.magic, MAGIC, sizeof h.magic);
    h.version = VERSION;
    h.symbols = (uint32_t)n;
    h.layout = layout();
    h.watch_size = theirs.size;
    h.seq = e->seq;
    h.input = e->input;
    h.marked_at = e->marked_at;
    h.last_ms = e->last_ms;
    h.regime = e->regime;
    h.ordered = e->ordered;
    h.ended = e->ended;
    h.apart = e->apart;
    h.breaker = e->breaker;
    h.probes = e->probes;
    h.unbooked = e->unbooked;
    h.behaviour = e->behaviour;
    h.behind = e->behind;
    h.sleeves = e->plan.sleeve_count;
    keel_strbuf_add_bytes(out, &h, sizeof h);
    keel_strbuf_add_bytes(out, e->st, offsetof(keel_state, sym) + n * sizeof(keel_symbol));
    keel_strbuf_add_bytes(out, e->sets, n * sizeof *e->sets);
    keel_strbuf_add_bytes(out, e->snaps, n * sizeof *e->snaps);
    keel_strbuf_add_bytes(out, e->sym, n * sizeof *e->sym);
    keel_strbuf_add_bytes(out, e->sleeve, sizeof e->sleeve);
    keel_strbuf_add_bytes(out, &e->detector, sizeof e->detector);
    keel_strbuf_add_bytes(out, theirs.text, theirs.size);
    if (theirs.failed) out->failed = 1;
    keel_strbuf_done(&theirs);
}

static const uint8_t *take(const uint8_t *from, void *to, size_t size) {
    memcpy(to, from, size);
    return from + size;
}

int keel_engine_restore(keel_engine *e, const uint8_t *bytes, size_t size, keel_err *reterr) {
    size_t n = (size_t)e->plan.symbol_count, state = offsetof(keel_state, sym) + n * sizeof(keel_symbol);
    size_t ours = sizeof(head) + state + n * (sizeof *e->sets + sizeof *e->snaps + sizeof *e->sym) + sizeof e->sleeve +
                  sizeof e->detector;
    head h;
    if (size < sizeof h) return keel_err_set(reterr, KEEL_E_VERSION, "not a snapshot of an engine: it is too short");
    memcpy(&h, bytes, sizeof h);
    if (memcmp(h.magic, MAGIC, sizeof h.magic) != 0 || h.version != VERSION || h.layout != layout() || h.symbols != n ||
        h.sleeves != e->plan.sleeve_count || h.watch_size != size - ours || size < ours)
        return keel_err_set(reterr, KEEL_E_VERSION, "a snapshot of another build of keel");
    /* Whoever watches may refuse its part; then nothing here may have changed, since the run begins anew. */
    if (e->watch.load) KEEL_TRY(e->watch.load(e->watch.data, bytes + ours, (size_t)h.watch_size, reterr));
    const uint8_t *at = take(bytes + sizeof h, e->st, state);
    at = take(at, e->sets, n * sizeof *e->sets);
    at = take(at, e->snaps, n * sizeof *e->snaps);
    at = take(at, e->sym, n * sizeof *e->sym);
    at = take(at, e->sleeve, sizeof e->sleeve);
    (void)take(at, &e->detector, sizeof e->detector);
    e->seq = h.seq;
    e->input = h.input;
    e->marked_at = h.marked_at;
    e->last_ms = h.last_ms;
    e->regime = h.regime;
    e->ordered = h.ordered;
    e->ended = h.ended;
    e->apart = h.apart;
    e->breaker = h.breaker;
    e->probes = h.probes;
    e->unbooked = h.unbooked;
    e->behaviour = h.behaviour;
    e->behind = h.behind;
    return 0;
}

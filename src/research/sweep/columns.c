/* research/sweep/columns.c: see columns.h. */
#include "research/sweep/columns.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/chains.h"
#include "kernel/windows.h"

/* Columns of one window stay in the third cache: they are read from end to end, so they come in time. What every run of
 * a group remembers is read anew in each window, here and there, and comes late: the fewer windows the better. Fewer
 * bars than BARS_MIN would spend more on beginning a window than on its bars. */
enum { CACHE_BYTES = 4 << 20, BARS_MIN = 512, BARS_MAX = 4096, SLOTS_FIRST = 256, MASKS_MAX = 32 };

/* Bars of the window before that lie in front of each column, so that a value of some bars ago is read there and its
 * own column stays out of the cache. */
enum { LEAD = 8 };

/* A part of a configuration's signals, slots renumbered from 0. */
typedef struct part {
    int32_t n, max_gap_bars;
    keel_signal_spec spec[KEEL_SIGNAL_SPEC_MAX];
} part;

/* Places of a window from which on another mask of slots is ready, where there are few of them. */
enum { TURNS = 4 };

/* One part on one symbol. */
typedef struct series {
    keel_signal_set *set; /* cut off behind the windows it uses */
    keel_window_room room;
    keel_window_symbol view;
    int32_t turn[TURNS];
    int32_t turn_count; /* -1: more than TURNS */
    int32_t steady;     /* everything is ready on every bar of this window */
    int32_t begun;      /* and on its last two */
} series;

typedef struct entry {
    part *part;
    uint64_t all; /* its slots, renumbered */
    int32_t outputs;
    int32_t read;                  /* outputs whose own columns are read */
    int32_t chain;                 /* goes side by side with the others of this number (kernel/chains.h), 0: alone */
    series *series;                /* [symbols] */
    int32_t source[KEEL_SLOT_MAX]; /* [outputs] an output is this one, */
    int32_t delay[KEEL_SLOT_MAX];  /* so many bars ago; 0: it is itself */
} entry;

/* A mask of ready slots that holds on every bar of a window. */
typedef struct constant {
    uint64_t mask;
    uint64_t *ready; /* [cap] */
} constant;

/* Kinds and sources that chains can have. */
enum { CHAIN_KINDS = 17 };

struct keel_columns {
    const keel_kernel *kernel;
    const keel_tape *tape;
    entry *entries;
    int32_t *places; /* [place_count] hash table of entries, -1 = free */
    int32_t count, cap, place_count, symbols;
    int32_t bars; /* of a window */
    int32_t room; /* for them and what lies in front */
    int64_t from, at_hand;
    int64_t bytes;
    int32_t *whole;           /* [symbols] nothing is missing in this window and the one before */
    keel_window_room *prices; /* [symbols] times and prices for all sets */
    keel_signal_scratch *scratch;
    uint64_t *ready;     /* [symbols][bars] of one configuration */
    uint8_t *acts, *any; /* [symbols][bars], [symbols][bars / KEEL_ACTS_BLOCK] */
    constant constants[MASKS_MAX];
    int32_t constant_count;
    int32_t chain_kinds[CHAIN_KINDS], chain_kind_count;
    keel_chain *chains; /* [count] of one kind in one window */
    keel_window window;
};

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: signals of a sweep: use fewer --threads");
}

static void *take(keel_columns *c, size_t count, size_t size) {
    c->bytes += (int64_t)(count * size);
    return calloc(count > 0 ? count : 1, size);
}

keel_columns *keel_columns_new(const keel_kernel *kernel, const keel_tape *tape) {
    keel_columns *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->kernel = kernel;
    c->tape = tape;
    c->symbols = tape->symbol_count;
    c->bytes = (int64_t)sizeof *c;
    c->scratch = take(c, 1, sizeof *c->scratch);
    c->prices = take(c, (size_t)c->symbols, sizeof *c->prices);
    c->whole = take(c, (size_t)c->symbols, sizeof *c->whole);
    c->place_count = SLOTS_FIRST;
    c->places = malloc((size_t)c->place_count * sizeof *c->places);
    if (!c->scratch || !c->prices || !c->whole || !c->places) {
        keel_columns_free(c);
        return NULL;
    }
    memset(c->places, 0xff, (size_t)c->place_count * sizeof *c->places);
    return c;
}

static void entry_done(entry *e, int32_t symbols) {
    for (int32_t s = 0; e->series && s < symbols; s++) {
        free(e->series[s].set);
        if (e->series[s].room.columns) free(e->series[s].room.columns - LEAD);
        free(e->series[s].room.ready);
    }
    free(e->series);
    free(e->part);
}

void keel_columns_free(keel_columns *c) {
    if (!c) return;
    for (int32_t i = 0; i < c->count; i++)
        entry_done(&c->entries[i], c->symbols);
    for (int32_t s = 0; c->prices && s < c->symbols; s++) {
        free(c->prices[s].ts_ms);
        free(c->prices[s].prices);
    }
    for (int32_t i = 0; i < c->constant_count; i++)
        free(c->constants[i].ready);
    free(c->entries);
    free(c->places);
    free(c->prices);
    free(c->scratch);
    free(c->whole);
    free(c->ready);
    free(c->acts);
    free(c->any);
    free(c->chains);
    free(c);
}

int64_t keel_columns_bytes(const keel_columns *c) { return c->bytes; }

/* ---- asking ------------------------------------------------------------------------------------------------ */

static uint64_t hash_of(const part *p) {
    keel_hash h;
    keel_hash_init(&h);
    keel_hash_i64(&h, p->max_gap_bars);
    for (int32_t i = 0; i < p->n; i++) {
        const keel_signal_spec *s = &p->spec[i];
        keel_hash_i64(&h, s->kind);
        keel_hash_i64(&h, s->source);
        for (int k = 0; k < 4; k++)
            keel_hash_i64(&h, s->p[k]);
        for (int k = 0; k < 2; k++)
            keel_hash_f64(&h, s->f[k]);
    }
    return keel_hash_digest(&h);
}

static int equal(const part *a, const part *b) {
    return a->n == b->n && a->max_gap_bars == b->max_gap_bars &&
           memcmp(a->spec, b->spec, (size_t)a->n * sizeof *a->spec) == 0;
}

static void place(keel_columns *c, int32_t index) {
    uint64_t at = hash_of(c->entries[index].part);
    while (c->places[at % (uint64_t)c->place_count] >= 0)
        at++;
    c->places[at % (uint64_t)c->place_count] = index;
}

static int grow(keel_columns *c) {
    int32_t cap = c->cap > 0 ? 2 * c->cap : SLOTS_FIRST / 4;
    entry *entries = realloc(c->entries, (size_t)cap * sizeof *entries);
    if (!entries) return 0;
    c->entries = entries;
    c->cap = cap;
    if (4 * cap <= c->place_count) return 1;
    int32_t *places = realloc(c->places, 4 * (size_t)cap * sizeof *places);
    if (!places) return 0;
    c->places = places;
    c->place_count = 4 * cap;
    memset(places, 0xff, (size_t)c->place_count * sizeof *places);
    for (int32_t i = 0; i < c->count; i++)
        place(c, i);
    return 1;
}

/* Which outputs are others of some bars ago. */
static void find_delays(const part *p, entry *e) {
    for (int32_t i = 0; i < e->outputs; i++)
        e->source[i] = i;
    e->read = e->outputs;
    for (int32_t i = 0; i < p->n; i++) {
        const keel_signal_spec *s = &p->spec[i];
        if (s->kind != KEEL_SIGNAL_PREV || s->source < KEEL_SOURCE_SLOT_BASE || s->p[0] > LEAD) continue;
        int32_t from = s->source - KEEL_SOURCE_SLOT_BASE;
        if (e->delay[from] > 0) continue;
        e->source[s->slot] = from;
        e->delay[s->slot] = s->p[0];
        e->read--;
    }
}

/* The sets of a new entry, each with as much window as it uses. */
static int make_entry(keel_columns *c, const part *p, const keel_signal_set *model, entry *e) {
    size_t size = offsetof(keel_signal_set, win) + (size_t)model->window_used * sizeof model->win[0];
    e->outputs = keel_signal_column_count(model);
    e->all = keel_signal_set_slots(model);
    e->part = take(c, 1, sizeof *e->part);
    e->series = take(c, (size_t)c->symbols, sizeof *e->series);
    if (!e->part || !e->series) return 0;
    *e->part = *p;
    find_delays(p, e);
    if (e->read == 1) e->chain = keel_chain_of(model);
    for (int32_t s = 0; s < c->symbols; s++) {
        e->series[s].set = take(c, 1, size);
        if (!e->series[s].set) return 0;
        memcpy(e->series[s].set, model, size);
    }
    return 1;
}

/* Which kinds of chains there are. */
static void list_chain(keel_columns *c, const entry *e) {
    int32_t i = 0;
    while (i < c->chain_kind_count && c->chain_kinds[i] != e->chain)
        i++;
    if (e->chain == 0 || i < c->chain_kind_count) return;
    KEEL_ASSERT(i < CHAIN_KINDS);
    c->chain_kinds[c->chain_kind_count++] = e->chain;
}

static int find_entry(keel_columns *c, const part *p, keel_signal_set *model, int32_t *ret, keel_err *err) {
    for (uint64_t at = hash_of(p);; at++) {
        int32_t index = c->places[at % (uint64_t)c->place_count];
        if (index < 0) break;
        if (!equal(c->entries[index].part, p)) continue;
        *ret = index;
        return 0;
    }
    if (c->count == c->cap && !grow(c)) return no_memory(err);
    KEEL_ASSERT(keel_signal_set_init(model, p->spec, p->n) == KEEL_SIGNAL_OK); /* the whole list was accepted */
    entry *e = &c->entries[c->count];
    memset(e, 0, sizeof *e);
    c->count++;
    if (!make_entry(c, p, model, e)) return no_memory(err);
    list_chain(c, e);
    place(c, c->count - 1);
    *ret = c->count - 1;
    return 0;
}

/* Which part each spec belongs to: the lowest index of a spec that it is joined with by sources. */
static void split(const keel_signal_list *list, int32_t part_of[]) {
    int32_t writer[KEEL_SLOT_MAX];
    memset(writer, 0xff, sizeof writer);
    for (int32_t i = 0; i < list->n; i++) {
        const keel_signal_spec *s = &list->spec[i];
        part_of[i] = i;
        if (s->source >= KEEL_SOURCE_SLOT_BASE) part_of[i] = part_of[writer[s->source - KEEL_SOURCE_SLOT_BASE]];
        for (int32_t k = 0; k < keel_signal_kind_outputs(s->kind); k++)
            writer[s->slot + k] = i;
    }
}

/* Gather the specs of part `head` and where its slots were. */
static void gather(const keel_signal_list *list, const int32_t part_of[], int32_t head, part *ret,
                   int32_t was[KEEL_SLOT_MAX], int32_t *ret_slots) {
    int32_t now[KEEL_SLOT_MAX], slots = 0;
    memset(ret, 0, sizeof *ret);
    for (int32_t i = head; i < list->n; i++) {
        if (part_of[i] != head) continue;
        keel_signal_spec s = list->spec[i];
        if (s.source >= KEEL_SOURCE_SLOT_BASE) s.source = KEEL_SOURCE_SLOT(now[s.source - KEEL_SOURCE_SLOT_BASE]);
        for (int32_t k = 0; k < keel_signal_kind_outputs(s.kind); k++) {
            was[slots + k] = s.slot + k;
            now[s.slot + k] = slots + k;
        }
        s.slot = slots;
        slots += keel_signal_kind_outputs(s.kind);
        ret->spec[ret->n++] = s;
    }
    *ret_slots = slots;
}

int keel_columns_ask(keel_columns *c, const keel_params *p, keel_columns_use *ret, keel_err *reterr) {
    keel_signal_list list;
    int32_t part_of[KEEL_SIGNAL_SPEC_MAX], was[KEEL_SLOT_MAX], slots = 0;
    keel_signal_set *model = malloc(sizeof *model);
    part one;
    memset(ret, 0, sizeof *ret);
    if (!model) return no_memory(reterr);
    c->kernel->strategy_signals(p, &list);
    int rc = keel_windows_signals(c->kernel, p, model, reterr);
    if (rc == 0) split(&list, part_of);
    for (int32_t i = 0; rc == 0 && i < list.n; i++) {
        if (part_of[i] != i) continue;
        gather(&list, part_of, i, &one, was, &slots);
        one.max_gap_bars = p->max_gap_bars;
        int32_t index = 0;
        rc = find_entry(c, &one, model, &index, reterr);
        if (rc != 0) break;
        ret->entries[ret->entry_count] = index;
        for (int32_t k = 0; k < slots; k++) {
            ret->slot[ret->slot_count] = was[k];
            ret->entry[ret->slot_count] = index;
            ret->output[ret->slot_count++] = k;
            ret->entry_slots[ret->entry_count] |= (uint64_t)1 << was[k];
        }
        ret->slots |= ret->entry_slots[ret->entry_count++];
    }
    free(model);
    return rc;
}

/* ---- windows ----------------------------------------------------------------------------------------------- */

static int32_t bars_that_fit(const keel_columns *c) {
    int64_t columns = 0;
    for (int32_t i = 0; i < c->count; i++)
        columns += c->entries[i].read;
    int64_t fit = columns > 0 ? CACHE_BYTES / (columns * c->symbols * (int64_t)sizeof(double)) : BARS_MAX;
    fit = fit / KEEL_ACTS_BLOCK * KEEL_ACTS_BLOCK;
    if (fit > BARS_MAX) fit = BARS_MAX;
    if (fit < BARS_MIN) fit = BARS_MIN;
    return (int32_t)fit;
}

int keel_columns_begin(keel_columns *c, keel_err *reterr) {
    size_t n = (size_t)c->symbols;
    c->bars = bars_that_fit(c);
    c->room = c->bars + LEAD;
    size_t cap = (size_t)c->room;
    int fits = 1;
    for (size_t s = 0; s < n; s++) {
        keel_window_room *r = &c->prices[s];
        *r = (keel_window_room){.cap = c->room};
        r->ts_ms = take(c, cap, sizeof *r->ts_ms);
        r->prices = take(c, 5 * cap, sizeof *r->prices);
        fits = fits && r->ts_ms && r->prices;
    }
    c->ready = take(c, n * cap, sizeof *c->ready);
    c->acts = take(c, n * cap, 1);
    c->any = take(c, n * (cap / KEEL_ACTS_BLOCK), 1);
    c->chains = take(c, (size_t)c->count, sizeof *c->chains);
    fits = fits && c->ready && c->acts && c->any && c->chains;
    for (int32_t i = 0; fits && i < c->count; i++)
        for (size_t s = 0; fits && s < n; s++) {
            keel_window_room *r = &c->entries[i].series[s].room;
            *r = (keel_window_room){
                .cap = c->room, .scratch = c->scratch, .ts_ms = c->prices[s].ts_ms, .prices = c->prices[s].prices};
            r->columns = take(c, (size_t)c->entries[i].outputs * cap + LEAD, sizeof *r->columns);
            r->ready = take(c, cap, sizeof *r->ready);
            fits = r->columns && r->ready;
            if (fits) r->columns += LEAD;
        }
    return fits ? 0 : no_memory(reterr);
}

/* What the window before ended with, in front of what is read some bars ago. */
static void lead(const keel_columns *c, const entry *e, const series *s, int64_t before) {
    for (int32_t i = 0; i < e->outputs && before > 0; i++)
        if (e->delay[i] > 0) {
            double *column = s->room.columns + (int64_t)e->source[i] * c->room;
            memcpy(column - LEAD, column + before - LEAD, LEAD * sizeof *column);
        }
}

/* Where no bar is missing, some bars ago is so many places before. */
static void view(const keel_columns *c, const entry *e, series *s) {
    for (int32_t i = 0; i < e->outputs; i++)
        s->view.v[i] = s->room.columns + (int64_t)e->source[i] * c->room - e->delay[i];
}

static void find_turns(series *s, int64_t count) {
    const uint64_t *ready = s->view.ready;
    s->turn_count = 0;
    for (int32_t i = 0; i < count && s->turn_count >= 0; i++) {
        if (i > 0 && ready[i] == ready[i - 1]) continue;
        if (s->turn_count == TURNS)
            s->turn_count = -1;
        else
            s->turn[s->turn_count++] = i;
    }
}

static void fill(keel_columns *c, const entry *e, int32_t symbol, int64_t before) {
    series *s = &e->series[symbol];
    keel_params p; /* of which a window without judgement reads one member */
    memset(&p, 0, sizeof p);
    p.max_gap_bars = e->part->max_gap_bars;
    lead(c, e, s, before);
    s->room.priced = 1;
    s->room.whole = c->prices[symbol].whole;
    c->kernel->window_fill(c->tape, symbol, &p, c->from, c->at_hand, s->set, &s->room, &s->view);
    uint64_t ready = e->all;
    for (int64_t i = 0; i < c->at_hand; i++)
        ready &= s->view.ready[i];
    s->steady = ready == e->all;
    if (!s->steady) find_turns(s, c->at_hand);
    s->begun = c->at_hand > 1 && (s->view.ready[c->at_hand - 1] & s->view.ready[c->at_hand - 2]) == e->all;
    if (c->whole[symbol]) view(c, e, s);
}

/* The first window in which everything is ready from its first bar on: so it stays. */
static void settle(const keel_columns *c, const entry *e, series *s) {
    for (int32_t i = 0; i < c->bars && !s->steady; i++)
        s->room.ready[i] = e->all;
    s->room.same_count = 0;
    s->steady = 1;
}

/* Chains of one kind that are all under way, side by side: what was ready on the bar before stays so. */
static void fill_chains(keel_columns *c, int32_t kind, int32_t symbol, int64_t before) {
    const keel_window_room *r = &c->prices[symbol];
    const keel_signal_bars bars = {.ts_ms = r->ts_ms,
                                   .open = r->prices,
                                   .high = r->prices + r->cap,
                                   .low = r->prices + 2 * (int64_t)r->cap,
                                   .close = r->prices + 3 * (int64_t)r->cap,
                                   .volume = r->prices + 4 * (int64_t)r->cap};
    int32_t n = 0;
    for (int32_t i = 0; i < c->count; i++) {
        const entry *e = &c->entries[i];
        if (e->chain != kind) continue;
        series *s = &e->series[symbol];
        lead(c, e, s, before);
        view(c, e, s);
        settle(c, e, s);
        c->chains[n++] = (keel_chain){s->set, s->room.columns};
    }
    keel_chains_run(c->chains, n, &bars, c->at_hand);
}

/* Fewer than so many go alone: a vector of lanes takes as long for one of them. */
enum { SIDE_BY_SIDE = 3 };

/* Shall all chains of this kind go on side by side? */
static int under_way(const keel_columns *c, int32_t kind, int32_t symbol) {
    int32_t count = 0;
    if (!c->whole[symbol] || c->from == 0) return 0;
    for (int32_t i = 0; i < c->count; i++) {
        if (c->entries[i].chain != kind) continue;
        if (!c->entries[i].series[symbol].begun) return 0;
        count++;
    }
    return count >= SIDE_BY_SIDE;
}

static void fill_all(keel_columns *c, int32_t symbol, int64_t before) {
    for (int32_t k = 0; k < c->chain_kind_count; k++) {
        int32_t kind = c->chain_kinds[k];
        if (under_way(c, kind, symbol)) {
            fill_chains(c, kind, symbol, before);
            continue;
        }
        for (int32_t i = 0; i < c->count; i++)
            if (c->entries[i].chain == kind) fill(c, &c->entries[i], symbol, before);
    }
    for (int32_t i = 0; i < c->count; i++)
        if (c->entries[i].chain == 0) fill(c, &c->entries[i], symbol, before);
}

int64_t keel_columns_next(keel_columns *c) {
    int64_t before = c->at_hand;
    c->from += c->at_hand;
    c->at_hand = c->tape->bars - c->from < c->bars ? c->tape->bars - c->from : c->bars;
    for (int32_t s = 0; s < c->symbols && c->at_hand > 0; s++) {
        int32_t was_whole = before < LEAD ? before == 0 : c->prices[s].whole;
        keel_window_price_all(c->tape, s, c->from, c->at_hand, &c->prices[s]);
        c->whole[s] = was_whole && c->prices[s].whole;
        fill_all(c, s, before);
    }
    return c->at_hand;
}

/* A column that holds one mask on every bar; NULL: there are too many kinds of them. */
static const uint64_t *constant_of(keel_columns *c, uint64_t mask) {
    for (int32_t i = 0; i < c->constant_count; i++)
        if (c->constants[i].mask == mask) return c->constants[i].ready;
    if (c->constant_count == MASKS_MAX) return NULL;
    uint64_t *ready = take(c, (size_t)c->bars, sizeof *ready);
    if (!ready) return NULL;
    for (int32_t i = 0; i < c->bars; i++)
        ready[i] = mask;
    c->constants[c->constant_count++] = (constant){mask, ready};
    return ready;
}

/* The slots of a configuration that a mask of one of its entries makes ready. */
static uint64_t slots_of(const keel_columns_use *use, int32_t place, uint64_t mask) {
    uint64_t ret = 0;
    for (int32_t k = 0; k < use->slot_count; k++)
        if (use->entry[k] == place) ret |= (mask >> use->output[k] & 1u) << use->slot[k];
    return ret;
}

static void add_ready(const keel_columns *c, const keel_columns_use *use, int32_t place, int32_t symbol,
                      uint64_t *out) {
    const series *s = &c->entries[place].series[symbol];
    for (int64_t i = 0; i < c->at_hand && s->turn_count < 0; i++)
        out[i] |= slots_of(use, place, s->view.ready[i]);
    for (int32_t t = 0; t < s->turn_count; t++) {
        int64_t end = t + 1 < s->turn_count ? s->turn[t + 1] : c->at_hand;
        uint64_t mask = slots_of(use, place, s->view.ready[s->turn[t]]);
        for (int64_t i = s->turn[t]; i < end; i++)
            out[i] |= mask;
    }
}

/* Which slots are ready on which bars. */
static const uint64_t *ready_of(keel_columns *c, int32_t symbol, const keel_columns_use *use, uint64_t *ret_always) {
    int steady = 1;
    uint64_t always = 0;
    for (int32_t i = 0; i < use->entry_count; i++) {
        int same = c->entries[use->entries[i]].series[symbol].steady;
        if (same) always |= use->entry_slots[i];
        steady = steady && same;
    }
    const uint64_t *same = steady ? constant_of(c, use->slots) : NULL;
    *ret_always = steady ? use->slots : 0;
    if (same) return same;
    uint64_t *out = c->ready + (int64_t)symbol * c->room;
    for (int64_t i = 0; i < c->at_hand; i++)
        out[i] = always;
    for (int32_t i = 0; i < use->entry_count; i++)
        if (!c->entries[use->entries[i]].series[symbol].steady) add_ready(c, use, use->entries[i], symbol, out);
    return out;
}

static void lay(keel_columns *c, int32_t symbol, const keel_params *p, const keel_columns_use *use) {
    keel_window_symbol *w = &c->window.sym[symbol];
    if (w->slots != use->slots || w->slot_count != use->slot_count ||
        memcmp(w->slot, use->slot, (size_t)use->slot_count * sizeof *w->slot) != 0) {
        memset(w->v, 0, sizeof w->v);
        memcpy(w->slot, use->slot, sizeof w->slot);
        w->slots = use->slots;
        w->slot_count = use->slot_count;
    }
    for (int32_t k = 0; k < use->slot_count; k++)
        w->v[use->slot[k]] = c->entries[use->entry[k]].series[symbol].view.v[use->output[k]];
    w->ready = ready_of(c, symbol, use, &w->always);
    w->whole = c->prices[symbol].whole;
    w->acts = w->acts_any = NULL;
    if (c->tape->sym[symbol].watch_only || !keel_window_foresees(p)) return;
    uint8_t *acts = c->acts + (int64_t)symbol * c->room;
    uint8_t *any = c->any + (int64_t)symbol * (c->room / KEEL_ACTS_BLOCK);
    keel_windows_judge(p, w, c->at_hand, acts);
    keel_window_blocks(acts, c->at_hand, any);
    w->acts = acts;
    w->acts_any = any;
}

const keel_window *keel_columns_window(keel_columns *c, const keel_params *p, const keel_columns_use *use) {
    c->window.from = c->from;
    c->window.count = c->at_hand;
    for (int32_t s = 0; s < c->symbols; s++)
        lay(c, s, p, use);
    return &c->window;
}

/* core/signal/block_window.c */
#include "core/signal/block_window.h"

/* One more value to a running aggregate (acc, x), one older value in front of a suffix (acc, x): as roll.c writes them.
 */
#define KEEL_WINDOW_MAX_NEW(acc, x) ((x) > (acc) ? (x) : (acc))
#define KEEL_WINDOW_MAX_OLD(acc, x) ((acc) > (x) ? (acc) : (x))
#define KEEL_WINDOW_MIN_NEW(acc, x) ((x) < (acc) ? (x) : (acc))
#define KEEL_WINDOW_MIN_OLD(acc, x) ((acc) < (x) ? (acc) : (x))

/* What joined with any number gives that number. */
#define KEEL_WINDOW_MAX_NEUTRAL (keel_f64_from_bits(0xfff0000000000000u))
#define KEEL_WINDOW_MIN_NEUTRAL (keel_f64_from_bits(0x7ff0000000000000u))

/* A level of simd/ takes whole turns side by side; here they go one after the other. */
#ifndef KEEL_WIDE_TURNS
#define KEEL_WIDE_TURNS 0
#endif
/* The functions of one aggregate.
 *   turn        one whole turn: its running aggregates, and what the next turn finds as old
 *   four        four turns in a row, eight chains side by side
 *   turns       any number of turns; short ones with a constant length
 *   (the last)  the contract of the header */
#define KEEL_WINDOW_FUNCTIONS(name, NEW, OLD, NEUTRAL)                                                           \
    KEEL_INLINE void keel_ring_turn_##name(KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t n,                 \
                                           KEEL_GLOBAL double *KEEL_RESTRICT part,                               \
                                           KEEL_GLOBAL double *KEEL_RESTRICT next) {                             \
        double head = x[0];                                                                                      \
        double tail = x[n - 1];                                                                                  \
        part[0] = head;                                                                                          \
        next[n - 1] = NEUTRAL;                                                                                   \
        for (int32_t j = 1; j < n; j++) {                                                                        \
            next[n - 1 - j] = tail;                                                                              \
            head = NEW(head, x[j]);                                                                              \
            tail = OLD(tail, x[n - 1 - j]);                                                                      \
            part[j] = head;                                                                                      \
        }                                                                                                        \
    }                                                                                                            \
                                                                                                                 \
    KEEL_LOCAL void keel_ring_four_##name(KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t n,                  \
                                          KEEL_GLOBAL double *KEEL_RESTRICT part,                                \
                                          KEEL_GLOBAL double *KEEL_RESTRICT next) {                              \
        double head0 = x[0], head1 = x[n], head2 = x[2 * n], head3 = x[3 * n];                                   \
        double tail0 = x[n - 1], tail1 = x[2 * n - 1], tail2 = x[3 * n - 1], tail3 = x[4 * n - 1];               \
        part[0] = head0, part[n] = head1, part[2 * n] = head2, part[3 * n] = head3;                              \
        next[n - 1] = next[2 * n - 1] = next[3 * n - 1] = next[4 * n - 1] = NEUTRAL;                             \
        for (int32_t j = 1; j < n; j++) {                                                                        \
            int32_t k = n - 1 - j;                                                                               \
            next[k] = tail0, next[k + n] = tail1, next[k + 2 * n] = tail2, next[k + 3 * n] = tail3;              \
            head0 = NEW(head0, x[j]);                                                                            \
            head1 = NEW(head1, x[j + n]);                                                                        \
            head2 = NEW(head2, x[j + 2 * n]);                                                                    \
            head3 = NEW(head3, x[j + 3 * n]);                                                                    \
            tail0 = OLD(tail0, x[k]);                                                                            \
            tail1 = OLD(tail1, x[k + n]);                                                                        \
            tail2 = OLD(tail2, x[k + 2 * n]);                                                                    \
            tail3 = OLD(tail3, x[k + 3 * n]);                                                                    \
            part[j] = head0, part[j + n] = head1, part[j + 2 * n] = head2, part[j + 3 * n] = head3;              \
        }                                                                                                        \
    }                                                                                                            \
                                                                                                                 \
    KEEL_INLINE void keel_ring_short_##name(KEEL_GLOBAL const double *x, int32_t n, int32_t turns,               \
                                            KEEL_GLOBAL double *part, KEEL_GLOBAL double *next) {                \
        for (int32_t t = 0; t < turns; t++)                                                                      \
            keel_ring_turn_##name(x + t * n, n, part + t * n, next + t * n);                                     \
    }                                                                                                            \
                                                                                                                 \
    KEEL_LOCAL void keel_ring_turns_##name(KEEL_GLOBAL const double *x, int32_t n, int32_t turns,                \
                                           KEEL_GLOBAL double *part, KEEL_GLOBAL double *next,                   \
                                           keel_block_ahead *ahead) {                                            \
        int32_t t = 0;                                                                                           \
        switch (n) {                                                                                             \
            case 1: keel_ring_short_##name(x, 1, turns, part, next); return;                                     \
            case 2: keel_ring_short_##name(x, 2, turns, part, next); return;                                     \
            case 3: keel_ring_short_##name(x, 3, turns, part, next); return;                                     \
            case 4: keel_ring_short_##name(x, 4, turns, part, next); return;                                     \
            case 5: keel_ring_short_##name(x, 5, turns, part, next); return;                                     \
            default: break;                                                                                      \
        }                                                                                                        \
        for (; t + 4 <= turns; t += 4) {                                                                         \
            keel_ring_four_##name(x + t * n, n, part + t * n, next + t * n);                                     \
            keel_block_look(ahead, 4 * n);                                                                       \
        }                                                                                                        \
        keel_ring_short_##name(x + t * n, n, turns - t, part + t * n, next + t * n);                             \
    }                                                                                                            \
                                                                                                                 \
    KEEL_FN void keel_block_##name(keel_roll *st, double *win, KEEL_GLOBAL const double *x, int32_t m,           \
                                   KEEL_GLOBAL double *part, KEEL_GLOBAL double *old, keel_block_ahead *ahead) { \
        int32_t n = st->n;                                                                                       \
        int32_t pos = st->pos;                                                                                   \
        int32_t rest = n - pos < m ? n - pos : m; /* inputs of the turn that is under way */                     \
        double head = st->head[0];                                                                               \
        for (int32_t j = 0; j < rest; j++)                                                                       \
            old[j] = pos + 1 + j < n ? win[pos + 1 + j] : NEUTRAL;                                               \
        for (int32_t j = 0; j < rest; j++) {                                                                     \
            head = pos + j == 0 ? x[j] : NEW(head, x[j]);                                                        \
            part[j] = head;                                                                                      \
            win[pos + j] = x[j];                                                                                 \
        }                                                                                                        \
        st->pos = pos + rest;                                                                                    \
        st->head[0] = head;                                                                                      \
        if (st->pos < n) return;                                                                                 \
        int32_t turns = (m - rest) / n;                                                                          \
        int32_t last = rest + turns * n; /* of the inputs after the whole turns */                               \
        if (turns == 0) {                                                                                        \
            for (int32_t i = n - 2; i >= 0; i--)                                                                 \
                win[i] = OLD(win[i + 1], win[i]);                                                                \
        } else {                                                                                                 \
            double tail = win[n - 1];                                                                            \
            old[rest + n - 1] = NEUTRAL;                                                                         \
            for (int32_t i = n - 2; i >= 0; i--) {                                                               \
                old[rest + i] = tail;                                                                            \
                tail = OLD(tail, win[i]);                                                                        \
            }                                                                                                    \
            keel_ring_turns_##name(x + rest, n, turns - 1, part + rest, old + rest + n, ahead);                  \
            int32_t at = last - n;                                                                               \
            head = x[at];                                                                                        \
            part[at] = head;                                                                                     \
            win[n - 1] = x[last - 1];                                                                            \
            for (int32_t j = 1; j < n; j++) {                                                                    \
                head = NEW(head, x[at + j]);                                                                     \
                part[at + j] = head;                                                                             \
                win[n - 1 - j] = OLD(win[n - j], x[last - 1 - j]);                                               \
            }                                                                                                    \
        }                                                                                                        \
        for (int32_t j = last; j < m; j++) {                                                                     \
            old[j] = win[j - last + 1];                                                                          \
            head = j == last ? x[j] : NEW(head, x[j]);                                                           \
            part[j] = head;                                                                                      \
        }                                                                                                        \
        for (int32_t j = last; j < m; j++)                                                                       \
            win[j - last] = x[j];                                                                                \
        st->pos = m - last;                                                                                      \
        st->head[0] = head;                                                                                      \
    }

KEEL_WINDOW_FUNCTIONS(max, KEEL_WINDOW_MAX_NEW, KEEL_WINDOW_MAX_OLD, KEEL_WINDOW_MAX_NEUTRAL)
KEEL_WINDOW_FUNCTIONS(min, KEEL_WINDOW_MIN_NEW, KEEL_WINDOW_MIN_OLD, KEEL_WINDOW_MIN_NEUTRAL)

/* Welford's step of roll.c, its reciprocal of the count given: for a double, or for the running part and the suffix of
 * one turn as a pair. */
#define KEEL_WINDOW_WELFORD(type, mean, m2, x, reciprocal) \
    {                                                      \
        type welford_d = (x) - (mean);                     \
        (mean) = (mean) + (reciprocal)*welford_d;          \
        (m2) = (m2) + welford_d * ((x) - (mean));          \
    }

/* Tables of one window length: reciprocals of 1 .. n by count, and for inputs from the ring's slot 0 on, turn after
 * turn, the weights with which the new part joins the old one: new / n and old new / n. `inputs` of them, at least n.
 */
KEEL_LOCAL void keel_ring_fill(int32_t n, int32_t inputs, KEEL_GLOBAL double *KEEL_RESTRICT reciprocal,
                               KEEL_GLOBAL double *KEEL_RESTRICT share, KEEL_GLOBAL double *KEEL_RESTRICT cross) {
    for (int32_t j = 0; j < n; j++) {
        double new_count = (double)(j + 1);
        double old_count = (double)(n - j - 1);
        reciprocal[j] = 1.0 / new_count;
        share[j] = new_count / (double)n;
        cross[j] = (old_count * new_count) / (double)n;
    }
    for (int32_t have = n; have < inputs; have += have) { /* what repeats after n repeats after 2 n */
        int32_t more = inputs - have < have ? inputs - have : have;
        KEEL_GLOBAL double *KEEL_RESTRICT share_on = share + have;
        KEEL_GLOBAL double *KEEL_RESTRICT cross_on = cross + have;
        for (int32_t j = 0; j < more; j++) {
            share_on[j] = share[j];
            cross_on[j] = cross[j];
        }
    }
}

/* Whole turns in a row, their running parts and suffixes side by side, `turns` <= 4 and constant. A suffix goes to the
 * input of the next turn that finds it old, that of a whole turn to the last input of its own. */
KEEL_INLINE void keel_ring_turns_moments(int32_t turns, KEEL_GLOBAL const double *KEEL_RESTRICT x, int32_t n,
                                         KEEL_GLOBAL const double *KEEL_RESTRICT reciprocal,
                                         KEEL_GLOBAL double *KEEL_RESTRICT mean, KEEL_GLOBAL double *KEEL_RESTRICT m2,
                                         KEEL_GLOBAL double *KEEL_RESTRICT old_mean,
                                         KEEL_GLOBAL double *KEEL_RESTRICT old_m2) {
    keel_pair a[4], a2[4];
    for (int32_t t = 0; t < turns; t++)
        a[t] = a2[t] = keel_pair_of(0.0, 0.0);
    for (int32_t j = 0; j < n; j++) {
        int32_t k = n - 1 - j;
        double r = reciprocal[j];
        for (int32_t t = 0; t < turns; t++) {
            keel_pair both = keel_pair_of(x[t * n + j], x[t * n + k]);
            KEEL_WINDOW_WELFORD(keel_pair, a[t], a2[t], both, r)
            mean[t * n + j] = keel_pair_lo(a[t]);
            m2[t * n + j] = keel_pair_lo(a2[t]);
            old_mean[t * n + n - 1 + k] = keel_pair_hi(a[t]);
            old_m2[t * n + n - 1 + k] = keel_pair_hi(a2[t]);
        }
    }
}

/* The turn that the ring holds raw, into suffixes in place. */
KEEL_LOCAL void keel_ring_settle_moments(double *win, int32_t n, KEEL_GLOBAL const double *reciprocal) {
    double z = 0.0, z2 = 0.0;
    for (int32_t i = n - 1; i >= 0; i--) {
        KEEL_WINDOW_WELFORD(double, z, z2, win[2 * i], reciprocal[n - 1 - i])
        win[2 * i] = z;
        win[2 * i + 1] = z2;
    }
}

/* What a turn finds as old in the ring's slots slot .. at its inputs 0 .. count - 1. */
KEEL_LOCAL void keel_ring_old_moments(const double *win, int32_t slot, int32_t count, KEEL_GLOBAL double *old_mean,
                                      KEEL_GLOBAL double *old_m2) {
    for (int32_t j = 0; j < count; j++) {
        old_mean[j] = win[2 * (slot + j)];
        old_m2[j] = win[2 * (slot + j) + 1];
    }
}

/* Running aggregates of `count` inputs that fall into slots pos .. of the ring, which keeps them raw. */
KEEL_LOCAL void keel_ring_run_moments(keel_roll *st, double *win, int32_t pos, int32_t count,
                                      KEEL_GLOBAL const double *x, KEEL_GLOBAL const double *reciprocal,
                                      KEEL_GLOBAL double *mean, KEEL_GLOBAL double *m2) {
    double a = pos == 0 ? 0.0 : st->head[0];
    double a2 = pos == 0 ? 0.0 : st->head[1];
    for (int32_t j = 0; j < count; j++) {
        KEEL_WINDOW_WELFORD(double, a, a2, x[j], reciprocal[pos + j])
        win[2 * (pos + j)] = x[j];
        mean[j] = a;
        m2[j] = a2;
    }
    st->head[0] = a;
    st->head[1] = a2;
    st->pos = pos + count;
}

/* The last input of a turn has nothing old beside it. */
KEEL_LOCAL void keel_ring_alone_moments(int32_t at, KEEL_GLOBAL const double *mean, KEEL_GLOBAL double *old_mean,
                                        KEEL_GLOBAL double *old_m2) {
    old_mean[at] = mean[at];
    old_m2[at] = 0.0;
}

/* Whole turns that are computed together; their weights are what the tables repeat. */
#define KEEL_RING_TURNS 4

KEEL_FN void keel_block_parts_begin(keel_block_parts *p, keel_roll *st, double *win, KEEL_GLOBAL const double *x,
                                    int32_t m, KEEL_GLOBAL double *mean, KEEL_GLOBAL double *m2,
                                    KEEL_GLOBAL keel_signal_scratch *scratch) {
    int32_t n = st->n;
    int32_t turns = m / n < KEEL_RING_TURNS ? m / n : KEEL_RING_TURNS;
    p->m = m;
    p->from = p->at = p->joined_to = 0;
    p->x = x;
    p->mean = mean;
    p->m2 = m2;
    p->old_mean = scratch->a;
    p->old_m2 = scratch->b;
    p->reciprocal = scratch->t[0];
    p->share = scratch->t[1];
    p->cross = scratch->t[2];
    if (scratch->table_n != n || scratch->table_inputs < turns * n) {
        keel_ring_fill(n, turns * n, scratch->t[0], scratch->t[1], scratch->t[2]);
        scratch->table_n = n;
        scratch->table_inputs = turns * n;
    }
    int32_t old = n - st->pos - 1 < m ? n - st->pos - 1 : m;
    keel_ring_old_moments(win, st->pos + 1, old, p->old_mean, p->old_m2);
}

/* Inputs of one turn that does not both begin and end in the call, as the ring's own step. */
KEEL_LOCAL void keel_parts_some(keel_block_parts *p, keel_roll *st, double *win, int32_t count) {
    int32_t at = p->at, n = st->n;
    p->joined = 0;
    keel_ring_run_moments(st, win, st->pos, count, p->x + at, p->reciprocal, p->mean + at, p->m2 + at);
    p->at = at + count;
    if (st->pos < n) return;
    keel_ring_alone_moments(p->at - 1, p->mean, p->old_mean, p->old_m2);
    keel_ring_settle_moments(win, n, p->reciprocal);
    st->pos = 0;
    int32_t old = n - 1 < p->m - p->at ? n - 1 : p->m - p->at;
    keel_ring_old_moments(win, 1, old, p->old_mean + p->at, p->old_m2 + p->at);
}

/* Whole turns, as many as go together. */
KEEL_LOCAL void keel_parts_turns(keel_block_parts *p, keel_roll *st, double *win, int32_t turns,
                                 keel_block_ahead *ahead) {
    int32_t n = st->n, at = p->at, wide = 0;
    KEEL_GLOBAL const double *x = p->x + at;
    KEEL_GLOBAL const double *r = p->reciprocal;
    KEEL_GLOBAL double *mean = p->mean + at;
    KEEL_GLOBAL double *m2 = p->m2 + at;
    KEEL_GLOBAL double *old_mean = p->old_mean + at;
    KEEL_GLOBAL double *old_m2 = p->old_m2 + at;
#if KEEL_WIDE_TURNS
    keel_wide_moments w = {ahead, n, r, p->share, p->cross, mean, m2, old_mean, old_m2};
    wide = keel_wide_moments_run(&w, x, turns);
#else
    (void)ahead;
#endif
    p->joined = wide > 0;
    p->joined_to = at + wide * n;
    turns = wide > 0 ? wide : turns < KEEL_RING_TURNS ? turns : KEEL_RING_TURNS;
    switch (wide > 0 ? 0 : turns) {
        case 0: break;
        case 1: keel_ring_turns_moments(1, x, n, r, mean, m2, old_mean, old_m2); break;
        case 2: keel_ring_turns_moments(2, x, n, r, mean, m2, old_mean, old_m2); break;
        case 3: keel_ring_turns_moments(3, x, n, r, mean, m2, old_mean, old_m2); break;
        default: keel_ring_turns_moments(KEEL_RING_TURNS, x, n, r, mean, m2, old_mean, old_m2); break;
    }
    p->at = at + turns * n;
    int32_t last = turns * n - 1;
    if (p->m - p->at < n) { /* no whole turn follows: the ring holds what was found behind the last input */
        for (int32_t j = 0; j < n; j++) {
            win[2 * j] = old_mean[last + j];
            win[2 * j + 1] = old_m2[last + j];
        }
        st->head[0] = mean[last];
        st->head[1] = m2[last];
    }
    for (int32_t t = 1; t <= turns && wide == 0; t++)
        keel_ring_alone_moments(t * n - 1, mean, old_mean, old_m2);
}

/* Inputs of joined parts that are given at a time, so that fetching goes on beside the caller's formula. */
#define KEEL_PARTS_GIVEN 64

KEEL_FN int32_t keel_block_parts_next(keel_block_parts *p, keel_roll *st, double *win, keel_block_ahead *ahead) {
    int32_t n = st->n, left = p->m - p->at;
    if (left == 0) return 0;
    p->from = p->at;
    p->slot = st->pos;
    if (p->at >= p->joined_to && (st->pos > 0 || left < n)) {
        keel_parts_some(p, st, win, n - st->pos < left ? n - st->pos : left);
        return 1;
    }
    if (p->at >= p->joined_to) keel_parts_turns(p, st, win, left / n, ahead);
    if (p->joined) p->at = p->joined_to - p->from < KEEL_PARTS_GIVEN ? p->joined_to : p->from + KEEL_PARTS_GIVEN;
    keel_block_look(ahead,
                    p->joined ? (p->at - p->from) / 2 : p->at - p->from); /* the other half went beside the chains */
    return 1;
}

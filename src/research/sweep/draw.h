/* research/sweep/draw.h: random numbers that depend on where they are used, not on when: the draw of one seed, trial,
 * dimension and purpose is the same whatever was drawn before, in whatever thread.
 *
 * Four words are mixed one after the other by the finaliser of splitmix64.
 * Source: G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom Number Generators, 2014. */
#ifndef KEEL_RESEARCH_SWEEP_DRAW_H
#define KEEL_RESEARCH_SWEEP_DRAW_H

#include <stdint.h>

static inline uint64_t keel_draw_mix(uint64_t z) {
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t keel_draw_u64(uint64_t seed, uint64_t trial, uint64_t dim, uint64_t purpose) {
    return keel_draw_mix(keel_draw_mix(keel_draw_mix(keel_draw_mix(seed) ^ trial) ^ dim) ^ purpose);
}

/* [0, 1), 53 bits */
static inline double keel_draw_unit(uint64_t seed, uint64_t trial, uint64_t dim, uint64_t purpose) {
    return (double)(keel_draw_u64(seed, trial, dim, purpose) >> 11) * 0x1p-53;
}

#endif

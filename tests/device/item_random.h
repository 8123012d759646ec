/* item_random.h: numbers for items, from a seed: SplitMix64 (Steele, Lea, Flood 2014). Pure dialect. */
KEEL_LOCAL uint64_t keel_item_random(uint64_t *seed) {
    uint64_t z = *seed + (uint64_t)0x9e3779b97f4a7c15;
    *seed = z;
    z = (z ^ (z >> 30)) * (uint64_t)0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * (uint64_t)0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Uniform in [0, 1), 53 bits. */
KEEL_LOCAL double keel_item_uniform(uint64_t *seed) {
    return (double)(keel_item_random(seed) >> 11) * (1.0 / 9007199254740992.0);
}

/* lo..hi, both included; the small bias of the remainder does not matter here. */
KEEL_LOCAL int64_t keel_item_between(uint64_t *seed, int64_t lo, int64_t hi) {
    return lo + (int64_t)(keel_item_random(seed) % (uint64_t)(hi - lo + 1));
}

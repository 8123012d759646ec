/* item_signal.h: one indicator kind at its defaults over a random walk with flat stretches; every output into the hash.
 * in[0] picks the kind, in[1] seeds the bars. out: hash of all values, ready count. */
#define ITEM_BARS 160

KEEL_LOCAL void keel_item_bar(uint64_t *seed, double *last, keel_ohlcv *bar) {
    double drift = keel_item_uniform(seed) - 0.5, range = keel_item_uniform(seed);
    int32_t flat = keel_item_between(seed, 0, 9) == 0;
    bar->open = *last;
    bar->close = flat ? bar->open : bar->open * (1.0 + 0.04 * drift);
    bar->high = (bar->open > bar->close ? bar->open : bar->close) * (flat ? 1.0 : 1.0 + 0.01 * range);
    bar->low = (bar->open < bar->close ? bar->open : bar->close) * (flat ? 1.0 : 1.0 - 0.01 * range);
    bar->volume = flat ? 0.0 : 1000.0 * keel_item_uniform(seed);
    *last = bar->close;
}

KEEL_LOCAL void keel_item_signal(const uint64_t *in, uint64_t *out) {
    uint64_t seed = in[1], ready = 0;
    double last = 100.0;
    keel_signal_set set;
    keel_snapshot snap;
    keel_ohlcv bar;
    keel_hash h;
    keel_hash_init(&h);
    keel_signal_spec spec = keel_signal_spec_default((int32_t)(in[0] % KEEL_SIGNAL_KIND_COUNT), 0);
    keel_hash_i64(&h, keel_signal_set_init(&set, &spec, 1));
    snap.ready = 0;
    for (int32_t i = 0; i < KEEL_SLOT_MAX; i++)
        snap.v[i] = 0.0;
    for (int32_t i = 0; i < ITEM_BARS; i++) {
        keel_item_bar(&seed, &last, &bar);
        keel_signal_set_step(&set, &bar, (int64_t)i * 3600000, &snap);
        keel_hash_u64(&h, snap.ready);
        ready += snap.ready & 1;
        for (int32_t k = 0; k < KEEL_SIGNAL_OUTPUT_MAX; k++)
            if ((snap.ready >> k) & 1) keel_hash_f64(&h, snap.v[k]);
    }
    keel_signal_set_hash(&set, &h);
    out[0] = keel_hash_digest(&h);
    out[1] = ready;
    out[2] = out[3] = 0;
}

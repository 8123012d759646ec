/* item_ledger.h: one account through random fills and settlements; each posting and the totals go into the hash.
 * out: hash, refused calls, final cash, 1 when the books balance. */
#define ITEM_FILLS 60

KEEL_LOCAL void keel_item_fill(uint64_t *seed, int64_t ts_ms, keel_ledger_fill *fill) {
    /* sizes from dust to far too large, so that overflow and lack of cash are met too */
    int64_t qty_e8 = keel_item_between(seed, 1, (int64_t)1 << keel_item_between(seed, 1, 50));
    int64_t px_e8 = keel_item_between(seed, 1, (int64_t)1 << keel_item_between(seed, 1, 50));
    fill->ts_ms = ts_ms;
    fill->qty_e8 = qty_e8;
    fill->px_e8 = px_e8;
    fill->ref_px_e8 = px_e8;
    fill->fee_rate_e8 = keel_item_between(seed, -20000, 100000);
    fill->leverage_e8 = keel_item_between(seed, 1, 20) * KEEL_E8;
    fill->side = keel_item_between(seed, 0, 1) ? 1 : -1;
    fill->symbol = 0;
    fill->fee_role = (int32_t)keel_item_between(seed, 0, 1);
}

KEEL_LOCAL void keel_item_ledger(const uint64_t *in, uint64_t *out) {
    uint64_t seed = in[0], refused = 0;
    keel_account account = {0};
    keel_position position = {0};
    keel_posting posting[2];
    keel_ledger_fill fill;
    keel_hash h;
    keel_hash_init(&h);
    if (keel_ledger_deposit(&account, 0, keel_item_between(&seed, 1, (int64_t)1 << 50), posting) == 0)
        keel_ledger_hash_posting(&h, posting);
    for (int32_t i = 0; i < ITEM_FILLS; i++) {
        int32_t count = 0, code;
        keel_item_fill(&seed, i, &fill);
        if (i % 7 == 6) {
            code = keel_ledger_settle(&account, &position, i, 0, fill.px_e8,
                                      keel_item_between(&seed, -KEEL_E16 / 100, KEEL_E16 / 100), posting);
            count = 1;
        } else {
            code = keel_ledger_book(&account, &position, &fill, posting, &count);
        }
        if (code != 0) refused += 1;
        keel_hash_i64(&h, code);
        for (int32_t k = 0; code == 0 && k < count; k++)
            keel_ledger_hash_posting(&h, &posting[k]);
    }
    keel_hash_f64(&h, position.entry_px);
    out[0] = keel_hash_digest(&h);
    out[1] = refused;
    out[2] = (uint64_t)account.cash_e8;
    out[3] = (uint64_t)keel_ledger_balanced(&account);
}

/* lane_entry.h: one known-answer run as words: (strategy, seed) in, (state hash, trades, final equity) out. */
#define LANE_SCRATCH (1 << 21)
KEEL_STATIC_ASSERT(8 * (KEEL_KAT_INTS + KEEL_KAT_DOUBLES) <= LANE_SCRATCH, lane_scratch_is_enough);

KEEL_LOCAL void keel_lane_entry(const uint64_t *in, uint64_t *out, KEEL_GLOBAL int64_t *ints,
                                KEEL_GLOBAL double *doubles, keel_signal_set *sets, keel_snapshot *snaps,
                                keel_lane *lane, keel_state *st) {
    keel_kat_answer answer;
    keel_kat_run((int32_t)in[0], in[1], ints, doubles, sets, snaps, lane, st, &answer);
    out[0] = answer.state_hash;
    out[1] = (uint64_t)answer.trades;
    out[2] = (uint64_t)answer.final_e8;
}

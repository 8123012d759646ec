/* kernel/refusal.c: see refusal.h. */
#include "kernel/refusal.h"

static const char *sentence_of(int32_t refusal) {
    switch (refusal) {
#define CASE(name, number, sentence) \
    case KEEL_REFUSED_##name: return sentence;
        KEEL_REFUSALS(CASE)
#undef CASE
        default: return "unknown refusal";
    }
}

int keel_refusal_of_capital(int32_t refusal, keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_RANGE, "starting balance refused: %s: choose another", sentence_of(refusal));
}

int keel_refusal_of_event(const keel_lane *lane, keel_err *reterr) {
    return keel_err_set(reterr, KEEL_E_PARITY, "the books refused an event: bar %lld: %s; please report this run",
                        (long long)lane->bar, sentence_of(lane->fault));
}

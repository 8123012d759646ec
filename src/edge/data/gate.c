/* edge/data/gate.c: the data gate of a run. See check.h. */
#include <string.h>

#include "edge/data/check_impl.h"

static const char *mend_of(keel_finding_kind kind) {
    switch (kind) {
        case KEEL_FINDING_NO_ROWS: return "import that range, or choose another time range";
        case KEEL_FINDING_GAP:
        case KEEL_FINDING_MISSING_SHARE: return "import the missing bars, or choose a time range without the hole";
        case KEEL_FINDING_LARGE_MOVE: return "look at the bar; correct it, or allow it if it is real";
        case KEEL_FINDING_FUNDING_MISSING: return "import the funding of that range, or choose another time range";
        case KEEL_FINDING_BAD_BAR: return "delete the store and import the files again";
        case KEEL_FINDING_STALE: return "import newer data";
        case KEEL_FINDING_OUTLIER:
        case KEEL_FINDING_FUNDING_SPIKE:
        case KEEL_FINDING_FUNDING_FLIPS:
        case KEEL_FINDING_COUNT:
        default: return "see keel data check";
    }
}

static int refuse(const char *who, const char *what, const keel_check *c, keel_err *err) {
    char text[200];
    const keel_finding *f = &c->worst;
    if (c->status != KEEL_CHECK_FAIL) return 0;
    int64_t others = 0;
    for (int i = 0; i < KEEL_FINDING_COUNT; i++)
        others += c->counted[i];
    keel_finding_text(f, text, sizeof text);
    return keel_err_set(err, KEEL_E_GATE, "data gate: %s%s: %s (%lld findings in all): %s", who, what, text,
                        (long long)others, mend_of(f->kind));
}

int keel_data_gate(const char *who, const keel_candles *c, const keel_fundings *f, int64_t from_ms, int64_t to_ms,
                   const keel_check_options *o, keel_check *ret_candles, keel_check *ret_funding, keel_err *err) {
    memset(ret_funding, 0, sizeof *ret_funding);
    KEEL_TRY(keel_check_candles(c, from_ms, to_ms, o, ret_candles, err));
    if (f) KEEL_TRY(keel_check_fundings(f, from_ms, to_ms, o, ret_funding, err));
    KEEL_TRY(refuse(who, "", ret_candles, err));
    return f ? refuse(who, " funding", ret_funding, err) : 0;
}

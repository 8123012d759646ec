/* model/params.c: see params.h. */
#include "model/params.h"

#include "num/int.h"

#define KEEL_PARAM_FROM_REAL(v) (v)
#define KEEL_PARAM_FROM_INT(v) (int32_t)(v)
#define KEEL_PARAM_FROM_BOOL(v) (int32_t)(v)
#define KEEL_PARAM_FROM_USD(v) keel_params_scaled((double)(v)*KEEL_PARAM_SCALE_USD)
#define KEEL_PARAM_FROM_BPS(v) keel_params_scaled((double)(v)*KEEL_PARAM_SCALE_BPS)
#define KEEL_PARAM_TO_REAL(v) (v)
#define KEEL_PARAM_TO_INT(v) (double)(v)
#define KEEL_PARAM_TO_BOOL(v) (double)(v)
#define KEEL_PARAM_TO_USD(v) ((double)(v) / KEEL_PARAM_SCALE_USD)
#define KEEL_PARAM_TO_BPS(v) ((double)(v) / KEEL_PARAM_SCALE_BPS)
#define KEEL_PARAM_WHOLE_REAL(v) 1
#define KEEL_PARAM_WHOLE_INT(v) ((double)(int32_t)(v) == (v))
#define KEEL_PARAM_WHOLE_BOOL(v) ((double)(int32_t)(v) == (v))
#define KEEL_PARAM_WHOLE_USD(v) 1
#define KEEL_PARAM_WHOLE_BPS(v) 1

KEEL_LOCAL int64_t keel_params_scaled(double scaled) {
    int64_t v = 0;
    (void)keel_f64_round_i64(scaled, &v); /* bounds of the table keep it in range */
    return v;
}

KEEL_FN void keel_params_default(keel_params *p) {
#define X(section, name, type, def, lo, hi, step, unit, doc) p->name = KEEL_PARAM_FROM_##type(def);
#include "model/params.def"
#undef X
    p->strategy = 0;
    p->strategy_param_count = 0;
    for (int32_t i = 0; i < KEEL_STRATEGY_PARAM_MAX; i++)
        p->own[i] = 0.0;
}

KEEL_FN int32_t keel_params_set(keel_params *p, int32_t index, double value) {
    switch (index) {
#define X(section, name, type, def, lo, hi, step, unit, doc)                                                \
    case KEEL_PARAM_##name:                                                                                 \
        if (!(value >= (double)(lo) && value <= (double)(hi)) || !KEEL_PARAM_WHOLE_##type(value)) return 0; \
        p->name = KEEL_PARAM_FROM_##type(value);                                                            \
        return 1;
#include "model/params.def"
#undef X
        default: return 0;
    }
}

KEEL_FN double keel_params_get(const keel_params *p, int32_t index) {
    switch (index) {
#define X(section, name, type, def, lo, hi, step, unit, doc) \
    case KEEL_PARAM_##name:                                  \
        return KEEL_PARAM_TO_##type(p->name);
#include "model/params.def"
#undef X
        default: return 0.0;
    }
}

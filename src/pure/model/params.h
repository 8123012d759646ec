/* model/params.h: the parameters of one configuration, as the core reads them: see params.def. */
#ifndef KEEL_MODEL_PARAMS_H
#define KEEL_MODEL_PARAMS_H

#include "num/port.h"

#define KEEL_STRATEGY_PARAM_MAX 24

#define KEEL_PARAM_FIELD_REAL(name) double name;
#define KEEL_PARAM_FIELD_INT(name) int32_t name;
#define KEEL_PARAM_FIELD_BOOL(name) int32_t name;
#define KEEL_PARAM_FIELD_USD(name) int64_t name;
#define KEEL_PARAM_FIELD_BPS(name) int64_t name;

typedef struct keel_params {
#define X(section, name, type, def, lo, hi, step, unit, doc) KEEL_PARAM_FIELD_##type(name)
#include "model/params.def"
#undef X
    int32_t strategy; /* KEEL_STRATEGY_* */
    int32_t strategy_param_count;
    double own[KEEL_STRATEGY_PARAM_MAX]; /* the strategy's own parameters, in the order of its table */
} keel_params;

enum { /* index of each core parameter */
#define X(section, name, type, def, lo, hi, step, unit, doc) KEEL_PARAM_##name,
#include "model/params.def"
#undef X
       KEEL_PARAM_COUNT
};

enum { KEEL_TYPE_REAL = 0, KEEL_TYPE_INT = 1, KEEL_TYPE_BOOL = 2, KEEL_TYPE_USD = 3, KEEL_TYPE_BPS = 4 };

/* Scale of a type's stored integer per unit of its text: 1 for INT and BOOL, 1e8 for USD, 1e4 for BPS. */
#define KEEL_PARAM_SCALE_USD 100000000.0
#define KEEL_PARAM_SCALE_BPS 10000.0

/* Every core parameter at its default; strategy 0, no own parameters. */
KEEL_FN void keel_params_default(keel_params *p);

/* Set core parameter `index` from its number as a user writes it (USD in dollars, BPS in basis points).
 * Returns 1, or 0 when the index is unknown, the value is not finite, out of bounds, or not a whole number where
 * one is asked for; *p is then unchanged. */
KEEL_FN int32_t keel_params_set(keel_params *p, int32_t index, double value);

/* The number behind core parameter `index`, as a user writes it; 0 for an unknown index. */
KEEL_FN double keel_params_get(const keel_params *p, int32_t index);

#endif

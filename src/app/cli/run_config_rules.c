/* app/cli/run_config_rules.c: rules between two values; single values have their bounds in the table. */
#include <stddef.h>
#include <stdio.h>

#include "app/cli/run_config_internal.h"

typedef struct rule {
    const char *lower, *upper; /* lower <= upper */
    int strict;                /* lower < upper */
    int both_on;               /* only when both are above 0, which switches them on */
    const char *only_if;       /* a BOOL that must be true; NULL: always */
} rule;

static const rule RULES[] = {
    {"account.leverage", "account.leverage_max", 0, 0, NULL},
    {"sizing.vol_size_min", "sizing.vol_size_max", 0, 0, NULL},
    {"cooldowns.reentry_min_minutes", "cooldowns.reentry_max_minutes", 0, 0, NULL},
    {"cooldowns.reentry_weak_adx", "cooldowns.reentry_strong_adx", 0, 0, NULL},
    {"exits.tp_partial_atr_mult", "exits.tp_atr_mult", 1, 1, "exits.enable_partial_tp"},
    {"trailing.trail_weak_adx", "trailing.trail_strong_adx", 0, 0, "trailing.enable_trailing"},
    {"time_exits.check1_h", "time_exits.check2_h", 1, 1, "time_exits.enable_progress_checks"},
    {"time_exits.check2_h", "time_exits.check3_h", 1, 1, "time_exits.enable_progress_checks"},
    {"gates.ranging_rsi_low", "gates.ranging_rsi_high", 0, 0, "gates.gate_ranging"},
    {"gates.breadth_long_min", "gates.breadth_short_max", 0, 0, "gates.gate_breadth"},
    {"confidence.conf_points_medium", "confidence.conf_points_high", 0, 0, NULL},
    {"signals.macd_fast", "signals.macd_slow", 1, 0, NULL},
};

enum { PATH_SIZE = 128 };

/* Where the value of path in this regime stands: its own row there, or path. label -1: in none. */
static const char *in_regime(const keel_config *c, const char *path, int32_t label, char text[PATH_SIZE]) {
    if (label < 0 || !path) return path;
    (void)snprintf(text, PATH_SIZE, "%s@%s", path, keel_run_config_regime_name(label));
    return keel_config_has(c, text) && keel_config_is_set(c, text) ? text : path;
}

static int is_broken(const keel_config *c, const rule *r) {
    double lower = keel_config_get_real(c, r->lower), upper = keel_config_get_real(c, r->upper);
    if (r->only_if && !keel_config_get_int(c, r->only_if)) return 0;
    if (r->both_on && !(lower > 0 && upper > 0)) return 0;
    return r->strict ? lower >= upper : lower > upper;
}

/* The place to mend is the value that a layer gave; the lower one when both were. */
static const char *place_of(const keel_config *c, const rule *r) {
    const char *path = keel_config_is_given(c, r->lower) || !keel_config_is_given(c, r->upper) ? r->lower : r->upper;
    return keel_config_origin_of(c, path);
}

static int check_rule(keel_config *c, const rule *r) {
    keel_err err = {0};
    if (!is_broken(c, r)) return 0;
    (void)keel_err_set(&err, KEEL_E_RANGE, "%s = %.15g is %s %s = %.15g: %s: lower the first or raise the second",
                       r->lower, keel_config_get_real(c, r->lower), r->strict ? "not below" : "above", r->upper,
                       keel_config_get_real(c, r->upper), place_of(c, r));
    return keel_config_note_problem(c, KEEL_E_RANGE, err.text);
}

/* The rule in every regime that has a value of its own for one of its parameters. */
static int check_in_regimes(keel_config *c, const rule *r) {
    char lower[PATH_SIZE], upper[PATH_SIZE], only_if[PATH_SIZE];
    int rc = 0;
    for (int32_t label = 0; label < KEEL_REGIME_COUNT; label++) {
        rule there = *r;
        there.lower = in_regime(c, r->lower, label, lower);
        there.upper = in_regime(c, r->upper, label, upper);
        there.only_if = in_regime(c, r->only_if, label, only_if);
        int same = there.lower == r->lower && there.upper == r->upper && there.only_if == r->only_if;
        if (!same && check_rule(c, &there) != 0) rc = KEEL_E_RANGE;
    }
    return rc;
}

static int check_detail(keel_config *c) {
    if (!keel_config_is_set(c, "run.detail") || !keel_config_is_set(c, "run.timeframe")) return 0;
    int64_t detail_ms = keel_config_get_int(c, "run.detail"), timeframe_ms = keel_config_get_int(c, "run.timeframe");
    keel_err err = {0};
    if (detail_ms < timeframe_ms && timeframe_ms % detail_ms == 0) return 0;
    (void)keel_err_set(&err, KEEL_E_RANGE,
                       "run.detail does not divide run.timeframe: %s: take a finer interval that does, "
                       "for example 5m of 1h",
                       keel_config_origin_of(c, "run.detail"));
    return keel_config_note_problem(c, KEEL_E_RANGE, err.text);
}

int keel_run_config_check_rules(keel_config *config) {
    int rc = 0;
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
        if (check_rule(config, &RULES[i]) != 0 || check_in_regimes(config, &RULES[i]) != 0) rc = KEEL_E_RANGE;
    if (check_detail(config) != 0) rc = KEEL_E_RANGE;
    return rc;
}

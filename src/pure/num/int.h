/* num/int.h: checked integer arithmetic for booked amounts.
 *
 * Every amount is int64_t at 1e-8. A product passes through 128 bits (two 64-bit words) and is rounded
 * half-even exactly once; a result that does not fit is refused, never wrapped. All functions are pure,
 * exact, and give the same bits on every target. On refusal *ret is not written. Products and quotients are
 * symmetric: a result of INT64_MIN counts as not fitting. */
#ifndef KEEL_NUM_INT_H
#define KEEL_NUM_INT_H

#include "num/port.h"

/* Returns 1 when the result fits, else 0. */
KEEL_FN int32_t keel_add_i64(int64_t a, int64_t b, int64_t *ret);
KEEL_FN int32_t keel_sub_i64(int64_t a, int64_t b, int64_t *ret);

/* |a| as unsigned; defined for INT64_MIN. */
KEEL_FN uint64_t keel_abs_u64(int64_t a);

/* round_half_even(a * b / 1e8): price x quantity -> money, money x rate at 1e-8 -> money.
 * Returns 1 when the result fits, else 0. Cost: some 20 operations below 8e14, two divisions by a constant above. */
KEEL_FN int32_t keel_mul_e8(int64_t a, int64_t b, int64_t *ret);

/* round_half_even(a * b / c) for any c > 0. Returns 1 when c > 0 and the result fits, else 0. */
KEEL_FN int32_t keel_mul_div(int64_t a, int64_t b, int64_t c, int64_t *ret);

/* floor(a * b / c) for a, b >= 0 and c > 0 (sizing: never more than was asked for).
 * Returns 1 when the arguments are in range and the result fits, else 0. */
KEEL_FN int32_t keel_mul_div_floor(int64_t a, int64_t b, int64_t c, int64_t *ret);

/* Largest multiple of step that is <= x, for x >= 0, step >= 1. */
KEEL_FN int64_t keel_floor_step(int64_t x, int64_t step);

/* Round half away from zero to the nearest integer. Returns 1 when x is finite and the result fits, else 0. */
KEEL_FN int32_t keel_f64_round_i64(double x, int64_t *ret);

/* An amount as a double: one conversion, one division. */
KEEL_FN double keel_e8_to_f64(int64_t v_e8);

/* A double as an amount at 1e-8, nearest, ties away from zero. Returns 1 when finite and in range, else 0. */
KEEL_FN int32_t keel_f64_to_e8(double x, int64_t *ret_e8);

#endif

/* core/strategy/gates.h: conditions of the market under which no entry is made, whatever the strategy says. All are
 * evaluated, none is skipped, and each leaves its value and threshold. A gate whose input is missing is UNKNOWN and
 * holds the entry back. Comparison operators are part of the contract (SIG-01.2). */
#ifndef KEEL_CORE_STRATEGY_GATES_H
#define KEEL_CORE_STRATEGY_GATES_H

#include "core/strategy/strategy.h"

/* Evaluate every gate for an entry on `side` with entry reason `reason` (slow drift waives the ranging gate when the
 * slope is steep enough).
 *   gates  out  [KEEL_GATE_COUNT]
 * Returns 1 when no enabled gate failed or is unknown. */
KEEL_FN int32_t keel_gates_evaluate(const keel_params *p, const keel_view *view, int32_t side, int32_t reason,
                                    keel_gate_result *gates);

/* keel_gates_shut of what keel_gates_evaluate finds, for whoever does not ask for values: gates that are off are left
 * out. */
KEEL_FN int32_t keel_gates_held(const keel_params *p, const keel_view *view, int32_t side, int32_t reason);

/* Mask (bit = gate number) of the gates that failed or are unknown. */
KEEL_FN int32_t keel_gates_shut(const keel_gate_result *gates);

/* Bitcoin agrees with `side`, or need not. */
KEEL_FN int32_t keel_gates_btc_agrees(const keel_view *view, int32_t side);

/* Slots that the enabled gates read. */
KEEL_FN uint64_t keel_gates_needs(const keel_params *p);

#endif

/* core/decide.h: the stages of a step that turn opinions and exits into commands. */
#ifndef KEEL_CORE_DECIDE_H
#define KEEL_CORE_DECIDE_H

#include "core/exit/exits.h"
#include "core/step.h"

/* An exit rule fired: one CLOSE or PARTIAL_CLOSE. */
KEEL_FN void keel_decide_exit(keel_state *st, const keel_params *p, const keel_event *ev, const keel_exit *out,
                              keel_decision *ret);

/* A closed bar without an exit: strategy, gates, confidence, cooldowns, sizing. */
KEEL_FN void keel_decide_entry(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                               keel_decision *ret, keel_diag *diag);

/* Does the strategy want a position here, of a symbol that has none and no order, that its gates, its feeds or the
 * regime hold back? Then keel_decide_entry would change nothing of the state, and ret is what it would say. ret  out
 * only written when 1 is returned */
KEEL_FN int32_t keel_decide_barred(const keel_state *st, const keel_params *p, const keel_event *ev,
                                   const keel_snapshot *snap, keel_decision *ret);

/* A signal that a caller states (intent-only mode): cooldowns and sizing apply, gates do not. */
KEEL_FN int32_t keel_decide_signal(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret,
                                   keel_diag *diag);

#endif

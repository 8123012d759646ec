/* core/step.h: the one function that changes state: event in, decision out.
 *
 * Order inside a step: validate; bookkeeping (deposit, fill, reject, funding); excursions and bars held; exits; if
 * none fired and the bar is closed: signal, gates, confidence, cooldowns, sizing; commands; memory of the snapshot.
 * A refused event leaves the state byte for byte as it was and says why. Pure: no clock, randomness, I/O, globals. */
#ifndef KEEL_CORE_STEP_H
#define KEEL_CORE_STEP_H

#include "core/state.h"
#include "core/strategy/strategy.h"
#include "model/command.h"
#include "model/diag.h"
#include "model/event.h"
#include "model/params.h"
#include "model/posting.h"
#include "model/trade.h"

#define KEEL_COMMANDS_PER_STEP 1
#define KEEL_POSTINGS_PER_STEP 2

typedef struct keel_decision {
    int32_t refusal; /* KEEL_REFUSED_OK or why the event was refused */
    int32_t command_count;
    int32_t posting_count;
    int32_t trade_count; /* 1: a position ended, `trade` describes it */
    int32_t signal;      /* KEEL_NEUTRAL, BUY, ... that was acted on or held back */
    int32_t hold_reason; /* KEEL_H_* when it was held back, else KEEL_NONE */
    int32_t gates_shut;  /* mask of the gates that failed or were unknown, 0 when none was asked */
    int32_t reserved;
    keel_command command[KEEL_COMMANDS_PER_STEP];
    keel_posting posting[KEEL_POSTINGS_PER_STEP];
    keel_trade trade; /* trade_id, flags and regime are the caller's */
} keel_decision;

/* Process one event.
 *   st    io   from keel_state_init
 *   p     in   one configuration, constant over the run
 *   ev    in   seq above st->last_seq; ts_ms of PRICE, BAR_CLOSE and SIGNAL not before the symbol's last (what has
 *             happened at the venue is booked whenever it is heard of)
 *   snap  in   BAR_CLOSE: the snapshot of the closed bar, or NULL: intent-only (exits on levels, no entries)
 *   ret   out  always written; no commands when refused
 *   diag  out  NULL, or every gate, exit rule, cooldown and sizing input of this step
 * Returns ret->refusal. Checks in the order of KEEL_REFUSALS, but DUPLICATE first where something is already
 * applied. */
KEEL_FN int32_t keel_step(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                          keel_decision *ret, keel_diag *diag);

#if KEEL_ON_HOST
/* keel_step for a BAR_CLOSE that is in order: its number, time, symbol and range are known to be what a step accepts, a
 * snapshot comes with it, and nobody asks for diagnostics.
 *   silent  in  1: the strategy is known to say nothing here
 * What is held need not fit an amount: that is looked at, as is the state's own fault. Same bits as keel_step. */
KEEL_FN int32_t keel_step_closed(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                                 int32_t silent, keel_decision *ret);

/* keel_step for a FILL whose number, time and symbol are in order, of which nobody asks for diagnostics. */
KEEL_FN int32_t keel_step_filled(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret);
#endif

/* Take over a closed bar's values; those of the bar before stay comparable. Part of the step at each BAR_CLOSE; for
 * core/quiet.c. */
KEEL_FN void keel_step_remember(keel_symbol *s, const keel_snapshot *snap);

#endif

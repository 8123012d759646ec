/* core/risk/cooldown.h: for how long an entry or an exit has to wait. Event time only; survives restarts because it
 * lives in the state. */
#ifndef KEEL_CORE_RISK_COOLDOWN_H
#define KEEL_CORE_RISK_COOLDOWN_H

#include "core/state.h"
#include "model/params.h"

/* Time from which an entry on `side` is allowed again: the latest of
 *   entry cooldown (CDN-01), same-side pause after a close (CDN-02: not after an opposite signal, 1.5 x after a stop
 *   loss, its length between reentry_min and reentry_max by ADX, reentry_minutes when ADX is unknown),
 *   pause after a loss or a losing streak (CDN-03).
 *   adx_known, adx  ADX of the closed bar at which the entry is attempted
 * An entry at ts is refused when ts < the result. KEEL_NEVER = no wait. */
KEEL_FN int64_t keel_cooldown_entry_until(const keel_params *p, const keel_state *st, const keel_symbol *s,
                                          int32_t side, int32_t adx_known, double adx);

/* 1 when exits that are not protective may be sent at ts. */
KEEL_FN int32_t keel_cooldown_may_exit(const keel_params *p, const keel_symbol *s, int64_t ts_ms);

/* A position ended with net result pnl: count losses, start pauses. Zero counts as no loss and no win. */
KEEL_FN void keel_cooldown_after_close(const keel_params *p, keel_state *st, int64_t ts_ms, int64_t pnl_e8);

#endif

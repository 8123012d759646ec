/* core/bookkeeping.h: the stages of a step that book what has happened: deposits, fills, refusals, funding. */
#ifndef KEEL_CORE_BOOKKEEPING_H
#define KEEL_CORE_BOOKKEEPING_H

#include "core/step.h"

/* Each returns KEEL_REFUSED_OK or the reason; a refusal leaves st unchanged. */
KEEL_FN int32_t keel_book_deposit(keel_state *st, const keel_event *ev, keel_decision *ret);
KEEL_FN int32_t keel_book_funding(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret,
                                  keel_diag *diag);
KEEL_FN int32_t keel_book_borrow(keel_state *st, const keel_event *ev, keel_decision *ret, keel_diag *diag);
KEEL_FN int32_t keel_book_fill(keel_state *st, const keel_params *p, const keel_event *ev, keel_decision *ret,
                               keel_diag *diag);
KEEL_FN int32_t keel_book_reject(keel_state *st, const keel_event *ev);

/* Bring the running equity up to date with s->last_px. Returns 1, or 0 on overflow: st unchanged. */
KEEL_FN int32_t keel_book_revalue(keel_state *st, const keel_params *p, keel_symbol *s);

#endif

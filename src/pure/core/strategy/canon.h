/* core/strategy/canon.h: the canonical signals: which slots a configuration needs, and the specs that fill them. */
#ifndef KEEL_CORE_STRATEGY_CANON_H
#define KEEL_CORE_STRATEGY_CANON_H

#include "core/strategy/strategy.h"

/* Slots that the switched-on exits and sizing rules read. */
KEEL_FN uint64_t keel_canon_exit_needs(const keel_params *p);

/* Append specs for every slot of `need` (bits of the canonical slots), with what they depend on. */
KEEL_FN void keel_canon_add(const keel_params *p, uint64_t need, keel_signal_list *list);

#endif

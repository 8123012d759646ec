/* kernel/chains.h: averages of many lengths over one window, as many beside each other as a vector holds.
 *
 * A chain from bar to bar waits for itself; chains of several lengths do not wait for each other (simd/lanes.h). SMAs
 * are no chains, but the sums of the longest serve the others (core/signal/block_sum.h). Each set gets the bits, and
 * keeps the state, of keel_signal_columns on it alone. */
#ifndef KEEL_KERNEL_CHAINS_H
#define KEEL_KERNEL_CHAINS_H

#include "core/signal/columns.h"

/* What sets have in common that go side by side: 0 for a set that cannot (it is not one SMA, EMA, RMA, RSI or ATR, of a
 * stored price, with nothing beside it but values of it some bars ago), else a number that is equal for those that
 * can. */
int32_t keel_chain_of(const keel_signal_set *set);

/* One set of a call, and where the chain's own column goes; columns of the values some bars ago are not written. */
typedef struct keel_chain {
    keel_signal_set *set;
    double *column; /* [count] */
} keel_chain;

/* Feed bars 0 .. count - 1, of which none is missing.
 *   chains  io  [n], n >= 0: sets of one keel_chain_of, everything in them ready since two bars or more;
 *               SMAs have been fed the same values since the longest began
 *   bars    in  as keel_signal_columns */
void keel_chains_run(const keel_chain chains[], int32_t n, const keel_signal_bars *bars, int64_t count);

#endif

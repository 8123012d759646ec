/* pure/all.c: the one host unit of the pure rooms; the device units include the same file. */
#include "num/port.h"

#include "num/int.c"
#include "num/hash.c"
#include "num/elementary.c"
#include "num/find.c"

#include "model/params.c"

#include "core/signal/roll.c"
#include "core/signal/average.c"
#include "core/signal/momentum.c"
#include "core/signal/range.c"
#include "core/signal/band.c"
#include "core/signal/day.c"
#include "core/signal/oscillator.c"
#include "core/signal/volume.c"
#include "core/signal/volatility.c"
#include "core/signal/spec.c"
#include "core/signal/machine.c"
#include "core/signal/set.c"
#include "core/signal/block_delay.c"

KEEL_LONG_LOOPS
#include "core/signal/block_recursion.c"
#include "core/signal/block_sum.c"
#include "core/signal/block_window.c"
#include "core/signal/block_rolling.c"
KEEL_LONG_LOOPS_END

#include "core/signal/block.c"
#include "core/signal/columns.c"
#include "core/signal/breadth.c"
#include "core/signal/regime.c"
#include "core/ledger/ledger.c"
#include "core/state.c"
#include "core/exit/levels.c"
#include "core/exit/exits.c"
#include "core/exit/foresee.c"

#include "core/risk/cooldown.c"
#include "core/risk/sizing.c"
#include "core/strategy/gates.c"
#include "core/strategy/canon.c"
#include "core/strategy/calibration.c"
#include "core/strategy/points.c"

#define STRATEGY no_trade
#include "core/strategy/no_trade.c"
#include "core/strategy/next.def"
#define STRATEGY buy_hold
#include "core/strategy/buy_hold.c"
#include "core/strategy/next.def"
#define STRATEGY trend
#include "core/strategy/trend.c"
#include "core/strategy/next.def"
#define STRATEGY ema_cross
#include "core/strategy/ema_cross.c"
#include "core/strategy/next.def"
#define STRATEGY rsi_reversion
#include "core/strategy/rsi_reversion.c"
#include "core/strategy/next.def"
#define STRATEGY donchian_breakout
#include "core/strategy/donchian_breakout.c"
#include "core/strategy/next.def"
#define STRATEGY momentum
#include "core/strategy/momentum.c"
#include "core/strategy/next.def"
#define STRATEGY mean_reversion
#include "core/strategy/mean_reversion.c"
#include "core/strategy/next.def"
#define STRATEGY carry
#include "core/strategy/carry.c"
#include "core/strategy/next.def"
#define STRATEGY user
#include "core/strategy/user.def"
#include "core/strategy/next.def"
#include "core/strategy/strategy.c"
#include "core/bookkeeping.c"
#include "core/decide.c"
#include "core/step.c"
#include "core/quiet.c"

#include "market/bar_market.c"
#include "lane/window.c"
#include "lane/extremes.c"
#include "lane/fill.c"
#include "lane/piece.c"
#include "lane/close.c"
#include "lane/lane.c"
#include "lane/quiet.c"
#include "lane/stretch.c"
#include "lane/alone.c"
#include "lane/crowd.c"
#include "lane/kat.c"

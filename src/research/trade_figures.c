/* research/trade_figures.c: see trade_figures.h. */
#include "research/trade_figures.h"

#include "num/int.h"

keel_stats_trade keel_trade_figures(const keel_trade *t) {
    return (keel_stats_trade){.entry_ts_ms = t->entry_ts_ms,
                              .exit_ts_ms = t->exit_ts_ms,
                              .notional_e8 = t->notional_e8,
                              .pnl_e8 = t->pnl_e8,
                              .price_e8 = t->price_pnl_e8,
                              .fees_e8 = t->fees_e8,
                              .funding_e8 = t->funding_e8,
                              .slippage_e8 = t->slippage_e8,
                              .side = t->side,
                              .reserved = 0};
}

int keel_trade_adds_up(const keel_trade *t) {
    int64_t net = 0;
    return keel_sub_i64(t->price_pnl_e8, t->fees_e8, &net) && keel_sub_i64(net, t->funding_e8, &net) &&
           keel_sub_i64(net, t->slippage_e8, &net) && net == t->pnl_e8;
}

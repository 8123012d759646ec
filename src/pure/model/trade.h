/* model/trade.h: one position's life, written when it ends. Amounts at 1e-8; sums are exact:
 * pnl = price_pnl - fees - funding - slippage. */
#ifndef KEEL_MODEL_TRADE_H
#define KEEL_MODEL_TRADE_H

#include "num/port.h"

enum {
    KEEL_TRADE_AMBIGUOUS = 1, /* stop and target both inside the deciding range: the adverse one was taken */
    KEEL_TRADE_ONE_BAR = 2,   /* entry and exit decided inside one main bar */
    KEEL_TRADE_FORCED = 4,    /* closed by the end of the data */
    KEEL_TRADE_INTRABAR = 8   /* left at a level inside a range, not at a bar's open */
};

typedef struct keel_trade {
    int64_t trade_id; /* 1.. in order of closing */
    int64_t entry_ts_ms;
    int64_t exit_ts_ms;
    int32_t symbol;
    int32_t side;
    int32_t confidence;
    int32_t entry_reason;
    int32_t exit_reason;
    int32_t flags;
    int32_t bars_held;
    int32_t regime;      /* label at entry */
    int64_t entry_px_e8; /* quantity-weighted */
    int64_t exit_px_e8;
    int64_t qty_e8;       /* total opened */
    int64_t notional_e8;  /* total entry notional */
    int64_t pnl_e8;       /* net of everything */
    int64_t price_pnl_e8; /* before costs, at reference prices */
    int64_t fees_e8;
    int64_t funding_e8; /* paid + */
    int64_t slippage_e8;
    int64_t mae_e8;
    int64_t mfe_e8;
    int64_t stop_e8;  /* levels in force when it ended, 0 = none: stop loss or breakeven, */
    int64_t trail_e8; /* trailing stop, */
    int64_t target_e8;
    double entry_atr; /* 0 = none */
} keel_trade;

#endif

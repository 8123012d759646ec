/* model/position.h: one net position of a symbol, and what outlives it. */
#ifndef KEEL_MODEL_POSITION_H
#define KEEL_MODEL_POSITION_H

#include "num/port.h"

/* Zero in every field = no position. Cost is kept as money (basis_e8), so partial closes and flips lose nothing;
 * the average entry price is derived (core/ledger). Levels are prices at 1e-8, 0 = not set. */
typedef struct keel_position {
    int32_t side; /* +1 long, -1 short, 0 flat */
    int32_t confidence;
    int32_t entry_reason;
    int32_t adds_count;
    int32_t tp1_taken;   /* partial target done */
    int32_t be_armed;    /* breakeven reached at some time */
    int32_t bars_held;   /* main bars closed since entry */
    int32_t checks_done; /* progress checkpoints passed */
    int32_t points;      /* behind the confidence, 0..5 */
    int32_t reserved;
    int64_t qty_e8;   /* >= 0 */
    int64_t basis_e8; /* entry notional of what is open, >= 0 */
    int64_t margin_e8;
    int64_t first_qty_e8; /* size of the first entry order, reference for adds */
    int64_t opened_ms;
    int64_t updated_ms;
    int64_t stop_e8;    /* stop loss incl. breakeven */
    int64_t trail_e8;   /* trailing stop */
    int64_t target_e8;  /* full take profit */
    int64_t partial_e8; /* partial take profit */
    int64_t liq_e8;     /* liquidation guard */
    int64_t mae_e8;     /* worst open profit, <= 0, at the quantity held then */
    int64_t mfe_e8;     /* best open profit, >= 0 */
    int64_t mae_px_e8;  /* extremes that went into them since the position last grew, 0 = none */
    int64_t mfe_px_e8;
    int64_t fees_e8;     /* of the position's life so far */
    int64_t funding_e8;  /* paid + */
    int64_t realised_e8; /* price profit of the parts already closed */
    int64_t slippage_e8;
    int64_t opened_qty_e8; /* over the position's life: all that was opened, */
    int64_t opened_usd_e8; /* for how much, */
    int64_t closed_usd_e8; /* and what the closed parts fetched */
    int64_t opened_px_e8;  /* the price of all entries so far when they had one price, else 0 */
    int64_t closed_px_e8;  /* the same of the closed parts */
    double entry_px;       /* opened_px, else basis / qty */
    double entry_atr;      /* 0 = none: ATR rules are disarmed */
    double stop_scale;
} keel_position;

#endif

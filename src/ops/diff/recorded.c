/* ops/diff/recorded.c: what a run's folder says the run came to. */
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/diff/diff.h"
#include "ops/report/folder.h"

static int read_net(const keel_run_folder *run, int64_t *ret, keel_err *err) {
    const keel_tree *net = keel_tree_find(keel_tree_find(run->summary, "totals"), "net_profit_usd");
    if (keel_json_read_decimal(net, 8, ret) == 0) return 0;
    return keel_err_set(err, KEEL_E_PARSE, "no totals.net_profit_usd: %s/summary.json: run it again", run->path);
}

static int index_of(const char *name, const char *const symbols[], int32_t symbol_count) {
    for (int32_t i = 0; i < symbol_count; i++)
        if (strcmp(symbols[i], name) == 0) return i;
    return -1;
}

int keel_diff_recorded(const keel_run_folder *run, const char *const symbols[], int32_t symbol_count,
                       keel_diff_stage *ret, keel_err *reterr) {
    memset(ret, 0, sizeof *ret);
    KEEL_TRY(read_net(run, &ret->net_e8, reterr));
    ret->trades = calloc((size_t)run->trade_count + 1, sizeof *ret->trades);
    if (!ret->trades) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: trades: close other programs");
    ret->count = run->trade_count;
    for (int64_t i = 0; i < run->trade_count; i++) {
        const keel_run_trade *from = &run->trades[i];
        const char *name = run->symbols.items[from->symbol];
        int symbol = index_of(name, symbols, symbol_count);
        if (symbol < 0)
            return keel_err_set(reterr, KEEL_E_PARSE, "a trade of %s: %s/trades.csv: no symbol of the run", name,
                                run->path);
        ret->trades[i] = (keel_trade){.trade_id = from->id,
                                      .entry_ts_ms = from->entry_ts_ms,
                                      .exit_ts_ms = from->exit_ts_ms,
                                      .symbol = symbol,
                                      .side = from->side,
                                      .entry_px_e8 = from->entry_px_e8,
                                      .exit_px_e8 = from->exit_px_e8,
                                      .qty_e8 = from->qty_e8,
                                      .notional_e8 = from->notional_e8,
                                      .pnl_e8 = from->pnl_e8};
    }
    return 0;
}

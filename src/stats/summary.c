/* stats/summary.c: see summary.h. */
#include "stats/summary.h"

#include "stats/book.h"

int keel_stats_summarise(const keel_stats_input *input, keel_stats_summary *ret_summary, keel_err *reterr) {
    keel_stats_book book;
    keel_stats_end end = {.final_e8 = input->final_e8,
                          .event_drawdown = input->event_drawdown,
                          .event_drawdown_e8 = input->event_drawdown_e8,
                          .can_owe = input->can_owe,
                          .reserved = 0};
    int rc = keel_stats_book_init(&book, input->start_ms, input->end_ms, input->start_e8, reterr);
    for (int64_t i = 0; rc == 0 && i < input->trade_count; i++)
        rc = keel_stats_book_trade(&book, &input->trades[i], reterr);
    for (int64_t i = 0; rc == 0 && i < input->equity_count; i++)
        keel_stats_book_sample(&book, input->equity_ts_ms[i], input->equity_e8[i]);
    if (rc == 0) rc = keel_stats_book_summarise(&book, &end, ret_summary, reterr);
    keel_stats_book_done(&book);
    return rc;
}

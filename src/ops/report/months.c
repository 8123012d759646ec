/* ops/report/months.c: returns of calendar months from the equity samples: equity at the last sample of the month over
 * that of the month before (the starting balance at first). A sample at midnight closes the day before. UTC. */
#include <stdio.h>

#include "base/timerange.h"
#include "ops/report/document.h"

static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t month_of(int64_t ts_ms) {
    int64_t ms = ts_ms - 1, year = 0;
    int month = 0, day = 0;
    int64_t days = ms / 86400000;
    keel_time_civil_from_days(days, &year, &month, &day);
    return year * 12 + month - 1;
}

static void add_return(keel_doc *doc, keel_doc_table *t, int64_t from_e8, int64_t to_e8) {
    char text[KEEL_FIGURE_SIZE];
    if (from_e8 <= 0)
        keel_doc_cell_add(doc, t, KEEL_CELL_SIGNED, "-");
    else
        keel_doc_cell_add(doc, t, KEEL_CELL_SIGNED,
                          keel_figure_real(100.0 * ((double)to_e8 / (double)from_e8 - 1.0), 2, text));
}

/* Equity at the end of `month`, walking on from sample *at; the last known one when the month has no sample. */
static int64_t month_end(const keel_run_folder *run, int64_t month, int64_t *at, int64_t equity_e8) {
    for (; *at < run->equity_count && month_of(run->equity[*at].ts_ms) <= month; (*at)++)
        equity_e8 = run->equity[*at].equity_e8;
    return equity_e8;
}

void keel_report_months(const keel_run_folder *run, keel_doc *doc) {
    keel_doc_table *t = keel_doc_add(doc, "months", KEEL_TABLE_HEAT, 14, "Monthly returns, %");
    if (!t) return;
    (void)snprintf(t->note, sizeof t->note,
                   "Change of equity over each calendar month (UTC), open profit included. First and last month may "
                   "be parts.");
    keel_doc_cell_add(doc, t, KEEL_CELL_TEXT, "Year");
    for (int m = 0; m < 12; m++)
        keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, MONTHS[m]);
    keel_doc_cell_add(doc, t, KEEL_CELL_NUMBER, "Total");
    if (run->equity_count == 0) return;
    int64_t first = month_of(run->equity[0].ts_ms), last = month_of(run->equity[run->equity_count - 1].ts_ms);
    int64_t equity_e8 = run->start_e8, at = 0;
    for (int64_t year = first / 12; year <= last / 12; year++) {
        int64_t year_e8 = equity_e8;
        keel_doc_cellf(doc, t, KEEL_CELL_TEXT, "%lld", (long long)year);
        for (int64_t month = year * 12; month < year * 12 + 12; month++) {
            if (month < first || month > last) {
                keel_doc_cell_add(doc, t, KEEL_CELL_SIGNED, "");
                continue;
            }
            int64_t end_e8 = month_end(run, month, &at, equity_e8);
            add_return(doc, t, equity_e8, end_e8);
            equity_e8 = end_e8;
        }
        add_return(doc, t, year_e8, equity_e8);
    }
}

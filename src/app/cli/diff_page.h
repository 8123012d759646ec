/* app/cli/diff_page.h: a comparison of two runs, as a page for a terminal and as a document. */
#ifndef KEEL_APP_CLI_DIFF_PAGE_H
#define KEEL_APP_CLI_DIFF_PAGE_H

#include "app/cli/backtest_format.h"
#include "app/cli/diff_run.h"

typedef struct keel_diff_page {
    const keel_diff_side *a, *b;
    const keel_diff *d;
    int32_t runs; /* of the core that were made */
    int64_t rows; /* of trades shown on the page at most */
    int64_t within_ms;
} keel_diff_page;

/* "equal", "explained" or "unexplained". */
const char *keel_diff_page_verdict(const keel_diff *d);

/* At most 100 columns, the verdict in the first line. A page that ran out of memory marks `out` as failed. */
void keel_diff_page_text(const keel_diff_page *p, keel_strbuf *out);

/* keel.diff, version 1: docs/diff.md. */
void keel_diff_page_json(const keel_diff_page *p, keel_json *j);

/* ---- parts of them, also for sums over several comparisons ---- */

keel_cell keel_diff_page_exact(int64_t value_e8); /* every digit, with a sign */
void keel_diff_page_say_verdict(const keel_diff *d, keel_strbuf *out);
void keel_diff_page_causes(const keel_diff *d, keel_strbuf *out); /* the table */
/* Members of the object that is open: name and version of the document; sums from `verdict` to `by_cause`; all but name
 * and version. */
void keel_diff_page_schema_json(keel_json *j);
void keel_diff_page_sums_json(const keel_diff *d, keel_json *j);
void keel_diff_page_members_json(const keel_diff_page *p, keel_json *j);

#endif

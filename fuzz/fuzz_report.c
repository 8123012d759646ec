/* fuzz/fuzz_report.c: a run folder whose files somebody wrote: the first byte chooses the file, the rest is its text.
 * What is accepted must become a page, Markdown and text without harm, and no name may leave its place in the page. */
/* runs in script/test: 5000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "ops/report/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char MANIFEST[] = "{\"symbols\":[\"A\"],\"candle_interval_ms\":3600000,\"bar_interval_ms\":3600000}";
static const char SUMMARY[] = "{\"strategy\":\"s\",\"totals\":{\"starting_balance_usd\":\"100.00\"},\"findings\":[]}";

/* A name that closes the element it stands in would be followed by a second script of the data's. */
static void check_page(const char *page) {
    int scripts = 0;
    for (const char *at = page; (at = strstr(at, "<script")); at++)
        scripts++;
    KEEL_ASSERT(scripts == 2);
}

static void show(const keel_run_folder *run) {
    keel_strbuf out;
    keel_strbuf_init(&out, 0);
    KEEL_ASSERT(keel_report_html(run, &out, NULL) == 0);
    check_page(keel_strbuf_text(&out));
    keel_strbuf_clear(&out);
    KEEL_ASSERT(keel_report_markdown(run, &out, NULL) == 0 && keel_report_text(run, &out, NULL) == 0);
    KEEL_ASSERT(keel_report_text_all(run, &out, NULL) == 0);
    KEEL_ASSERT(keel_compare_html(run, run, &out, NULL) == 0 && keel_compare_text(run, run, &out, NULL) == 0);
    KEEL_ASSERT(keel_compare_json(run, run, &out, NULL) == 0);
    keel_strbuf_done(&out);
}

/* A document about a sweep or a walk-forward: alone, and inside the report of a run. */
static int show_document(keel_run_folder *run, int sweep, const char *text, size_t size) {
    keel_tree *tree = NULL;
    keel_strbuf out;
    if (keel_json_parse(text, size, "document", &tree, NULL) != 0) return 0;
    keel_strbuf_init(&out, 0);
    int rc = (sweep ? keel_sweep_page_html : keel_walk_page_html)(tree, &out, NULL);
    if (rc == 0) {
        check_page(keel_strbuf_text(&out));
        KEEL_ASSERT((sweep ? keel_sweep_page_markdown : keel_walk_page_markdown)(tree, &out, NULL) == 0);
        KEEL_ASSERT((sweep ? keel_sweep_page_text : keel_walk_page_text)(tree, &out, NULL) == 0);
        KEEL_ASSERT((sweep ? keel_run_folder_add_surface : keel_run_folder_add_walk)(run, tree, NULL) == 0);
    } else {
        keel_tree_free(tree);
    }
    keel_strbuf_done(&out);
    return rc == 0;
}

static int fill(keel_run_folder *run, int kind, char *text, size_t size) {
    keel_run_texts texts = {0};
    const char *summary = kind == 5 ? text : SUMMARY, *manifest = kind == 6 ? text : MANIFEST;
    size_t summary_size = kind == 5 ? size : strlen(SUMMARY), manifest_size = kind == 6 ? size : strlen(MANIFEST);
    if (keel_json_parse(summary, summary_size, "summary.json", &run->summary, NULL) != 0) return 0;
    if (keel_json_parse(manifest, manifest_size, "manifest.json", &run->manifest, NULL) != 0) return 0;
    run->start_e8 = 10000000000;
    if (kind == 0) texts.trades = text;
    if (kind == 1) texts.levels = text;
    if (kind == 2) texts.equity = text;
    if (kind == 3) texts.benchmark = text;
    if (kind == 4) texts.candles = text;
    char trades[] =
        "trade_id\n1,s,A,long,2024-01-01T00:00:00.000Z,1,2024-01-02T00:00:00.000Z,1,1,1,0,0,0,0,0,0,1,low,E,X,c,r\n";
    if (kind == 7) texts.trades = trades;
    if (kind == 7) texts.stops = text;
    if ((kind == 8 || kind == 9) && !show_document(run, kind == 8, text, size)) return 0;
    return keel_run_tables_read(run, &texts, NULL) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    keel_run_folder *run = calloc(1, sizeof *run);
    char *text = malloc(size + 1);
    KEEL_ASSERT(run && text);
    run->path = strdup("run");
    run->summary_text = strdup(SUMMARY);
    size_t rest = size ? size - 1 : 0;
    if (rest) memcpy(text, data + 1, rest);
    text[rest] = 0;
    if (fill(run, size ? data[0] % 10 : 0, text, rest)) show(run);
    free(text);
    keel_run_folder_close(run);
    return 0;
}

/* fuzz/fuzz_csv.c: a whole file from memory (plain, gzip, Zstandard; CSV or Freqtrade's JSON) as an import reads it:
 * lines, rows, sequence. The first byte sets the interval and, for JSON, the kind. Every accepted row must keep the
 * rules that the store relies on. */
/* runs in script/test: 50000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edge/data/csv.h"
#include "edge/data/import.h"
#include "edge/data/freqtrade.h"
#include "edge/data/lines.h"
#include "edge/data/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const keel_row_sequence *q, const keel_row *row, int64_t before_ms, int has_before) {
    const int64_t *w = row->word;
    KEEL_ASSERT(!has_before || w[0] > before_ms);
    KEEL_ASSERT(w[0] >= 0 && (q->interval_ms == 0 || keel_interval_on_grid(w[0], q->interval_ms)));
    if (q->kind == KEEL_KIND_FUNDING) return;
    double volume = keel_double_of_bits((uint64_t)w[KEEL_VOLUME_COLUMN]);
    KEEL_ASSERT(w[3] > 0 && w[3] <= w[1] && w[3] <= w[4] && w[2] >= w[1] && w[2] >= w[4]);
    KEEL_ASSERT(volume >= 0.0 && volume <= 1.7976931348623157e308);
}

static void read_rows(keel_source *lines, keel_row_sequence *q) {
    const char *text;
    size_t size;
    while (keel_source_next(lines, &text, &size, NULL) == 1) {
        keel_row row;
        KEEL_ASSERT(size <= KEEL_LINE_MAX);
        int64_t before_ms = q->last[0];
        int has_before = q->has_last;
        if (keel_csv_row(q->kind, text, size, &row) == KEEL_ROW_OK && keel_csv_follow(q, &row) == KEEL_ROW_OK)
            check_row(q, &row, before_ms, has_before);
    }
}

static void check_name(const uint8_t *data, size_t size) {
    char venue[KEEL_SERIES_NAME_MAX], symbol[KEEL_SERIES_NAME_MAX];
    int64_t interval_ms;
    char *name = malloc(size + 1);
    KEEL_ASSERT(name != NULL);
    memcpy(name, data, size);
    name[size] = 0;
    if (keel_import_name(name, venue, symbol, &interval_ms)) KEEL_ASSERT(venue[0] && symbol[0] && interval_ms >= 0);
    keel_freqtrade_name freqtrade;
    if (keel_freqtrade_name_read(name, &freqtrade))
        KEEL_ASSERT(freqtrade.symbol[0] && freqtrade.type[0] && freqtrade.interval_ms >= 0);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int64_t intervals_ms[] = {0, 60000, 300000, 3600000, 86400000, 604800000};
    static keel_row_sequence q;
    static const char *const names[] = {"A_B_B-1h-futures.json", "A_B_B-1h-mark.json", "A_B_B-8h-funding_rate.json"};
    keel_source *lines;
    const char *text;
    size_t length;
    if (!size) return 0;
    check_name(data, size);
    if (keel_source_open_memory(data + 1, size - 1, names[data[0] % 3], &lines, NULL) != 0) return 0;
    memset(&q, 0, sizeof q);
    q.interval_ms = intervals_ms[data[0] % (sizeof intervals_ms / sizeof *intervals_ms)];
    q.outlier_score = data[0] & 0x80 ? 10.0 : 0.0;
    if (keel_source_next(lines, &text, &length, NULL) == 1) {
        q.kind = keel_csv_kind(text, length);
        if (q.kind) read_rows(lines, &q);
    }
    keel_source_close(lines);
    return 0;
}

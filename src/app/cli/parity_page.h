/* app/cli/parity_page.h: one configuration run several ways that should have given one result: what each came to, the
 * first trade that is not the same, what happened around it on either side, and every parameter; as JSON and as text.
 * Formats: docs/formats/parity.md. */
#ifndef KEEL_APP_CLI_PARITY_PAGE_H
#define KEEL_APP_CLI_PARITY_PAGE_H

#include <stdint.h>

#include "app/cli/run_config.h"
#include "app/cli/sweep_compare.h"
#include "lane/lane.h"

/* One way. Everything is borrowed. */
typedef struct keel_parity_side {
    const char *name; /* one word or two: "plain", "opencl" */
    const char *what; /* one phrase: what ran there */
    uint64_t state_hash;
    int32_t has_hash;
    int32_t has_trades;
    const keel_trade *trades; /* [trade_count]; symbols as the page numbers them */
    int64_t trade_count;
    const char *totals; /* JSON object; NULL: none */
    /* What its core proposed and ordered around the difference, in order of time; decided -1: it keeps none. */
    const keel_lane_decision *decisions; /* [decided] */
    int64_t decided;
} keel_parity_side;

/* Something that identifies what was run: "dataset_hash", its text. */
typedef struct keel_parity_fact {
    const char *key;
    const char *text; /* NULL: not known */
} keel_parity_fact;

typedef struct keel_parity_page {
    const char *schema;
    const char *title, *verdict; /* a headline, and a sentence or two */
    int32_t equal;               /* 1: nothing differs */
    int32_t side_count;
    const keel_parity_side *sides;           /* [side_count]; the first one is what the others are held against */
    const keel_sweep_difference *difference; /* NULL: none */
    const char *one_name, *other_name;       /* whose its texts are */
    const char *const *symbols;              /* [symbol_count] */
    int32_t symbol_count;
    int32_t fact_count;
    const keel_parity_fact *facts;
    const keel_run_config *run; /* NULL: its configuration cannot be opened */
} keel_parity_page;

/* The pair that the page shows trade by trade: the reference, and the last side with trades that differ from its own,
 * else the last side with trades. Returns 0 when fewer than two sides have trades.
 *   ret_trade  out  index of the first trade that is not the same; -1: all are */
int keel_parity_pair(const keel_parity_page *p, const keel_parity_side **ret_one, const keel_parity_side **ret_other,
                     int64_t *ret_trade);

/* The moment of a trade, on whichever side has it: [entry, exit] of the earlier and the later. */
void keel_parity_span(const keel_parity_side *one, const keel_parity_side *other, int64_t trade, int64_t *ret_from_ms,
                      int64_t *ret_to_ms);

/* One opening or closing. */
typedef struct keel_parity_event {
    int64_t ts_ms;
    int64_t trade;  /* index */
    int32_t closes; /* 1: the closing */
    int32_t same;   /* 1: the other side has the same trade under this number */
} keel_parity_event;

enum { KEEL_PARITY_BEFORE = 8, KEEL_PARITY_AFTER = 16 };

/* The openings and closings of a side around a time: the last KEEL_PARITY_BEFORE before it, the first
 * KEEL_PARITY_AFTER from it on, in order. Returns how many, or KEEL_E_NOMEM. */
int keel_parity_events(const keel_parity_side *side, const keel_parity_side *other, int64_t at_ms,
                       keel_parity_event ret[KEEL_PARITY_BEFORE + KEEL_PARITY_AFTER]);

/* What the trades of one symbol come to. */
typedef struct keel_parity_sum {
    int64_t trades, pnl_e8, fees_e8;
    int64_t funding_e8;  /* received +, as in documents */
    int64_t drawdown_e8; /* largest fall of the sum of pnl over its closed trades, from 0 on */
} keel_parity_sum;
void keel_parity_sum_of(const keel_parity_side *side, int32_t symbol, keel_parity_sum *ret);

/* The figures by which a trade is told, and the text of one. */
enum { KEEL_PARITY_CELLS = 15, KEEL_PARITY_CELL_SIZE = 64 };
extern const char *const keel_parity_cell_names[KEEL_PARITY_CELLS];
void keel_parity_cell(const keel_parity_page *p, const keel_trade *t, int cell, char ret[KEEL_PARITY_CELL_SIZE]);

/* Words of a decision. */
const char *keel_parity_signal_word(int32_t signal);
const char *keel_parity_command_word(int32_t kind);

/* As a document, and as Markdown. A page that ran out of memory marks out as failed; the document returns KEEL_E_NOMEM.
 */
KEEL_MUST_USE int keel_parity_json(const keel_parity_page *p, keel_json *j, keel_err *reterr);
void keel_parity_text(const keel_parity_page *p, keel_strbuf *out);

/* Write <stem>.json and <stem>.md. Returns 0, KEEL_E_NOMEM or an error of keel_file_write. */
KEEL_MUST_USE int keel_parity_write(const keel_parity_page *p, const char *stem, keel_err *reterr);

#endif

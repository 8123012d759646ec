/* ops/forensic/forensic.h: what a run does, told as events: events.jsonl, trace.jsonl, metrics.jsonl, rollups,
 * incidents.
 *
 * Whoever owns the run hands in what the core, the venue and people did, in the order of the journal; files are made of
 * that alone, so that the same journal always gives the same bytes. No wall clock, no memory of the process is in them.
 * Files appear with their first record, mode 0600, folders 0700. Nothing here can stop a run: a file that cannot be
 * written is given up, counted, and told at the end; keel replay makes it again.
 *
 * Formats: docs/formats/events.md. Thread: one. */
#ifndef KEEL_OPS_FORENSIC_FORENSIC_H
#define KEEL_OPS_FORENSIC_FORENSIC_H

#include "base/packed.h"
#include "model/command.h"
#include "model/diag.h"
#include "model/event.h"
#include "model/position.h"
#include "model/posting.h"
#include "model/trade.h"
#include "port/fs.h"

enum { KEEL_FORENSIC_SYMBOLS_MAX = 256, KEEL_FORENSIC_REGIMES_MAX = 8 };

typedef struct keel_forensic_options {
    const keel_fs *fs;
    const char *dir; /* of the run; it is there, and nobody else may read it */
    const char *run_id, *mode, *strategy, *config_id, *dataset_hash, *build, *venue;
    const char *const *symbols; /* [symbol_count] */
    const char *const *regimes; /* [regime_count] words of regime labels, 0 first */
    int32_t symbol_count, regime_count;
    const int32_t *watch_only; /* [symbol_count] */
    int64_t start_ms, interval_ms, capital_usd_e8;
    uint64_t trace_every; /* of the core's steps; 0: no trace */
    uint64_t trace_bytes; /* of one hour of the market; 0: 16 MiB */
    uint64_t part_bytes;  /* of a file before it is closed and compressed; 0: 100 MiB */
    int64_t metrics_ms;   /* between two records of metrics, by the market's time; 0: 10 s */
    /* Hash of the run's state as it is now, for what says what it was then. 0: there is none. NULL: never. */
    int (*state_hash)(void *data, uint64_t *ret);
    void *state_data;
    /* Each event of SEV3 or worse, and each order of people, with its newline, as soon as it is written: somebody is to
     * know at once. Not what is told again while it is held, nor INCIDENT, which follows its event. NULL: nobody. */
    void (*alert)(void *data, const char *line, size_t size);
    void *alert_data;
} keel_forensic_options;

/* The main bar that a decision was made on. */
typedef struct keel_forensic_bar {
    int64_t open_ms, close_ms;
    int64_t open_e8, high_e8, low_e8, close_e8;
} keel_forensic_bar;

/* One step of the core. Everything is borrowed for the call. */
typedef struct keel_forensic_step {
    const keel_event *event;
    const keel_diag *diag;         /* NULL: not known */
    const keel_command *command;   /* NULL: none */
    const keel_posting *posting;   /* [posting_count] */
    const keel_trade *trade;       /* NULL: no position ended */
    const keel_position *position; /* of the symbol, afterwards */
    const keel_forensic_bar *bar;  /* NULL: no main bar closed, or nothing came of it */
    uint64_t input;
    int64_t equity_e8;
    int32_t posting_count, refusal, signal, hold_reason, side_before, regime;
    int32_t at_end;         /* the market ended */
    int32_t venue_is_model; /* 1: what the account does not cover it does not execute; 0: what it tells has happened */
} keel_forensic_step;

/* The whole account after an input, or at a moment when none came. */
typedef struct keel_forensic_figures {
    uint64_t input; /* 0: the last one that came */
    int64_t ts_ms;
    int64_t equity_e8, cash_usd_e8, margin_usd_e8, unrealised_e8, gross_e8, net_e8, fees_usd_e8, slippage_e8,
        turnover_e8;
    int32_t positions, orders, regime, reserved;
} keel_forensic_figures;

/* Which symbols an input brought a main bar of. At a close that brings none of any symbol all of them are missing. */
typedef struct keel_forensic_bars {
    uint64_t input;
    int64_t ts_ms;
    const int32_t *symbol; /* [count] ascending */
    int32_t count, pieces, fundings, kind;
    const char *source; /* who says it, and */
    uint64_t source_seq;
    int64_t recv_ns;          /* when it was received; 0: not known, neither is the source */
    int32_t closes, reserved; /* closes 1: main bars close here; 0: it is another moment, and count is 0 */
} keel_forensic_bars;

/* A position that the books and the venue do not have alike; quantities are signed. */
typedef struct keel_forensic_drift {
    int32_t symbol, level;
    int64_t books_e8, venue_e8;
    double score;
} keel_forensic_drift;

/* Two bookkeepings that differ: a quantity, or USD. Worths are those of the whole account. */
typedef struct keel_forensic_breach {
    int32_t symbol, reserved;
    const char *figure;
    uint64_t event_seq; /* of the core, after which they were compared, and its time */
    int64_t event_ms;
    int64_t shadow_e8, books_e8, shadow_worth_e8, books_worth_e8;
} keel_forensic_breach;

/* A position. */
typedef struct keel_forensic_held {
    int32_t symbol, side;
    int64_t qty_e8;
} keel_forensic_held;

/* What a run's files came to. */
typedef struct keel_forensic_result {
    uint64_t events, metrics, trace, rollups, incidents, invalid;
    uint64_t lost; /* records that could not be written, */
    char why[400]; /* the first of them for this reason */
} keel_forensic_result;

typedef struct keel_forensic keel_forensic;

/* 0, KEEL_E_GATE (others may read the folder), KEEL_E_NOT_FOUND, KEEL_E_IO, KEEL_E_NOMEM. Options are borrowed. */
KEEL_MUST_USE int keel_forensic_open(const keel_forensic_options *options, keel_forensic **ret, keel_err *reterr);

/* What comes now was told before, in part: no file is touched until release, and close forgets what was not released,
 * so that whoever cannot make a run again leaves its record as it is. A snapshot releases. */
void keel_forensic_hold(keel_forensic *f);
void keel_forensic_release(keel_forensic *f);

void keel_forensic_stepped(keel_forensic *f, const keel_forensic_step *step);
void keel_forensic_bars_came(keel_forensic *f, const keel_forensic_bars *bars);
void keel_forensic_marked(keel_forensic *f, const keel_forensic_figures *figures);
/* An order is durable; it was handed to the venue; the venue has it. */
void keel_forensic_ordered(keel_forensic *f, uint64_t input, int64_t ts_ms, const keel_command *command);
void keel_forensic_sent(keel_forensic *f, uint64_t input, int64_t ts_ms, const keel_command *command);
void keel_forensic_acknowledged(keel_forensic *f, uint64_t input, int64_t ts_ms, int32_t symbol, uint64_t order_id,
                                int32_t ordinal);
/* What is left of an order that a newer one replaced will not be executed. */
void keel_forensic_replaced(keel_forensic *f, uint64_t input, int64_t ts_ms, int32_t symbol, uint64_t order_id);
/* The engine's own guard is about to refuse the order. */
void keel_forensic_guarded(keel_forensic *f, int32_t symbol, uint64_t order_id);
/* Market data were set aside; symbol -1: of all. */
void keel_forensic_set_aside(keel_forensic *f, int64_t ts_ms, int32_t symbol, const char *why);
/* That of an input which lies so far ahead of what is believed, by the clock. Told with the second one in a row: one by
 * itself may be the feed's slip, and behind two nothing is decided until somebody mends clock or feed. */
void keel_forensic_ahead(keel_forensic *f, int64_t ts_ms, int64_t leap_ms, const char *why);
/* Of so many closes in a row the data of a symbol that is held were set aside; 0: they are taken again. */
void keel_forensic_blind(keel_forensic *f, int64_t ts_ms, const keel_forensic_held *held, int32_t closes);
/* An order was called back: when the venue refuses its rest, that is why. */
void keel_forensic_called_back(keel_forensic *f, int32_t symbol, uint64_t order_id);
/* A person's order to the engine ("pause", "resume", "halt", "cancel", "flat"); by_person 0: the record does not say
 * so. */
void keel_forensic_controlled(keel_forensic *f, int64_t ts_ms, int by_person, const char *action);
/* What was seen of the surroundings. level: KEEL_CLOCK_*, KEEL_BREAKER_*, KEEL_DRIFT_* of engine/health.h. */
void keel_forensic_clock(keel_forensic *f, int64_t ts_ms, int32_t level, int64_t apart_ms);
void keel_forensic_breaker(keel_forensic *f, int64_t ts_ms, int32_t state, int64_t failed);
void keel_forensic_drifted(keel_forensic *f, int64_t ts_ms, const keel_forensic_drift *drift);
/* The shadow ledger has other books, and ordered a pause for it. */
void keel_forensic_breached(keel_forensic *f, int64_t ts_ms, const keel_forensic_breach *breach);
/* Notes of the journal: JSON objects. */
void keel_forensic_phase(keel_forensic *f, int64_t ts_ms, const char *json, size_t size);
void keel_forensic_recovered(keel_forensic *f, int64_t ts_ms, const char *json, size_t size);
void keel_forensic_snapshot(keel_forensic *f, int64_t ts_ms, const char *json, size_t size);
/* Where a journal is not what it should be. Texts are borrowed. */
typedef struct keel_forensic_damage {
    const char *verdict, *file, *why;
    uint64_t segment, last_seq; /* of the file; of the last good record */
    int64_t offset;             /* of the first bad byte */
} keel_forensic_damage;

/* The start is refused: nothing of the log is touched, and an incident WAL_CORRUPT is opened beside it, one for each
 * place of damage. Its timeline is the end of the log as it is. Before anything was told. */
void keel_forensic_refused(keel_forensic *f, const keel_forensic_damage *damage);
/* What was put together is written to the files now, for whoever reads them while the run goes on. Nothing while it is
 * held. What cannot be written is told by keel_forensic_close. */
void keel_forensic_flush(keel_forensic *f);
/* The run ends with an error KEEL_E_*; everything is written out at once. Nothing while it is held. */
void keel_forensic_fatal(keel_forensic *f, int code, const char *error);

/* With a snapshot of the run. What is written afterwards goes on where the files stood then. */
void keel_forensic_save(keel_forensic *f, keel_packed_writer *out);
/* takes 0: may refuse, and nothing changes; 1: after that. KEEL_E_VERSION, KEEL_E_PARITY: it cannot be read. */
KEEL_MUST_USE int keel_forensic_load(keel_forensic *f, keel_packed_reader *in, int takes, keel_err *reterr);
/* Could a run of so many symbols read what a snapshot has of a log, if it has any? As keel_forensic_load; KEEL_E_NOMEM.
 */
KEEL_MUST_USE int keel_forensic_look(keel_packed_reader *in, int32_t symbols, keel_err *reterr);

/* The market ended: the last hour and the run as a whole (rollups/run.json). May be called again; the same is written.
 */
void keel_forensic_summarise(keel_forensic *f);
/* Write out, let go. ret may be NULL; f may be NULL. */
void keel_forensic_close(keel_forensic *f, keel_forensic_result *ret);

#endif

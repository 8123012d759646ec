/* engine/engine.h: one thread that owns the core: inputs are sequenced, made durable, stepped; what the core orders is
 * made durable, looked at by a guard, and sent; what the venue tells is made durable and stepped in its turn.
 *
 * Nothing changes the books before it is durable. A start is a replay: the newest snapshot, then every input behind it,
 * the recorded reports in their places and every command compared with the recorded one. Where the record ends the
 * venue is asked about every order without an outcome; an order is handed in only when the venue says it never saw it.
 *
 * Thread: the one that opened it. A call from another, or from inside a watcher's call, is refused and changes nothing.
 * Seams: port/venue.h, journal/journal.h (files, clock, entropy). Deterministic: the same inputs and
 * reports end at the same state hash, whatever was killed in between. */
#ifndef KEEL_ENGINE_ENGINE_H
#define KEEL_ENGINE_ENGINE_H

#include "base/json.h"
#include "base/packed.h"
#include "core/signal/regime.h"
#include "core/signal/set.h"
#include "core/step.h"
#include "core/strategy/strategy.h"
#include "engine/health.h"
#include "engine/input.h"
#include "engine/states.h"
#include "journal/journal.h"
#include "port/venue.h"

enum {
    KEEL_ENGINE_SLEEVES_MAX = 8,
    KEEL_ENGINE_BATCH_MAX = 256,
    KEEL_ENGINE_DRAIN_MAX = 10000 /* orders and reports that one input may lead to */
};

/* What is run: constant over its whole life, and the same at every start. Everything is borrowed. Without a strategy
 * (sleeve_count 0) every symbol is only watched: the inputs are recorded, and nothing trades. */
typedef struct keel_engine_plan {
    const keel_params *params;       /* [sleeve_count], or with by_regime [1 + KEEL_REGIME_COUNT][sleeve_count] */
    const keel_signal_list *signals; /* [sleeve_count] */
    const int32_t *btc;              /* [sleeve_count] symbol that tells bitcoin's direction, -1: none */
    const keel_instrument *rules;    /* [symbol_count] */
    const int32_t *sleeve;           /* [symbol_count] whose symbol it is; -1: nobody's, only watched */
    const int32_t *watch_only;       /* [symbol_count] 1: read, never traded */
    int32_t symbol_count, sleeve_count;
    int32_t by_regime; /* 1: params has a row for each label, as in lane/lane.h */
    int64_t start_ms;  /* of the first bar: when the capital is there */
    int64_t start_usd_e8;
    int64_t interval_ms; /* of the main bars */
    int32_t behaviour;   /* that the run began with, by its START: engine/states.h; 0: this engine's */
    /* keel_step of the unit that knows the strategies; NULL: the built-in one. */
    int32_t (*step)(keel_state *st, const keel_params *p, const keel_event *ev, const keel_snapshot *snap,
                    keel_decision *ret, keel_diag *diag);
} keel_engine_plan;

/* One step of the core, for whoever keeps accounts of the run. */
typedef struct keel_engine_seen {
    const keel_event *event;
    const keel_decision *decision;
    const keel_state *state;
    const keel_input *input; /* that is being worked on */
    const keel_diag *diag;   /* NULL: not asked for, or of an event without a decision */
    int32_t side_before;     /* of the symbol's position */
    int32_t regime;
    int32_t venue_is_model; /* 1: it lives in this process: what the account does not cover it does not execute */
} keel_engine_seen;

/* What stands beside the steps, for whoever writes down what happened. In a replay it comes in the same order. */
enum {                        /* kind */
       KEEL_TOLD_COMMAND = 1, /* an order is durable */
       KEEL_TOLD_SENT = 2,    /* the venue got it, or has it by the record */
       KEEL_TOLD_REPORT = 3,  /* the venue said something; a fill or refusal is stepped next */
       KEEL_TOLD_GUARD = 4,   /* the engine's own guard refuses the order */
       KEEL_TOLD_CONTROL = 5, /* a person gave an order: input->control */
       KEEL_TOLD_NOTE = 6,    /* a record for people: JSON */
       KEEL_TOLD_OVER =
           7, /* what is left of an order that a newer one replaced will not be executed: nothing is stepped */
       KEEL_TOLD_CANCEL = 8, /* an order is called back, which is durable; what became of it is told as a report */
       KEEL_TOLD_ASIDE = 9,  /* market data were set aside: symbol, -1 the whole input; why */
       KEEL_TOLD_BLIND = 10, /* a position is open, and of so many closes in a row its data were set aside: symbol,
                              * closes; 0: of one they were not, after three or more */
       KEEL_TOLD_TIMER = 11  /* a timer: it is ts_ms, whatever the market says; state */
};

typedef struct keel_engine_told {
    int32_t kind;
    uint16_t note;                   /* NOTE: KEEL_RECORD_PHASE, RECOVERY or SNAPSHOT of engine/record.h */
    int64_t ts_ms;                   /* of the last input of the market */
    const keel_input *input;         /* that is being worked on */
    const keel_command *command;     /* COMMAND, SENT, GUARD, CANCEL */
    const keel_venue_report *report; /* REPORT */
    int32_t symbol;                  /* ASIDE, BLIND */
    int32_t closes;                  /* BLIND */
    const keel_position *position;   /* BLIND */
    const keel_state *state;         /* TIMER */
    const char *why;                 /* ASIDE */
    const char *json;                /* NOTE: [size] */
    size_t size;
} keel_engine_told;

typedef struct keel_engine_watch {
    void *data;
    void (*stepped)(void *data, const keel_engine_seen *seen);                    /* NULL: nobody */
    void (*marked)(void *data, const keel_input *input, const keel_state *state); /* ranges were worked through */
    void (*told)(void *data, const keel_engine_told *told);                       /* NULL: nobody */
    void (*came)(void *data, const keel_input *input); /* an input of the market is about to be worked on; NULL */
    int wants_diag;                                    /* 1: steps that decide say why */
    int is_watched; /* 1: the state is hashed around each call; one that changed it ends the run with KEEL_E_PARITY */
    /* With a snapshot: what the watcher remembers, as parts of its own. load is called twice: takes 0: it may refuse
     * (KEEL_E_VERSION, KEEL_E_PARITY: the run begins elsewhere), and changes nothing; takes 1: it takes them, and only
     * KEEL_E_NOMEM is left. */
    void (*save)(void *data, keel_packed_writer *out);
    int (*load)(void *data, keel_packed_reader *in, int takes, keel_err *reterr);
} keel_engine_watch;

typedef struct keel_engine_options {
    const keel_engine_plan *plan;
    keel_engine_watch watch;
    const keel_venue *venue;             /* NULL: only of a replay */
    int venue_rebuilt;                   /* 1: the venue lives in this process and forgot everything: it is told anew */
    const keel_journal_options *journal; /* state_hash and config_id as the run's */
    const char *start; /* JSON of the START record; a journal that is there must begin with the same */
    size_t start_size;
    uint32_t batch;            /* inputs made durable by one sync, 1 to KEEL_ENGINE_BATCH_MAX; 0: 1; 1 when the venue
                                * remembers */
    uint64_t mark_events;      /* a mark after so many events; 0: 1000 */
    uint64_t snapshot_records; /* a snapshot after so many records; 0: 10000, */
    int64_t snapshot_ms;       /* or after so long, when there are new ones; 0: never */
    int64_t scrub_ms;          /* between two rounds through the sealed part of the journal; 0: never */
} keel_engine_options;

enum { KEEL_SOURCE_WAITS = 2 };

/* Where inputs come from: 1: one was written (number = the last one's + 1; of kind CONTROL: 0, somebody's order among
 * them; of kind TIMER: 0), 0: there will be no more, KEEL_SOURCE_WAITS: none yet, and whoever runs the engine has a
 * turn before the next call, KEEL_E_*. */
typedef struct keel_engine_source {
    void *ctx;
    int (*next)(void *ctx, keel_input *ret, keel_err *reterr);
    /* 1: the next one is there already and need not be waited for. */
    int (*ready)(void *ctx);
    /* What time it is where the inputs come from, ms; NULL: nobody knows, as of a recorded market. */
    int64_t (*now_ms)(void *ctx);
    /* Between two turns of keel_engine_run, in the engine's thread: keel_engine_order may be called. 0, 1: the run is
     * asked to end, KEEL_E_*: it fails. NULL: nobody. */
    int (*between)(void *ctx, keel_err *reterr);
} keel_engine_source;

typedef struct keel_engine_counts {
    uint64_t records;                  /* of the journal */
    uint64_t inputs;                   /* worked through, but for */
    uint64_t timers;
    uint64_t events;                   /* of the core, by sequence number */
    uint64_t commands, commands_equal; /* made; compared with their record and found equal */
    uint64_t marks, marks_equal;
    uint64_t reports;
    uint64_t snapshots, snapshots_failed; /* kept; could not be kept: a note says why */
    uint64_t in_doubt;                    /* orders without an outcome at the end of the record, */
    uint64_t known;                       /* of which the venue knew these, */
    uint64_t handed_in;                   /* and had never seen these, which were then sent for the first time */
    uint64_t guard_refused;               /* by the last look before an order leaves, */
    uint64_t guard_shrunk;                /* and reversals of which only the closing part left */
    uint64_t withheld;                    /* in doubt after damage, never seen by the venue, and not sent */
    uint64_t cancels;                     /* orders that were called back */
    uint64_t set_aside;                   /* inputs, and pieces of inputs, that no market can have said */
    uint64_t scrubs, scrubbed_bytes;      /* whole rounds through the sealed part of the journal; all that was judged */
    uint64_t scrub_found;                 /* damage that was met in it */
} keel_engine_counts;

/* An order without an outcome at the end of the record, and what a start found of it. */
enum {                          /* outcome */
       KEEL_DOUBT_KNOWN = 1,    /* the venue has it */
       KEEL_DOUBT_SENT = 2,     /* it had never seen it: handed in for the first time */
       KEEL_DOUBT_WITHHELD = 3, /* it had never seen it, and it stays here */
       KEEL_DOUBTS_MAX = 32     /* that are named; counted are all */
};

typedef struct keel_engine_doubt {
    uint64_t order_id;
    int32_t symbol, outcome;
} keel_engine_doubt;

/* What a start met and did. */
typedef struct keel_engine_recovery {
    int fresh; /* 1: there was nothing: a new run */
    keel_journal_recovery journal;
    uint64_t snapshot_seq;          /* that it began from, 0: from the first record */
    uint32_t snapshots_rejected;    /* newer ones that could not be used, */
    char rejected_why[200];         /* the first of them for this reason */
    uint64_t replayed;              /* records behind the snapshot */
    uint64_t last_input;            /* number of the last input there was */
    uint64_t state_hash;            /* after it */
    int64_t equity_e8, free_usd_e8; /* free: not margin */
    int32_t positions, orders;      /* open, waiting */
    uint64_t withheld;              /* of the orders in doubt: never seen by the venue, and refused here */
    keel_engine_phase held_back;    /* SAFE_MODE, HALTED, CLOSE_ONLY, DEGRADED: entries are held back; 0: not */
    int64_t took_ms;
    keel_engine_counts counts;
    keel_engine_doubt doubt[KEEL_DOUBTS_MAX]; /* [doubt_count], in the order in which they were asked for */
    int32_t doubt_count, reserved;
} keel_engine_recovery;

typedef struct keel_engine keel_engine;

/* Start: recover what is there, or begin.
 * Returns 0; errors of keel_journal_open; KEEL_E_USAGE (the journal is of another run; signals or options are wrong),
 * KEEL_E_PARITY (a command, report or mark differs from the record, the books refused an event, or damage left nothing
 * of the record), KEEL_E_VERSION, KEEL_E_IO, KEEL_E_NOMEM with the line set. ret_recovery may be NULL. */
KEEL_MUST_USE int keel_engine_open(const keel_engine_options *options, keel_engine **ret,
                                   keel_engine_recovery *ret_recovery, keel_err *reterr);

/* An engine that keeps no record: nothing to resume, verify or replay. For asking what a run would have come to. The
 * venue lives in this process. keel_engine_run and keel_engine_order work; keel_engine_abandon ends it.
 * Returns 0, KEEL_E_USAGE, KEEL_E_RANGE (the capital), KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_engine_open_dry(const keel_engine_plan *plan, const keel_engine_watch *watch,
                                       const keel_venue *venue, keel_engine **ret, keel_err *reterr);

/* Market data that no market can have said (an input or a range before the last one's time, a price that is none, a
 * range that ends after its input) are durable like others, set aside, counted and told, a bar of them is missing; no
 * entry leaves until the next moment but one without any.
 *
 * An input more than a main interval ahead of the last one is believed, where the source knows what time it is, up to a
 * minute beyond that, and disbelieved from a day on. Otherwise it and those behind it wait in memory until one comes
 * that lies beyond the bar it belongs to, or the END behind it: then they are believed; one that lies before it shows
 * that it is not. What is disbelieved is durable with a mark that says so, set aside, and moves no time. Those that
 * wait when a call ends are of the next one with the same source; after a start the source tells them again.
 *
 * Work through inputs until the source ends, the END was worked through, or asked_to_end (may be NULL) returns not 0;
 * *ret_ended 1: the run is at its end. What an input leads to is heard and stepped before the next one is looked at;
 * more than KEEL_ENGINE_DRAIN_MAX of it is fatal (KEEL_E_RANGE). KEEL_E_GATE: another thread's engine, or called from
 * inside a watcher or a source: nothing changed. 0 or KEEL_E_*: after any other error only keel_engine_abandon and the
 * getters. */
KEEL_MUST_USE int keel_engine_run(keel_engine *e, const keel_engine_source *source, int (*asked_to_end)(void),
                                  int *ret_ended, keel_err *reterr);

/* One turn of that loop. */
typedef struct keel_engine_turn {
    uint32_t inputs; /* worked through, timers too; 0: the source ended, or the run has, or */
    int waits;       /* 1: the source has none yet */
    int ended;       /* 1: the run is at its end */
    uint64_t last_input;
    int64_t last_ms;
    uint64_t events, commands, reports; /* of this turn */
    uint64_t state_hash;
    keel_engine_phase phase;
} keel_engine_turn;

/* The inputs that are there, of which at least one is waited for, as keel_engine_run works them through; a snapshot
 * when one is due. Turns one behind the other, of one source, and a run behind them end where one run does. Errors as
 * keel_engine_run. */
KEEL_MUST_USE int keel_engine_run_once(keel_engine *e, const keel_engine_source *source, keel_engine_turn *ret,
                                       keel_err *reterr);
void keel_engine_turn_json(const keel_engine_turn *t, keel_json *j); /* as members of the object that is open */

/* With scrub_ms the sealed segments are judged again while the run goes on (journal/patrol.h): behind an input, some
 * milliseconds of it, at a mebibyte a second at most, by the journal's clock. Damage leads to safe mode, until a person
 * resumes; the same is told once in the life of an engine. The run goes on: what is written now is whole. A start on
 * such a journal is refused, or cuts it.
 *
 * Once the disk has no room for the journal's next segment the engine is in safe mode: what is left of this one is for
 * what closes. After that is used up, the run ends (KEEL_E_IO).
 *
 * An order (KEEL_ENGINE_ORDER_*) of a person, or SAFE of whoever found the books or the record wrong: journaled, then
 * obeyed. What holds entries back calls those back that are at work; CANCEL every order that is, whatever the phase,
 * and what is left of it is heard as refused. FLAT, from every phase: entries are called back, and what is held is
 * closed at the market's next price (X_EMERGENCY); where that does not leave, or is refused, it is tried again with
 * each input until nothing is held. KEEL_E_GATE: not from this phase; no RESUME once an execution could not be booked,
 * nor while the disk is full; another thread's engine, or called from inside a watcher or a source. Of any other error
 * the run cannot go on. may_order: whether it would be refused, and nothing else. */
KEEL_MUST_USE int keel_engine_order(keel_engine *e, int order, keel_err *reterr);
KEEL_MUST_USE int keel_engine_may_order(keel_engine *e, int order, keel_err *reterr);

/* What was seen of the surroundings, each journaled when it is news, then obeyed, in a replay alike. For whoever brings
 * a venue with a line and a clock of its own: no command does yet. 0 or KEEL_E_*: KEEL_E_GATE as above.
 *
 *   clock    the venue's time less ours. Beyond `limit_ms` (0: KEEL_CLOCK_LIMIT_MS) the engine is DEGRADED, beyond five
 *            times that no entry leaves.
 *   breaker  of the calls to the venue: its state and how many failed. Open, no entry leaves; half open,
 *            KEEL_BREAKER_PROBES do. What closes always does.
 *   held     [symbol_count] what the venue holds, signed: compared with the books, except where an order is under way.
 *            *ret_level KEEL_DRIFT_*: WARN is recorded; HALT leads to safe mode, until a person resumes; CLOSE also
 *            closes what the books hold of the symbols that differ so much. Equal: nothing is recorded. */
KEEL_MUST_USE int keel_engine_see_clock(keel_engine *e, int64_t apart_ms, int64_t limit_ms, keel_err *reterr);
KEEL_MUST_USE int keel_engine_see_breaker(keel_engine *e, int32_t state, int32_t failed, keel_err *reterr);
KEEL_MUST_USE int keel_engine_see_held(keel_engine *e, const int64_t *qty_e8, int32_t *ret_level, keel_err *reterr);
int32_t keel_engine_breaker_of(const keel_engine *e); /* by the record: where a new breaker begins */

/* End in order: a mark, a snapshot, the journal closed; e is freed whatever happens, but KEEL_E_GATE: another thread's.
 */
KEEL_MUST_USE int keel_engine_close(keel_engine *e, keel_err *reterr);
void keel_engine_abandon(keel_engine *e); /* let go as a crash would; NULL allowed */

const keel_state *keel_engine_state(const keel_engine *e);
keel_engine_phase keel_engine_phase_of(const keel_engine *e);
/* Why no entry leaves now, in words; NULL: one may. */
const char *keel_engine_held_back_by(const keel_engine *e);
uint64_t keel_engine_last_input(const keel_engine *e);
int64_t keel_engine_last_ms(const keel_engine *e); /* time of the last input */
int keel_engine_ended(const keel_engine *e);
keel_engine_counts keel_engine_counts_of(const keel_engine *e);

/* ---- replay: the same again from the journal alone, nothing written ---- */

typedef struct keel_engine_replay {
    const keel_engine_plan *plan;
    keel_engine_watch watch;
    const keel_journal_where *where;
    int venue_rebuilt;        /* as the run's own */
    uint64_t until_seq;       /* records up to this one; 0: all */
    int64_t until_ms;         /* inputs up to this time; INT64_MAX: all */
    uint64_t last_seq;        /* of the good records there are */
    int (*interrupted)(void); /* NULL: never */
} keel_engine_replay;

/* From the first record on. *ret is to be let go with keel_engine_abandon, also after an error (NULL then, or the
 * engine as it stood where it differed). Errors as keel_engine_open; KEEL_E_RANGE: the journal was compacted. */
KEEL_MUST_USE int keel_engine_replay_run(const keel_engine_replay *replay, keel_engine **ret, keel_err *reterr);

/* What a snapshot is, without the run it is of. */
typedef struct keel_engine_kept {
    uint32_t format;
    char build[KEEL_PACKED_NAME_MAX + 1]; /* of keel that wrote it */
    int32_t symbols;
    uint64_t state_hash; /* made again from what was read */
} keel_engine_kept;

/* Read the engine's parts of a snapshot and make the core's state of them; a watcher's parts are left for others, who
 * look at theirs in *r. KEEL_E_VERSION, KEEL_E_PARITY: this program cannot read it, and why; KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_engine_snapshot_look(keel_packed_reader *r, const uint8_t *bytes, size_t size,
                                            keel_engine_kept *ret, keel_err *reterr);

/* The START record's text of a journal, handed to the caller (free()). KEEL_E_PARITY when there is none. */
KEEL_MUST_USE int keel_engine_start_of(const keel_journal_where *where, char **ret_text, size_t *ret_size,
                                       keel_err *reterr);

/* The recovery as members of the object that is open, and as lines for people. */
void keel_engine_recovery_json(const keel_engine_recovery *r, keel_json *j);
void keel_engine_recovery_text(const keel_engine_recovery *r, keel_strbuf *out);

/* What is held and what is at work now, each with its figures, as members of the object that is open, and as lines.
 * symbols: names, [symbol_count]; NULL: their numbers. */
void keel_engine_holdings_json(const keel_engine *e, const char *const *symbols, keel_json *j);
void keel_engine_holdings_text(const keel_engine *e, const char *const *symbols, keel_strbuf *out);

#endif

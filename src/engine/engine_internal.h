/* engine/engine_internal.h: what the files of the engine share. engine.h says what they do together. */
#ifndef KEEL_ENGINE_ENGINE_INTERNAL_H
#define KEEL_ENGINE_ENGINE_INTERNAL_H

#include <pthread.h>

#include "base/packed.h"
#include "engine/engine.h"
#include "engine/record.h"
#include "engine/snapfile.h"
#include "journal/patrol.h"
#include "journal/reader.h"

enum { KEEL_ENGINE_STOPPED = 1 }; /* a replay is at its end: no error, and nothing goes on */

/* Orders of one symbol that may be at work at once: the newest, and late ones. Entries find a place among the first
 * four; what closes always finds one. */
enum { KEEL_ENGINE_ORDERS = 8, KEEL_ENGINE_ENTRIES = 4 };

/* An order that left, or may have left. A new one takes the place of one of which nothing more can be heard. */
typedef struct keel_engine_sent {
    keel_command command; /* id 0: none */
    int64_t left_e8;      /* not yet executed */
    int64_t given_ms;     /* the market's time when the core gave it */
    int32_t heard;        /* how many reports about it were booked */
    int32_t open;         /* 1: there is more to hear */
    int32_t withheld;     /* 1: it stays here, and the next that is heard of it is a refusal */
    int32_t cancelled;    /* 1: it was called back */
} keel_engine_sent;

enum { /* a symbol that is left by an order that closes all, while one may still bring more in */
       KEEL_LEAVES_NOT = 0,
       KEEL_LEAVES_MEANT = 1, /* it was called back; nothing came in */
       KEEL_LEAVES_LATE = 2   /* something did, which is to be closed */
};

typedef struct keel_engine_symbol {
    int64_t missing;      /* main bars missing in a row */
    int32_t begun;        /* 1: a bar was seen */
    int32_t leaves;       /* KEEL_LEAVES_* */
    uint64_t aside_input; /* the last one whose data were set aside, */
    int32_t aside;        /* of so many closes in a row */
    int32_t row;          /* of the plan's params, in force: 0, or 1 + KEEL_REGIME_* of the last close */
    keel_engine_sent order[KEEL_ENGINE_ORDERS];
} keel_engine_symbol;

/* What the market as a whole says to one sleeve. */
typedef struct keel_engine_sleeve {
    double breadth; /* < 0 unknown */
    int32_t btc_bullish;
    int32_t regime_gate;
    keel_trend_gate gate;
} keel_engine_sleeve;

/* An input whose time leaps, and those behind it, until it is known whether it is true. */
typedef struct keel_engine_held {
    keel_input in;
    int32_t state;
} keel_engine_held;

typedef struct keel_engine_intake {
    keel_engine_held *held; /* [cap]; those from `at` up to `count` are here */
    int32_t at, count, cap;
    int64_t last_ms;            /* the latest time that was believed */
    int (*next)(void *ctx, keel_input *ret, keel_err *reterr); /* the source they are of: its `next`, */
    void *ctx;                                                 /* and its `ctx` */
    int64_t leap_ms, newest_ms; /* of those that wait: where the last leap began, and how far they came */
} keel_engine_intake;

/* Damage that was told, and is not told again before a round has passed without it. */
enum { KEEL_ENGINE_TOLD = 32 };

typedef struct keel_engine_damage {
    uint64_t segment, offset; /* segment 0: free */
    int verdict, met;         /* met: in this round */
} keel_engine_damage;

/* The sealed part of the record, looked through again now and then. */
typedef struct keel_engine_scrubbing {
    keel_journal_patrol *patrol; /* NULL until it is first due */
    int64_t every_ms, due_ns;    /* every_ms 0: never; due: monotonic */
    keel_journal_found found;    /* what was last told; file "": nothing */
    keel_engine_damage told[KEEL_ENGINE_TOLD];
} keel_engine_scrubbing;

struct keel_engine {
    keel_engine_plan plan;
    keel_engine_watch watch;
    const keel_venue *venue;
    int venue_rebuilt;
    uint32_t batch;
    uint64_t mark_events, snapshot_records;
    int64_t snapshot_ms, snapshot_due_ns; /* monotonic */
    const keel_clock *clock;
    pthread_t owner;    /* who opened it: nobody else may change it */
    keel_params nobody; /* parameters of events that are no strategy's */

    /* what is remembered between inputs: all of it goes into a snapshot */
    keel_state *st;
    keel_signal_set *sets;
    keel_snapshot *snaps;
    keel_engine_symbol *sym;
    keel_engine_sleeve sleeve[KEEL_ENGINE_SLEEVES_MAX];
    keel_regime_detector detector;
    int32_t regime;
    int32_t ordered; /* phase that orders ask for: RUNNING, CLOSE_ONLY, SAFE_MODE or HALTED */
    int32_t ended;
    int32_t apart;      /* KEEL_CLOCK_* */
    int32_t breaker;    /* KEEL_BREAKER_* */
    int32_t probes;     /* HALF_OPEN: so many entries may still leave */
    int32_t unbooked;   /* executions of this run's orders that the books could not take */
    int32_t behaviour;  /* engine/states.h */
    int32_t behind;     /* so many more moments hold entries back, since market data were set aside */
    uint64_t seq;       /* of the last event */
    uint64_t input;     /* number of the last input */
    int64_t last_ms;    /* of the last input */
    uint64_t marked_at; /* seq of the last mark */
    uint64_t said[KEEL_FROM_COUNT]; /* so many inputs of each source but the market */

    keel_engine_phase phase;
    keel_engine_counts counts;
    keel_engine_intake intake;
    keel_engine_scrubbing scrub;
    keel_engine_doubt doubt[KEEL_DOUBTS_MAX]; /* [doubt_count], of the start */
    int32_t doubt_count;
    keel_input in;              /* being worked on */
    int32_t *range_at, *bar_at; /* [symbol_count] index of a symbol's piece, -1: none */
    keel_decision decision;
    keel_diag diag;
    keel_strbuf start; /* of the run: the first record, for snapshots */
    keel_strbuf notes; /* of the record, met before the input in front of them is worked through */

    /* the record */
    keel_journal *journal;       /* NULL: a replay, or dry */
    int dry;                     /* 1: live without a record */
    keel_journal_reader *record; /* of the second stream; NULL once it is at its end */
    keel_journal_record next;    /* when has_next; payload borrowed */
    int has_next;
    uint64_t until_seq; /* records of the replay end here */
    int live;           /* 1: the record is behind us */
    int inputs_ahead;   /* 1: the record has inputs behind the one being worked on */
    uint64_t leaving;   /* id of the order that is being handed in, 0: none */
    int caught_up;      /* 1: inputs of the record too */
    int damaged;        /* 1: more than a torn end was cut off this record, */
    uint64_t damages;   /* the so many-th time */
    int alarm;          /* KEEL_ENGINE_ORDER_UNCOVERED, STRAY: a halt that follows and is not on record yet; 0: none */
    uint64_t snapshot_at; /* record of the last snapshot */
    int calls_all_back;   /* 1: every order is being called back: what the venue never saw stays here */
    int32_t making_way;   /* symbol + 1 of which entries are: the same; 0: none */
    int working;          /* 1: an input is being worked through or asked for, */
    int32_t led_to;       /* so many orders and reports until now */
    int touched;          /* 1: a watcher changed the state */
    int waits;            /* 1: the source of the running turn has nothing yet */
    int because;          /* KEEL_ENGINE_BY_* of the last transition that was noted */
    keel_strbuf bytes;    /* scratch */
    keel_err *err;        /* of the running call */
};

/* log.c: the second stream, read back or written */

/* What the core ordered: compared with the record, or made durable. *ret_sent: may the venue have it already, by the
 * record? 1 yes and it answered, 0 no, -1 in doubt. 0, KEEL_ENGINE_STOPPED or KEEL_E_*. */
int keel_engine_log_command(keel_engine *e, const keel_command *c, int *ret_sent);
/* An order is called back: compared with the record, or made durable. */
int keel_engine_log_cancel(keel_engine *e, const keel_command *c);
/* The next report about a symbol, from the record or the venue, made durable: *ret_any 1, or 0 when there is none. */
int keel_engine_log_report(keel_engine *e, int32_t symbol, keel_venue_report *ret, int *ret_any);
/* The guard's refusal of a command. */
int keel_engine_log_refusal(keel_engine *e, const keel_command *c, keel_venue_report *ret);
/* *ret 1: the record says next that this command, just met, was withheld. */
int keel_engine_log_withheld(keel_engine *e, const keel_command *c, int *ret);
/* After each input: a mark now and then, or the recorded one compared. */
int keel_engine_log_mark(keel_engine *e, int now);
/* A record for people. */
int keel_engine_log_note(keel_engine *e, uint16_t type, const char *json, size_t size);
/* The order of this id; of id 0: a place that nobody has. NULL: none. */
keel_engine_sent *keel_engine_sent_of(keel_engine *e, int32_t symbol, uint64_t id);
/* A place for a new one; NULL: none, and it stays here. Where all are taken, one that closes takes that of the oldest,
 * of which anything heard later is an execution of no known order. */
keel_engine_sent *keel_engine_place_for(keel_engine *e, const keel_command *c);
/* Was an entry of this symbol called back that may still be executed? Until that is known no other leaves. */
int keel_engine_is_awaited(const keel_engine *e, int32_t symbol);
/* Ask the venue about an order in doubt, and hand it in if it was never seen there. */
int keel_engine_log_ask(keel_engine *e, keel_engine_sent *o);
/* Does it open, add or reverse? */
int keel_engine_increases(const keel_command *c);
/* By the orders given so far, may what increases a position leave? */
int keel_engine_may_enter(const keel_engine *e);
/* 1 while a record is worked through of which damage took a part: what opens is then not sent unless it was before. */
int keel_engine_is_hurt(const keel_engine *e);
/* May this order be called back: it left, and there is more to hear? */
int keel_engine_is_at_work(const keel_engine_sent *o);
/* Tell the watcher. */
void keel_engine_tell(keel_engine *e, int32_t kind, const keel_command *command, const keel_venue_report *report);
/* A note of the record was met, and: everything in front of it is worked through. */
void keel_engine_note_met(keel_engine *e, const keel_journal_record *r);
void keel_engine_notes_tell(keel_engine *e);
/* The record is behind us: ask about every order without an outcome. */
int keel_engine_log_go_live(keel_engine *e);
/* Append one record; durable: and commit. A dry engine keeps none. */
int keel_engine_log_put(keel_engine *e, uint16_t type, int64_t ts_ms, const void *payload, size_t size, int durable);
/* Is there more of the second stream in the record? 1, 0 or KEEL_E_*. */
int keel_engine_log_more(keel_engine *e);
/* At the end of the inputs: 0 when the whole second stream was met. KEEL_E_PARITY, KEEL_E_*. */
int keel_engine_log_all_met(keel_engine *e);

/* apply.c */

/* Work e->in through. 0, KEEL_ENGINE_STOPPED or KEEL_E_*. */
int keel_engine_apply(keel_engine *e);
/* Close what is held, for this reason, at no other price or time than the symbol's last. */
int keel_engine_force_exit(keel_engine *e, int32_t symbol, int32_t reason);
/* Close all that is held, and what comes in of entries that were called back; tried with each input until it is so. */
int keel_engine_leave_all(keel_engine *e);
enum {                        /* which orders at work are called back */
       KEEL_CALL_ENTRIES = 0, /* what increases a position */
       KEEL_CALL_ALL = 1,
       KEEL_CALL_REPLACED = 2 /* what increases one, and that the core gave up for a newer order */
};
int keel_engine_call_back(keel_engine *e, int which);

/* control.c */

/* e->in is of kind CONTROL. 0, KEEL_ENGINE_STOPPED or KEEL_E_*. */
int keel_engine_apply_control(keel_engine *e);

/* owner.c: who may change an engine, and whoever watches may not */

/* 0, or KEEL_E_GATE in reterr: not the owner's thread, or an input is being worked through or asked for. */
int keel_engine_check_owner(const keel_engine *e, keel_err *reterr);
/* Tell the watcher of a step, of an input that begins, of one that is done. */
void keel_engine_show_step(keel_engine *e, const keel_engine_seen *seen);
void keel_engine_show_input(keel_engine *e);
void keel_engine_tell_aside(keel_engine *e, int32_t symbol, const char *why);
void keel_engine_tell_blind(keel_engine *e, int32_t symbol, int32_t closes);
void keel_engine_tell_timer(keel_engine *e);
void keel_engine_show_mark(keel_engine *e);
/* KEEL_E_PARITY: one of these calls, or keel_engine_tell, changed the state. */
int keel_engine_touched(keel_engine *e);
/* One more order or report of this input: 0, or KEEL_E_RANGE once there are too many. */
int keel_engine_count_drain(keel_engine *e);

/* aside.c: what no market can have said, by the behaviour of this run */

/* Why: this input at this moment, this range or bar, a range that begins; NULL: a market can. */
const char *keel_engine_cannot_come(const keel_engine *e);
const char *keel_engine_cannot_be(const keel_engine *e, const keel_input_piece *p);
const char *keel_engine_cannot_open(const keel_engine *e, const keel_input_piece *p);
/* A settlement after whose time all true ones would be repeated. */
int keel_engine_is_early(const keel_engine *e, const keel_input_funding *f);
/* An event that the books refused for the data it brought; they are as they were. An engine that set nothing aside
 * ended its run there: whatever is behind it on record is of a later one. */
int keel_engine_is_of_data(int32_t refused);
/* It stays in the record, nothing is done with it, and nothing is opened on what is left. symbol -1: the input. Of what
 * is held it is told after the third close in a row without data, the sixth, the twelfth and so on. */
void keel_engine_set_aside(keel_engine *e, int32_t symbol, const char *why);
/* A close brought data of this symbol. */
void keel_engine_see_again(keel_engine *e, int32_t symbol);
const char *keel_engine_refusal_text(int32_t refusal);

/* intake.c: what is asked of a source */

/* The next input, in e->in: 1, with a mark when it is not believed; 0: there is none (only_ready: none yet); KEEL_E_*.
 */
int keel_engine_intake_next(keel_engine *e, const keel_engine_source *source, int only_ready);
/* Behind the last input that was worked through; of the source that was asked before: where that stopped. */
void keel_engine_intake_begin(keel_engine *e, const keel_engine_source *source);
void keel_engine_intake_done(keel_engine *e);

/* context.c */
void keel_engine_signals(keel_engine *e, int32_t symbol);
void keel_engine_contexts(keel_engine *e);

/* keep.c: everything remembered, as docs/formats/engine_journal.md has it */
void keel_engine_keep(const keel_engine *e, keel_strbuf *out);
/* 0; KEEL_E_VERSION or KEEL_E_PARITY (the line says which part): it cannot be read, and nothing has changed;
 * KEEL_E_USAGE: of another run; KEEL_E_NOMEM. */
int keel_engine_restore(keel_engine *e, const uint8_t *bytes, size_t size, keel_err *reterr);
/* keep_state.c and keep_signals.c: parts of it. takes 0: may refuse, and nothing changes; 1: after that. */
void keel_engine_keep_state(const keel_state *st, keel_packed_writer *w);
int keel_engine_take_state(keel_state *st, int32_t symbols, keel_packed_reader *r, int takes, keel_err *reterr);
void keel_engine_keep_signals(const keel_engine *e, keel_packed_writer *w);
int keel_engine_take_signals(keel_engine *e, keel_packed_reader *r, int takes, keel_err *reterr);
/* Without a run: are they all there, and as many as there are indicators? */
int keel_engine_look_signals(int32_t symbols, keel_packed_reader *r, keel_err *reterr);

/* engine.c */
int keel_engine_make(const keel_engine_plan *plan, const keel_engine_watch *watch, keel_engine **ret, keel_err *reterr);
/* The capital comes in: the first event. */
int keel_engine_begin(keel_engine *e);
/* e->in is here: since now, where its source does not say. Before it is made durable: of whom, and the so many-th. */
void keel_engine_received(keel_engine *e);
void keel_engine_stamp(keel_engine *e);
/* An input of kind CONTROL that e->in holds, made durable and obeyed. */
int keel_engine_journal_control(keel_engine *e);
/* The phase that a run without a crash would be in; after damage SAFE_MODE, which is journaled and stays until a person
 * resumes. 0 or KEEL_E_*. */
int keel_engine_settle_phase(keel_engine *e);
/* Behind the record of an earlier engine: from here on this one's behaviour, which is journaled. 0 or KEEL_E_*. */
int keel_engine_behave_anew(keel_engine *e);
/* Behind an input with an execution that the account does not cover, or that nobody ordered: a halt, journaled. 0 or
 * KEEL_E_*. */
int keel_engine_halt_alarmed(keel_engine *e);
/* The disk has no room for more than what is left of a segment: safe mode, journaled. 0 or KEEL_E_*. */
int keel_engine_hold_when_full(keel_engine *e);

/* scrub.c */

/* From now on this often, ms; 0: never. */
void keel_engine_scrub_begin(keel_engine *e, int64_t every_ms);
/* Some more of it, when it is due. Damage: noted, and safe mode, journaled. 0 or KEEL_E_*. */
int keel_engine_scrub(keel_engine *e);

/* outside.c: clock, breaker and drift */

/* An input of this kind (KEEL_ENGINE_ORDER_BREAKER and above): 1. */
int keel_engine_is_of_outside(int control);
/* What such an input changes here; what is to be called back or closed is not yet. */
void keel_engine_outside_apply(keel_engine *e);
/* Do clock and breaker let entries leave? */
int keel_engine_outside_allows(const keel_engine *e);
/* RUNNING and DEGRADED are told apart by them. */
void keel_engine_outside_settle(keel_engine *e);

/* phase.c: go where this trigger leads, and note it; nowhere: nothing. */
void keel_engine_move(keel_engine *e, keel_engine_trigger trigger);
/* The same, noted as brought about by another: at a start nobody orders what was ordered before. */
void keel_engine_move_as(keel_engine *e, keel_engine_trigger trigger, keel_engine_trigger noted);

/* Something was found that leads nowhere from here: noted alike, from this phase to this phase. */
void keel_engine_note_finding(keel_engine *e, keel_engine_trigger trigger);

/* recover.c: inputs of the record from `from_seq` on, worked through */
int keel_engine_replay_record(keel_engine *e, const keel_journal_where *where, uint64_t from_seq, uint64_t until_seq,
                              int64_t until_ms, int (*interrupted)(void));

#endif

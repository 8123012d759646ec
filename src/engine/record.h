/* engine/record.h: what an engine writes into its journal, as bytes: docs/formats/engine_journal.md.
 *
 * Two streams share one journal, each in order. What comes in (START, INPUT), and what became of it (COMMAND, REPORT,
 * MARK, CANCEL), each of the second stamped with the sequence number of the core's event it belongs to. PHASE, RECOVERY
 * and SNAPSHOT tell people what happened to the process and are not replayed. */
#ifndef KEEL_ENGINE_RECORD_H
#define KEEL_ENGINE_RECORD_H

#include "base/strbuf.h"
#include "model/command.h"
#include "port/venue.h"

enum {                           /* types of records */
       KEEL_RECORD_START = 1,    /* JSON: what the run is; the first record, once */
       KEEL_RECORD_INPUT = 2,    /* engine/input.h */
       KEEL_RECORD_COMMAND = 3,  /* durable before it is sent */
       KEEL_RECORD_REPORT = 4,   /* of the venue, or of the guard; durable before it is booked */
       KEEL_RECORD_MARK = 5,     /* state hash after an input */
       KEEL_RECORD_PHASE = 6,    /* JSON */
       KEEL_RECORD_RECOVERY = 7, /* JSON */
       KEEL_RECORD_SNAPSHOT = 8, /* JSON: the state behind an earlier record was kept */
       KEEL_RECORD_CANCEL = 9    /* of an order; durable before it is sent */
};

/* 1 for the types that tell people something and are not replayed. */
int keel_record_is_note(uint16_t type);

/* 1 for the types of the second stream. */
int keel_record_is_outcome(uint16_t type);

enum {
    KEEL_RECORD_COMMAND_SIZE = 124,
    KEEL_RECORD_REPORT_SIZE = 196,
    KEEL_RECORD_MARK_SIZE = 28,
    KEEL_RECORD_CANCEL_SIZE = 24
};

/* Who says it. Of the last two no venue saw the order. */
enum {
    KEEL_BY_VENUE = 0,
    KEEL_BY_GUARD = 1,    /* refused by the engine's last look */
    KEEL_BY_RECOVERY = 2, /* withheld at a start after damage: it may stand in the part of the record that was lost */
    KEEL_BY_NOBODY = 3    /* the venue says it, of an order that is not known here: booked as found */
};

typedef struct keel_record_report {
    keel_venue_report report;
    uint64_t stamp; /* FILL, REJECT: the number this event gets; ACK: that of the last one */
    uint64_t input; /* number of the input it was heard in */
    int32_t by;     /* KEEL_BY_* */
} keel_record_report;

typedef struct keel_record_mark {
    uint64_t stamp; /* of the last event */
    uint64_t input; /* number of the last input */
    uint64_t state_hash;
} keel_record_mark;

void keel_record_command_write(const keel_command *c, uint64_t stamp, uint8_t ret[KEEL_RECORD_COMMAND_SIZE]);
void keel_record_cancel_write(uint64_t order_id, int32_t symbol, uint64_t stamp, uint8_t ret[KEEL_RECORD_CANCEL_SIZE]);
void keel_record_report_write(const keel_record_report *r, uint8_t ret[KEEL_RECORD_REPORT_SIZE]);
void keel_record_mark_write(const keel_record_mark *m, uint8_t ret[KEEL_RECORD_MARK_SIZE]);

/* 0, KEEL_E_VERSION or KEEL_E_PARITY with the line set. */
KEEL_MUST_USE int keel_record_command_read(const uint8_t *bytes, size_t size, keel_command *ret, uint64_t *ret_stamp,
                                           keel_err *reterr);
KEEL_MUST_USE int keel_record_report_read(const uint8_t *bytes, size_t size, keel_record_report *ret, keel_err *reterr);
KEEL_MUST_USE int keel_record_mark_read(const uint8_t *bytes, size_t size, keel_record_mark *ret, keel_err *reterr);

/* Every field alike; seq of the event is left out. */
int keel_record_reports_equal(const keel_venue_report *a, const keel_venue_report *b);

#endif

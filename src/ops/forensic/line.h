/* ops/forensic/line.h: one record as one line of JSON, of bounded size, safe to show.
 *
 * Everything that becomes text in a file of the log goes through here: secrets are taken out (redact.h), control
 * characters, line ends, characters that turn the direction of text and bytes that are no UTF-8 are escaped, fields
 * that the event's list does not name are left out, and a record that does not fit is replaced by LOG_INVALID. */
#ifndef KEEL_OPS_FORENSIC_LINE_H
#define KEEL_OPS_FORENSIC_LINE_H

#include <stdint.h>

#include "ops/forensic/code.h"

enum {
    KEEL_LINE_MAX = 8192,       /* bytes of a record, its newline too */
    KEEL_LINE_STRING_MAX = 512, /* of one string before it is escaped */
    KEEL_LINE_ID_MAX = 128,
    KEEL_LINE_SCHEMA = 1
};

/* What is the same in every record of a run. Borrowed. */
typedef struct keel_line_run {
    const char *run_id;
    const char *mode;                    /* "paper", ... */
    const char *strategy_id, *config_id; /* NULL: none */
} keel_line_run;

/* What stands before `data`. Texts are borrowed until keel_line_end; NULL or "": absent. */
typedef struct keel_line_head {
    keel_event_code code;
    int64_t ts_ms;
    uint64_t seq;
    uint64_t cycle; /* number of the input, 0: none */
    const char *corr_id, *symbol, *order_id, *intent_id;
    keel_event_severity severity; /* above NONE: instead of the code's own */
    const char *message;          /* NULL: the code's own sentence */
} keel_line_head;

typedef struct keel_line {
    char text[KEEL_LINE_MAX];
    size_t size;
    keel_event_code code;
    int overflow, fields;
    uint32_t omitted; /* fields that the list does not name */
    int depth, first; /* inside a value of data */
    int skipping;     /* inside one that is left out: its depth */
} keel_line;

void keel_line_begin(keel_line *l, const keel_line_run *run, const keel_line_head *head);

/* One field of data. Of a name that the event's list does not have nothing is written. */
void keel_line_string(keel_line *l, const char *key, const char *text); /* NULL: null */
void keel_line_int(keel_line *l, const char *key, int64_t value);
void keel_line_real(keel_line *l, const char *key, double value);
void keel_line_bool(keel_line *l, const char *key, int value);
void keel_line_e8(keel_line *l, const char *key, int64_t value_e8); /* an exact decimal in a string */
void keel_line_time(keel_line *l, const char *key, int64_t ts_ms);
/* Names that keel itself made: digits, letters, . _ : / - only; anything else is written as a string. */
void keel_line_id(keel_line *l, const char *key, const char *id);
void keel_line_hash(keel_line *l, const char *key, uint64_t hash); /* 16 hex digits */

/* An object or an array inside data; key NULL inside an array. */
void keel_line_open(keel_line *l, const char *key, char bracket);
void keel_line_close(keel_line *l, char bracket);

/* The finished line with its newline; ret_size may be NULL. A record that did not fit is LOG_INVALID now. */
const char *keel_line_end(keel_line *l, const keel_line_run *run, const keel_line_head *head, size_t *ret_size);

/* text as a JSON string without its quotes, redacted and escaped, in ret[cap] with a zero; cut where it does not fit.
 */
size_t keel_line_text(const char *text, size_t size, char *ret, size_t cap);

#endif

/* ops/forensic/reader.h: the lines of a stream (stream.h) from its first closed part to its open end, and one line as a
 * record that was judged. */
#ifndef KEEL_OPS_FORENSIC_READER_H
#define KEEL_OPS_FORENSIC_READER_H

#include "base/tree.h"
#include "ops/forensic/line.h"
#include "port/fs.h"

typedef struct keel_log_lines keel_log_lines;

/* dir/name.jsonl and its closed parts. KEEL_E_NOT_FOUND: there is neither; KEEL_E_GATE: others may read it;
 * KEEL_E_DATA: the first parts were removed (retain.h); KEEL_E_IO, KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_log_lines_open(const keel_fs *fs, const char *dir, const char *name, keel_log_lines **ret,
                                      keel_err *reterr);
/* The same of what is kept: for those who can do without the parts that were removed, and say so. */
KEEL_MUST_USE int keel_log_lines_open_kept(const keel_fs *fs, const char *dir, const char *name, keel_log_lines **ret,
                                           keel_err *reterr);
void keel_log_lines_close(keel_log_lines *l); /* NULL allowed */

/* Number of the first closed part there is, 0: none is closed; of the part that the line last given stands in, 0: the
 * open one. */
uint32_t keel_log_lines_first(const keel_log_lines *l);
uint32_t keel_log_lines_part(const keel_log_lines *l);

/* The next line without its newline, borrowed until the next call: 1, 0: no more. KEEL_E_DATA: a line is longer than
 * KEEL_LINE_MAX, or a closed part is damaged. What is behind the last newline is a line that was being written: it is
 * not given, see keel_log_lines_torn. */
KEEL_MUST_USE int keel_log_lines_next(keel_log_lines *l, const char **ret_text, size_t *ret_size, keel_err *reterr);
size_t keel_log_lines_torn(const keel_log_lines *l);       /* bytes behind the last newline, at the end */
const char *keel_log_lines_where(const keel_log_lines *l); /* "events.jsonl:12" of the line last given */

/* A record. Texts are borrowed from tree. */
typedef struct keel_log_record {
    keel_tree *tree;
    const keel_tree *data;
    const char *run_id, *corr_id, *symbol, *order_id, *message; /* NULL: absent */
    keel_event_code code;
    keel_event_level level;
    keel_event_severity severity;
    uint64_t seq, cycle;
    int64_t ts_ms;
} keel_log_record;

/* Read and judge one line: well-formed JSON, the schema's fields and no others, a known code with its number, fields of
 * data that the code names. KEEL_E_PARSE (no JSON, a control character), KEEL_E_DATA (not such a record),
 * KEEL_E_VERSION, KEEL_E_NOMEM; `where` begins the line of the error. keel_log_record_done afterwards, after success.
 */
KEEL_MUST_USE int keel_log_record_read(const char *text, size_t size, const char *where, keel_log_record *ret,
                                       keel_err *reterr);
void keel_log_record_done(keel_log_record *r);

/* A field of data as text, number or amount; what is not there is "" or 0. */
const char *keel_log_record_text(const keel_log_record *r, const char *field);
int64_t keel_log_record_int(const keel_log_record *r, const char *field);
int64_t keel_log_record_e8(const keel_log_record *r, const char *field);

#endif

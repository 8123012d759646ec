/* ops/forensic/brief.h: what a person who comes to a run has to know, by rules only, from the events and
 * metrics, from the files of incidents, and from what the audit trail says of them. */
#ifndef KEEL_OPS_FORENSIC_BRIEF_H
#define KEEL_OPS_FORENSIC_BRIEF_H

#include "base/json.h"
#include "base/strbuf.h"
#include "ops/forensic/reader.h"

typedef struct keel_brief keel_brief;

/* Read a run's folder. KEEL_E_NOT_FOUND (no log), errors of the reader (a record that is none). */
KEEL_MUST_USE int keel_brief_make(const keel_fs *fs, const char *dir, keel_brief **ret, keel_err *reterr);
void keel_brief_free(keel_brief *b); /* NULL allowed */

/* What somebody has looked into, as the trail says it: action KEEL_BRIEF_ACKNOWLEDGED, `before` a code and the number
 * of its newest record, "FILL_SUSPECT-17". 1: the name is one, of a code that is a risk until somebody has. */
#define KEEL_BRIEF_ACKNOWLEDGED "acknowledged"
int keel_brief_named(const char *name, keel_event_code *ret_code, uint64_t *ret_seq);

void keel_brief_json(const keel_brief *b, keel_json *j);     /* one object: schema keel.brief, version 1 */
void keel_brief_text(const keel_brief *b, keel_strbuf *out); /* a short page, what needs attention first */

#endif

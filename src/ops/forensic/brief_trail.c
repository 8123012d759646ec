/* ops/forensic/brief_trail.c: see brief_internal.h. What people said in the audit trail of events and incidents. */
#include <string.h>

#include "base/json_read.h"
#include "ops/forensic/brief_internal.h"

/* `acknowledged` names the newest record that was looked into: those of its code up to it are, too. */
static void take_acknowledged(keel_brief *b, const keel_tree *t) {
    const char *action = "", *name = "";
    keel_event_code code;
    uint64_t seq;
    if (keel_json_read_string(keel_tree_find(t, "action"), &action) != 0 ||
        strcmp(action, KEEL_BRIEF_ACKNOWLEDGED) != 0 ||
        keel_json_read_string(keel_tree_find(t, "before"), &name) != 0 || !keel_brief_named(name, &code, &seq))
        return;
    if (seq > b->looked[code]) b->looked[code] = seq;
}

/* Of a trail that is not what was written nobody knows who says what. */
int keel_brief_trail_read(keel_brief *b, const keel_fs *fs, const char *dir, keel_err *err) {
    keel_audit trail = {.fs = fs, .dir = dir};
    keel_audit_report report;
    int rc = keel_audit_verify(&trail, NULL, &report, err);
    if (rc == KEEL_E_NOT_FOUND) {
        memset(err, 0, sizeof *err);
        return 0;
    }
    if (rc != 0) return rc;
    b->has_trail = 1;
    b->trail = report.verdict;
    if (report.verdict == KEEL_AUDIT_GOOD || report.verdict == KEEL_AUDIT_UNNAMED) b->trail_records = report.records;
    return keel_brief_trail_each(b, fs, dir, take_acknowledged, err);
}

int keel_brief_trail_each(keel_brief *b, const keel_fs *fs, const char *dir,
                          void (*take)(keel_brief *b, const keel_tree *record), keel_err *err) {
    keel_log_lines *lines = NULL;
    const char *text;
    size_t size;
    int rc = 0;
    if (b->trail_records == 0) return 0;
    KEEL_TRY(keel_log_lines_open(fs, dir, "audit", &lines, err));
    for (uint64_t i = 0; i < b->trail_records && (rc = keel_log_lines_next(lines, &text, &size, err)) == 1; i++) {
        keel_tree *t = NULL;
        if ((rc = keel_json_parse(text, size, keel_log_lines_where(lines), &t, err)) != 0) break;
        take(b, t);
        keel_tree_free(t);
    }
    keel_log_lines_close(lines);
    return rc < 0 ? rc : 0;
}

/* fuzz/fuzz_audit.c: any bytes as an audit trail, and as a closed part of a log: judged, never trusted. */
/* runs in script/test: 10000 */
#include <stdint.h>
#include <string.h>

#include "ops/forensic/audit.h"
#include "ops/forensic/reader.h"
#include "port/simfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const keel_fs *fs, const char *name, const uint8_t *data, size_t size) {
    keel_err err = {0};
    KEEL_ASSERT(keel_fs_replace(fs, "/r", name, data, size, &err) == 0);
}

/* A trail is never good with a record that does not follow from its bytes: nothing random has a hash that fits. */
static void judge_trail(const keel_fs *fs) {
    static keel_simclock clock;
    keel_audit_report r;
    keel_err err = {0};
    keel_simclock_init(&clock, 1);
    keel_audit trail = {.fs = fs, .clock = &clock.port, .dir = "/r", .run_id = "r"};
    KEEL_ASSERT(keel_audit_verify(&trail, NULL, &r, &err) == 0);
    keel_audit_entry e = {"a", "b", NULL, NULL, NULL};
    int rc = keel_audit_append(&trail, &e, &err);
    KEEL_ASSERT(rc == 0 || err.text[0] != 0);
    if (r.verdict == KEEL_AUDIT_GOOD) KEEL_ASSERT(rc == 0);
}

static void read_part(const keel_fs *fs) {
    keel_log_lines *l = NULL;
    keel_err err = {0};
    const char *text;
    size_t size;
    int rc;
    KEEL_ASSERT(keel_log_lines_open(fs, "/r", "events", &l, &err) == 0);
    while ((rc = keel_log_lines_next(l, &text, &size, &err)) == 1)
        KEEL_ASSERT(size < KEEL_LINE_MAX && memchr(text, '\n', size) == NULL);
    KEEL_ASSERT(rc == 0 || rc == KEEL_E_DATA);
    keel_log_lines_close(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    keel_simfs *disk = keel_simfs_new(1);
    const keel_fs *fs = keel_simfs_port(disk);
    KEEL_ASSERT(fs->mkdir(fs->ctx, "/r") == 0);
    put(fs, "audit.jsonl", data, size);
    /* what stands before the first newline is the head */
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    if (end) put(fs, "audit.head", data, (size_t)(end - data));
    judge_trail(fs);
    put(fs, "events.000001.jsonl.zst", data, size);
    put(fs, "events.jsonl", data, size);
    read_part(fs);
    keel_simfs_free(disk);
    return 0;
}

/* fuzz/fuzz_journal.c: any bytes as the first segment of a journal, and as a snapshot beside it. Inspection says what
 * it met; the reader gives records in order and stops there; quarantine makes it good; nothing crashes. An odd first
 * byte asks for sums that fit (header and records), so that what lies behind them is reached. */
/* runs in script/test: 3000 */
#include <stdlib.h>
#include <string.h>

#include "journal/crc32c.h"
#include "journal/journal.h"
#include "journal/reader.h"
#include "journal/snapshot.h"
#include "port/simfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char MAGIC[8] = {'K', 'E', 'E', 'L', 'W', 'A', 'L', '\n'};

/* A true header, then the bytes as records: each length is believed and its checksum made to fit. */
static uint8_t *with_sums(const uint8_t *data, size_t size, size_t *ret_size) {
    *ret_size = KEEL_JOURNAL_HEADER_SIZE + size;
    uint8_t *bytes = malloc(*ret_size);
    KEEL_ASSERT(bytes != NULL);
    keel_journal_head head = {.version = 1, .name = "main", .segment = 1, .first_seq = 1};
    keel_journal_head_write(&head, bytes);
    KEEL_ASSERT(memcmp(bytes, MAGIC, sizeof MAGIC) == 0);
    memcpy(bytes + KEEL_JOURNAL_HEADER_SIZE, data, size);
    uint32_t salt = keel_journal_salt(head.id, 1);
    for (size_t at = KEEL_JOURNAL_HEADER_SIZE; at + KEEL_JOURNAL_RECORD_EXTRA <= *ret_size;) {
        keel_journal_record r;
        keel_journal_record_peek(bytes + at, &r);
        r.size &= 0x3ff;
        if (at + KEEL_JOURNAL_RECORD_EXTRA + r.size > *ret_size) break;
        r.flags &= 1;
        r.seq &= 15;
        r.payload = bytes + at + KEEL_JOURNAL_RECORD_HEAD;
        keel_journal_record_write(&r, salt, bytes + at);
        at += KEEL_JOURNAL_RECORD_EXTRA + (size_t)r.size;
    }
    return bytes;
}

static void read_all(const keel_journal_where *where, const keel_journal_report *report) {
    keel_err err = {0};
    keel_journal_reader *r = NULL;
    keel_journal_record rec;
    uint64_t count = 0, last = 0;
    KEEL_ASSERT(keel_journal_reader_open(where, &r, &err) == 0);
    while (keel_journal_reader_next(r, &rec, &err) == 1) {
        KEEL_ASSERT(last == 0 || rec.seq == last + 1);
        last = rec.seq;
        count++;
    }
    KEEL_ASSERT(report->verdict != KEEL_JOURNAL_GOOD || count == report->records);
    keel_journal_reader_close(r);
}

static void try_segment(const uint8_t *bytes, size_t size, const uint8_t *snapshot, size_t snapshot_size) {
    keel_simfs *sim = keel_simfs_new(1);
    const keel_fs *fs = keel_simfs_port(sim);
    keel_simclock clock;
    keel_simrandom entropy;
    keel_err err = {0};
    keel_journal_report report;
    keel_simclock_init(&clock, 0);
    keel_simrandom_init(&entropy, 1);
    KEEL_ASSERT(fs->mkdir(fs->ctx, "/j") == 0);
    KEEL_ASSERT(keel_fs_replace(fs, "/j", "wal-main-00000001.klw", bytes, size, &err) == 0);
    KEEL_ASSERT(keel_fs_replace(fs, "/j", "snap-main-00000000000000000001.kls", snapshot, snapshot_size, &err) == 0);
    keel_journal_where where = {fs, "/j", "main", NULL, NULL};
    int rc = keel_journal_inspect(&where, 0, NULL, NULL, &report, &err);
    KEEL_ASSERT(rc == 0 || (rc == KEEL_E_VERSION && err.text[0]));
    if (rc == 0) {
        KEEL_ASSERT((report.verdict == KEEL_JOURNAL_GOOD) == (report.bad_offset < 0));
        read_all(&where, &report);
        keel_snapshot s;
        uint8_t *state = NULL;
        if (keel_snapshot_load(&where, &report, UINT64_MAX, &s, &state, NULL, NULL, &err) == 0) free(state);
        keel_journal_options o = {.fs = fs,
                                  .clock = &clock.port,
                                  .entropy = &entropy.port,
                                  .dir = "/j",
                                  .name = "main",
                                  .on_damage = KEEL_JOURNAL_QUARANTINE,
                                  .segment_bytes = 8192};
        keel_journal *j = NULL;
        rc = keel_journal_open(&o, &j, NULL, &err);
        KEEL_ASSERT(rc == 0 || err.text[0]);
        if (rc == 0) {
            KEEL_ASSERT(keel_journal_close(j, &err) == 0);
            KEEL_ASSERT(keel_journal_inspect(&where, 0, NULL, NULL, &report, &err) == 0);
            KEEL_ASSERT(report.verdict == KEEL_JOURNAL_GOOD);
        }
    }
    keel_simfs_free(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > 65536) return 0;
    size_t made = 0;
    uint8_t *bytes = data[0] & 1 ? with_sums(data + 1, size - 1, &made) : NULL;
    if (bytes)
        try_segment(bytes, made, data, size);
    else
        try_segment(data + 1, size - 1, data + 1, size - 1);
    free(bytes);
    return 0;
}

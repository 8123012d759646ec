/* journal_tool: writes a real journal for tests in Python, and checks one against what it would have written.
 *
 *   journal_tool write DIR COMMITS BATCH SEGMENT CHECKPOINT [sign=HEX] [key=HEX] [snap=N] [leave] [quarantine]
 *       COMMITS commits (0: without end) of BATCH records each; after each prints the highest durable number.
 *       snap=N: a snapshot after every N commits. leave: end without closing, as a crash would.
 *   journal_tool check DIR [key=HEX]
 *       prints the verdict and the last number; exit 1 unless each record is the one that `write` appends.
 *
 * Record n has type 1 + n % 60000, time 1700000000000 + n and n % 211 bytes, byte i being (31 n + i) & 255; the state
 * after n is n % 1009 bytes of n & 255 with the state hash 3 n. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/reader.h"
#include "journal/snapshot.h"
#include "port/fs_real.h"

static uint8_t sign_seed[KEEL_KEY_SIZE], key[KEEL_KEY_SIZE];
static keel_err err;

static int fail(void) {
    (void)fprintf(stderr, "journal_tool: %s\n", err.text);
    return 2;
}

static keel_journal_record record_of(uint64_t n, uint8_t payload[256]) {
    keel_journal_record r = {(uint16_t)(1 + n % 60000), 0, n, 1700000000000 + (int64_t)n, payload, (uint32_t)(n % 211)};
    for (uint32_t i = 0; i < r.size; i++)
        payload[i] = (uint8_t)(31 * n + i);
    return r;
}

static int check(int argc, char **argv) {
    keel_journal_where where = {keel_fs_real(), argv[2], NULL, NULL, NULL};
    keel_journal_report report;
    keel_journal_reader *reader = NULL;
    keel_journal_record r;
    uint8_t payload[256];
    uint64_t due = 0;
    int rc;
    if (argc > 3 && strncmp(argv[3], "key=", 4) == 0 && keel_unhex(argv[3] + 4, key, sizeof key)) where.key = key;
    if (keel_journal_inspect(&where, 0, NULL, NULL, &report, &err) != 0) return fail();
    (void)printf("%s %" PRIu64 "\n", keel_journal_verdict_word(report.verdict), report.last_seq);
    if (report.verdict > KEEL_JOURNAL_TORN) return 1;
    if (keel_journal_reader_open(&where, &reader, &err) != 0) return fail();
    while (due < report.last_seq && (rc = keel_journal_reader_next(reader, &r, &err)) == 1) {
        keel_journal_record want = record_of(due = r.seq, payload);
        if (r.type != want.type || r.ts_ms != want.ts_ms || r.size != want.size ||
            (r.size && memcmp(r.payload, want.payload, r.size) != 0))
            return 1;
    }
    keel_journal_reader_close(reader);
    return due == report.last_seq ? 0 : 1;
}

static int write_all(keel_journal *j, uint64_t commits, uint64_t batch, uint64_t snap) {
    uint8_t payload[256], state[1009];
    for (uint64_t c = 1; commits == 0 || c <= commits; c++) {
        for (uint64_t i = 0; i < batch; i++) {
            keel_journal_record r = record_of(keel_journal_next_seq(j), payload);
            if (keel_journal_append(j, &r, 1, &err) != 0) return fail();
        }
        if (keel_journal_commit(j, &err) != 0) return fail();
        uint64_t n = keel_journal_durable_seq(j);
        (void)printf("%" PRIu64 "\n", n);
        (void)fflush(stdout);
        memset(state, (int)(n & 255), sizeof state);
        if (snap && c % snap == 0 && keel_journal_snapshot(j, 3 * n, state, n % 1009, &err) != 0) return fail();
    }
    return 0;
}

static int write_mode(int argc, char **argv) {
    keel_journal_options o = {.fs = keel_fs_real(),
                              .clock = keel_clock_real(),
                              .entropy = keel_entropy_real(),
                              .dir = argv[2],
                              .name = "main",
                              .rotate_ms = -1};
    o.segment_bytes = strtoull(argv[5], NULL, 10);
    o.checkpoint_bytes = strtoull(argv[6], NULL, 10);
    uint64_t snap = 0;
    int leave = 0;
    for (int i = 7; i < argc; i++) {
        if (strncmp(argv[i], "sign=", 5) == 0 && keel_unhex(argv[i] + 5, sign_seed, sizeof sign_seed))
            o.sign_seed = sign_seed;
        else if (strncmp(argv[i], "key=", 4) == 0 && keel_unhex(argv[i] + 4, key, sizeof key))
            o.encrypt_key = key;
        else if (strncmp(argv[i], "snap=", 5) == 0)
            snap = strtoull(argv[i] + 5, NULL, 10);
        else if (strcmp(argv[i], "leave") == 0)
            leave = 1;
        else if (strcmp(argv[i], "quarantine") == 0)
            o.on_damage = KEEL_JOURNAL_QUARANTINE;
    }
    keel_journal *j = NULL;
    keel_journal_recovery rec;
    if (keel_journal_open(&o, &j, &rec, &err) != 0) return fail();
    (void)printf("opened %s %" PRIu64 " dropped %" PRIu64 "\n", keel_journal_verdict_word(rec.found.verdict),
                 rec.next_seq - 1, rec.dropped_bytes);
    (void)fflush(stdout);
    int rc = write_all(j, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), snap);
    if (leave || rc != 0)
        keel_journal_abandon(j);
    else if (keel_journal_close(j, &err) != 0)
        rc = fail();
    return rc;
}

int main(int argc, char **argv) {
    if (argc >= 3 && strcmp(argv[1], "check") == 0) return check(argc, argv);
    if (argc >= 7 && strcmp(argv[1], "write") == 0) return write_mode(argc, argv);
    (void)fprintf(stderr,
                  "usage: journal_tool write DIR COMMITS BATCH SEGMENT CHECKPOINT [...] | check DIR [key=HEX]\n");
    return 3;
}

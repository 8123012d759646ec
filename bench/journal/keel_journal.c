/* bench/journal/keel_journal.c: the journal and the floor under it.
 *
 *   keel_journal raw|raw-filled|keel|keel-plain|keel-encrypted DIR COMMITS BATCH SIZE [REST_MS]
 *       REST_MS: wait so long between preparing the file and the clock's start.
 *       raw: append + fdatasync of the same payload bytes to one file; raw-filled: into a file of zeros.
 *       keel: checksums, hash chain, signatures. keel-plain: without signatures.
 *   keel_journal sync DIR COUNT                    fdatasync of 4 KiB rewritten in place, each timed
 *   keel_journal latency DIR RATE SECONDS SIZE     open loop: from when a record was due to when it was durable
 *   keel_journal latency-raw DIR RATE SECONDS SIZE the floor of that: all that is due written and synced, again and
 *                                                  again, by the thread that waits for it, in 64 MiB of zeros
 *   keel_journal append DIR RECORDS SIZE           each put into the next commit, timed; a commit per thousand is not
 *   keel_journal fill DIR RECORDS SIZE             a journal for recovery
 *   keel_journal recover DIR PART                  read: all bytes; reader: every record; inspect: chain, signatures
 */
#include <fcntl.h>
#include <unistd.h>

#include "keel_common.h"
#include "journal/group.h"
#include "journal/reader.h"
#include "port/fs_real.h"

static const uint8_t SEED[KEEL_KEY_SIZE] = {1, 2, 3}, KEY[KEEL_KEY_SIZE] = {4, 5, 6};

static int file_in(const char *dir, const char *name) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int file = open(path, O_RDWR | O_CREAT, 0600);
    MUST(file >= 0);
    return file;
}

static void zeros(int file, uint64_t size) {
    MUST(keel_fs_zero_fill(keel_fs_real(), file, 0, (int64_t)size) == 0 && fdatasync(file) == 0);
}

static int raw(int argc, char **argv, int filled) {
    plan p = plan_of(argc, argv, 2);
    int file = file_in(p.dir, "raw");
    uint8_t *bytes = malloc(p.batch * p.size);
    fill(bytes, p.batch * p.size, 1);
    if (filled) zeros(file, p.commits * p.batch * p.size);
    int64_t at = 0;
    clock_start start = rest(&p);
    for (uint64_t c = 0; c < p.commits; c++) {
        memcpy(bytes, &c, sizeof c);
        MUST(pwrite(file, bytes, p.batch * p.size, at) == (ssize_t)(p.batch * p.size) && fdatasync(file) == 0);
        at += (int64_t)(p.batch * p.size);
    }
    report(&p, &start);
    return 0;
}

static keel_journal *journal_in(const char *dir, int is_signed, int encrypted) {
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/journal", dir);
    keel_journal_options o = {.fs = keel_fs_real(),
                              .clock = keel_clock_real(),
                              .entropy = keel_entropy_real(),
                              .dir = path,
                              .name = "main",
                              .sign_seed = is_signed ? SEED : NULL,
                              .encrypt_key = encrypted ? KEY : NULL,
                              .rotate_ms = -1};
    keel_journal *j = NULL;
    GOOD(keel_journal_open(&o, &j, NULL, &err));
    return j;
}

static int keel(int argc, char **argv, int is_signed, int encrypted) {
    plan p = plan_of(argc, argv, 2);
    uint8_t *payload = malloc(p.size);
    fill(payload, p.size, 1);
    keel_journal *j = journal_in(p.dir, is_signed, encrypted);
    clock_start start = rest(&p);
    for (uint64_t c = 0; c < p.commits; c++) {
        for (uint64_t i = 0; i < p.batch; i++) {
            uint64_t seq = keel_journal_next_seq(j);
            memcpy(payload, &seq, sizeof seq);
            keel_journal_record r = {1, 0, seq, (int64_t)seq, payload, (uint32_t)p.size};
            GOOD(keel_journal_append(j, &r, 1, &err));
        }
        GOOD(keel_journal_commit(j, &err));
    }
    report(&p, &start);
    GOOD(keel_journal_close(j, &err));
    return 0;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void quantiles(int64_t *ns, uint64_t count, const char *more) {
    qsort(ns, count, sizeof *ns, compare);
    (void)printf("{\"count\": %llu, \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"max_us\": %.3f%s}\n",
                 (unsigned long long)count, 1e-3 * (double)ns[count / 2], 1e-3 * (double)ns[count * 99 / 100],
                 1e-3 * (double)ns[count * 999 / 1000], 1e-3 * (double)ns[count - 1], more);
}

static int sync_only(char **argv) {
    uint64_t count = strtoull(argv[3], NULL, 10);
    int file = file_in(argv[2], "raw");
    static uint8_t page[4096];
    int64_t *ns = malloc(count * sizeof *ns);
    zeros(file, 1 << 20);
    for (uint64_t i = 0; i < count; i++) {
        fill(page, 64, i);
        int64_t start = now_ns();
        MUST(pwrite(file, page, sizeof page, (off_t)(i % 256 * 4096)) == (ssize_t)sizeof page && fdatasync(file) == 0);
        ns[i] = now_ns() - start;
    }
    quantiles(ns, count, "");
    return 0;
}

typedef struct open_loop {
    int64_t *due_ns, *took_ns; /* [count], by sequence number less 1 */
    uint64_t done;
} open_loop;

static void committed(void *data, uint64_t durable_seq) {
    open_loop *l = data;
    int64_t now = now_ns();
    while (l->done < durable_seq) {
        l->took_ns[l->done] = now - l->due_ns[l->done];
        l->done++;
    }
}

static void sleep_until(int64_t ns) {
    struct timespec t = {ns / 1000000000, (long)(ns % 1000000000)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* A record is due at a fixed instant, whatever happened to those before it; the producer sleeps in between and hands in
 * all that have become due. */
static int latency(char **argv) {
    uint64_t rate = strtoull(argv[3], NULL, 10), size = strtoull(argv[5], NULL, 10), seq = 0;
    uint64_t count = rate * strtoull(argv[4], NULL, 10);
    uint8_t *payload = malloc(size);
    open_loop l = {malloc(count * sizeof(int64_t)), malloc(count * sizeof(int64_t)), 0};
    keel_journal *j = journal_in(argv[2], 1, 0);
    keel_journal_group *g = NULL;
    keel_journal_group_counts counts;
    fill(payload, size, 1);
    GOOD(keel_journal_group_start(j, (size_t)30 << 20, &g, &err));
    keel_journal_group_on_commit(g, committed, &l);
    int64_t start = now_ns() + 1000000;
    for (uint64_t i = 0; i < count; i++)
        l.due_ns[i] = start + (int64_t)((double)i * 1e9 / (double)rate);
    for (uint64_t i = 0; i < count;) {
        int64_t now = now_ns();
        if (l.due_ns[i] > now) {
            sleep_until(l.due_ns[i]);
            continue;
        }
        for (; i < count && l.due_ns[i] <= now; i++) {
            memcpy(payload, &i, sizeof i);
            GOOD(keel_journal_group_submit(g, 1, (int64_t)i, payload, (uint32_t)size, &seq, &err));
        }
    }
    GOOD(keel_journal_group_stop(g, &j, &counts, &err));
    char more[100];
    (void)snprintf(more, sizeof more, ", \"rate\": %llu, \"commits\": %llu", (unsigned long long)rate,
                   (unsigned long long)counts.commits);
    MUST(l.done == count);
    uint64_t skip = count / 10; /* the first tenth warms up */
    quantiles(l.took_ns + skip, count - skip, more);
    GOOD(keel_journal_close(j, &err));
    return 0;
}

static int latency_raw(char **argv) {
    enum { RING = 64 << 20 };
    uint64_t rate = strtoull(argv[3], NULL, 10), size = strtoull(argv[5], NULL, 10), most = RING / size / 2;
    uint64_t count = rate * strtoull(argv[4], NULL, 10), at = 0, commits = 0;
    int file = file_in(argv[2], "raw");
    uint8_t *bytes = malloc(RING);
    int64_t *ns = malloc(count * sizeof *ns); /* when each is due, then how long it took */
    fill(bytes, RING, 1);
    zeros(file, RING);
    int64_t start = now_ns() + 1000000;
    for (uint64_t i = 0; i < count; i++)
        ns[i] = start + (int64_t)((double)i * 1e9 / (double)rate);
    for (uint64_t i = 0; i < count; commits++) {
        uint64_t from = i;
        sleep_until(ns[i]);
        for (int64_t now = now_ns(); i < count && i - from < most && ns[i] <= now;)
            i++;
        size_t length = (size_t)((i - from) * size);
        if (at + length > RING) at = 0;
        MUST(pwrite(file, bytes + at, length, (off_t)at) == (ssize_t)length && fdatasync(file) == 0);
        at += length;
        for (int64_t now = now_ns(); from < i; from++)
            ns[from] = now - ns[from];
    }
    char more[100];
    (void)snprintf(more, sizeof more, ", \"rate\": %llu, \"commits\": %llu", (unsigned long long)rate,
                   (unsigned long long)commits);
    uint64_t skip = count / 10; /* the first tenth warms up */
    quantiles(ns + skip, count - skip, more);
    return 0;
}

static int append_only(char **argv) {
    uint64_t count = strtoull(argv[3], NULL, 10), size = strtoull(argv[4], NULL, 10);
    uint8_t *payload = malloc(size);
    int64_t *ns = malloc(count * sizeof *ns);
    keel_journal *j = journal_in(argv[2], 1, 0);
    fill(payload, size, 1);
    for (uint64_t i = 0; i < count; i++) {
        keel_journal_record r = {1, 0, i + 1, (int64_t)i, payload, (uint32_t)size};
        int64_t start = now_ns();
        GOOD(keel_journal_append(j, &r, 1, &err));
        ns[i] = now_ns() - start;
        if (i % 1000 == 999) GOOD(keel_journal_commit(j, &err));
    }
    quantiles(ns, count, "");
    GOOD(keel_journal_close(j, &err));
    return 0;
}

static int fill_journal(char **argv) {
    plan p = {argv[2], strtoull(argv[3], NULL, 10) / 10000, 10000, strtoull(argv[4], NULL, 10), 0};
    char commits[32], batch[32];
    (void)snprintf(commits, sizeof commits, "%llu", (unsigned long long)p.commits);
    (void)snprintf(batch, sizeof batch, "%llu", (unsigned long long)p.batch);
    char *words[] = {argv[0], argv[1], argv[2], commits, batch, argv[4]};
    return keel(6, words, 1, 0);
}

static int add_size(void *data, const char *name) {
    (void)name;
    ++*(uint64_t *)data;
    return 0;
}

static int recover(char **argv) {
    char path[1000];
    (void)snprintf(path, sizeof path, "%s/journal", argv[2]);
    keel_journal_where where = {keel_fs_real(), path, NULL, NULL, NULL};
    keel_journal_report r = {0};
    uint64_t records = 0, sum = 0, bytes = 0;
    int64_t start = now_ns();
    if (strcmp(argv[3], "read") == 0) {
        static uint8_t window[1 << 20];
        uint64_t files = 0;
        MUST(where.fs->list(NULL, path, add_size, &files) == 0);
        for (uint64_t s = 1; s <= files; s++) {
            char name[KEEL_JOURNAL_FILE_MAX], file_path[2048];
            keel_journal_file_name("main", s, name);
            (void)snprintf(file_path, sizeof file_path, "%s/%s", path, name);
            int file = open(file_path, O_RDONLY);
            ssize_t n;
            while (file >= 0 && (n = read(file, window, sizeof window)) > 0) {
                bytes += (uint64_t)n;
                sum += window[0];
            }
            if (file >= 0) (void)close(file);
        }
    } else if (strcmp(argv[3], "reader") == 0) {
        keel_journal_reader *reader = NULL;
        keel_journal_record rec;
        GOOD(keel_journal_reader_open(&where, &reader, &err));
        while (keel_journal_reader_next(reader, &rec, &err) == 1) {
            records++;
            sum += rec.payload[0] + rec.seq;
        }
        keel_journal_reader_close(reader);
    } else {
        GOOD(keel_journal_inspect(&where, 0, NULL, NULL, &r, &err));
        MUST(r.verdict == KEEL_JOURNAL_GOOD);
        records = r.records;
        bytes = r.bytes;
    }
    (void)printf("{\"records\": %llu, \"bytes\": %llu, \"wall_s\": %.6f, \"sum\": %llu}\n", (unsigned long long)records,
                 (unsigned long long)bytes, 1e-9 * (double)(now_ns() - start), (unsigned long long)sum);
    return 0;
}

int main(int argc, char **argv) {
    MUST(argc >= 4);
    const char *mode = argv[1];
    if (strcmp(mode, "raw") == 0) return raw(argc, argv, 0);
    if (strcmp(mode, "raw-filled") == 0) return raw(argc, argv, 1);
    if (strcmp(mode, "keel") == 0) return keel(argc, argv, 1, 0);
    if (strcmp(mode, "keel-plain") == 0) return keel(argc, argv, 0, 0);
    if (strcmp(mode, "keel-encrypted") == 0) return keel(argc, argv, 1, 1);
    if (strcmp(mode, "sync") == 0) return sync_only(argv);
    if (strcmp(mode, "latency") == 0 && argc >= 6) return latency(argv);
    if (strcmp(mode, "latency-raw") == 0 && argc >= 6) return latency_raw(argv);
    if (strcmp(mode, "append") == 0 && argc >= 5) return append_only(argv);
    if (strcmp(mode, "fill") == 0 && argc >= 5) return fill_journal(argv);
    if (strcmp(mode, "recover") == 0) return recover(argv);
    return 2;
}

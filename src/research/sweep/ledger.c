/* research/sweep/ledger.c: see ledger.h. */
#include "research/sweep/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/real.h"
#include "base/sha256.h"
#include "base/strbuf.h"

enum { FIELDS_MAX = 12, HASH_DIGITS = 64, READ_SIZE = 1 << 16, HASH_KEPT = 16 };

static const char FIRST_LINE[] = "keel.trial_ledger 1";

typedef struct record {
    uint8_t hash[HASH_KEPT]; /* first bytes of the trial hash */
    double sharpe, psr;
    int32_t sweep;
    int16_t has_sharpe, has_psr;
} record;

typedef struct sweep {
    char id[72];
    char venue[200];
    char *symbols; /* as in the file */
    int64_t start_ms, end_ms;
} sweep;

struct keel_ledger {
    char *path;
    int fd;
    char chain[KEEL_SHA256_TEXT_MAX];
    int64_t size, lines; /* bytes and lines read so far: whole lines only */
    record *records;
    int64_t count, capacity;
    int64_t *slots; /* [2 * capacity] index of a record + 1, 0 = free: which sweep has which trial */
    sweep *sweeps;
    int32_t sweep_count, reserved;
};

static int no_memory(keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory: trial ledger: close other programs");
}

static int failed(const keel_ledger *l, const char *what, keel_err *err) {
    return keel_err_set(err, KEEL_E_IO, "cannot %s: %s: %s; make the place writable, or name another with --ledger",
                        what, l->path, strerror(errno));
}

static void next_chain(const char *chain, const char *text, size_t size, char ret[KEEL_SHA256_TEXT_MAX]) {
    keel_sha256 *h = keel_sha256_new();
    keel_sha256_add(h, chain, strlen(chain));
    keel_sha256_add(h, text, size);
    keel_sha256_finish_text(h, ret);
    keel_sha256_free(h);
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

static int damaged(const keel_ledger *l, keel_err *err) {
    return keel_err_set(err, KEEL_E_PARITY,
                        "the trial ledger was changed: %s:%" PRId64
                        ": this line does not follow "
                        "from the one before; restore the file from a copy",
                        l->path, l->lines + 1);
}

static int32_t find_sweep(const keel_ledger *l, const char *id) {
    for (int32_t i = l->sweep_count; i-- > 0;)
        if (strcmp(l->sweeps[i].id, id) == 0) return i;
    return -1;
}

static int take_sweep(keel_ledger *l, char *const field[]) {
    sweep *sweeps = realloc(l->sweeps, (size_t)(l->sweep_count + 1) * sizeof *sweeps);
    if (!sweeps) return KEEL_E_NOMEM;
    l->sweeps = sweeps;
    sweep *s = &sweeps[l->sweep_count];
    memset(s, 0, sizeof *s);
    (void)snprintf(s->id, sizeof s->id, "%s", field[1]);
    (void)snprintf(s->venue, sizeof s->venue, "%s", field[4]);
    s->start_ms = strtoll(field[6], NULL, 10);
    s->end_ms = strtoll(field[7], NULL, 10);
    s->symbols = strdup(field[9]);
    if (!s->symbols) return KEEL_E_NOMEM;
    l->sweep_count++;
    return 0;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static int hash_bytes(const char *text, uint8_t ret[HASH_KEPT]) {
    for (int i = 0; i < HASH_KEPT; i++) {
        int high = hex_digit(text[2 * i]), low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0) return 0;
        ret[i] = (uint8_t)(high * 16 + low);
    }
    return 1;
}

/* The slot of a sweep's trial, or the free one where it would stand. */
static int64_t *find_slot(const keel_ledger *l, int32_t sweep_index, const uint8_t hash[HASH_KEPT]) {
    uint64_t mask = (uint64_t)l->capacity * 2 - 1, at = 0;
    memcpy(&at, hash, sizeof at);
    for (at += (uint64_t)sweep_index * 0x9e3779b97f4a7c15u;; at++) {
        int64_t *slot = &l->slots[at & mask];
        if (*slot == 0) return slot;
        const record *r = &l->records[*slot - 1];
        if (r->sweep == sweep_index && memcmp(r->hash, hash, HASH_KEPT) == 0) return slot;
    }
}

static int grow(keel_ledger *l) {
    int64_t capacity = l->capacity ? 2 * l->capacity : 256; /* a power of two */
    record *records = realloc(l->records, (size_t)capacity * sizeof *records);
    if (!records) return KEEL_E_NOMEM;
    l->records = records;
    int64_t *slots = calloc((size_t)capacity * 2, sizeof *slots);
    if (!slots) return KEEL_E_NOMEM;
    free(l->slots);
    l->slots = slots;
    l->capacity = capacity;
    for (int64_t i = 0; i < l->count; i++)
        *find_slot(l, l->records[i].sweep, l->records[i].hash) = i + 1;
    return 0;
}

static int take_trial(keel_ledger *l, char *const field[]) {
    if (l->count == l->capacity && grow(l) != 0) return KEEL_E_NOMEM;
    record *r = &l->records[l->count];
    memset(r, 0, sizeof *r);
    r->sweep = find_sweep(l, field[1]);
    if (r->sweep < 0 || strlen(field[2]) != HASH_DIGITS || !hash_bytes(field[2], r->hash)) return KEEL_E_PARITY;
    r->has_sharpe = keel_real_parse(field[3], &r->sharpe) == 0;
    r->has_psr = keel_real_parse(field[4], &r->psr) == 0;
    *find_slot(l, r->sweep, r->hash) = ++l->count;
    return 0;
}

/* Cut at blanks in place. */
static int cut(char *line, char *field[FIELDS_MAX]) {
    int n = 0;
    for (char *at = line; n < FIELDS_MAX; at++) {
        field[n++] = at;
        at = strchr(at, ' ');
        if (!at) break;
        *at = 0;
    }
    return n;
}

/* One whole line, without '\n'. */
static int take_line(keel_ledger *l, char *line, size_t size, keel_err *err) {
    char *field[FIELDS_MAX], chain[KEEL_SHA256_TEXT_MAX];
    if (l->lines == 0) {
        if (strncmp(line, "keel.trial_ledger ", 18) != 0) return damaged(l, err);
        if (strcmp(line, FIRST_LINE) != 0)
            return keel_err_set(err, KEEL_E_VERSION,
                                "the trial ledger is of another version: %s: use the keel that wrote "
                                "it",
                                l->path);
        keel_sha256_text(line, size, l->chain);
    } else {
        char *last = strrchr(line, ' ');
        if (!last || strlen(last + 1) != HASH_DIGITS) return damaged(l, err);
        next_chain(l->chain, line, (size_t)(last - line), chain);
        if (strcmp(chain, last + 1) != 0) return damaged(l, err);
        int n = cut(line, field), rc = KEEL_E_PARITY;
        if (n == 11 && strcmp(field[0], "S") == 0) rc = take_sweep(l, field);
        if (n == 6 && strcmp(field[0], "T") == 0) rc = take_trial(l, field);
        if (rc == KEEL_E_NOMEM) return no_memory(err);
        if (rc != 0) return damaged(l, err);
        memcpy(l->chain, chain, sizeof chain);
    }
    l->lines++;
    l->size += (int64_t)size + 1;
    return 0;
}

/* A device or a pipe has no end to be read to, and keeps nothing. */
static int must_be_file(const keel_ledger *l, keel_err *err) {
    struct stat st;
    if (fstat(l->fd, &st) != 0) return failed(l, "read", err);
    if (S_ISREG(st.st_mode)) return 0;
    return keel_err_set(err, KEEL_E_IO, "the trial ledger is no file: %s: name another with --ledger", l->path);
}

/* Take every whole line beyond what was read. What follows the last '\n' is left. */
static int read_on(keel_ledger *l, keel_err *err) {
    keel_strbuf rest;
    char *bytes = malloc(READ_SIZE);
    int rc = 0;
    if (!bytes) return no_memory(err);
    keel_strbuf_init(&rest, 0);
    int64_t from = l->size;
    while (rc == 0) {
        ssize_t n = pread(l->fd, bytes, READ_SIZE, (off_t)from);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) rc = failed(l, "read", err);
        if (n <= 0) break;
        from += n;
        for (char *at = bytes, *end = bytes + n; rc == 0 && at < end;) {
            char *stop = memchr(at, '\n', (size_t)(end - at));
            keel_strbuf_add_bytes(&rest, at, (size_t)((stop ? stop : end) - at));
            if (rest.failed) rc = no_memory(err);
            if (!stop) break;
            size_t size = rest.size;
            if (rc == 0)
                rc = size > 0 && !memchr(rest.text, 0, size) ? take_line(l, rest.text, size, err) : damaged(l, err);
            keel_strbuf_clear(&rest);
            at = stop + 1;
        }
    }
    keel_strbuf_done(&rest);
    free(bytes);
    return rc;
}

int keel_ledger_open(const char *path, keel_ledger **ret, keel_err *reterr) {
    keel_ledger *l = calloc(1, sizeof *l);
    if (!l) return no_memory(reterr);
    l->fd = -1;
    l->path = strdup(path);
    int rc = l->path ? 0 : no_memory(reterr);
    if (rc == 0) l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (rc == 0 && l->fd < 0) rc = failed(l, "open", reterr);
    if (rc == 0) rc = must_be_file(l, reterr);
    if (rc == 0) rc = read_on(l, reterr);
    if (rc == 0)
        *ret = l;
    else
        keel_ledger_close(l);
    return rc;
}

void keel_ledger_close(keel_ledger *l) {
    if (!l) return;
    if (l->fd >= 0) (void)close(l->fd); /* what was appended is on disk */
    for (int32_t i = 0; i < l->sweep_count; i++)
        free(l->sweeps[i].symbols);
    free(l->sweeps);
    free(l->records);
    free(l->slots);
    free(l->path);
    free(l);
}

/* ---- appending --------------------------------------------------------------------------------------------- */

static int lock(const keel_ledger *l, short type, keel_err *err) {
    struct flock f;
    memset(&f, 0, sizeof f);
    f.l_type = type;
    f.l_whence = SEEK_SET;
    while (fcntl(l->fd, F_SETLKW, &f) != 0)
        if (errno != EINTR) return failed(l, "lock", err);
    return 0;
}

static void add_name(keel_strbuf *out, const char *name) {
    for (; *name; name++) {
        if (*name == ' ' || *name == '%' || *name == ',' || (unsigned char)*name < 32)
            keel_strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*name);
        else
            keel_strbuf_add_char(out, *name);
    }
}

static void add_field(keel_strbuf *out, const char *name) {
    keel_strbuf_add_char(out, ' ');
    add_name(out, name && *name ? name : "-");
}

static void add_stat(keel_strbuf *out, keel_stat s) {
    char text[KEEL_REAL_TEXT_MAX];
    add_field(out, s.defined ? keel_real_format(s.value, text) : "-");
}

/* Close a record that begins at byte `from` of out. */
static void add_chain(keel_strbuf *out, size_t from, char chain[KEEL_SHA256_TEXT_MAX]) {
    char next[KEEL_SHA256_TEXT_MAX];
    next_chain(chain, keel_strbuf_text(out) + from, out->size - from, next);
    keel_strbuf_addf(out, " %s\n", next);
    memcpy(chain, next, sizeof next);
}

static void write_sweep(const keel_ledger_scope *s, keel_strbuf *out, char chain[KEEL_SHA256_TEXT_MAX]) {
    size_t from = out->size;
    keel_strbuf_add_char(out, 'S');
    add_field(out, s->sweep_id);
    add_field(out, s->build);
    add_field(out, s->strategy);
    add_field(out, s->venue);
    keel_strbuf_addf(out, " %" PRId64 " %" PRId64 " %" PRId64, s->interval_ms, s->start_ms, s->end_ms);
    add_field(out, s->dataset_hash);
    keel_strbuf_add_char(out, ' ');
    for (int32_t i = 0; i < s->symbol_count; i++) {
        if (i) keel_strbuf_add_char(out, ',');
        add_name(out, s->symbols[i]);
    }
    add_chain(out, from, chain);
}

static int has_trial(const keel_ledger *l, int32_t sweep_index, const char *trial_hash) {
    uint8_t hash[HASH_KEPT];
    if (sweep_index < 0 || l->capacity == 0 || !hash_bytes(trial_hash, hash)) return 0;
    return *find_slot(l, sweep_index, hash) != 0;
}

static int by_trial_hash(const void *a, const void *b) {
    const keel_ledger_trial *x = *(const keel_ledger_trial *const *)a, *y = *(const keel_ledger_trial *const *)b;
    int order = strcmp(x->trial_hash, y->trial_hash);
    return order ? order : (x > y) - (x < y);
}

/* Which trials come a second time among these: [count] marks, or NULL without memory. How trials are parted into
 * appends, which time decides, must not show in the file. */
static uint8_t *find_repeats(const keel_ledger_trial trials[], int64_t count) {
    uint8_t *again = calloc((size_t)count + 1, 1);
    const keel_ledger_trial **sorted = calloc((size_t)count + 1, sizeof *sorted);
    if (!again || !sorted) {
        free(again);
        free(sorted);
        return NULL;
    }
    for (int64_t i = 0; i < count; i++)
        sorted[i] = &trials[i];
    qsort(sorted, (size_t)count, sizeof *sorted, by_trial_hash);
    for (int64_t i = 1; i < count; i++)
        again[sorted[i] - trials] = strcmp(sorted[i]->trial_hash, sorted[i - 1]->trial_hash) == 0;
    free(sorted);
    return again;
}

static void write_all(const keel_ledger *l, const keel_ledger_scope *scope, const keel_ledger_trial trials[],
                      int64_t count, const uint8_t again[], keel_strbuf *out) {
    char chain[KEEL_SHA256_TEXT_MAX];
    int32_t at = find_sweep(l, scope->sweep_id);
    memcpy(chain, l->chain, sizeof chain);
    if (l->lines == 0) {
        keel_strbuf_addf(out, "%s\n", FIRST_LINE);
        keel_sha256_text(FIRST_LINE, sizeof FIRST_LINE - 1, chain);
    }
    if (at < 0) write_sweep(scope, out, chain);
    for (int64_t i = 0; i < count; i++) {
        if (again[i] || has_trial(l, at, trials[i].trial_hash)) continue;
        size_t from = out->size;
        keel_strbuf_add_char(out, 'T');
        add_field(out, scope->sweep_id);
        add_field(out, trials[i].trial_hash);
        add_stat(out, trials[i].sharpe);
        add_stat(out, trials[i].psr);
        add_chain(out, from, chain);
    }
}

static int put(const keel_ledger *l, const char *bytes, size_t size, keel_err *err) {
    if (ftruncate(l->fd, (off_t)l->size) != 0) return failed(l, "write", err); /* a torn end, or nothing */
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(l->fd, bytes + done, size - done, (off_t)l->size + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n > 0) {
            done += (size_t)n;
            continue;
        }
        int why = n < 0 ? errno : ENOSPC;
        (void)ftruncate(l->fd, (off_t)l->size);
        errno = why;
        return failed(l, "write", err);
    }
    return fsync(l->fd) == 0 ? 0 : failed(l, "write", err);
}

int keel_ledger_append(keel_ledger *l, const keel_ledger_scope *scope, const keel_ledger_trial trials[], int64_t count,
                       keel_err *reterr) {
    keel_strbuf text;
    uint8_t *again = find_repeats(trials, count);
    if (!again) return no_memory(reterr);
    keel_strbuf_init(&text, 0);
    int rc = lock(l, F_WRLCK, reterr);
    if (rc != 0) {
        free(again);
        return rc;
    }
    rc = read_on(l, reterr);
    if (rc == 0) {
        write_all(l, scope, trials, count, again, &text);
        if (text.failed) rc = no_memory(reterr);
    }
    if (rc == 0 && text.size > 0) rc = put(l, keel_strbuf_text(&text), text.size, reterr);
    if (rc == 0) rc = read_on(l, reterr);
    keel_err unlock_err = {0};
    int unlocked = lock(l, F_UNLCK, &unlock_err);
    keel_strbuf_done(&text);
    free(again);
    return rc != 0 ? rc : unlocked;
}

/* ---- counting ---------------------------------------------------------------------------------------------- */

/* Is `name`, as written in a file, one of the comma list? */
static int lists(const char *symbols, const char *name, size_t size) {
    for (const char *at = symbols; *at;) {
        size_t n = strcspn(at, ",");
        if (n == size && strncmp(at, name, size) == 0) return 1;
        at += n + (at[n] == ',');
    }
    return 0;
}

static int same_data(const sweep *s, const char *venue, const char *symbols, int64_t start_ms, int64_t end_ms) {
    if (strcmp(s->venue, venue) != 0 || s->start_ms >= end_ms || start_ms >= s->end_ms) return 0;
    for (const char *at = symbols; *at;) {
        size_t n = strcspn(at, ",");
        if (lists(s->symbols, at, n)) return 1;
        at += n + (at[n] == ',');
    }
    return 0;
}

static int by_hash(const void *a, const void *b) {
    const record *x = *(const record *const *)a, *y = *(const record *const *)b;
    int order = memcmp(x->hash, y->hash, HASH_KEPT);
    return order ? order : (x > y) - (x < y); /* equal hashes: the first one written stands first */
}

static int count_distinct(const record **found, int64_t count, keel_ledger_spent *ret) {
    ret->sharpe = calloc((size_t)count + 1, sizeof *ret->sharpe);
    ret->p = calloc((size_t)count + 1, sizeof *ret->p);
    if (!ret->sharpe || !ret->p) return 0;
    qsort(found, (size_t)count, sizeof *found, by_hash);
    for (int64_t i = 0; i < count; i++) {
        const record *r = found[i];
        if (i > 0 && memcmp(found[i - 1]->hash, r->hash, HASH_KEPT) == 0) continue;
        ret->p[ret->trials++] = r->has_psr ? 1.0 - r->psr : 1.0;
        if (r->has_sharpe) ret->sharpe[ret->sharpe_count++] = r->sharpe;
    }
    return 1;
}

int keel_ledger_spent_on(const keel_ledger *l, const keel_ledger_scope *scope, keel_ledger_spent *ret,
                         keel_err *reterr) {
    keel_strbuf venue, symbols;
    memset(ret, 0, sizeof *ret);
    keel_strbuf_init(&venue, 0);
    keel_strbuf_init(&symbols, 0);
    add_name(&venue, scope->venue);
    for (int32_t i = 0; i < scope->symbol_count; i++) {
        if (i) keel_strbuf_add_char(&symbols, ',');
        add_name(&symbols, scope->symbols[i]);
    }
    uint8_t *same = calloc((size_t)l->sweep_count + 1, 1);
    const record **found = calloc((size_t)l->count + 1, sizeof *found);
    int ok = same && found && !venue.failed && !symbols.failed;
    int64_t count = 0;
    for (int32_t i = 0; ok && i < l->sweep_count; i++) {
        same[i] = (uint8_t)same_data(&l->sweeps[i], keel_strbuf_text(&venue), keel_strbuf_text(&symbols),
                                     scope->start_ms, scope->end_ms);
        ret->sweeps += same[i];
    }
    for (int64_t i = 0; ok && i < l->count; i++)
        if (same[l->records[i].sweep]) found[count++] = &l->records[i];
    if (ok) ok = count_distinct(found, count, ret);
    free(same);
    free(found);
    keel_strbuf_done(&venue);
    keel_strbuf_done(&symbols);
    if (ok) return 0;
    keel_ledger_spent_done(ret);
    return no_memory(reterr);
}

void keel_ledger_spent_done(keel_ledger_spent *s) {
    free(s->sharpe);
    free(s->p);
    memset(s, 0, sizeof *s);
}

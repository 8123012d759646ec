/* ops/forensic/forensic.c: see forensic.h. Beginning, one record, a snapshot, the end. */
#include "ops/forensic/forensic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/forensic/forensic_internal.h"

enum { TRACE_BYTES = 16 << 20, METRICS_MS = 10000 };

static const char *const NAMES[KEEL_STREAMS] = {"events", "metrics", "trace", "rollups/hourly"};

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

static void fill_defaults(keel_forensic *f) {
    if (!f->o.trace_bytes) f->o.trace_bytes = TRACE_BYTES;
    if (!f->o.metrics_ms) f->o.metrics_ms = METRICS_MS;
    f->run = (keel_line_run){f->o.run_id, f->o.mode, f->o.strategy, f->o.config_id};
    f->st.hour = INT64_MIN;
    f->st.metrics_ms = INT64_MIN;
    f->st.last_ms = f->o.start_ms;
    f->st.of_run.from_ms = f->o.start_ms;
    f->st.peak_e8 = f->st.trough_e8 = f->o.capital_usd_e8;
    f->st.peak_ms = f->o.start_ms;
}

int keel_forensic_open(const keel_forensic_options *o, keel_forensic **ret, keel_err *reterr) {
    KEEL_ASSERT(o->symbol_count <= KEEL_FORENSIC_SYMBOLS_MAX && o->regime_count <= KEEL_FORENSIC_REGIMES_MAX);
    KEEL_TRY(keel_fs_private(o->fs, o->dir, reterr));
    keel_forensic *f = calloc(1, sizeof *f);
    if (!f) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: log: close other programs");
    f->o = *o;
    fill_defaults(f);
    for (int i = 0; i < KEEL_STREAMS; i++) {
        int rc = keel_stream_init(&f->stream[i], o->fs, o->dir, NAMES[i], o->part_bytes, reterr);
        if (rc != 0) {
            keel_forensic_close(f, NULL);
            return rc;
        }
    }
    *ret = f;
    return 0;
}

void keel_forensic_flush(keel_forensic *f) {
    if (f->holds) return;
    for (int i = 0; i < KEEL_STREAMS; i++)
        if (f->stream[i].fs) keel_stream_flush(&f->stream[i]);
}

void keel_forensic_close(keel_forensic *f, keel_forensic_result *ret) {
    keel_forensic_result r = {0};
    if (!f) return;
    for (int i = 0; i < KEEL_STREAMS; i++) {
        keel_stream *s = &f->stream[i];
        if (!s->fs) continue;
        keel_stream_flush(s);
        if (s->failed && !r.why[0]) (void)snprintf(r.why, sizeof r.why, "%.399s", s->why.text);
        keel_stream_done(s);
    }
    if (f->lost && !r.why[0]) memcpy(r.why, f->why, sizeof r.why);
    r.lost = keel_forensic_lost(f);
    r.events = f->st.seq[KEEL_STREAM_EVENTS];
    r.metrics = f->st.seq[KEEL_STREAM_METRICS];
    r.trace = f->st.seq[KEEL_STREAM_TRACE];
    r.rollups = f->st.seq[KEEL_STREAM_ROLLUPS];
    r.incidents = f->st.incidents;
    r.invalid = f->st.invalid;
    if (ret) *ret = r;
    free(f);
}

uint64_t keel_forensic_lost(const keel_forensic *f) {
    uint64_t lost = f->lost;
    for (int i = 0; i < KEEL_STREAMS; i++)
        lost += f->stream[i].lost;
    return lost;
}

void keel_forensic_hold(keel_forensic *f) {
    f->holds = 1;
    for (int i = 0; i < KEEL_STREAMS; i++)
        keel_stream_hold(&f->stream[i]);
}

void keel_forensic_release(keel_forensic *f) {
    f->holds = 0;
    for (int i = 0; i < KEEL_STREAMS; i++)
        keel_stream_release(&f->stream[i]);
}

int keel_forensic_state_hash(const keel_forensic *f, uint64_t *ret) {
    return f->o.state_hash && f->o.state_hash(f->o.state_data, ret);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static int make_folder(keel_forensic *f, const char *folder, char path[KEEL_FS_PATH_MAX], keel_err *err) {
    KEEL_TRY(keel_fs_path(f->o.dir, folder, path, err));
    int rc = f->o.fs->mkdir(f->o.fs->ctx, path);
    if (rc != 0 && rc != -EEXIST) return keel_fs_fail(rc, "cannot make folder", path, err);
    return keel_fs_private(f->o.fs, path, err);
}

void keel_forensic_file(keel_forensic *f, const char *folder, const char *name, const void *bytes, size_t size) {
    char path[KEEL_FS_PATH_MAX];
    keel_err err = {0};
    int rc = make_folder(f, folder, path, &err);
    if (rc == 0) rc = keel_fs_replace(f->o.fs, path, name, bytes, size, &err);
    if (rc == 0) return;
    if (!f->lost) (void)snprintf(f->why, sizeof f->why, "%.399s", err.text);
    f->lost++;
}

int keel_forensic_has_file(const keel_forensic *f, const char *folder, const char *name) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    int size = snprintf(path, sizeof path, "%s/%s/%s", f->o.dir, folder, name);
    return size < (int)sizeof path && f->o.fs->stat(f->o.fs->ctx, path, &st) == 0;
}

/* ---- one record ------------------------------------------------------------------------------------------------- */

static int stream_of(keel_event_code code) {
    switch (code) {
        case KEEL_LOG_METRICS: return KEEL_STREAM_METRICS;
        case KEEL_LOG_ROLLUP: return KEEL_STREAM_ROLLUPS;
        case KEEL_LOG_TRACE_INPUT:
        case KEEL_LOG_TRACE_STEP: return KEEL_STREAM_TRACE;
        default: return KEEL_STREAM_EVENTS;
    }
}

enum { SYMBOLS_NAMED = 64 }; /* more do not fit into every line */

static void symbols_field(keel_forensic *f) {
    keel_line_open(&f->line, "symbols", '[');
    for (int32_t i = 0; i < f->o.symbol_count && i < SYMBOLS_NAMED; i++)
        keel_line_id(&f->line, NULL, f->o.symbols[i]);
    keel_line_close(&f->line, ']');
    if (f->o.symbol_count > SYMBOLS_NAMED) keel_line_int(&f->line, "symbols_more", f->o.symbol_count - SYMBOLS_NAMED);
}

/* What a run is comes before everything else. */
static void introduce(keel_forensic *f) {
    keel_event_code codes[] = {KEEL_LOG_ENGINE_START, KEEL_LOG_CONFIG_LOADED};
    for (size_t i = 0; i < 2; i++) {
        keel_forensic_new(f, codes[i], f->o.start_ms, 0, -1, 0);
        keel_line_string(&f->line, "build", f->o.build);
        keel_line_id(&f->line, "strategy", f->o.strategy);
        keel_line_id(&f->line, "venue", f->o.venue);
        if (i == 0) symbols_field(f);
        keel_line_e8(&f->line, "capital_usd", f->o.capital_usd_e8);
        keel_line_time(&f->line, "start", f->o.start_ms);
        keel_line_int(&f->line, "interval_ms", f->o.interval_ms);
        keel_line_id(&f->line, "dataset_hash", f->o.dataset_hash);
        keel_line_id(&f->line, "config_id", f->o.config_id);
        (void)keel_forensic_put(f);
    }
}

void keel_forensic_new(keel_forensic *f, keel_event_code code, int64_t ts_ms, uint64_t corr_input, int32_t symbol,
                       uint64_t order_id) {
    if (f->st.seq[KEEL_STREAM_EVENTS] == 0 && code != KEEL_LOG_ENGINE_START) introduce(f);
    f->corr[0] = f->order[0] = f->intent[0] = 0;
    if (corr_input && symbol >= 0)
        (void)snprintf(f->corr, sizeof f->corr, "i%" PRIu64 ".%" PRId32, corr_input, symbol);
    else if (corr_input)
        (void)snprintf(f->corr, sizeof f->corr, "i%" PRIu64, corr_input);
    if (order_id) {
        (void)snprintf(f->order, sizeof f->order, "%016" PRIx64, order_id);
        (void)snprintf(f->intent, sizeof f->intent, "n%" PRIu64, order_id);
    }
    f->head = (keel_line_head){.code = code,
                               .ts_ms = ts_ms,
                               .seq = f->st.seq[stream_of(code)] + 1,
                               .cycle = f->st.input,
                               .corr_id = f->corr,
                               .symbol = symbol >= 0 && symbol < f->o.symbol_count ? f->o.symbols[symbol] : NULL,
                               .order_id = f->order,
                               .intent_id = f->intent};
    keel_line_begin(&f->line, &f->run, &f->head);
}

void keel_forensic_grade(keel_forensic *f, keel_event_severity severity) {
    KEEL_ASSERT(f->line.first);
    f->head.severity = severity;
    keel_line_begin(&f->line, &f->run, &f->head);
}

void keel_forensic_remember(keel_forensic *f, const char *text, size_t size) {
    char *slot = f->st.ring[f->st.ring_at];
    size_t kept = size - 1; /* without the newline */
    if (kept >= KEEL_FORENSIC_RING_LINE) kept = 0;
    memset(slot, 0, KEEL_FORENSIC_RING_LINE);
    memcpy(slot, text, kept);
    f->st.ring_at = (f->st.ring_at + 1) % KEEL_FORENSIC_RING;
    if (f->st.ring_count < KEEL_FORENSIC_RING) f->st.ring_count++;
}

uint64_t keel_forensic_put(keel_forensic *f) {
    size_t size = 0;
    int which = stream_of(f->head.code);
    keel_event_code code = f->head.code;
    const char *text = keel_line_end(&f->line, &f->run, &f->head, &size);
    if (f->line.code == KEEL_LOG_LOG_INVALID && code != KEEL_LOG_LOG_INVALID) {
        f->st.invalid++;
        code = KEEL_LOG_LOG_INVALID;
    }
    uint64_t seq = ++f->st.seq[which];
    keel_stream_put(&f->stream[which], f->head.ts_ms, text, size);
    if (which == KEEL_STREAM_TRACE) f->st.trace_hour_bytes += size;
    if (which != KEEL_STREAM_EVENTS) return seq;
    const keel_event_info *info = keel_event_info_of(code);
    keel_event_severity severity = f->head.severity != KEEL_SEVERITY_NONE ? f->head.severity : info->severity;
    keel_forensic_remember(f, text, size);
    f->st.newest[code] = seq;
    keel_forensic_count(f, code, severity, seq);
    if (f->o.alert && !f->holds && code != KEEL_LOG_INCIDENT &&
        (severity >= KEEL_SEVERITY_SEV3 || code == KEEL_LOG_MANUAL_ACTION))
        f->o.alert(f->o.alert_data, text, size);
    if (severity >= KEEL_SEVERITY_SEV2 && code != KEEL_LOG_INCIDENT)
        keel_forensic_incident(f, code, severity, seq, f->head.ts_ms);
    return seq;
}

/* ---- with a snapshot -------------------------------------------------------------------------------------------- */

void keel_forensic_save(keel_forensic *f, keel_packed_writer *out) {
    if (f->holds) keel_forensic_release(f);
    for (int i = 0; i < KEEL_STREAMS; i++) {
        keel_stream *s = &f->stream[i];
        keel_stream_flush(s);
        /* What is behind the snapshot is made again, what is before it is not: it has to be there. */
        if (s->file >= 0 && !s->failed) {
            int rc = s->fs->sync(s->fs->ctx, s->file);
            if (rc != 0) {
                s->failed = 1;
                (void)keel_fs_fail(rc, "cannot write the log", s->name, &s->why);
            }
        }
        f->st.place[i] = s->place;
    }
    keel_forensic_keep(f, out);
}

int keel_forensic_load(keel_forensic *f, keel_packed_reader *in, int takes, keel_err *reterr) {
    KEEL_TRY(keel_forensic_take(&f->st, f->o.symbol_count, in, takes, reterr));
    for (int i = 0; i < KEEL_STREAMS && takes; i++)
        f->stream[i].place = f->st.place[i];
    return 0;
}

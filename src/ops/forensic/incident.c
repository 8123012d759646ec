/* ops/forensic/incident.c: a file for each event of SEV1 or SEV2, and one for people to fill in. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timerange.h"
#include "ops/forensic/failure.h"
#include "ops/forensic/forensic_internal.h"
#include "ops/forensic/reader.h"

enum { FATAL_MAX = 1000 };

static void add_lines(const keel_forensic *f, keel_strbuf *out) {
    int any = 0;
    for (uint32_t i = 0; i < f->st.ring_count; i++) {
        uint32_t at = (f->st.ring_at + KEEL_FORENSIC_RING - f->st.ring_count + i) % KEEL_FORENSIC_RING;
        if (!f->st.ring[at][0]) continue;
        keel_strbuf_addf(out, "%s\n    %s", any++ ? "," : "", f->st.ring[at]);
    }
}

/* A severity can be worse than the code's own, of what did not fail as well: that has no class. */
static void add_failure(keel_strbuf *out, const keel_event_info *info, const char *corr_id) {
    keel_event_code code = keel_event_code_of(info->name);
    keel_strbuf_addf(out, "  \"component\": \"%s\",\n  \"corr_id\": \"%s\",\n", info->component, corr_id);
    if (keel_failure_class_of(code) == KEEL_FAILURE_NONE) return;
    keel_strbuf_addf(out, "  \"class\": \"%s\",\n  \"done\": \"%s\",\n",
                     keel_failure_class_word(keel_failure_class_of(code)), keel_failure_done_of(code));
}

static void write_json(keel_forensic *f, const char *id, const keel_event_info *info, const char *severity,
                       uint64_t seq, const char *time) {
    const keel_forensic_figures *g = &f->st.figures;
    char name[80], run[KEEL_LINE_STRING_MAX * 6];
    uint64_t hash = 0;
    keel_strbuf out;
    (void)snprintf(name, sizeof name, "%s.json", id);
    if (f->holds && keel_forensic_has_file(f, "incidents", name)) return; /* made of the same journal */
    keel_strbuf_init(&out, 1 << 20);
    (void)keel_line_text(f->o.run_id, strlen(f->o.run_id), run, sizeof run);
    keel_strbuf_addf(&out,
                     "{\n  \"schema\": \"keel.incident\",\n  \"schema_version\": 1,\n  \"incident_id\": \"%s\",\n"
                     "  \"run_id\": \"%s\",\n  \"severity\": \"%s\",\n  \"status\": \"open\",\n  \"opened\": \"%s\",\n"
                     "  \"code\": \"%s\",\n  \"event_seq\": %" PRIu64 ",\n  \"summary\": \"%s\",\n",
                     id, run, severity, time, info->name, seq, info->sentence);
    add_failure(&out, info, f->corr[0] ? f->corr : "run");
    if (keel_forensic_state_hash(f, &hash)) keel_strbuf_addf(&out, "  \"state_hash\": \"%016" PRIx64 "\",\n", hash);
    keel_strbuf_addf(&out,
                     "  \"account\": {\"input\": %" PRIu64 ", \"equity_e8\": %" PRId64 ", \"cash_usd_e8\": %" PRId64
                     ", \"margin_usd_e8\": %" PRId64 ", \"positions\": %" PRId32 ", \"orders\": %" PRId32
                     "},\n"
                     "  \"timeline\": [",
                     g->input, g->equity_e8, g->cash_usd_e8, g->margin_usd_e8, g->positions, g->orders);
    add_lines(f, &out);
    keel_strbuf_add(&out, "\n  ]\n}\n");
    if (!out.failed) keel_forensic_file(f, "incidents", name, out.text, out.size);
    keel_strbuf_done(&out);
}

/* What is known is filled in; the rest is for whoever looks into it, and is theirs: it is never written again. */
static void write_postmortem(keel_forensic *f, const char *id, const keel_event_info *info, const char *severity,
                             uint64_t seq, const char *time) {
    char name[80];
    keel_strbuf out;
    (void)snprintf(name, sizeof name, "%s.md", id);
    if (keel_forensic_has_file(f, "incidents", name)) return;
    keel_strbuf_init(&out, 1 << 16);
    keel_strbuf_addf(&out, "# %s\n\n## Summary\n\n%s: %s (%s), at %s, ", id, severity, info->sentence, info->name,
                     time);
    if (seq)
        keel_strbuf_addf(&out, "event %" PRIu64 " of events.jsonl.\n", seq);
    else
        keel_strbuf_add(&out, "the last that the log tells; a start was refused for it.\n");
    keel_strbuf_addf(&out, "\n## Impact\n\n\n## Timeline\n\nThe last events are in `%s.json`", id);
    if (seq) keel_strbuf_addf(&out, "; `keel events story RUN --event %" PRIu64 "` tells what belongs to it", seq);
    keel_strbuf_addf(&out,
                     ".\n\n## Cause\n\n\n## Detection\n\nBy keel's own %s.\n\n## Response\n\n\n"
                     "## Actions\n\n- [ ] \n",
                     seq ? "record, at the moment it was written" : "checks of its journal, at the start");
    if (!out.failed) keel_forensic_file(f, "incidents", name, out.text, out.size);
    keel_strbuf_done(&out);
}

/* What is there of the log, for the timeline; what cannot be read is left out. Returns the time of its last record, or
 * that of the run's begin. */
static int64_t read_timeline(keel_forensic *f) {
    keel_log_lines *lines = NULL;
    keel_log_record r;
    keel_err none = {0};
    const char *text;
    size_t size;
    char last[KEEL_LINE_MAX] = "";
    int64_t ts_ms = f->o.start_ms;
    if (keel_log_lines_open_kept(f->o.fs, f->o.dir, "events", &lines, &none) != 0) return ts_ms;
    while (keel_log_lines_next(lines, &text, &size, &none) == 1) {
        keel_forensic_remember(f, text, size + 1);
        if (size < sizeof last) (void)snprintf(last, sizeof last, "%.*s", (int)size, text);
    }
    keel_log_lines_close(lines);
    if (last[0] && keel_log_record_read(last, strlen(last), "events", &r, &none) == 0) {
        ts_ms = r.ts_ms;
        keel_log_record_done(&r);
    }
    return ts_ms;
}

static void add_text(keel_strbuf *out, const char *key, const char *text) {
    char escaped[KEEL_LINE_STRING_MAX * 6];
    (void)keel_line_text(text, strlen(text), escaped, sizeof escaped);
    keel_strbuf_addf(out, "\"%s\": \"%s\", ", key, escaped);
}

void keel_forensic_refused(keel_forensic *f, const keel_forensic_damage *d) {
    char id[80], name[96], run[KEEL_LINE_STRING_MAX * 6], time[KEEL_TIME_TEXT_MAX];
    const keel_event_info *info = keel_event_info_of(KEEL_LOG_WAL_CORRUPT);
    keel_strbuf out;
    (void)snprintf(id, sizeof id, "INC-START-WAL_CORRUPT-%" PRIu64 "-%" PRId64, d->segment, d->offset);
    (void)snprintf(name, sizeof name, "%s.json", id);
    if (keel_forensic_has_file(f, "incidents", name)) return; /* met before */
    (void)keel_time_format(read_timeline(f), time);
    (void)keel_line_text(f->o.run_id, strlen(f->o.run_id), run, sizeof run);
    keel_strbuf_init(&out, 1 << 20);
    keel_strbuf_addf(&out,
                     "{\n  \"schema\": \"keel.incident\",\n  \"schema_version\": 1,\n  \"incident_id\": \"%s\",\n"
                     "  \"run_id\": \"%s\",\n  \"severity\": \"%s\",\n  \"status\": \"open\",\n  \"opened\": \"%s\",\n"
                     "  \"code\": \"%s\",\n  \"event_seq\": null,\n  \"summary\": \"a start was refused: %s\",\n",
                     id, run, keel_event_severity_word(info->severity), time, info->name, info->sentence);
    add_failure(&out, info, "run");
    keel_strbuf_add(&out, "  \"evidence\": {");
    add_text(&out, "verdict", d->verdict);
    add_text(&out, "file", d->file);
    add_text(&out, "why", d->why);
    keel_strbuf_addf(&out, "\"offset\": %" PRId64 ", \"seq\": %" PRIu64 "},\n  \"timeline\": [", d->offset,
                     d->last_seq);
    add_lines(f, &out);
    keel_strbuf_add(&out, "\n  ]\n}\n");
    if (!out.failed) keel_forensic_file(f, "incidents", name, out.text, out.size);
    keel_strbuf_done(&out);
    write_postmortem(f, id, info, keel_event_severity_word(info->severity), 0, time);
}

/* By the number of its event. The journal does not know of a fatal error: the next one may have the same number, and
 * gets a name of its own. */
static void name_incident(const keel_forensic *f, keel_event_code code, uint64_t seq, char ret[64]) {
    char name[80];
    const char *word = keel_event_info_of(code)->name;
    (void)snprintf(ret, 64, "INC-%08" PRIu64 "-%.32s", seq, word);
    for (int again = 2; code == KEEL_LOG_ENGINE_FATAL && again < FATAL_MAX; again++) {
        (void)snprintf(name, sizeof name, "%s.json", ret);
        if (!keel_forensic_has_file(f, "incidents", name)) return;
        (void)snprintf(ret, 64, "INC-%08" PRIu64 "-%.32s-%d", seq, word, again);
    }
}

void keel_forensic_incident(keel_forensic *f, keel_event_code code, keel_event_severity severity, uint64_t seq,
                            int64_t ts_ms) {
    char id[64], path[96], time[KEEL_TIME_TEXT_MAX];
    const keel_event_info *info = keel_event_info_of(code);
    const char *word = keel_event_severity_word(severity);
    char corr[KEEL_FORENSIC_CORR_MAX];
    name_incident(f, code, seq, id);
    (void)snprintf(path, sizeof path, "incidents/%s.json", id);
    (void)keel_time_format(ts_ms, time);
    f->st.incidents++;
    f->st.of_hour.incidents++;
    f->st.of_run.incidents++;
    write_json(f, id, info, word, seq, time);
    write_postmortem(f, id, info, word, seq, time);
    memcpy(corr, f->corr, sizeof corr);
    keel_forensic_new(f, KEEL_LOG_INCIDENT, ts_ms, 0, -1, 0);
    memcpy(f->corr, corr, sizeof corr);
    keel_forensic_grade(f, severity);
    keel_line_id(&f->line, "incident_id", id);
    keel_line_int(&f->line, "event_seq", (int64_t)seq);
    keel_line_id(&f->line, "event", info->name);
    keel_line_id(&f->line, "severity", word);
    keel_line_id(&f->line, "path", path);
    (void)keel_forensic_put(f);
}

/* ops/forensic/rollup.c: sums over hours and the run, metrics, and codes that come too often. An hour is (from, to]: a
 * bar that closes on the hour belongs to the hour that ends. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/forensic/forensic_internal.h"

enum { RATE_HOURS_MIN = 24, RATE_Z = 4, RATE_COUNT_MIN = 5, WORST = 3 };

static int64_t hour_of(int64_t ts_ms) { return (ts_ms - 1) / KEEL_FORENSIC_HOUR_MS; }

/* ---- sums ------------------------------------------------------------------------------------------------------- */

static void keep_worst(keel_forensic_sums *s, keel_event_code code, keel_event_severity severity, uint64_t seq) {
    int at = WORST;
    if (severity == KEEL_SEVERITY_NONE) return;
    while (at > 0 && (s->worst_seq[at - 1] == 0 || (int)severity > s->worst_severity[at - 1]))
        at--;
    for (int i = WORST - 1; i > at; i--) {
        s->worst_seq[i] = s->worst_seq[i - 1];
        s->worst_code[i] = s->worst_code[i - 1];
        s->worst_severity[i] = s->worst_severity[i - 1];
    }
    if (at == WORST) return;
    s->worst_seq[at] = seq;
    s->worst_code[at] = (int32_t)code;
    s->worst_severity[at] = (int32_t)severity;
}

static void count_in(keel_forensic_sums *s, keel_event_code code, keel_event_severity severity, uint64_t seq) {
    s->counts[code]++;
    s->severities[severity]++;
    s->orders += code == KEEL_LOG_ORDER_NEW;
    s->fills += code == KEEL_LOG_FILL;
    s->rejects += code == KEEL_LOG_ORDER_REJECT;
    s->denied += code == KEEL_LOG_TRADE_DENIED;
    if (code != KEEL_LOG_INCIDENT) keep_worst(s, code, severity, seq);
}

void keel_forensic_count(keel_forensic *f, keel_event_code code, keel_event_severity severity, uint64_t seq) {
    keel_event_level level = keel_event_info_of(code)->level;
    f->st.errors += level == KEEL_LEVEL_ERROR;
    f->st.warnings += level == KEEL_LEVEL_WARN;
    count_in(&f->st.of_hour, code, severity, seq);
    count_in(&f->st.of_run, code, severity, seq);
}

void keel_forensic_sums_both(keel_forensic *f, void (*add)(keel_forensic_sums *s, int64_t value), int64_t value) {
    add(&f->st.of_hour, value);
    add(&f->st.of_run, value);
}

/* ---- writing a rollup ------------------------------------------------------------------------------------------- */

static void counts_field(keel_forensic *f, const keel_forensic_sums *s) {
    keel_line_open(&f->line, "counts", '{');
    for (int i = 0; i < KEEL_EVENT_CODES; i++)
        if (s->counts[i]) keel_line_int(&f->line, keel_event_info_of((keel_event_code)i)->name, s->counts[i]);
    keel_line_close(&f->line, '}');
}

static void worst_field(keel_forensic *f, const keel_forensic_sums *s) {
    keel_line_open(&f->line, "worst", '[');
    for (int i = 0; i < WORST && s->worst_seq[i]; i++) {
        keel_line_open(&f->line, NULL, '{');
        keel_line_int(&f->line, "seq", (int64_t)s->worst_seq[i]);
        keel_line_id(&f->line, "code", keel_event_info_of((keel_event_code)s->worst_code[i])->name);
        keel_line_id(&f->line, "severity", keel_event_severity_word((keel_event_severity)s->worst_severity[i]));
        keel_line_close(&f->line, '}');
    }
    keel_line_close(&f->line, ']');
}

static void regimes_field(keel_forensic *f, const keel_forensic_sums *s) {
    int64_t all = 0;
    for (int i = 0; i < f->o.regime_count; i++)
        all += s->regime_ms[i];
    keel_line_open(&f->line, "regimes", '{');
    for (int i = 0; i < f->o.regime_count; i++) {
        if (!s->regime_ms[i]) continue;
        keel_line_open(&f->line, f->o.regimes[i], '{');
        keel_line_int(&f->line, "ms", s->regime_ms[i]);
        keel_line_real(&f->line, "share", (double)s->regime_ms[i] / (double)all);
        keel_line_close(&f->line, '}');
    }
    keel_line_close(&f->line, '}');
}

static void anomalies_field(keel_forensic *f, const double *z, int any) {
    keel_line_open(&f->line, "anomalies", '[');
    for (int i = 0; any && i < KEEL_EVENT_CODES; i++) {
        if (z[i] <= RATE_Z) continue;
        keel_line_open(&f->line, NULL, '{');
        keel_line_id(&f->line, "code", keel_event_info_of((keel_event_code)i)->name);
        keel_line_int(&f->line, "count", f->st.of_hour.counts[i]);
        keel_line_real(&f->line, "z", z[i]);
        keel_line_close(&f->line, '}');
    }
    keel_line_close(&f->line, ']');
}

static void rollup_fields(keel_forensic *f, const keel_forensic_sums *s, const char *scope, const double *z) {
    keel_line *l = &f->line;
    keel_line_string(l, "scope", scope);
    keel_line_time(l, "from", s->from_ms);
    keel_line_time(l, "to", s->to_ms);
    counts_field(f, s);
    keel_line_int(l, "orders", (int64_t)s->orders);
    keel_line_int(l, "fills", (int64_t)s->fills);
    keel_line_int(l, "rejects", (int64_t)s->rejects);
    keel_line_int(l, "denied", (int64_t)s->denied);
    keel_line_int(l, "trades", (int64_t)s->trades);
    keel_line_int(l, "wins", (int64_t)s->wins);
    keel_line_e8(l, "pnl_usd", s->pnl_e8);
    keel_line_e8(l, "fees_usd", s->fees_usd_e8);
    keel_line_e8(l, "funding_usd", s->funding_usd_e8);
    keel_line_e8(l, "slippage_usd", s->slippage_e8);
    worst_field(f, s);
    keel_line_int(l, "incidents", (int64_t)s->incidents);
    regimes_field(f, s);
    keel_line_e8(l, "drawdown_max_usd", s->drawdown_e8);
    keel_line_real(l, "drawdown_max_pct", s->drawdown_pct);
    keel_line_int(l, "drawdown_duration_ms", s->drawdown_ms);
    keel_line_int(l, "feed_expected", (int64_t)s->bars_expected);
    keel_line_int(l, "feed_seen", (int64_t)s->bars_seen);
    keel_line_real(l, "feed_uptime_pct",
                   s->bars_expected ? 100.0 * (double)s->bars_seen / (double)s->bars_expected : 100.0);
    anomalies_field(f, z, z != NULL);
    if (f->st.has_figures) keel_line_e8(l, "equity_usd", f->st.figures.equity_e8);
}

/* The mean of each code's hourly counts so far, and how far the hour's count is from it, in standard deviations; the
 * hour joins the mean. */
static int rates(keel_forensic *f, double mean[KEEL_EVENT_CODES], double z[KEEL_EVENT_CODES]) {
    int any = 0;
    for (int i = 0; i < KEEL_EVENT_CODES; i++) {
        double count = (double)f->st.of_hour.counts[i], n = (double)f->st.rate_hours;
        double variance = f->st.rate_hours > 1 ? f->st.rate_m2[i] / (n - 1.0) : 0.0, off = count - f->st.rate_mean[i];
        /* Counts vary as much as their mean, at the least: a code that was never seen is not infinitely unusual. */
        if (variance < f->st.rate_mean[i]) variance = f->st.rate_mean[i];
        if (variance < 1.0) variance = 1.0;
        z[i] = f->st.rate_hours >= RATE_HOURS_MIN && count >= RATE_COUNT_MIN ? off / sqrt(variance) : 0.0;
        any |= z[i] > RATE_Z;
        mean[i] = f->st.rate_mean[i];
        double delta = count - f->st.rate_mean[i];
        f->st.rate_mean[i] += delta / (n + 1.0);
        f->st.rate_m2[i] += delta * (count - f->st.rate_mean[i]);
    }
    f->st.rate_hours++;
    return any;
}

static void make_rollups_folder(keel_forensic *f) {
    char path[KEEL_FS_PATH_MAX];
    keel_err ignored = {0}; /* the stream below says it */
    if (!f->rollups_made && keel_fs_path(f->o.dir, "rollups", path, &ignored) == 0)
        (void)f->o.fs->mkdir(f->o.fs->ctx, path);
    f->rollups_made = 1;
}

static void tell_throttled(keel_forensic *f, int64_t ts_ms) {
    if (!f->st.trace_dropped) return;
    keel_forensic_new(f, KEEL_LOG_LOG_THROTTLED, ts_ms, 0, -1, 0);
    keel_line_string(&f->line, "stream", "trace");
    keel_line_string(&f->line, "level", "TRACE");
    keel_line_int(&f->line, "dropped", (int64_t)f->st.trace_dropped);
    keel_line_int(&f->line, "budget_bytes", (int64_t)f->o.trace_bytes);
    (void)keel_forensic_put(f);
}

static void end_hour(keel_forensic *f) {
    double mean[KEEL_EVENT_CODES], z[KEEL_EVENT_CODES];
    keel_forensic_sums *s = &f->st.of_hour;
    int64_t to_ms = (f->st.hour + 1) * KEEL_FORENSIC_HOUR_MS;
    s->from_ms = f->st.hour * KEEL_FORENSIC_HOUR_MS;
    s->to_ms = to_ms;
    tell_throttled(f, to_ms);
    f->st.trace_dropped = f->st.trace_hour_bytes = 0;
    int any = rates(f, mean, z);
    for (int i = 0; any && i < KEEL_EVENT_CODES; i++) {
        if (z[i] <= RATE_Z) continue;
        keel_forensic_new(f, KEEL_LOG_LOG_ANOMALY, to_ms, 0, -1, 0);
        keel_line_id(&f->line, "of_code", keel_event_info_of((keel_event_code)i)->name);
        keel_line_int(&f->line, "count", s->counts[i]);
        keel_line_real(&f->line, "mean", mean[i]);
        keel_line_real(&f->line, "z", z[i]);
        (void)keel_forensic_put(f);
    }
    make_rollups_folder(f);
    keel_forensic_new(f, KEEL_LOG_ROLLUP, to_ms, 0, -1, 0);
    rollup_fields(f, s, "hour", any ? z : NULL);
    (void)keel_forensic_put(f);
    memset(s, 0, sizeof *s);
}

static void add_regime(const keel_forensic *f, keel_forensic_sums *s, int64_t from_ms, int64_t to_ms) {
    if (to_ms > from_ms && f->st.regime >= 0 && f->st.regime < f->o.regime_count)
        s->regime_ms[f->st.regime] += to_ms - from_ms;
}

/* Everything that is told afterwards happened at ts_ms. Of a bar longer than an hour, the hours that nothing happened
 * in have no rollup, and their time is in the run's alone. */
void keel_forensic_pass_time(keel_forensic *f, int64_t ts_ms) {
    int64_t hour = hour_of(ts_ms);
    if (f->st.hour == INT64_MIN) f->st.hour = hour;
    int64_t from_ms = f->st.last_ms;
    add_regime(f, &f->st.of_run, from_ms, ts_ms);
    if (hour > f->st.hour) {
        add_regime(f, &f->st.of_hour, from_ms, (f->st.hour + 1) * KEEL_FORENSIC_HOUR_MS);
        end_hour(f);
        f->st.hour = hour;
    }
    if (from_ms < f->st.hour * KEEL_FORENSIC_HOUR_MS) from_ms = f->st.hour * KEEL_FORENSIC_HOUR_MS;
    add_regime(f, &f->st.of_hour, from_ms, ts_ms);
    if (ts_ms > f->st.last_ms) f->st.last_ms = ts_ms;
}

void keel_forensic_summarise(keel_forensic *f) {
    size_t size = 0;
    uint64_t kept = f->st.seq[KEEL_STREAM_ROLLUPS];
    if (f->st.seq[KEEL_STREAM_EVENTS] == 0) return;
    if (!f->st.summarised) {
        f->st.summarised = 1;
        if (f->st.hour != INT64_MIN) end_hour(f);
        kept = f->st.seq[KEEL_STREAM_ROLLUPS];
    }
    f->st.of_run.to_ms = f->st.last_ms;
    keel_forensic_new(f, KEEL_LOG_ROLLUP, f->st.last_ms, 0, -1, 0);
    rollup_fields(f, &f->st.of_run, "run", NULL);
    const char *text = keel_line_end(&f->line, &f->run, &f->head, &size);
    f->st.seq[KEEL_STREAM_ROLLUPS] = kept;
    keel_forensic_file(f, "rollups", "run.json", text, size);
}

/* ---- figures ---------------------------------------------------------------------------------------------------- */

static void drawdown_in(keel_forensic_sums *s, int64_t depth_e8, int64_t peak_e8, int64_t duration_ms) {
    double pct = peak_e8 > 0 ? 100.0 * (double)depth_e8 / (double)peak_e8 : 0.0;
    if (depth_e8 > s->drawdown_e8) s->drawdown_e8 = depth_e8;
    if (pct > s->drawdown_pct) s->drawdown_pct = pct;
    if (duration_ms > s->drawdown_ms) s->drawdown_ms = duration_ms;
}

static void follow_drawdown(keel_forensic *f, const keel_forensic_figures *g) {
    if (g->equity_e8 >= f->st.peak_e8) {
        f->st.peak_e8 = g->equity_e8;
        f->st.peak_ms = g->ts_ms;
        return;
    }
    drawdown_in(&f->st.of_hour, f->st.peak_e8 - g->equity_e8, f->st.peak_e8, g->ts_ms - f->st.peak_ms);
    drawdown_in(&f->st.of_run, f->st.peak_e8 - g->equity_e8, f->st.peak_e8, g->ts_ms - f->st.peak_ms);
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void latency_fields(keel_forensic *f) {
    int64_t sorted[KEEL_FORENSIC_LATENCIES];
    size_t n = f->st.latencies < KEEL_FORENSIC_LATENCIES ? (size_t)f->st.latencies : KEEL_FORENSIC_LATENCIES;
    if (n == 0) return;
    memcpy(sorted, f->st.latency_ms, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    keel_line_int(&f->line, "order_latency_ms_p50", sorted[(n - 1) / 2]);
    keel_line_int(&f->line, "order_latency_ms_p95", sorted[(n - 1) * 95 / 100]);
    keel_line_int(&f->line, "order_latency_ms_max", sorted[n - 1]);
}

/* Of each feed that has begun, those first that are missing, as many as fit into every line. */
static void feed_ages_field(keel_forensic *f, int64_t ts_ms) {
    int32_t named = 0, begun = 0;
    keel_line_open(&f->line, "feed_ages_ms", '{');
    for (int missing = 1; missing >= 0; missing--)
        for (int32_t i = 0; i < f->o.symbol_count; i++) {
            const keel_forensic_symbol *s = &f->st.sym[i];
            if (!s->begun || (s->missed > 0) != missing) continue;
            begun++;
            if (named == KEEL_FORENSIC_FEEDS) continue;
            named++;
            keel_line_int(&f->line, f->o.symbols[i], ts_ms - s->last_bar_ms);
        }
    keel_line_close(&f->line, '}');
    if (begun > named) keel_line_int(&f->line, "feeds_more", begun - named);
}

static void feed_fields(keel_forensic *f, int64_t ts_ms) {
    int64_t oldest = 0, missing = 0;
    for (int32_t i = 0; i < f->o.symbol_count; i++) {
        const keel_forensic_symbol *s = &f->st.sym[i];
        if (!s->begun) continue;
        missing += s->missed > 0;
        if (ts_ms - s->last_bar_ms > oldest) oldest = ts_ms - s->last_bar_ms;
    }
    keel_line_int(&f->line, "feeds_missing", missing);
    keel_line_int(&f->line, "feed_age_ms_max", oldest);
    feed_ages_field(f, ts_ms);
}

static void write_metrics(keel_forensic *f, const keel_forensic_figures *g) {
    keel_line *l = &f->line;
    int64_t depth = f->st.peak_e8 - g->equity_e8;
    keel_forensic_new(f, KEEL_LOG_METRICS, g->ts_ms, 0, -1, 0);
    keel_line_e8(l, "equity_usd", g->equity_e8);
    keel_line_e8(l, "cash_usd", g->cash_usd_e8);
    keel_line_e8(l, "margin_usd", g->margin_usd_e8);
    keel_line_e8(l, "unrealised_usd", g->unrealised_e8);
    keel_line_e8(l, "exposure_gross_usd", g->gross_e8);
    keel_line_e8(l, "exposure_net_usd", g->net_e8);
    keel_line_e8(l, "drawdown_usd", depth);
    keel_line_real(l, "drawdown_pct", f->st.peak_e8 > 0 ? 100.0 * (double)depth / (double)f->st.peak_e8 : 0.0);
    keel_line_int(l, "open_positions", g->positions);
    keel_line_int(l, "open_orders", g->orders);
    latency_fields(f);
    keel_line_int(l, "fills", (int64_t)f->st.slippage_fills);
    keel_line_real(l, "slippage_bps_avg",
                   f->st.filled_usd_e8 > 0 ? 1e4 * (double)f->st.slippage_e8 / (double)f->st.filled_usd_e8 : 0.0);
    keel_line_e8(l, "slippage_usd", g->slippage_e8);
    keel_line_e8(l, "fees_usd", g->fees_usd_e8);
    keel_line_int(l, "errors", (int64_t)f->st.errors);
    keel_line_int(l, "warnings", (int64_t)f->st.warnings);
    feed_fields(f, g->ts_ms);
    keel_line_int(l, "queue_orders_in_flight", g->orders);
    keel_line_int(l, "log_lost", (int64_t)keel_forensic_lost(f));
    (void)keel_forensic_put(f);
}

void keel_forensic_marked(keel_forensic *f, const keel_forensic_figures *g) {
    keel_forensic_pass_time(f, g->ts_ms);
    keel_forensic_taken(f, g->ts_ms);
    f->st.figures = *g;
    if (g->input == 0) f->st.figures.input = f->st.input;
    f->st.has_figures = 1;
    follow_drawdown(f, g);
    if (f->st.metrics_ms != INT64_MIN && g->ts_ms - f->st.metrics_ms < f->o.metrics_ms) return;
    f->st.metrics_ms = g->ts_ms;
    write_metrics(f, g);
}

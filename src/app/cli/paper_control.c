/* app/cli/paper_control.c: see paper_control.h. */
#include "app/cli/paper_control.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timerange.h"
#include "port/fs_real.h"

enum { NS_PER_MS = 1000000, CANCELS_MAX = 3 };

/* What an ask means: an action of the audit trail, an order of the engine, and what it is to lead to. */
typedef struct meaning {
    const char *action, *after;
    int order;
} meaning;

static const meaning MEANINGS[] = {
    [KEEL_CONTROL_STATUS] = {NULL, NULL, 0},
    [KEEL_CONTROL_PAUSE] = {"entries_paused", "close_only", KEEL_ENGINE_ORDER_PAUSE},
    [KEEL_CONTROL_RESUME] = {"entries_resumed", "running", KEEL_ENGINE_ORDER_RESUME},
    [KEEL_CONTROL_CANCEL] = {"orders_cancelled", "every order is called back", KEEL_ENGINE_ORDER_CANCEL},
    [KEEL_CONTROL_FLAT] = {"positions_closed", "every position is closed, no entry", KEEL_ENGINE_ORDER_FLAT},
    [KEEL_CONTROL_KILL] = {"run_killed", "halted, every order is called back, the run ends", KEEL_ENGINE_ORDER_HALT}};

static int64_t now_ns(const keel_paper_control *c) { return c->run.clock->mono_ns(c->run.clock->ctx); }

/* ---- status ------------------------------------------------------------------------------------------------------ */

static void put_disk(const keel_paper_control *c, keel_json *j) {
    int64_t left = 0, total = 0;
    if (keel_fs_real_room(c->run.folder, &left, &total) != 0 || total <= 0) return;
    keel_json_kint(j, "disk_free_bytes", left);
    keel_json_kdouble(j, "disk_free_pct", (double)(left / (total / 1000 + 1)) / 10.0);
}

static void put_last_input(const keel_paper_control *c, keel_json *j) {
    char time[KEEL_TIME_TEXT_MAX];
    const keel_engine *e = c->run.engine;
    keel_json_kint(j, "last_input", (int64_t)keel_engine_last_input(e));
    keel_json_kstring(j, "last_input_time", keel_time_format(keel_engine_last_ms(e), time));
    keel_json_key(j, "last_input_age_ms");
    if (c->heard)
        keel_json_int(j, (now_ns(c) - c->heard_ns) / NS_PER_MS);
    else
        keel_json_null(j); /* none came since this process began */
}

/* What `keel status` is answered. */
static void put_status(const void *control, keel_json *j) {
    char hash[17];
    const keel_paper_control *c = control;
    const keel_engine *e = c->run.engine;
    const keel_state *st = keel_engine_state(e);
    const char *why = keel_engine_held_back_by(e);
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, keel_state_hash(st));
    keel_json_kstring(j, "run_id", c->run.run_id);
    keel_json_kstring(j, "mode", "paper");
    keel_json_kstring(j, "strategy", c->run.strategy);
    keel_json_kint(j, "process", c->run.fs->owner(c->run.fs->ctx));
    keel_json_kint(j, "uptime_ms", (now_ns(c) - c->begun_ns) / NS_PER_MS);
    keel_json_kstring(j, "phase", keel_engine_phase_word(keel_engine_phase_of(e)));
    keel_json_kbool(j, "entries", why == NULL);
    keel_json_kstring(j, "held_back_by", why);
    keel_json_ke8(j, "equity_usd", keel_state_equity(st));
    keel_json_ke8(j, "cash_usd", st->acct.cash_e8);
    keel_json_ke8(j, "unrealised_usd", st->open_pnl_e8);
    put_last_input(c, j);
    keel_json_kint(j, "journal_seq", (int64_t)keel_engine_counts_of(e).records);
    keel_json_kstring(j, "state_hash", hash);
    put_disk(c, j);
    keel_engine_holdings_json(e, c->run.symbols, j);
}

/* ---- orders ------------------------------------------------------------------------------------------------------ */

static int orders_at_work(const keel_paper_control *c) {
    const keel_state *st = keel_engine_state(c->run.engine);
    int n = 0;
    for (int32_t i = 0; i < st->symbol_count; i++)
        n += st->sym[i].pending.kind != 0;
    return n;
}

/* A reversal that is called back leads to an order that closes, which then is, too. */
static int call_all_back(keel_paper_control *c, keel_err *err) {
    for (int i = 0; i < CANCELS_MAX && (i == 0 || orders_at_work(c) > 0); i++)
        KEEL_TRY(keel_engine_order(c->run.engine, KEEL_ENGINE_ORDER_CANCEL, err));
    return 0;
}

static int kill_run(keel_paper_control *c, const char *actor, const char *reason, keel_err *err) {
    if (keel_engine_phase_of(c->run.engine) != KEEL_ENGINE_HALTED)
        KEEL_TRY(keel_engine_order(c->run.engine, KEEL_ENGINE_ORDER_HALT, err));
    KEEL_TRY(call_all_back(c, err));
    c->ends = 1;
    (void)snprintf(c->ended_by, sizeof c->ended_by, "%.60s: %.80s", actor, reason);
    return 0;
}

/* Could it be obeyed now? A run that is halted can be killed all the same. */
static int may_obey(const keel_paper_control *c, keel_control_ask ask, keel_err *err) {
    keel_engine_phase phase = keel_engine_phase_of(c->run.engine);
    keel_paper_disk *disk = ask == KEEL_CONTROL_RESUME ? c->run.disk : NULL;
    /* After an order that failed half way nothing more is put behind it: the next start works it through. */
    if (c->ends || c->failed.code || keel_engine_ended(c->run.engine))
        return keel_err_set(err, KEEL_E_GATE, "the run is at its end");
    if (disk && keel_paper_disk_look(disk) >= KEEL_PAPER_DISK_BLOCK)
        return keel_err_set(err, KEEL_E_GATE, "entries stay held back: the disk is nearly full: %s: make room",
                            disk->text);
    if (ask == KEEL_CONTROL_KILL && phase == KEEL_ENGINE_HALTED) return 0;
    return keel_engine_may_order(c->run.engine, MEANINGS[ask].order, err);
}

char *keel_paper_control_actor(const keel_local_peer *who, char ret[KEEL_AUDIT_ACTOR_MAX]) {
    (void)snprintf(ret, KEEL_AUDIT_ACTOR_MAX, "%.60s (uid %" PRId64 ")", who->user, who->uid);
    return ret;
}

/* On the trail first: what cannot be recorded is not done. */
static int obey(keel_paper_control *c, const keel_control_request *r, const keel_local_peer *who, keel_err *err) {
    char actor[KEEL_AUDIT_ACTOR_MAX];
    const meaning *m = &MEANINGS[r->ask];
    const char *reason = r->reason[0] ? r->reason : KEEL_AUDIT_NO_REASON;
    if (r->ask == KEEL_CONTROL_STATUS) return 0;
    KEEL_TRY(may_obey(c, r->ask, err));
    keel_audit_entry entry = {.actor = keel_paper_control_actor(who, actor),
                              .action = m->action,
                              .reason = reason,
                              .before = keel_engine_phase_word(keel_engine_phase_of(c->run.engine)),
                              .after = m->after};
    KEEL_TRY(c->run.record(c->run.data, &entry, err));
    int rc = r->ask == KEEL_CONTROL_KILL ? kill_run(c, actor, reason, err)
                                         : keel_engine_order(c->run.engine, m->order, err);
    if (rc != 0) c->failed = *err;
    return rc;
}

static void serve(void *data, const keel_control_request *r, const keel_local_peer *who, keel_strbuf *ret_line) {
    keel_paper_control *c = data;
    keel_err err = {0};
    int rc = obey(c, r, who, &err);
    if (rc == 0)
        keel_control_answer(r->ask, put_status, c, ret_line);
    else
        keel_control_refusal(rc, err.text, ret_line);
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

int keel_paper_control_open(keel_paper_control *c, const keel_paper_control_run *run, keel_err *reterr) {
    memset(c, 0, sizeof *c);
    c->run = *run;
    c->begun_ns = now_ns(c);
    c->last_input = keel_engine_last_input(run->engine);
    keel_control_options o = {
        .local = run->local, .clock = run->clock, .fs = run->fs, .dir = run->folder, .serve = serve, .data = c};
    return keel_control_open(&o, &c->desk, reterr);
}

int keel_paper_control_look(void *control, keel_err *reterr) {
    keel_paper_control *c = control;
    uint64_t last = keel_engine_last_input(c->run.engine);
    if (last != c->last_input) {
        c->last_input = last;
        c->heard_ns = now_ns(c);
        c->heard = 1;
    }
    if (c->run.log) keel_paper_log_flush(c->run.log);
    if (!c->desk) return 0;
    keel_control_look(c->desk);
    if (c->failed.code) return keel_err_set(reterr, c->failed.code, "%s", c->failed.text);
    return c->ends;
}

void keel_paper_control_leave(keel_paper_control *c) { keel_control_leave(c->desk); }

void keel_paper_control_close(keel_paper_control *c) {
    keel_control_close(c->desk);
    c->desk = NULL;
}

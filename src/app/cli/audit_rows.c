/* app/cli/audit_rows.c: see audit_rows.h. */
#include "app/cli/audit_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/paper_log.h"
#include "base/json_tree.h"
#include "model/reason.h"
#include "num/int.h"
#include "ops/forensic/words.h"

/* A value as text of JSON; the writer goes. */
static void put_json(keel_audit_rows *r, const char *column, keel_json *j) {
    keel_auditdb_text(r->db, column, keel_json_text(j, NULL));
    keel_json_free(j);
}

static keel_json *new_json(keel_audit_rows *r) {
    keel_json *j = keel_json_new(0);
    if (!j) r->no_memory = 1;
    return j;
}

/* Orders have no number among the market's inputs: what they bring belongs to the input before them. */
static uint64_t cycle_of(const keel_audit_rows *r, const keel_input *in) {
    return in->kind == KEEL_INPUT_CONTROL ? r->last_input : in->number;
}

/* ---- decisions -------------------------------------------------------------------------------------------------- */

typedef struct why {
    const char *word, *sentence;
} why;

static why why_not(const keel_audit_rows *r, const keel_engine_seen *s) {
    const keel_decision *d = s->decision;
    if (d->refusal != KEEL_REFUSED_OK) return (why){keel_word_refusal(d->refusal), "the core refused the event"};
    if (d->hold_reason != KEEL_NONE)
        return (why){keel_word_reason(d->hold_reason), keel_word_reason_sentence(d->hold_reason)};
    if (r->run->plan.watch_only[s->event->symbol]) return (why){"WATCH_ONLY", "the symbol is read, never traded"};
    if (!s->diag || s->diag->signal == KEEL_NEUTRAL) return (why){"NO_SIGNAL", "the strategy said nothing"};
    return (why){"NO_CHANGE", "what the signal asks for is so already"};
}

static void put_order(keel_audit_rows *r, const keel_command *c) {
    char id[17];
    (void)snprintf(id, sizeof id, "%016" PRIx64, c->id);
    keel_auditdb_text(r->db, "decision", c->side > 0 ? "BUY" : "SELL");
    keel_auditdb_text(r->db, "reason", keel_word_reason(c->reason));
    keel_auditdb_text(r->db, "reason_text", keel_word_reason_sentence(c->reason));
    keel_auditdb_text(r->db, "kind", keel_word_command(c->kind));
    keel_auditdb_text(r->db, "order_id", id);
    keel_auditdb_int(r->db, "qty_e8", c->qty_e8);
    keel_auditdb_int(r->db, "notional_usd_e8", c->notional_e8);
    keel_auditdb_int(r->db, "px_e8", c->ref_px_e8);
}

static void put_gates(keel_audit_rows *r, const keel_diag *d) {
    keel_json *j = new_json(r);
    if (!j) return;
    keel_json_object(j);
    for (int32_t g = 0; g < KEEL_GATE_COUNT; g++) {
        if (d->gate[g].status == KEEL_GATE_OFF) continue;
        keel_json_key(j, keel_word_gate(g));
        keel_json_object(j);
        keel_json_kstring(j, "verdict", keel_word_verdict(d->gate[g].status));
        keel_json_kdouble(j, "value", d->gate[g].value);
        keel_json_kdouble(j, "limit", d->gate[g].threshold);
        keel_json_close(j);
    }
    keel_json_close(j);
    put_json(r, "gates", j);
}

static void put_signal(keel_audit_rows *r, const keel_diag *d) {
    char digest[17];
    (void)snprintf(digest, sizeof digest, "%016" PRIx64, d->feature_digest);
    keel_auditdb_text(r->db, "signal", keel_word_signal(d->signal));
    if (d->signal == KEEL_NEUTRAL) return;
    keel_auditdb_text(r->db, "signal_reason", keel_word_reason(d->signal_reason));
    keel_auditdb_text(r->db, "confidence", keel_word_confidence(d->confidence));
    keel_auditdb_int(r->db, "points", d->points);
    keel_auditdb_real(r->db, "probability", d->probability);
    keel_auditdb_text(r->db, "feature_digest", digest);
    put_gates(r, d);
}

static int decides(const keel_engine_seen *s) {
    int32_t kind = s->event->kind;
    if (s->decision->command_count > 0 || kind == KEEL_EV_BAR_CLOSE) return 1;
    return s->decision->hold_reason != KEEL_NONE && (kind == KEEL_EV_PRICE || kind == KEEL_EV_SIGNAL);
}

static void put_decision(keel_audit_rows *r, const keel_engine_seen *s) {
    keel_auditdb *db = r->db;
    const keel_event *ev = s->event;
    keel_auditdb_row(db, KEEL_AUDITDB_decisions);
    keel_auditdb_int(db, "decision_id", ++r->decisions);
    keel_auditdb_int(db, "cycle_id", (int64_t)cycle_of(r, s->input));
    keel_auditdb_int(db, "ts_ms", ev->ts_ms);
    keel_auditdb_text(db, "symbol", r->run->symbols[ev->symbol]);
    keel_auditdb_text(db, "strategy", r->run->strategy);
    keel_auditdb_text(db, "position", keel_word_side(s->side_before));
    keel_auditdb_text(db, "regime", keel_paper_log_regime(s->regime));
    if (s->decision->hold_reason != KEEL_NONE)
        keel_auditdb_text(db, "held", keel_word_reason(s->decision->hold_reason));
    if (s->diag && ev->kind == KEEL_EV_BAR_CLOSE) put_signal(r, s->diag);
    if (s->decision->command_count > 0) {
        put_order(r, &s->decision->command[0]);
    } else {
        why because = why_not(r, s);
        keel_auditdb_text(db, "decision", "NO_TRADE");
        keel_auditdb_text(db, "reason", because.word);
        keel_auditdb_text(db, "reason_text", because.sentence);
        keel_auditdb_int(db, "px_e8", ev->price_e8);
    }
    keel_auditdb_put(db);
}

/* ---- trades ----------------------------------------------------------------------------------------------------- */

static void put_trade(keel_audit_rows *r, const keel_trade *t, uint64_t cycle) {
    keel_auditdb *db = r->db;
    int64_t received_e8 = 0;
    KEEL_ASSERT(keel_sub_i64(0, t->funding_e8, &received_e8));
    keel_auditdb_row(db, KEEL_AUDITDB_trades);
    keel_auditdb_int(db, "trade_id", t->trade_id);
    keel_auditdb_int(db, "cycle_id", (int64_t)cycle);
    keel_auditdb_text(db, "strategy", r->run->strategy);
    keel_auditdb_text(db, "symbol", r->run->symbols[t->symbol]);
    keel_auditdb_text(db, "side", keel_word_side(t->side));
    keel_auditdb_int(db, "entry_ts_ms", t->entry_ts_ms);
    keel_auditdb_int(db, "entry_px_e8", t->entry_px_e8);
    keel_auditdb_int(db, "exit_ts_ms", t->exit_ts_ms);
    keel_auditdb_int(db, "exit_px_e8", t->exit_px_e8);
    keel_auditdb_int(db, "qty_e8", t->qty_e8);
    keel_auditdb_int(db, "notional_usd_e8", t->notional_e8);
    keel_auditdb_int(db, "pnl_usd_e8", t->pnl_e8);
    keel_auditdb_int(db, "price_pnl_usd_e8", t->price_pnl_e8);
    keel_auditdb_int(db, "fees_usd_e8", t->fees_e8);
    keel_auditdb_int(db, "funding_usd_e8", received_e8);
    keel_auditdb_int(db, "slippage_usd_e8", t->slippage_e8);
    keel_auditdb_int(db, "mae_usd_e8", t->mae_e8);
    keel_auditdb_int(db, "mfe_usd_e8", t->mfe_e8);
    keel_auditdb_int(db, "bars_held", t->bars_held);
    keel_auditdb_text(db, "confidence", keel_word_confidence(t->confidence));
    keel_auditdb_text(db, "entry_reason", keel_word_reason(t->entry_reason));
    keel_auditdb_text(db, "exit_reason", keel_word_reason(t->exit_reason));
    keel_auditdb_put(db);
}

static void stepped(void *data, const keel_engine_seen *s) {
    keel_audit_rows *r = data;
    int64_t before = r->books->result.trade_count;
    r->inner.stepped(r->inner.data, s);
    if (decides(s)) put_decision(r, s);
    if (r->books->result.trade_count > before) put_trade(r, &r->books->result.trades[before], cycle_of(r, s->input));
}

/* ---- the account ------------------------------------------------------------------------------------------------ */

static void put_positions(keel_audit_rows *r, const keel_state *st) {
    keel_json *j = new_json(r);
    if (!j) return;
    keel_json_array(j);
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        if (s->pos.side == 0) continue;
        keel_json_object(j);
        keel_json_kstring(j, "symbol", r->run->symbols[i]);
        keel_json_kstring(j, "side", keel_word_side(s->pos.side));
        keel_json_ke8(j, "qty", s->pos.qty_e8);
        keel_json_kdouble(j, "entry_px", s->pos.entry_px);
        keel_json_ke8(j, "last_px", s->last_px_e8);
        keel_json_close(j);
    }
    keel_json_close(j);
    put_json(r, "positions", j);
}

static const char *kind_of(const keel_input *in) {
    if (in->kind == KEEL_INPUT_END) return "end";
    return in->kind == KEEL_INPUT_CLOSE ? "close" : "range";
}

static void marked(void *data, const keel_input *in, const keel_state *st) {
    keel_audit_rows *r = data;
    keel_auditdb *db = r->db;
    int64_t held = 0, waiting = 0;
    r->inner.marked(r->inner.data, in, st);
    for (int32_t i = 0; i < st->symbol_count; i++) {
        held += st->sym[i].pos.side != 0;
        waiting += st->sym[i].pending.kind != 0;
    }
    keel_auditdb_row(db, KEEL_AUDITDB_portfolio_snapshots);
    keel_auditdb_int(db, "cycle_id", (int64_t)in->number);
    keel_auditdb_int(db, "ts_ms", in->ts_ms);
    keel_auditdb_text(db, "kind", kind_of(in));
    keel_auditdb_int(db, "equity_usd_e8", keel_state_equity(st));
    keel_auditdb_int(db, "cash_usd_e8", st->acct.cash_e8);
    keel_auditdb_int(db, "margin_usd_e8", st->acct.margin_e8);
    keel_auditdb_int(db, "unrealised_usd_e8", st->open_pnl_e8);
    keel_auditdb_int(db, "fees_usd_e8", st->acct.fees_e8);
    keel_auditdb_int(db, "slippage_usd_e8", st->acct.slippage_e8);
    keel_auditdb_int(db, "open_positions", held);
    keel_auditdb_int(db, "open_orders", waiting);
    put_positions(r, st);
    keel_auditdb_put(db);
}

/* ---- people and configuration ----------------------------------------------------------------------------------- */

static const char *const ORDERS[] = {"none", "resume", "pause", "halt"};

/* Only people resume, call orders back and close all. Who ordered a pause the journal does not say: earlier builds did
 * when the shadow ledger had found a breach, which is an order of its own now. */
static const char *actor_of(int order) {
    if (order == KEEL_ENGINE_ORDER_SHADOW || order == KEEL_ENGINE_ORDER_DISK) return "keel";
    int people = order == KEEL_ENGINE_ORDER_RESUME || order == KEEL_ENGINE_ORDER_CANCEL ||
                 order == KEEL_ENGINE_ORDER_FLAT;
    return people ? "operator" : "unknown";
}

/* NULL: the engine's own after damage or an execution, or something seen. */
static const char *word_of(int order) {
    if (order == KEEL_ENGINE_ORDER_SHADOW) return "pause";
    if (order == KEEL_ENGINE_ORDER_DISK) return "safe_mode";
    if (order == KEEL_ENGINE_ORDER_CANCEL) return "cancel";
    if (order == KEEL_ENGINE_ORDER_FLAT) return "flat";
    return order >= KEEL_ENGINE_ORDER_RESUME && order <= KEEL_ENGINE_ORDER_HALT ? ORDERS[order] : NULL;
}

static void told(void *data, const keel_engine_told *t) {
    keel_audit_rows *r = data;
    if (t->kind != KEEL_TOLD_CONTROL) return; /* others have no order, some no input */
    int order = t->input->control;
    const char *word = word_of(order);
    if (!word) return;
    keel_auditdb_row(r->db, KEEL_AUDITDB_interventions);
    keel_auditdb_int(r->db, "intervention_id", ++r->interventions);
    keel_auditdb_text(r->db, "source", "journal");
    keel_auditdb_int(r->db, "seq", (int64_t)cycle_of(r, t->input));
    keel_auditdb_int(r->db, "ts_ms", t->ts_ms);
    keel_auditdb_text(r->db, "actor", actor_of(order));
    keel_auditdb_text(r->db, "action", word);
    if (order == KEEL_ENGINE_ORDER_SHADOW || order == KEEL_ENGINE_ORDER_DISK)
        keel_auditdb_text(r->db, "reason",
                          keel_engine_trigger_word((keel_engine_trigger)keel_engine_order_trigger(order)));
    keel_auditdb_put(r->db);
}

void keel_audit_rows_config(keel_audit_rows *r) {
    const keel_paper_opened *o = r->run;
    keel_strbuf canonical;
    keel_json *given = new_json(r);
    if (!given) return;
    keel_strbuf_init(&canonical, 0);
    keel_run_config_canonical(&o->run, &canonical);
    keel_json_tree(given, keel_tree_find(o->tree, "config"));
    keel_auditdb_row(r->db, KEEL_AUDITDB_config_versions);
    keel_auditdb_int(r->db, "version", 1);
    keel_auditdb_text(r->db, "config_id", o->config_id);
    keel_auditdb_int(r->db, "from_ts_ms", o->plan.plan.start_ms);
    keel_auditdb_text(r->db, "strategy", o->strategy);
    keel_auditdb_text(r->db, "strategy_version", o->run.strategy_version);
    keel_auditdb_text(r->db, "strategy_sha256", o->run.strategy_sha256);
    keel_auditdb_text(r->db, "build", o->build);
    keel_auditdb_text(r->db, "core", o->core);
    keel_auditdb_text(r->db, "dataset_hash", o->dataset_hash);
    put_json(r, "given", given);
    keel_auditdb_text(r->db, "canonical", keel_strbuf_text(&canonical));
    keel_auditdb_put(r->db);
    r->no_memory |= canonical.failed;
    keel_strbuf_done(&canonical);
}

/* ---- contract --------------------------------------------------------------------------------------------------- */

static void came(void *data, const keel_input *in) {
    keel_audit_rows *r = data;
    if (r->inner.came) r->inner.came(r->inner.data, in);
    if (in->kind != KEEL_INPUT_CONTROL) r->last_input = in->number;
}

static void save(void *data, keel_packed_writer *out) {
    keel_audit_rows *r = data;
    r->inner.save(r->inner.data, out);
}

static int load(void *data, keel_packed_reader *in, int takes, keel_err *reterr) {
    keel_audit_rows *r = data;
    return r->inner.load(r->inner.data, in, takes, reterr);
}

void keel_audit_rows_init(keel_audit_rows *r, keel_paper_books *books, const keel_paper_opened *run, keel_auditdb *db) {
    *r = (keel_audit_rows){.inner = keel_paper_books_watch(books), .books = books, .run = run, .db = db};
}

keel_engine_watch keel_audit_rows_watch(keel_audit_rows *r) {
    return (keel_engine_watch){.data = r,
                               .came = came,
                               .stepped = stepped,
                               .marked = marked,
                               .told = told,
                               .save = save,
                               .load = load,
                               .wants_diag = 1};
}

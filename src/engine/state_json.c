/* engine/state_json.c: see state_json.h. */
#include "engine/state_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "engine/state_fields.h"
#include "model/command.h"
#include "num/int.h"

#define COUNT(table) ((int32_t)(sizeof(table) / sizeof *(table)))
#define WRITE(j, record, table) keel_field_write(j, record, table, COUNT(table))

static const char *const NO_OTHERS[] = {""};

/* ---- writing ------------------------------------------------------------------------------------------------- */

static void write_head(keel_json *j, const char *schema) {
    keel_json_kstring(j, "schema", schema);
    keel_json_kint(j, "schema_version", KEEL_STATE_JSON_VERSION);
}

static void write_position(const keel_position *pos, keel_json *j) {
    WRITE(j, pos, POSITION_FIELDS);
    keel_json_kdouble(j, "avg_entry_px", pos->entry_px);
}

static void write_part(keel_json *j, const char *key, const void *record, const keel_field fields[], int32_t count) {
    keel_json_key(j, key);
    keel_json_object(j);
    keel_field_write(j, record, fields, count);
    keel_json_close(j);
}

void keel_position_json_write(const keel_position *pos, const char *symbol, keel_json *j) {
    KEEL_ASSERT(strlen(symbol) > 0 && strlen(symbol) <= KEEL_SYMBOL_NAME_MAX);
    keel_json_object(j);
    write_head(j, KEEL_POSITION_SCHEMA);
    keel_json_kstring(j, "symbol", symbol);
    write_position(pos, j);
    keel_json_close(j);
}

static void write_symbol(const keel_symbol *s, const char *name, keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "symbol", name);
    write_part(j, "rules", &s->rules, RULES_FIELDS, COUNT(RULES_FIELDS));
    keel_json_key(j, "position");
    if (s->pos.side == 0) {
        keel_json_null(j);
    } else {
        keel_json_object(j);
        write_position(&s->pos, j);
        keel_json_close(j);
    }
    if (s->pending.kind == 0) {
        keel_json_key(j, "pending");
        keel_json_null(j);
    } else {
        write_part(j, "pending", &s->pending, PENDING_FIELDS, COUNT(PENDING_FIELDS));
    }
    write_part(j, "seen", &s->seen, SEEN_FIELDS, COUNT(SEEN_FIELDS));
    WRITE(j, s, SYMBOL_FIELDS);
    keel_json_close(j);
}

void keel_state_json_write(const keel_state *st, const char *const symbols[], keel_json *j) {
    keel_json_object(j);
    write_head(j, KEEL_STATE_SCHEMA);
    write_part(j, "account", &st->acct, ACCOUNT_FIELDS, COUNT(ACCOUNT_FIELDS));
    write_part(j, "chain", &st->chain, CHAIN_FIELDS, COUNT(CHAIN_FIELDS));
    WRITE(j, st, STATE_FIELDS);
    keel_json_key(j, "symbols");
    keel_json_array(j);
    for (int32_t i = 0; i < st->symbol_count; i++) {
        KEEL_ASSERT(strlen(symbols[i]) > 0 && strlen(symbols[i]) <= KEEL_SYMBOL_NAME_MAX);
        write_symbol(&st->sym[i], symbols[i], j);
    }
    keel_json_close(j);
    keel_json_close(j);
}

/* ---- reading: shape ------------------------------------------------------------------------------------------- */

static int bad(const keel_field_reader *r, int code, const keel_tree *at, const char *what, const char *mend) {
    return keel_err_set(r->reterr, code, "%s: %s:%u: %s", what, r->name, at ? at->line : 1, mend);
}

static int read_head(const keel_field_reader *r, const keel_tree *root, const char *schema) {
    const char *said;
    int64_t version;
    if (root->kind != KEEL_TREE_MAP || keel_json_read_string(keel_tree_find(root, "schema"), &said) != 0 ||
        strcmp(said, schema) != 0)
        return keel_err_set(r->reterr, KEEL_E_PARSE, "not a %s document: %s:%u: its schema must be \"%s\"", schema,
                            r->name, root->line, schema);
    if (keel_json_read_int(keel_tree_find(root, "schema_version"), &version) != 0)
        return bad(r, KEEL_E_PARSE, root, "schema_version is missing or no whole number", "add it");
    if (version < 1 || version > KEEL_STATE_JSON_VERSION)
        return keel_err_set(
            r->reterr, KEEL_E_VERSION,
            "version %lld is not supported: %s:%u: this program reads 1 to %d; use the one that wrote it",
            (long long)version, r->name, keel_tree_find(root, "schema_version")->line, KEEL_STATE_JSON_VERSION);
    return 0;
}

/* A name of 1..31 bytes; zero bytes are refused by the parser. */
static int read_name(const keel_field_reader *r, const keel_tree *map, const char **ret) {
    const keel_tree *node = keel_tree_find(map, "symbol");
    if (keel_json_read_string(node, ret) != 0)
        return bad(r, KEEL_E_PARSE, node ? node : map, "symbol is missing or no text", "name the symbol");
    if (strlen(*ret) < 1 || strlen(*ret) > KEEL_SYMBOL_NAME_MAX)
        return bad(r, KEEL_E_RANGE, node, "symbol is not 1 to 31 bytes long", "use the symbol's own name");
    return 0;
}

/* ---- reading: sense ------------------------------------------------------------------------------------------- */

static int judge_flat(const keel_field_reader *r, const keel_tree *map, const keel_position *pos) {
    keel_position none;
    keel_position_clear(&none);
    for (int32_t i = 0; i < COUNT(POSITION_FIELDS); i++) {
        const keel_field *f = &POSITION_FIELDS[i];
        size_t size = f->kind == KEEL_FIELD_I32 || f->kind == KEEL_FIELD_SIDE ? 4 : 8;
        if (memcmp((const char *)pos + f->offset, (const char *)&none + f->offset, size) != 0)
            return keel_err_set(r->reterr, KEEL_E_PARITY, "%s of a flat position is not 0: %s:%u: %s", f->key, r->name,
                                map->line, "leave it out, or say which side is held");
    }
    return 0;
}

/* Counters that steps count up: a document may not bring one near its end. */
static int is_count(int32_t n) { return n >= 0 && n <= 1000000000; }

/* entry_px is derived from the books; a document that says otherwise is not to be believed. */
static int judge_position(const keel_field_reader *r, const keel_tree *map, keel_position *pos) {
    const keel_tree *said = keel_tree_find(map, "avg_entry_px");
    double average;
    if (pos->side == 0) return judge_flat(r, map, pos);
    if (pos->qty_e8 <= 0 || pos->basis_e8 < 0 || pos->margin_e8 < 0 || pos->mae_e8 > 0 || pos->mfe_e8 < 0 ||
        !is_count(pos->bars_held) || !is_count(pos->adds_count) || !is_count(pos->checks_done))
        return bad(r, KEEL_E_PARITY, map, "quantity, cost, excursions or counts have an impossible sign",
                   "restore an earlier document");
    pos->entry_px = keel_ledger_entry_px(pos);
    if (!said || said->kind == KEEL_TREE_NULL) return 0;
    if (keel_json_read_double(said, &average) != 0)
        return bad(r, KEEL_E_PARSE, said, "avg_entry_px is no number", "leave it out: it is derived");
    if (average != pos->entry_px)
        return bad(r, KEEL_E_PARITY, said, "avg_entry_px is not that of the books", "leave it out: it is derived");
    return 0;
}

static int read_position(const keel_field_reader *r, const keel_tree *map, const char *const others[],
                         int32_t other_count, keel_position *ret) {
    keel_position_clear(ret);
    KEEL_TRY(keel_field_read(r, map, ret, POSITION_FIELDS, COUNT(POSITION_FIELDS), others, other_count));
    return judge_position(r, map, ret);
}

int keel_position_json_read(const char *text, size_t size, const char *name, char *ret_symbol, keel_position *ret_pos,
                            keel_field_warnings *ret_warnings, keel_err *reterr) {
    static const char *const OTHERS[] = {"schema", "schema_version", "symbol", "avg_entry_px"};
    keel_field_reader r = {name, ret_warnings, reterr};
    keel_tree *root = NULL;
    keel_position pos;
    const char *symbol = NULL;
    if (ret_warnings) memset(ret_warnings, 0, sizeof *ret_warnings);
    int rc = keel_json_parse(text, size, name, &root, reterr);
    if (rc == 0) rc = read_head(&r, root, KEEL_POSITION_SCHEMA);
    if (rc == 0) rc = read_name(&r, root, &symbol);
    if (rc == 0) rc = read_position(&r, root, OTHERS, COUNT(OTHERS), &pos);
    if (rc == 0) {
        memcpy(ret_symbol, symbol, strlen(symbol) + 1);
        *ret_pos = pos;
    }
    keel_tree_free(root);
    return rc;
}

/* ---- a whole state -------------------------------------------------------------------------------------------- */

static int read_part(const keel_field_reader *r, const keel_tree *map, const char *key, void *record,
                     const keel_field fields[], int32_t count) {
    const keel_tree *part = keel_tree_find(map, key);
    if (!part)
        return keel_err_set(r->reterr, KEEL_E_PARSE, "%s is missing: %s:%u: add it, it has no default", key, r->name,
                            map->line);
    return keel_field_read(r, part, record, fields, count, NO_OTHERS, 0);
}

static int is_said(const keel_tree *map, const char *key) {
    const keel_tree *node = keel_tree_find(map, key);
    return node && node->kind != KEEL_TREE_NULL;
}

static int judge_symbol(const keel_field_reader *r, const keel_tree *map, const keel_symbol *s) {
    const keel_pending *order = &s->pending;
    if (s->rules.lot_e8 < 1 || s->rules.tick_e8 < 1 || s->rules.min_notional_e8 < 0)
        return bad(r, KEEL_E_RANGE, map, "lot and tick must be at least 0.00000001", "restore an earlier document");
    if (s->fill_ids_at < 0 || s->fill_ids_at >= KEEL_FILL_IDS)
        return bad(r, KEEL_E_RANGE, map, "fill_ids_at points outside of the list", "restore an earlier document");
    if (order->kind < 0 || order->kind > KEEL_CMD_REVERSE || (order->kind == 0 && is_said(map, "pending")) ||
        (order->kind != 0 && (order->qty_e8 <= 0 || (order->side != 1 && order->side != -1))))
        return bad(r, KEEL_E_RANGE, map, "the order in flight has no known kind, quantity or side",
                   "restore an earlier document");
    return 0;
}

static int read_symbol(const keel_field_reader *r, const keel_tree *map, const char *wanted, keel_symbol *s) {
    static const char *const OTHERS[] = {"symbol", "rules", "position", "pending", "seen"};
    static const char *const POSITION_OTHERS[] = {"avg_entry_px"};
    const char *name;
    KEEL_TRY(keel_field_read(r, map, s, SYMBOL_FIELDS, COUNT(SYMBOL_FIELDS), OTHERS, COUNT(OTHERS)));
    KEEL_TRY(read_name(r, map, &name));
    if (strcmp(name, wanted) != 0)
        return keel_err_set(r->reterr, KEEL_E_PARITY, "the state is of %s where the run has %s: %s:%u: %s", name,
                            wanted, r->name, map->line, "run it with the same symbols in the same order");
    KEEL_TRY(read_part(r, map, "rules", &s->rules, RULES_FIELDS, COUNT(RULES_FIELDS)));
    KEEL_TRY(read_part(r, map, "seen", &s->seen, SEEN_FIELDS, COUNT(SEEN_FIELDS)));
    if (is_said(map, "pending"))
        KEEL_TRY(read_part(r, map, "pending", &s->pending, PENDING_FIELDS, COUNT(PENDING_FIELDS)));
    if (is_said(map, "position"))
        KEEL_TRY(read_position(r, keel_tree_find(map, "position"), POSITION_OTHERS, COUNT(POSITION_OTHERS), &s->pos));
    return judge_symbol(r, map, s);
}

/* Sums over symbols must be the totals: margin, signed cost, open profit, cost to close, counts. */
static int judge_state(const keel_field_reader *r, const keel_tree *root, const keel_state *st) {
    const char *const mend = "restore an earlier document, or rebuild from the fills";
    int64_t margin = 0, basis = 0, pnl = 0, cost = 0, equity = 0;
    int32_t open = 0, opens = 0, fits = 1;
    for (int32_t i = 0; i < st->symbol_count; i++) {
        const keel_symbol *s = &st->sym[i];
        fits = fits && keel_add_i64(margin, s->pos.margin_e8, &margin) && keel_add_i64(pnl, s->open_pnl_e8, &pnl) &&
               keel_add_i64(cost, s->close_cost_e8, &cost) &&
               keel_add_i64(basis, s->pos.side < 0 ? -s->pos.basis_e8 : s->pos.basis_e8, &basis);
        open += s->pos.side != 0;
        opens += s->pending.kind == KEEL_CMD_OPEN;
    }
    if (!keel_ledger_balanced(&st->acct)) return bad(r, KEEL_E_PARITY, root, "the books do not balance", mend);
    if (!fits || margin != st->acct.margin_e8 || basis != st->acct.basis_e8)
        return bad(r, KEEL_E_PARITY, root, "margin or cost of the positions are not those of the account", mend);
    if (pnl != st->open_pnl_e8 || cost != st->close_cost_e8)
        return bad(r, KEEL_E_PARITY, root, "open profit or closing cost are not the sums over symbols", mend);
    if (!keel_add_i64(st->acct.cash_e8, margin, &equity) || !keel_add_i64(equity, pnl, &equity) ||
        !keel_sub_i64(equity, cost, &equity))
        return bad(r, KEEL_E_RANGE, root, "equity does not fit 64 bits at 1e-8", mend);
    for (int32_t i = 0; i < 6; i++)
        fits = fits && is_count(st->outcomes[i]) && is_count(st->profits[i]);
    if (!fits || !is_count(st->entries_today) || !is_count(st->consecutive_losses))
        return bad(r, KEEL_E_RANGE, root, "a count is below 0 or beyond a thousand million", mend);
    if (open != st->open_positions || opens != st->pending_opens)
        return bad(r, KEEL_E_PARITY, root, "open positions or orders in flight are miscounted", mend);
    return 0;
}

static int read_symbols(const keel_field_reader *r, const keel_tree *root, const char *const symbols[], int32_t count,
                        keel_state *st) {
    const keel_tree *list = keel_tree_find(root, "symbols");
    if (!list || list->kind != KEEL_TREE_LIST)
        return bad(r, KEEL_E_PARSE, list ? list : root, "symbols is missing or no list",
                   "add it, one object per symbol");
    if (list->count != (size_t)count)
        return keel_err_set(r->reterr, KEEL_E_PARITY, "the state is of %zu symbols, the run of %d: %s:%u: %s",
                            list->count, (int)count, r->name, list->line,
                            "run it with the same symbols in the same order");
    for (int32_t i = 0; i < count; i++)
        KEEL_TRY(read_symbol(r, list->items[i], symbols[i], &st->sym[i]));
    return 0;
}

int keel_state_json_read(const char *text, size_t size, const char *name, const char *const symbols[],
                         int32_t symbol_count, keel_state *ret_st, keel_field_warnings *ret_warnings,
                         keel_err *reterr) {
    static const char *const OTHERS[] = {"schema", "schema_version", "account", "chain", "symbols"};
    keel_field_reader r = {name, ret_warnings, reterr};
    keel_tree *root = NULL;
    KEEL_ASSERT(symbol_count >= 0 && symbol_count <= KEEL_SYMBOLS_MAX);
    if (ret_warnings) memset(ret_warnings, 0, sizeof *ret_warnings);
    keel_state *st = calloc(1, sizeof *st);
    if (!st) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", name);
    keel_state_init(st, symbol_count);
    int rc = keel_json_parse(text, size, name, &root, reterr);
    if (rc == 0) rc = read_head(&r, root, KEEL_STATE_SCHEMA);
    if (rc == 0) rc = keel_field_read(&r, root, st, STATE_FIELDS, COUNT(STATE_FIELDS), OTHERS, COUNT(OTHERS));
    if (rc == 0) rc = read_part(&r, root, "account", &st->acct, ACCOUNT_FIELDS, COUNT(ACCOUNT_FIELDS));
    if (rc == 0) rc = read_part(&r, root, "chain", &st->chain, CHAIN_FIELDS, COUNT(CHAIN_FIELDS));
    if (rc == 0) rc = read_symbols(&r, root, symbols, symbol_count, st);
    if (rc == 0) rc = judge_state(&r, root, st);
    if (rc == 0) *ret_st = *st;
    keel_tree_free(root);
    free(st);
    return rc;
}

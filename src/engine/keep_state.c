/* engine/keep_state.c: see engine_internal.h. The core's state in a snapshot: names and order are those of the state
 * document (state_fields.h). */
#include "engine/engine_internal.h"
#include "engine/state_fields.h"

enum { STATE_FIELDS_MAX = 40 };

typedef struct state_table {
    keel_packed_field field[STATE_FIELDS_MAX];
    keel_packed_table table;
} state_table;

static keel_packed_type type_of(keel_field_kind kind) {
    switch (kind) {
        case KEEL_FIELD_I32:
        case KEEL_FIELD_SIDE: return KEEL_PACKED_I32;
        case KEEL_FIELD_U64: return KEEL_PACKED_U64;
        case KEEL_FIELD_F64: return KEEL_PACKED_F64;
        default: return KEEL_PACKED_I64;
    }
}

static void table_of(const char *name, const keel_field *fields, size_t count, size_t size, size_t unsaid,
                     state_table *ret) {
    KEEL_ASSERT(count < STATE_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        ret->field[i] = (keel_packed_field){.name = fields[i].key,
                                            .type = type_of(fields[i].kind),
                                            .count = (uint32_t)fields[i].count,
                                            .offset = fields[i].offset};
    ret->table = (keel_packed_table){name, ret->field, (uint32_t)count, size, unsaid};
}

#define TABLE_OF(name, fields, record, unsaid, ret) \
    table_of(name, fields, sizeof(fields) / sizeof *(fields), sizeof(record), unsaid, ret)

/* The average price is derived in the document; here its bits are kept. */
static void position_table(state_table *ret) {
    static const keel_packed_field ENTRY_PX = KEEL_PACKED(F64, "entry_px", keel_position, entry_px);
    TABLE_OF("symbol.position", POSITION_FIELDS, keel_position, 4, ret);
    ret->field[ret->table.count++] = ENTRY_PX;
}

static void state_table_of(state_table *ret) {
    TABLE_OF("state", STATE_FIELDS, keel_state, sizeof(keel_account) + sizeof(keel_hash) + sizeof(int32_t), ret);
    ret->table.size = offsetof(keel_state, sym);
}

static void symbol_table(state_table *ret) {
    TABLE_OF("symbol", SYMBOL_FIELDS, keel_symbol,
             sizeof(keel_instrument) + sizeof(keel_position) + sizeof(keel_pending) + sizeof(keel_seen) +
                 sizeof(int32_t),
             ret);
    for (uint32_t i = 0; i < ret->table.count; i++)
        if (ret->field[i].offset == offsetof(keel_symbol, fill_ids_at)) ret->field[i].most = KEEL_FILL_IDS - 1;
}

void keel_engine_keep_state(const keel_state *st, keel_packed_writer *w) {
    uint64_t n = (uint64_t)st->symbol_count;
    state_table t;
    TABLE_OF("state.account", ACCOUNT_FIELDS, keel_account, 0, &t);
    keel_packed_rows(w, &t.table, &st->acct, 1, sizeof st->acct);
    TABLE_OF("state.chain", CHAIN_FIELDS, keel_hash, 0, &t);
    keel_packed_rows(w, &t.table, &st->chain, 1, sizeof st->chain);
    state_table_of(&t);
    keel_packed_rows(w, &t.table, st, 1, sizeof *st);
    TABLE_OF("symbol.rules", RULES_FIELDS, keel_instrument, 0, &t);
    keel_packed_rows(w, &t.table, &st->sym[0].rules, n, sizeof st->sym[0]);
    position_table(&t);
    keel_packed_rows(w, &t.table, &st->sym[0].pos, n, sizeof st->sym[0]);
    TABLE_OF("symbol.pending", PENDING_FIELDS, keel_pending, 0, &t);
    keel_packed_rows(w, &t.table, &st->sym[0].pending, n, sizeof st->sym[0]);
    TABLE_OF("symbol.seen", SEEN_FIELDS, keel_seen, 0, &t);
    keel_packed_rows(w, &t.table, &st->sym[0].seen, n, sizeof st->sym[0]);
    symbol_table(&t);
    keel_packed_rows(w, &t.table, st->sym, n, sizeof st->sym[0]);
}

int keel_engine_take_state(keel_state *st, int32_t symbols, keel_packed_reader *r, int takes, keel_err *err) {
    uint64_t n = (uint64_t)symbols;
    state_table t;
    TABLE_OF("state.account", ACCOUNT_FIELDS, keel_account, 0, &t);
    KEEL_TRY(keel_packed_take(r, &t.table, &st->acct, 1, sizeof st->acct, takes, err));
    TABLE_OF("state.chain", CHAIN_FIELDS, keel_hash, 0, &t);
    KEEL_TRY(keel_packed_take(r, &t.table, &st->chain, 1, sizeof st->chain, takes, err));
    state_table_of(&t);
    KEEL_TRY(keel_packed_take(r, &t.table, st, 1, sizeof *st, takes, err));
    TABLE_OF("symbol.rules", RULES_FIELDS, keel_instrument, 0, &t);
    KEEL_TRY(keel_packed_take(r, &t.table, &st->sym[0].rules, n, sizeof st->sym[0], takes, err));
    position_table(&t);
    KEEL_TRY(keel_packed_take(r, &t.table, &st->sym[0].pos, n, sizeof st->sym[0], takes, err));
    TABLE_OF("symbol.pending", PENDING_FIELDS, keel_pending, 0, &t);
    KEEL_TRY(keel_packed_take(r, &t.table, &st->sym[0].pending, n, sizeof st->sym[0], takes, err));
    TABLE_OF("symbol.seen", SEEN_FIELDS, keel_seen, 0, &t);
    KEEL_TRY(keel_packed_take(r, &t.table, &st->sym[0].seen, n, sizeof st->sym[0], takes, err));
    symbol_table(&t);
    KEEL_TRY(keel_packed_take(r, &t.table, st->sym, n, sizeof st->sym[0], takes, err));
    if (takes) st->symbol_count = symbols;
    return 0;
}

/* ops/auditdb/tables.c: see tables.h. */
#include "ops/auditdb/tables.h"

static const char *const NAMES[] = {
#define KEEL_AUDITDB_TABLE(name, sentence) #name,
#define KEEL_AUDITDB_COLUMN(kind, name, sentence)
#include "ops/auditdb/tables.def"
#undef KEEL_AUDITDB_COLUMN
#undef KEEL_AUDITDB_TABLE
};

static const char *const SENTENCES[] = {
#define KEEL_AUDITDB_TABLE(name, sentence) sentence,
#define KEEL_AUDITDB_COLUMN(kind, name, sentence)
#include "ops/auditdb/tables.def"
#undef KEEL_AUDITDB_COLUMN
#undef KEEL_AUDITDB_TABLE
};

/* Columns of all tables; a table itself is a row without a name. */
static const keel_auditdb_column COLUMNS[] = {
#define KEEL_AUDITDB_TABLE(name, sentence) {KEEL_AUDITDB_##name, KEEL_AUDITDB_KIND_INT, NULL, sentence},
#define KEEL_AUDITDB_COLUMN(kind, name, sentence) {-1, KEEL_AUDITDB_KIND_##kind, #name, sentence},
#include "ops/auditdb/tables.def"
#undef KEEL_AUDITDB_COLUMN
#undef KEEL_AUDITDB_TABLE
};
enum { COUNT = sizeof COLUMNS / sizeof *COLUMNS };

const char *keel_auditdb_table_name(keel_auditdb_table table) { return NAMES[table]; }

const char *keel_auditdb_table_sentence(keel_auditdb_table table) { return SENTENCES[table]; }

keel_auditdb_columns keel_auditdb_columns_of(keel_auditdb_table table) {
    int at = 0, count = 0;
    while (COLUMNS[at].name || COLUMNS[at].table != (int)table)
        at++;
    at++;
    while (at + count < COUNT && COLUMNS[at + count].name)
        count++;
    return (keel_auditdb_columns){&COLUMNS[at], count};
}

const char *keel_auditdb_kind_sql(keel_auditdb_kind kind) {
    switch (kind) {
        case KEEL_AUDITDB_KIND_KEY: return "INTEGER PRIMARY KEY";
        case KEEL_AUDITDB_KIND_REAL: return "REAL";
        case KEEL_AUDITDB_KIND_TEXT:
        case KEEL_AUDITDB_KIND_JSON: return "TEXT";
        default: return "INTEGER";
    }
}

/* ops/auditdb/tables.h: the lists of tables.def, for the files of this room. */
#ifndef KEEL_OPS_AUDITDB_TABLES_H
#define KEEL_OPS_AUDITDB_TABLES_H

#include "ops/auditdb/auditdb.h"

typedef enum keel_auditdb_kind {
    KEEL_AUDITDB_KIND_KEY,
    KEEL_AUDITDB_KIND_INT,
    KEEL_AUDITDB_KIND_REAL,
    KEEL_AUDITDB_KIND_TEXT,
    KEEL_AUDITDB_KIND_BOOL,
    KEEL_AUDITDB_KIND_JSON,
    KEEL_AUDITDB_KIND_TIME,
    KEEL_AUDITDB_KIND_E8
} keel_auditdb_kind;

typedef struct keel_auditdb_column {
    int table;
    keel_auditdb_kind kind;
    const char *name, *sentence;
} keel_auditdb_column;

typedef struct keel_auditdb_columns {
    const keel_auditdb_column *column; /* [count], static storage */
    int count;
} keel_auditdb_columns;

keel_auditdb_columns keel_auditdb_columns_of(keel_auditdb_table table);
const char *keel_auditdb_table_sentence(keel_auditdb_table table);

/* "INTEGER NOT NULL": what SQLite is told. */
const char *keel_auditdb_kind_sql(keel_auditdb_kind kind);

#endif

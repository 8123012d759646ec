/* bench/journal/sqlite.c: the same records into SQLite, write-ahead log, synchronous = FULL, one transaction per
 * commit. */
#include <sqlite3.h>

#include "common.h"

int main(int argc, char **argv) {
    plan p = plan_of(argc, argv, 1);
    char path[1024];
    sqlite3 *db;
    sqlite3_stmt *insert, *begin, *commit;
    uint8_t *payload = malloc(p.size);
    fill(payload, p.size, 1);
    (void)snprintf(path, sizeof path, "%s/log.db", p.dir);
    MUST(sqlite3_open(path, &db) == SQLITE_OK);
    MUST(sqlite3_exec(db,
                      "pragma journal_mode=wal; pragma synchronous=full; create table log(seq integer primary key, "
                      "type int, ts_ms int, payload blob)",
                      NULL, NULL, NULL) == SQLITE_OK);
    MUST(sqlite3_prepare_v2(db, "insert into log values(?1, 1, ?2, ?3)", -1, &insert, NULL) == SQLITE_OK);
    MUST(sqlite3_prepare_v2(db, "begin immediate", -1, &begin, NULL) == SQLITE_OK);
    MUST(sqlite3_prepare_v2(db, "commit", -1, &commit, NULL) == SQLITE_OK);
    int64_t seq = 0;
    clock_start start = rest(&p);
    for (uint64_t c = 0; c < p.commits; c++) {
        MUST(sqlite3_step(begin) == SQLITE_DONE && sqlite3_reset(begin) == SQLITE_OK);
        for (uint64_t i = 0; i < p.batch; i++) {
            seq++;
            memcpy(payload, &seq, sizeof seq);
            MUST(sqlite3_bind_int64(insert, 1, seq) == SQLITE_OK && sqlite3_bind_int64(insert, 2, seq) == SQLITE_OK);
            MUST(sqlite3_bind_blob(insert, 3, payload, (int)p.size, SQLITE_STATIC) == SQLITE_OK);
            MUST(sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK);
        }
        MUST(sqlite3_step(commit) == SQLITE_DONE && sqlite3_reset(commit) == SQLITE_OK);
    }
    report(&p, &start);
    return 0;
}

/* bench/journal/rocksdb.c: the same records into RocksDB, one synchronous write batch per commit. */
#include <rocksdb/c.h>

#include "common.h"

int main(int argc, char **argv) {
    plan p = plan_of(argc, argv, 1);
    char *err = NULL, path[1024];
    uint8_t *payload = malloc(p.size + 16), key[8];
    fill(payload, p.size + 16, 1);
    (void)snprintf(path, sizeof path, "%s/db", p.dir);
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_t *db = rocksdb_open(options, path, &err);
    MUST(err == NULL);
    rocksdb_writeoptions_t *sync = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(sync, 1);
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    uint64_t seq = 0;
    clock_start start = rest(&p);
    for (uint64_t c = 0; c < p.commits; c++) {
        rocksdb_writebatch_clear(batch);
        for (uint64_t i = 0; i < p.batch; i++) {
            seq++;
            for (int b = 0; b < 8; b++)
                key[b] = (uint8_t)(seq >> (56 - 8 * b));
            memcpy(payload, &seq, sizeof seq);
            rocksdb_writebatch_put(batch, (const char *)key, sizeof key, (const char *)payload, p.size + 16);
        }
        rocksdb_write(db, sync, batch, &err);
        MUST(err == NULL);
    }
    report(&p, &start);
    rocksdb_close(db);
    return 0;
}

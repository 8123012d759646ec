/* bench/journal/lmdb.c: the same records into LMDB with its default, synchronous commits; keys appended in order. */
#include <lmdb.h>

#include "common.h"

int main(int argc, char **argv) {
    plan p = plan_of(argc, argv, 1);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t *payload = malloc(p.size + 16);
    fill(payload, p.size + 16, 1);
    MUST(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, (size_t)8 << 30) == 0);
    MUST(mdb_env_open(env, p.dir, 0, 0600) == 0);
    MUST(mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &dbi) == 0);
    MUST(mdb_txn_commit(txn) == 0);
    uint64_t seq = 0;
    int64_t start = now_ns();
    double cpu = cpu_s();
    for (uint64_t c = 0; c < p.commits; c++) {
        MUST(mdb_txn_begin(env, NULL, 0, &txn) == 0);
        for (uint64_t i = 0; i < p.batch; i++) {
            seq++;
            memcpy(payload, &seq, sizeof seq);
            MDB_val key = {sizeof seq, &seq}, value = {p.size + 16, payload};
            MUST(mdb_put(txn, dbi, &key, &value, MDB_APPEND) == 0);
        }
        MUST(mdb_txn_commit(txn) == 0);
    }
    report(&p, start, cpu);
    mdb_env_close(env);
    return 0;
}

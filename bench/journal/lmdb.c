/* bench/journal/lmdb.c: the same records into LMDB with its default, synchronous commits; keys appended in order,
 * the file filled with zeros before. */
#include <fcntl.h>
#include <lmdb.h>
#include <unistd.h>

#include "common.h"

/* Zeros where its file will grow, so that it overwrites space that is there, as keel does. */
static void fill_ahead(const plan *p) {
    static const uint8_t ZEROS[1 << 20];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/data.mdb", p->dir);
    int file = open(path, O_WRONLY);
    MUST(file >= 0);
    off_t at = lseek(file, 0, SEEK_END), end = (off_t)(p->commits * p->batch * (p->size + 60)) + (1 << 20);
    for (; at < end; at += (off_t)sizeof ZEROS)
        MUST(pwrite(file, ZEROS, sizeof ZEROS, at) == (ssize_t)sizeof ZEROS);
    MUST(fdatasync(file) == 0 && close(file) == 0);
}

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
    fill_ahead(&p);
    uint64_t seq = 0;
    clock_start start = rest(&p);
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
    report(&p, &start);
    mdb_env_close(env);
    return 0;
}

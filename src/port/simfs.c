/* port/simfs.c: the calls of the simulated file system; what a crash does stands in simfs_crash.c. */
#include "port/simfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "port/simfs_internal.h"

static void *grown(void *old, size_t size) {
    void *p = realloc(old, size ? size : 1);
    KEEL_ASSERT(p != NULL);
    return p;
}

static char *copied(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(grown(NULL, size), text, size);
}

size_t keel_simfs_dir_size(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static keel_simnode *find(const keel_simfs *s, const char *path) {
    for (size_t i = 0; i < s->node_count; i++)
        if (s->nodes[i]->seen && strcmp(s->nodes[i]->seen, path) == 0) return s->nodes[i];
    return NULL;
}

static int parent_exists(const keel_simfs *s, const char *path) {
    char dir[KEEL_FS_PATH_MAX];
    size_t size = keel_simfs_dir_size(path);
    if (size >= sizeof dir) return 0;
    if (size == 0) return 1;
    memcpy(dir, path, size);
    dir[size] = 0;
    const keel_simnode *n = find(s, dir);
    return n && n->is_dir;
}

static void pend(keel_simfs *s, keel_simnode *node, const char *to, const char *place) {
    s->pending = grown(s->pending, (s->pending_count + 1) * sizeof *s->pending);
    keel_simrename *p = &s->pending[s->pending_count++];
    size_t size = keel_simfs_dir_size(place);
    p->node = node;
    p->to = to ? copied(to) : NULL;
    p->dir = grown(NULL, size + 1);
    memcpy(p->dir, place, size);
    p->dir[size] = 0;
}

static keel_simnode *make(keel_simfs *s, const char *path, int is_dir) {
    keel_simnode *n = calloc(1, sizeof *n);
    KEEL_ASSERT(n != NULL);
    n->is_dir = is_dir;
    n->mode = is_dir ? 0700 : 0600;
    n->seen = copied(path);
    s->nodes = grown(s->nodes, (s->node_count + 1) * sizeof *s->nodes);
    s->nodes[s->node_count++] = n;
    pend(s, n, path, path);
    return n;
}

static void reserve(keel_simnode *n, int64_t size) {
    if (size <= n->capacity) return;
    int64_t capacity = n->capacity ? n->capacity : 4096;
    while (capacity < size)
        capacity *= 2;
    int64_t sectors = capacity / KEEL_SIMFS_SECTOR, had = n->capacity / KEEL_SIMFS_SECTOR;
    n->now = grown(n->now, (size_t)capacity);
    n->durable = grown(n->durable, (size_t)capacity);
    n->dirty = grown(n->dirty, (size_t)sectors);
    memset(n->now + n->capacity, 0, (size_t)(capacity - n->capacity));
    memset(n->durable + n->capacity, 0, (size_t)(capacity - n->capacity));
    memset(n->dirty + had, 0, (size_t)(sectors - had));
    n->capacity = capacity;
}

/* ---- faults ---- */

/* What an effect may do: all of it, a part, or nothing. */
enum { WHOLE, PART, NOTHING };

static int effect(keel_simfs *s) {
    s->since.effects++;
    s->total.effects++;
    if (!s->faults.kill_at || s->since.effects < s->faults.kill_at) return WHOLE;
    s->dead = 1;
    s->total.killed++;
    return keel_simrandom_below(&s->random, 2) ? PART : NOTHING;
}

static int chopped(keel_simfs *s, size_t *size) {
    if (!s->faults.choppy || keel_simrandom_below(&s->random, 4)) return 0;
    s->total.chopped++;
    if (*size < 2 || keel_simrandom_below(&s->random, 4) == 0) return -EINTR;
    *size = 1 + (size_t)keel_simrandom_below(&s->random, *size - 1);
    return 0;
}

/* ---- the calls ---- */

static int64_t sim_owner(void *ctx) {
    (void)ctx;
    return 1;
}

static int sim_open(void *ctx, const char *path, int flags) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = find(s, path);
    if (n && (flags & KEEL_FS_CREATE) && (flags & KEEL_FS_EXCLUSIVE)) return -EEXIST;
    if (n && n->is_dir) return -EISDIR;
    if ((flags & KEEL_FS_DIRECT) && s->plain) return -EINVAL;
    if (!n) {
        if (!(flags & KEEL_FS_CREATE) || !parent_exists(s, path)) return -ENOENT;
        int how = effect(s);
        if (how != NOTHING) n = make(s, path, 0);
        if (how != WHOLE) return -EIO;
    }
    s->handles = grown(s->handles, (s->handle_count + 1) * sizeof *s->handles);
    s->handles[s->handle_count].node = n;
    s->handles[s->handle_count].write = flags & KEEL_FS_WRITE;
    s->handles[s->handle_count].direct = flags & KEEL_FS_DIRECT;
    return (int)s->handle_count++;
}

static keel_simnode *node_of(keel_simfs *s, int file) {
    KEEL_ASSERT(file >= 0 && (size_t)file < s->handle_count && s->handles[file].node);
    return s->handles[file].node;
}

static void sim_close(void *ctx, int file) {
    keel_simfs *s = ctx;
    if (s->dead || (size_t)file >= s->handle_count) return;
    keel_simnode *n = node_of(s, file);
    if (n->locked_by == file + 1) n->locked_by = 0;
    s->handles[file].node = NULL;
}

static int64_t sim_pread(void *ctx, int file, void *ret_bytes, size_t size, int64_t offset) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    const keel_simnode *n = node_of(s, file);
    int rc = chopped(s, &size);
    if (rc != 0) return rc;
    if (offset >= n->now_size) return 0;
    if ((int64_t)size > n->now_size - offset) size = (size_t)(n->now_size - offset);
    memcpy(ret_bytes, n->now + offset, size);
    return (int64_t)size;
}

static int64_t all_sizes(const keel_simfs *s) {
    int64_t sum = 0;
    for (size_t i = 0; i < s->node_count; i++)
        if (s->nodes[i]->seen) sum += s->nodes[i]->now_size;
    return sum;
}

static void put(keel_simnode *n, const void *bytes, size_t size, int64_t offset, int marked) {
    int64_t end = offset + (int64_t)size;
    reserve(n, end);
    if (size) memcpy(n->now + offset, bytes, size);
    if (marked && size)
        memset(n->dirty + offset / KEEL_SIMFS_SECTOR, 1,
               (size_t)((end - 1) / KEEL_SIMFS_SECTOR - offset / KEEL_SIMFS_SECTOR + 1));
    if (end > n->now_size) {
        n->now_size = end;
        n->size_dirty = 1;
    }
}

static int64_t sim_pwrite(void *ctx, int file, const void *bytes, size_t size, int64_t offset) {
    keel_simfs *s = ctx;
    size_t whole = size;
    if (s->dead) return -EIO;
    keel_simnode *n = node_of(s, file);
    if (!s->handles[file].write) return -EBADF;
    int rc = chopped(s, &size);
    if (rc == 0 && s->handles[file].direct) {
        KEEL_ASSERT(offset % KEEL_FS_BLOCK == 0 && (uintptr_t)bytes % KEEL_FS_BLOCK == 0 && whole % KEEL_FS_BLOCK == 0);
        size -= size % KEEL_FS_BLOCK;
        rc = size == 0 && whole > 0 ? -EINTR : 0;
    }
    if (rc != 0) return rc;
    int64_t grows = offset + (int64_t)size - n->now_size;
    if (s->faults.space_bytes && grows > 0) {
        int64_t room = s->faults.space_bytes - all_sizes(s);
        if (room <= 0 || grows - room >= (int64_t)size) {
            s->total.full++;
            return -ENOSPC;
        }
        if (grows > room) size -= (size_t)(grows - room);
    }
    int how = effect(s), marked = 1;
    s->since.writes++;
    s->total.writes++;
    if (how == PART) size = (size_t)keel_simrandom_below(&s->random, size + 1);
    if (s->faults.lose_write_at == s->since.writes) {
        marked = 0;
        s->total.lost_writes++;
    }
    int64_t at = offset;
    if (s->faults.stray_write_at == s->since.writes) {
        at += KEEL_SIMFS_SECTOR * (1 + (int64_t)keel_simrandom_below(&s->random, 64));
        s->total.stray_writes++;
    }
    if (how != NOTHING) put(n, bytes, size, at, marked);
    return how == WHOLE ? (int64_t)size : -EIO;
}

static int sim_truncate(void *ctx, int file, int64_t size) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = node_of(s, file);
    if (!s->handles[file].write) return -EBADF;
    int how = effect(s);
    if (how == WHOLE || how == PART) {
        reserve(n, size);
        if (size < n->now_size) memset(n->now + size, 0, (size_t)(n->now_size - size));
        n->now_size = size;
        n->size_dirty = 1;
    }
    return how == WHOLE ? 0 : -EIO;
}

/* 1 when this sync is the one that fails. */
static int sync_fails(keel_simfs *s) {
    s->since.syncs++;
    s->total.syncs++;
    if (s->faults.fail_sync_at != s->since.syncs) return 0;
    s->total.failed_syncs++;
    return 1;
}

static int sim_sync(void *ctx, int file) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = node_of(s, file);
    int how = effect(s), fails = sync_fails(s);
    if (how != WHOLE) return -EIO; /* what was kept of it is for the crash to say */
    for (int64_t i = 0; i < n->capacity / KEEL_SIMFS_SECTOR; i++) {
        if (n->dirty[i] && !fails)
            memcpy(n->durable + i * KEEL_SIMFS_SECTOR, n->now + i * KEEL_SIMFS_SECTOR, KEEL_SIMFS_SECTOR);
        n->dirty[i] = 0;
    }
    if (!fails) {
        if (n->now_size < n->durable_size) memset(n->durable + n->now_size, 0, (size_t)(n->durable_size - n->now_size));
        n->durable_size = n->now_size;
    }
    n->size_dirty = 0;
    return fails ? -EIO : 0;
}

static int sim_allocate(void *ctx, int file, int64_t size) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = node_of(s, file);
    if (s->plain) return -EOPNOTSUPP;
    if (size <= n->now_size) return 0;
    if (s->faults.space_bytes && size - n->now_size > s->faults.space_bytes - all_sizes(s)) {
        s->total.full++;
        return -ENOSPC;
    }
    int how = effect(s);
    if (how == WHOLE) {
        reserve(n, size);
        n->now_size = size;
        n->size_dirty = 1;
    }
    return how == WHOLE ? 0 : -EIO;
}

enum { SIM_ASKS = 4 }; /* a write is under way for fewer than these */

/* A disk may do it at any time until finish. One that nobody wants durable is done as late as can be, after whatever
 * else the caller writes meanwhile; the others at once and at the end by turns. */
static int sim_start(void *ctx, keel_fs_job *job) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    KEEL_ASSERT(!job->direct == !s->handles[job->file].direct);
    job->own[0] = !job->durable || s->total.jobs % 2;
    job->own[1] = job->own[0] ? s->late++ % SIM_ASKS : 0;
    s->total.jobs += (uint64_t)job->durable;
    if (!job->own[0]) job->written = sim_pwrite(ctx, job->file, job->bytes, job->size, job->offset);
    return 0;
}

static int64_t sim_finish(void *ctx, keel_fs_job *job) {
    if (job->own[0]) job->written = sim_pwrite(ctx, job->file, job->bytes, job->size, job->offset);
    return job->written;
}

/* One that is done late is under way for the first few who ask. */
static int sim_ready(void *ctx, keel_fs_job *job) {
    (void)ctx;
    if (job->own[1] == 0) return 1;
    job->own[1]--;
    return 0;
}

static void sim_release(void *ctx, keel_fs_job *job) { (void)ctx, (void)job; }

static void describe(const keel_simnode *n, keel_fs_stat *ret) {
    *ret = (keel_fs_stat){n->now_size, n->mode, n->is_dir, !n->is_dir, 1, -1};
}

static int sim_stat_file(void *ctx, int file, keel_fs_stat *ret) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    describe(node_of(s, file), ret);
    return 0;
}

static int sim_stat(void *ctx, const char *path, keel_fs_stat *ret) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    const keel_simnode *n = find(s, path);
    if (!n) return -ENOENT;
    describe(n, ret);
    return 0;
}

static void lose_seen(keel_simnode *n) {
    free(n->seen);
    n->seen = NULL;
}

static int sim_rename(void *ctx, const char *from, const char *to) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = find(s, from), *over = find(s, to);
    if (!n || !parent_exists(s, to)) return -ENOENT;
    int how = effect(s);
    if (how != NOTHING && n != over) {
        if (over) lose_seen(over);
        lose_seen(n);
        n->seen = copied(to);
        pend(s, n, to, to);
    }
    return how == WHOLE ? 0 : -EIO;
}

static int sim_unlink(void *ctx, const char *path) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = find(s, path);
    if (!n) return -ENOENT;
    if (n->is_dir) return -EISDIR;
    int how = effect(s);
    if (how != NOTHING) {
        pend(s, n, NULL, path);
        lose_seen(n);
    }
    return how == WHOLE ? 0 : -EIO;
}

static int sim_mkdir(void *ctx, const char *path) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    if (find(s, path)) return -EEXIST;
    if (!parent_exists(s, path)) return -ENOENT;
    int how = effect(s);
    if (how != NOTHING) (void)make(s, path, 1);
    return how == WHOLE ? 0 : -EIO;
}

static int sim_sync_dir(void *ctx, const char *path) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    const keel_simnode *dir = find(s, path);
    if (dir && !(dir->mode & 0400)) return -EACCES; /* it has to be opened */
    int how = effect(s), fails = sync_fails(s);
    if (how != WHOLE || fails) return -EIO;
    keel_simfs_keep_names(s, strcmp(path, "/") == 0 ? "" : path);
    return 0;
}

static int sim_list(void *ctx, const char *path, keel_fs_visit visit, void *data) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    const keel_simnode *dir = find(s, path);
    if (!dir || !dir->is_dir) return -ENOENT;
    size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);
    for (size_t i = s->node_count; i-- > 0;) { /* newest first: nobody may rely on an order */
        const char *seen = s->nodes[i]->seen;
        if (!seen || s->nodes[i] == dir || keel_simfs_dir_size(seen) != size || memcmp(seen, path, size) != 0) continue;
        int rc = visit(data, seen + size + 1);
        if (rc != 0) return rc;
    }
    return 0;
}

static int sim_lock(void *ctx, int file) {
    keel_simfs *s = ctx;
    if (s->dead) return -EIO;
    keel_simnode *n = node_of(s, file);
    if (n->locked_by && n->locked_by != file + 1) return -EWOULDBLOCK;
    n->locked_by = file + 1;
    return 0;
}

keel_simfs *keel_simfs_new(uint64_t seed) {
    keel_simfs *s = calloc(1, sizeof *s);
    KEEL_ASSERT(s != NULL);
    keel_simrandom_init(&s->random, seed);
    s->plain = seed % 4 == 3;
    s->port = (keel_fs){.ctx = s,
                        .owner = sim_owner,
                        .open = sim_open,
                        .close = sim_close,
                        .pread = sim_pread,
                        .pwrite = sim_pwrite,
                        .truncate = sim_truncate,
                        .sync = sim_sync,
                        .allocate = sim_allocate,
                        .start = sim_start,
                        .finish = sim_finish,
                        .ready = sim_ready,
                        .release = sim_release,
                        .stat_file = sim_stat_file,
                        .stat = sim_stat,
                        .rename = sim_rename,
                        .unlink = sim_unlink,
                        .mkdir = sim_mkdir,
                        .sync_dir = sim_sync_dir,
                        .list = sim_list,
                        .lock = sim_lock};
    (void)make(s, "/", 1);
    keel_simfs_keep_names(s, NULL);
    return s;
}

void keel_simfs_free(keel_simfs *s) {
    if (!s) return;
    keel_simfs_forget_pending(s);
    for (size_t i = 0; i < s->node_count; i++) {
        keel_simnode *n = s->nodes[i];
        free(n->seen);
        free(n->kept);
        free(n->now);
        free(n->durable);
        free(n->dirty);
        free(n);
    }
    free(s->nodes);
    free(s->pending);
    free(s->handles);
    free(s);
}

const keel_fs *keel_simfs_port(keel_simfs *s) { return &s->port; }

void keel_simfs_set_faults(keel_simfs *s, const keel_simfs_faults *faults) {
    s->faults = *faults;
    memset(&s->since, 0, sizeof s->since);
}

void keel_simfs_stop(keel_simfs *s) {
    s->total.killed += !s->dead;
    s->dead = 1;
}

void keel_simfs_restart(keel_simfs *s) {
    for (size_t i = 0; i < s->node_count; i++)
        s->nodes[i]->locked_by = 0;
    s->handle_count = 0;
    s->dead = 0;
    memset(&s->faults, 0, sizeof s->faults);
}

int keel_simfs_killed(const keel_simfs *s) { return s->dead; }

int keel_simfs_rot(keel_simfs *s, const char *path, int64_t offset, uint8_t mask) {
    keel_simnode *n = find(s, path);
    if (!n) return -ENOENT;
    if (offset < 0 || offset >= n->now_size) return -EINVAL;
    n->now[offset] ^= mask;
    n->durable[offset] ^= mask;
    s->total.rotten_bytes++;
    return 0;
}

int keel_simfs_chmod(keel_simfs *s, const char *path, uint32_t mode) {
    keel_simnode *n = find(s, path);
    if (!n) return -ENOENT;
    n->mode = mode;
    return 0;
}

void keel_simfs_get_counts(const keel_simfs *s, keel_simfs_counts *ret) { *ret = s->total; }

int64_t keel_simfs_used(const keel_simfs *s) { return all_sizes(s); }

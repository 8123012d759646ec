/* port/simfs_crash.c: what is left of a simulated file system after the machine stopped. */
#include <stdlib.h>
#include <string.h>

#include "port/simfs_internal.h"

static void set_kept(keel_simnode *n, const char *path) {
    free(n->kept);
    n->kept = NULL;
    if (!path) return;
    size_t size = strlen(path) + 1;
    n->kept = malloc(size);
    KEEL_ASSERT(n->kept != NULL);
    memcpy(n->kept, path, size);
}

void keel_simfs_keep_name(keel_simfs *s, const keel_simrename *change) {
    if (change->to)
        for (size_t i = 0; i < s->node_count; i++)
            if (s->nodes[i]->kept && strcmp(s->nodes[i]->kept, change->to) == 0) set_kept(s->nodes[i], NULL);
    set_kept(change->node, change->to);
}

void keel_simfs_keep_names(keel_simfs *s, const char *dir) {
    size_t left = 0;
    for (size_t i = 0; i < s->pending_count; i++) {
        if (dir && strcmp(s->pending[i].dir, dir) != 0) {
            s->pending[left++] = s->pending[i];
            continue;
        }
        keel_simfs_keep_name(s, &s->pending[i]);
        free(s->pending[i].to);
        free(s->pending[i].dir);
    }
    s->pending_count = left;
}

void keel_simfs_forget_pending(keel_simfs *s) {
    for (size_t i = 0; i < s->pending_count; i++) {
        free(s->pending[i].to);
        free(s->pending[i].dir);
    }
    s->pending_count = 0;
}

/* Of the changed sectors of one file: which reach the medium. */
enum { LOSE_ALL, KEEP_ALL, EACH_ALONE, FIRST_ONES, LAST_ONES, WAYS };

static void settle_contents(keel_simfs *s, keel_simnode *n) {
    int64_t sectors = n->capacity / KEEL_SIMFS_SECTOR, changed = 0, seen = 0;
    for (int64_t i = 0; i < sectors; i++)
        changed += n->dirty[i];
    if (changed == 0 && !n->size_dirty) return;
    uint64_t way = keel_simrandom_below(&s->random, WAYS);
    int64_t cut = changed ? (int64_t)keel_simrandom_below(&s->random, (uint64_t)changed + 1) : 0;
    for (int64_t i = 0; i < sectors; i++) {
        if (!n->dirty[i]) continue;
        int keep = way == KEEP_ALL || (way == EACH_ALONE && keel_simrandom_below(&s->random, 2)) ||
                   (way == FIRST_ONES && seen < cut) || (way == LAST_ONES && seen >= cut);
        int torn = way >= EACH_ALONE && keel_simrandom_below(&s->random, 16) == 0;
        size_t size = torn ? (size_t)keel_simrandom_below(&s->random, KEEL_SIMFS_SECTOR) : KEEL_SIMFS_SECTOR;
        if (keep) memcpy(n->durable + i * KEEL_SIMFS_SECTOR, n->now + i * KEEL_SIMFS_SECTOR, size);
        s->total.torn_sectors += (uint64_t)(keep && torn);
        s->total.lost_sectors += (uint64_t)!keep;
        seen++;
        n->dirty[i] = 0;
    }
    if (n->size_dirty && (way == KEEP_ALL || (way != LOSE_ALL && keel_simrandom_below(&s->random, 2))))
        n->durable_size = n->now_size;
}

static void settle_names(keel_simfs *s) {
    int each_alone = keel_simrandom_below(&s->random, 4) == 0;
    size_t cut = (size_t)keel_simrandom_below(&s->random, s->pending_count + 1);
    for (size_t i = 0; i < s->pending_count; i++) {
        if (each_alone ? keel_simrandom_below(&s->random, 2) != 0 : i < cut)
            keel_simfs_keep_name(s, &s->pending[i]);
        else
            s->total.lost_names++;
    }
    keel_simfs_forget_pending(s);
}

/* Programs see what the medium holds. */
static void reload(keel_simnode *n) {
    free(n->seen);
    n->seen = NULL;
    if (n->kept) {
        size_t size = strlen(n->kept) + 1;
        n->seen = malloc(size);
        KEEL_ASSERT(n->seen != NULL);
        memcpy(n->seen, n->kept, size);
    }
    if (n->capacity) {
        memset(n->durable + n->durable_size, 0, (size_t)(n->capacity - n->durable_size));
        memcpy(n->now, n->durable, (size_t)n->capacity);
        memset(n->dirty, 0, (size_t)(n->capacity / KEEL_SIMFS_SECTOR));
    }
    n->now_size = n->durable_size;
    n->size_dirty = 0;
    n->locked_by = 0;
}

/* A name in a folder that did not survive is gone with it. */
static void drop_orphans(keel_simfs *s) {
    for (int again = 1; again;) {
        again = 0;
        for (size_t i = 0; i < s->node_count; i++) {
            keel_simnode *n = s->nodes[i];
            size_t size = n->kept ? keel_simfs_dir_size(n->kept) : 0;
            if (size == 0) continue;
            int found = 0;
            for (size_t k = 0; k < s->node_count && !found; k++) {
                const char *path = s->nodes[k]->kept;
                found = path && s->nodes[k]->is_dir && strlen(path) == size && memcmp(path, n->kept, size) == 0;
            }
            if (found) continue;
            set_kept(n, NULL);
            again = 1;
        }
    }
}

void keel_simfs_crash(keel_simfs *s) {
    for (size_t i = 0; i < s->node_count; i++)
        settle_contents(s, s->nodes[i]);
    settle_names(s);
    drop_orphans(s);
    for (size_t i = 0; i < s->node_count; i++)
        reload(s->nodes[i]);
    s->handle_count = 0;
    s->dead = 0;
    s->total.crashes++;
    memset(&s->faults, 0, sizeof s->faults);
}

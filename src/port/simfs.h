/* port/simfs.h: a file system in memory, the twin of the machine's, that can be crashed.
 *
 * Each file has two contents: what programs see, and what the medium holds. A write changes the first and marks its
 * 512-byte sectors; sync copies the marked sectors to the second. Names work the same way: made, renamed and removed
 * at once for programs, on the medium only after sync_dir. keel_simfs_crash ends the world: of what was not synced,
 * each sector and each name is lost, kept or half kept as the seed says, in any order; what was synced is there.
 *
 * Injected faults come from keel_simfs_faults. Same seed, same calls, same faults: the same bytes, always. */
#ifndef KEEL_PORT_SIMFS_H
#define KEEL_PORT_SIMFS_H

#include "port/entropy.h"
#include "port/fs.h"

typedef struct keel_simfs keel_simfs;

enum { KEEL_SIMFS_SECTOR = 512 };

/* All numbers count from the moment the faults are set, from 1; 0: never. An effect is a call that changes something.
 */
typedef struct keel_simfs_faults {
    uint64_t kill_at;       /* this effect is done in part or not at all, and every later call is -EIO */
    uint64_t fail_sync_at;  /* this sync (of a file or folder) is -EIO, and what it should have kept is lost for good */
    uint64_t lose_write_at; /* this write is seen by programs, and is lost at the crash although it was synced */
    uint64_t stray_write_at; /* this write lands up to 64 sectors away from where it should */
    int64_t space_bytes;     /* growth of all files together beyond this is -ENOSPC, after a short write */
    int choppy;              /* reads and writes come back short or with -EINTR, now and then */
} keel_simfs_faults;

/* How often each thing happened, since keel_simfs_new. */
typedef struct keel_simfs_counts {
    uint64_t effects, writes, syncs, crashes;
    uint64_t jobs; /* begun, of those that were to be durable */
    uint64_t killed, failed_syncs, lost_writes, stray_writes, full, chopped;
    uint64_t torn_sectors, lost_sectors, lost_names, rotten_bytes;
} keel_simfs_counts;

/* One folder, "/", mode 0700. Of four seeds, one (3, 7, ...) is a file system without direct writes and allocation. Out
 * of memory ends the program by assertion. keel_simfs_free (NULL allowed). */
keel_simfs *keel_simfs_new(uint64_t seed);
void keel_simfs_free(keel_simfs *s);

/* The table; borrowed until keel_simfs_free. */
const keel_fs *keel_simfs_port(keel_simfs *s);

void keel_simfs_set_faults(keel_simfs *s, const keel_simfs_faults *faults);
int keel_simfs_killed(const keel_simfs *s); /* 1 after kill_at, until the crash */

/* The machine stops now, as by kill_at. */
void keel_simfs_stop(keel_simfs *s);

/* The process is gone and the machine is not: handles and locks are gone, faults are off, what was written is seen. */
void keel_simfs_restart(keel_simfs *s);

/* The machine stops and starts again: handles and locks are gone, faults are off, programs see what the medium held. */
void keel_simfs_crash(keel_simfs *s);

/* Bit rot: the byte at this offset is changed by exclusive or, seen and on the medium. 0 or -errno. */
int keel_simfs_rot(keel_simfs *s, const char *path, int64_t offset, uint8_t mask);

int keel_simfs_chmod(keel_simfs *s, const char *path, uint32_t mode); /* 0 or -errno */
int64_t keel_simfs_used(const keel_simfs *s);                         /* bytes of all files together */
void keel_simfs_get_counts(const keel_simfs *s, keel_simfs_counts *ret);

#endif

/* app/cli/paper_disk.h: how much of its disk a running run has left, and what follows from it: told, nothing opened,
 * ended in order. Looked at once a second at most; a level that was reached is left one point above its limit, so that
 * a disk that stands at one is told once. */
#ifndef KEEL_APP_CLI_PAPER_DISK_H
#define KEEL_APP_CLI_PAPER_DISK_H

#include "base/config.h"
#include "port/clock.h"
#include "port/diskspace.h"

enum {
    KEEL_PAPER_DISK_GOOD,
    KEEL_PAPER_DISK_WARN,
    KEEL_PAPER_DISK_BLOCK,
    KEEL_PAPER_DISK_STOP,
    KEEL_PAPER_DISK_LEVELS
};

typedef struct keel_paper_disk {
    const keel_diskspace *space;
    const keel_clock *clock;
    const char *folder;                       /* on the disk */
    double below_pct[KEEL_PAPER_DISK_LEVELS]; /* free, of the whole; 0: never. [GOOD] is not read */
    /* The level is another one: a word for the audit trail, and why. */
    void (*told)(void *data, const char *action, const char *why);
    void *told_data;
    /* found */
    int level;
    int ordered; /* safe mode was, since it is at BLOCK or beyond; set by whoever orders it */
    int looked;
    int64_t next_ns;
    char text[96]; /* "1.9 % is free, and 2 % is the least" */
} keel_paper_disk;

/* The machine's disk, with the limits that section log of the configuration has. All is borrowed. */
void keel_paper_disk_init(keel_paper_disk *d, const char *folder, const keel_config *config,
                          void (*told)(void *data, const char *action, const char *why), void *told_data);

/* KEEL_E_IO with the line of a run that ended for it. */
int keel_paper_disk_ended(const keel_paper_disk *d, keel_err *reterr);

/* KEEL_PAPER_DISK_*, told when it is another one. What cannot be found out changes nothing. */
int keel_paper_disk_look(keel_paper_disk *d);

#endif

/* kernel/guard_child.h: what guard.c and guard_child.c share: the child's side of a guarded run. */
#ifndef KEEL_KERNEL_GUARD_CHILD_H
#define KEEL_KERNEL_GUARD_CHILD_H

#include <stdint.h>

#include "kernel/guard.h"

/* How the child ended, in memory that both see. */
typedef struct keel_guard_record {
    keel_kernel_watch watch;
    int32_t signal; /* 0: none */
    int32_t code;   /* si_code */
    uint64_t address;
    uint64_t stack; /* of the main thread, at the start of the work */
    int32_t number; /* of a refused system call */
} keel_guard_record;

enum { KEEL_GUARD_EXIT_SIGNAL = 86, KEEL_GUARD_STACK_MAX = 8 << 20 };

/* First words of the pipe, before out's bytes. */
typedef struct keel_guard_head {
    int32_t rc;
    int32_t err_code;
    uint64_t size;
    char err_text[sizeof(((keel_err *)0)->text)];
} keel_guard_head;

/* Of a child that keeps files: asked to end twice, by a terminal and by the parent, it still leaves them in order. To
 * be called while SIGINT and SIGTERM are blocked since before the fork. */
void keel_guard_child_keep_handlers(const keel_guard_options *o);

/* Everything after fork: limits, handlers, filter, work, result to fd; nothing when `parent` has gone. Does not
 * return. */
_Noreturn void keel_guard_child(const keel_guard_options *o, keel_guard_record *record, keel_guard_work work,
                                void *data, int fd, int32_t parent);

#endif

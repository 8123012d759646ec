/* ops/forensic/failure.h: the failures of failures.def by event, and by the error that ended a run. */
#ifndef KEEL_OPS_FORENSIC_FAILURE_H
#define KEEL_OPS_FORENSIC_FAILURE_H

#include "ops/forensic/code.h"

/* X(NAME, what such a failure asks for) */
#define KEEL_FAILURE_CLASSES(X)                              \
    X(TRANSIENT, "is tried again")                           \
    X(DATA, "what came is set aside")                        \
    X(VENUE, "fewer calls, and the breaker")                 \
    X(LOGIC, "entries are held back")                        \
    X(INTEGRITY, "safe mode or a halt, until a person looks") \
    X(RESOURCE, "less is done, then nothing that opens")     \
    X(FATAL, "everything is written out, and it ends")

typedef enum keel_failure_class {
    KEEL_FAILURE_NONE, /* nothing failed */
#define KEEL_FAILURE_CLASS_ENUM(name, asks) KEEL_FAILURE_##name,
    KEEL_FAILURE_CLASSES(KEEL_FAILURE_CLASS_ENUM)
#undef KEEL_FAILURE_CLASS_ENUM
        KEEL_FAILURE_CLASS_COUNT
} keel_failure_class;

const char *keel_failure_class_word(keel_failure_class of); /* "NONE" of what did not fail */
int keel_failure_is_class(const char *word);                /* 1: of something that failed */

/* Of an event: its class, and what is done by itself (NULL of NONE). Static storage. */
keel_failure_class keel_failure_class_of(keel_event_code code);
const char *keel_failure_done_of(keel_event_code code);

/* Of an error of base/err.h: its name there, its class. An unknown one is ERROR. */
const char *keel_failure_error_name(int error);
keel_failure_class keel_failure_error_class(int error);

#endif

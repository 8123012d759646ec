/* ops/forensic/code.h: the events of events.def by number. */
#ifndef KEEL_OPS_FORENSIC_CODE_H
#define KEEL_OPS_FORENSIC_CODE_H

#include <stddef.h>

/* X(NAME, number of the hundred) */
#define KEEL_EVENT_GROUPS(X) \
    X(ENGINE, 1)             \
    X(MODE, 2)               \
    X(CONFIG, 3)             \
    X(DATA, 4)               \
    X(FEED, 5)               \
    X(SIGNAL, 6)             \
    X(RISK, 7)               \
    X(ORDER, 8)              \
    X(FILL, 9)               \
    X(POSITION, 10)          \
    X(RECONCILE, 11)         \
    X(BREAKER, 12)           \
    X(KILL, 13)              \
    X(WAL, 14)               \
    X(RECOVERY, 15)          \
    X(METRIC, 16)            \
    X(AI, 17)                \
    X(DEPLOY, 18)            \
    X(SECURITY, 19)          \
    X(MANUAL, 20)

#define KEEL_EVENT_LEVELS(X) \
    X(TRACE)                 \
    X(DEBUG)                 \
    X(INFO)                  \
    X(WARN)                  \
    X(ERROR)

/* SEV1: capital is at risk; SEV2: trading is wrong or stopped; SEV3: degraded; SEV4: worth knowing. */
#define KEEL_EVENT_SEVERITIES(X) \
    X(NONE)                      \
    X(SEV4)                      \
    X(SEV3)                      \
    X(SEV2)                      \
    X(SEV1)

typedef enum keel_event_level {
#define KEEL_EVENT_LEVEL_ENUM(name) KEEL_LEVEL_##name,
    KEEL_EVENT_LEVELS(KEEL_EVENT_LEVEL_ENUM)
#undef KEEL_EVENT_LEVEL_ENUM
        KEEL_LEVEL_COUNT
} keel_event_level;

typedef enum keel_event_severity {
#define KEEL_EVENT_SEVERITY_ENUM(name) KEEL_SEVERITY_##name,
    KEEL_EVENT_SEVERITIES(KEEL_EVENT_SEVERITY_ENUM)
#undef KEEL_EVENT_SEVERITY_ENUM
        KEEL_SEVERITY_COUNT
} keel_event_severity;

/* KEEL_LOG_<NAME>: place in the table, not the number that is written. */
typedef enum keel_event_code {
#define KEEL_EVENT(name, number, group, level, severity, component, fields, sentence) KEEL_LOG_##name,
#include "ops/forensic/events.def"
#undef KEEL_EVENT
    KEEL_EVENT_CODES
} keel_event_code;

typedef struct keel_event_info {
    const char *name;
    int number;
    const char *group;
    keel_event_level level;
    keel_event_severity severity;
    const char *component;
    const char *fields; /* of data, with blanks between */
    const char *sentence;
} keel_event_info;

const keel_event_info *keel_event_info_of(keel_event_code code); /* static storage */

/* The code of a name; KEEL_EVENT_CODES: there is none. */
keel_event_code keel_event_code_of(const char *name);

const char *keel_event_level_word(keel_event_level level);
const char *keel_event_severity_word(keel_event_severity severity);
/* -1: no such word. */
int keel_event_level_of(const char *word);
int keel_event_severity_of(const char *word);

/* 1 when the field stands in the list of the code. */
int keel_event_has_field(keel_event_code code, const char *field);

#endif

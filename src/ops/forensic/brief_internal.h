/* ops/forensic/brief_internal.h: what the files of brief.h share: what was read of a run, and what the rules say of it.
 */
#ifndef KEEL_OPS_FORENSIC_BRIEF_INTERNAL_H
#define KEEL_OPS_FORENSIC_BRIEF_INTERNAL_H

#include "base/timerange.h"
#include "ops/forensic/audit.h"
#include "ops/forensic/brief.h"

enum {
    KEEL_BRIEF_SYMBOLS = 256,
    KEEL_BRIEF_NOTES = 24,
    KEEL_BRIEF_NOTE = 240, /* bytes of one */
    KEEL_BRIEF_CHANGES = 5,
    KEEL_BRIEF_INCIDENTS = 16, /* that are shown */
    KEEL_BRIEF_ORDERS = 16     /* of a symbol in flight; further ones are not told apart */
};

typedef struct keel_brief_notes {
    char text[KEEL_BRIEF_NOTES][KEEL_BRIEF_NOTE];
    int count, more;
} keel_brief_notes;

/* Something that began and is not over: empty when it is. */
typedef struct keel_brief_lasting {
    char word[32], why[96], since[KEEL_TIME_TEXT_MAX];
    uint64_t seq; /* newest record of it */
} keel_brief_lasting;

typedef struct keel_brief_symbol {
    char name[48];
    int open, missing, blind, drifted, orders;
    char order[KEEL_BRIEF_ORDERS][20]; /* ids of those in flight */
    char side[8], qty[32], since[32], stop[32];
    char books[32], venue[32]; /* of the drift */
    keel_brief_lasting aside;  /* its data were set aside, and are not taken again */
} keel_brief_symbol;

typedef struct keel_brief_incident {
    char id[72], time[KEEL_TIME_TEXT_MAX], severity[8];
    int closed; /* somebody said so in the trail */
} keel_brief_incident;

struct keel_brief {
    char run_id[KEEL_LINE_ID_MAX + 1], state[32], as_of[KEEL_TIME_TEXT_MAX], equity[32], gross[32], regime[32];
    double drawdown_pct;
    int64_t gross_e8, equity_e8, metrics;
    uint64_t events, counts[KEEL_EVENT_CODES], severities[KEEL_SEVERITY_COUNT];
    keel_brief_symbol symbol[KEEL_BRIEF_SYMBOLS];
    int symbols;
    keel_brief_lasting held, clock, breaker; /* a state that holds entries back, or DEGRADED */
    keel_brief_lasting unkept;               /* snapshots that could not be kept, since the last one that was */
    keel_brief_lasting aside;                /* whole inputs were set aside */
    keel_brief_lasting suspect;              /* executions that were not booked */
    uint64_t suspects;                       /* how many */
    char breach[200];                        /* of the shadow ledger, the last one */
    char changes[KEEL_BRIEF_CHANGES][KEEL_BRIEF_NOTE];
    int change_count;
    keel_brief_incident *incident; /* [incidents] by time once all was read */
    size_t incidents, incident_cap, closed;
    keel_audit_verdict trail;
    int has_trail;
    uint64_t trail_records;            /* that are believed */
    uint64_t looked[KEEL_EVENT_CODES]; /* records of a code up to here: somebody has looked into them */
    keel_brief_notes risks, unknowns, checks;
    size_t torn;
    uint32_t first_part; /* of the events that are kept */
};

/* brief_trail.c: judge the trail, and take what was acknowledged by it: before the events. */
KEEL_MUST_USE int keel_brief_trail_read(keel_brief *b, const keel_fs *fs, const char *dir, keel_err *err);
/* Each record that is believed: of a trail that is not what was written, none. */
KEEL_MUST_USE int keel_brief_trail_each(keel_brief *b, const keel_fs *fs, const char *dir,
                                        void (*take)(keel_brief *b, const keel_tree *record), keel_err *err);

/* brief_incidents.c: one more incident; one that is known by its id already is the same. 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_brief_incident_add(keel_brief *b, const keel_brief_incident *incident, keel_err *err);
/* Those whose files are in the run's folder, and which of all of them were closed. */
KEEL_MUST_USE int keel_brief_incidents_read(keel_brief *b, const keel_fs *fs, const char *dir, keel_err *err);

/* brief_rules.c */
void keel_brief_judge(keel_brief *b);

#endif

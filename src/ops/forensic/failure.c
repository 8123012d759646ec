/* ops/forensic/failure.c: see failure.h. */
#include "ops/forensic/failure.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"

typedef struct failure {
    keel_failure_class of;
    const char *done;
} failure;

static const failure FAILURES[KEEL_EVENT_CODES] = {
#define KEEL_FAILURE(event, class_of, done) [KEEL_LOG_##event] = {KEEL_FAILURE_##class_of, done},
#define KEEL_FAILURE_ERROR(name, class_of)
#include "ops/forensic/failures.def"
#undef KEEL_FAILURE
#undef KEEL_FAILURE_ERROR
};

typedef struct failed {
    int error;
    const char *name;
    keel_failure_class of;
} failed;

static const failed ERRORS[] = {
#define KEEL_FAILURE(event, class_of, done)
#define KEEL_FAILURE_ERROR(name, class_of) {KEEL_E_##name, #name, KEEL_FAILURE_##class_of},
#include "ops/forensic/failures.def"
#undef KEEL_FAILURE
#undef KEEL_FAILURE_ERROR
};

const char *keel_failure_class_word(keel_failure_class of) {
    static const char *const WORDS[] = {"NONE",
#define WORD(name, asks) #name,
                                        KEEL_FAILURE_CLASSES(WORD)
#undef WORD
    };
    KEEL_ASSERT(of < KEEL_FAILURE_CLASS_COUNT);
    return WORDS[of];
}

int keel_failure_is_class(const char *word) {
    for (int i = KEEL_FAILURE_NONE + 1; i < KEEL_FAILURE_CLASS_COUNT; i++)
        if (strcmp(word, keel_failure_class_word((keel_failure_class)i)) == 0) return 1;
    return 0;
}

keel_failure_class keel_failure_class_of(keel_event_code code) {
    KEEL_ASSERT(code < KEEL_EVENT_CODES);
    return FAILURES[code].of;
}

const char *keel_failure_done_of(keel_event_code code) {
    KEEL_ASSERT(code < KEEL_EVENT_CODES);
    return FAILURES[code].done;
}

static const failed *find(int error) {
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
        if (ERRORS[i].error == error) return &ERRORS[i];
    return &ERRORS[0];
}

const char *keel_failure_error_name(int error) { return find(error)->name; }
keel_failure_class keel_failure_error_class(int error) { return find(error)->of; }

/* ops/forensic/code.c: see code.h. */
#include "ops/forensic/code.h"

#include <string.h>

#include "base/err.h"

static const keel_event_info TABLE[] = {
#define KEEL_EVENT(name, number, group, level, severity, component, fields, sentence) \
    {#name, number, #group, KEEL_LEVEL_##level, KEEL_SEVERITY_##severity, component, fields, sentence},
#include "ops/forensic/events.def"
#undef KEEL_EVENT
};

static const char *const LEVELS[] = {
#define WORD(name) #name,
    KEEL_EVENT_LEVELS(WORD)};
static const char *const SEVERITIES[] = {KEEL_EVENT_SEVERITIES(WORD)};
#undef WORD

const keel_event_info *keel_event_info_of(keel_event_code code) {
    KEEL_ASSERT(code < KEEL_EVENT_CODES);
    return &TABLE[code];
}

keel_event_code keel_event_code_of(const char *name) {
    int code = 0;
    while (code < KEEL_EVENT_CODES && strcmp(TABLE[code].name, name) != 0)
        code++;
    return (keel_event_code)code;
}

const char *keel_event_level_word(keel_event_level level) { return LEVELS[level]; }
const char *keel_event_severity_word(keel_event_severity severity) { return SEVERITIES[severity]; }

static int find(const char *const words[], int count, const char *word) {
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0) return i;
    return -1;
}

int keel_event_level_of(const char *word) { return find(LEVELS, KEEL_LEVEL_COUNT, word); }
int keel_event_severity_of(const char *word) { return find(SEVERITIES, KEEL_SEVERITY_COUNT, word); }

int keel_event_has_field(keel_event_code code, const char *field) {
    const char *at = TABLE[code].fields;
    size_t size = strlen(field);
    while (*at) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, field, size) == 0) return 1;
        at += word + (at[word] == ' ');
    }
    return 0;
}

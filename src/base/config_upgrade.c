/* base/config_upgrade.c: files that were written for another version of the table; see config.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_internal.h"
#include "base/decimal.h"

static keel_config_setting *setting_of(keel_config *c, int layer, const char *path) {
    for (size_t i = 0; i < c->setting_count; i++)
        if (c->settings[i].layer == layer && strcmp(c->settings[i].path, path) == 0) return &c->settings[i];
    return NULL;
}

static int replace_text(char **text, const char *by, keel_err *reterr) {
    char *copy = strdup(by);
    if (!copy) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: configuration: close other programs");
    free(*text);
    *text = copy;
    return 0;
}

/* One change in one file. */
static int change(keel_config *c, int layer, int64_t version, const keel_config_change *what, keel_err *reterr) {
    keel_config_setting *s = setting_of(c, layer, what->from);
    if (!s) return 0;
    if (what->to && !setting_of(c, layer, what->to)) return replace_text(&s->path, what->to, reterr);
    if (what->to)
        return keel_err_set(reterr, KEEL_E_VERSION, "'%s' is now '%s', which is there too: %s: delete one of them",
                            what->from, what->to, s->origin);
    return keel_err_set(reterr, KEEL_E_VERSION, "'%s' of version %lld is no more: %s: %s", what->from,
                        (long long)version, s->origin, what->how);
}

static int upgrade_file(keel_config *c, int layer, const char *path, int64_t current,
                        const keel_config_change changes[], size_t change_count, keel_err *reterr) {
    keel_config_setting *told = setting_of(c, layer, path);
    int64_t version;
    char text[24];
    if (!told || !told->text || keel_decimal_parse(told->text, strlen(told->text), 0, &version) != KEEL_DECIMAL_OK ||
        version < 1)
        return 0;
    if (version > current)
        return keel_err_set(reterr, KEEL_E_VERSION,
                            "%s %lld is newer than this keel: %s: it reads up to %lld; use a newer keel, or write the "
                            "file anew from 'keel config sample'",
                            path, (long long)version, told->origin, (long long)current);
    for (size_t i = 0; i < change_count; i++)
        if (changes[i].version > version && changes[i].version <= current)
            KEEL_TRY(change(c, layer, version, &changes[i], reterr));
    if (version == current) return 0;
    (void)snprintf(text, sizeof text, "%lld", (long long)current);
    return replace_text(&setting_of(c, layer, path)->text, text, reterr);
}

int keel_config_upgrade(keel_config *c, const char *path, int64_t current, const keel_config_change changes[],
                        size_t change_count, keel_err *reterr) {
    for (int layer = 1; layer <= c->file_count; layer++)
        KEEL_TRY(upgrade_file(c, layer, path, current, changes, change_count, reterr));
    return 0;
}

/* fuzz/fuzz_set.c: lines as --set PARAM=VALUE arguments on top of the core's own table. Either each problem is one
 * clean line, or the configuration resolves and its identity does not depend on being set twice. */
/* runs in script/test: 1000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/run_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int set_line(keel_config *config, const char *line) {
    char *name;
    const char *value;
    if (keel_assignment_parse(line, &name, &value) != 0) return 0;
    KEEL_ASSERT(strlen(name) + 1 + strlen(value) == strlen(line));
    KEEL_ASSERT(keel_config_set(config, name, value, "--set", NULL) == 0);
    free(name);
    return 1;
}

static void check(keel_config *config) {
    keel_err err = {0};
    int rc = keel_config_resolve(config, &err);
    KEEL_ASSERT((rc == 0) == (keel_config_problem_count(config) == 0));
    for (size_t i = 0; i < keel_config_problem_count(config); i++) {
        const char *problem = keel_config_problem_at(config, i);
        KEEL_ASSERT(problem[0] && !strchr(problem, '\n') && strstr(problem, ": "));
    }
    if (rc) return;
    char id[KEEL_SHA256_TEXT_MAX], again[KEEL_SHA256_TEXT_MAX];
    keel_config_id(config, id);
    KEEL_ASSERT(keel_config_resolve(config, &err) == 0);
    keel_config_id(config, again);
    KEEL_ASSERT(strcmp(id, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4096) return 0;
    char *text = strndup((const char *)data, size);
    keel_config *config = keel_config_new();
    KEEL_ASSERT(text != NULL && config != NULL);
    keel_run_config_own own;
    keel_strategy_text described = keel_strategy_describe(KEEL_STRATEGY_EMA_CROSS);
    keel_run_config_own_table(&described, &own);
    KEEL_ASSERT(keel_run_config_add_tables(config, &own, NULL) == 0);
    int any = 0, lines = 0;
    for (char *line = text, *next; line && lines < 16; line = next, lines++) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        any += set_line(config, line);
    }
    if (any) check(config);
    keel_config_free(config);
    free(text);
    return 0;
}

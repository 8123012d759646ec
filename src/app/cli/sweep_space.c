/* app/cli/sweep_space.c: see sweep_space.h. */
#include "app/cli/sweep_space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/yaml.h"

/* Names of a space file that are not in the table: values for single regimes, and what can be said of others. What
 * cannot be read is told by whoever reads it next. */
static int know_names(keel_run_config *run, const char *bytes, size_t size, const char *file, keel_err *err) {
    keel_tree *tree = NULL;
    keel_err ignored = {0};
    char origin[300];
    if (keel_yaml_parse(bytes, size, file, &tree, &ignored) != 0) return 0;
    const keel_tree *map = tree;
    if (tree && tree->kind == KEEL_TREE_MAP && tree->count == 1 && tree->items[0]->kind == KEEL_TREE_MAP)
        map = tree->items[0];
    int rc = map == tree ? 0 : keel_run_config_know(run, map->key, file, err);
    for (size_t i = 0; rc == 0 && map && map->kind == KEEL_TREE_MAP && i < map->count; i++) {
        (void)snprintf(origin, sizeof origin, "%.250s:%u", file, map->items[i]->line);
        rc = keel_run_config_know(run, map->items[i]->key, origin, err);
    }
    keel_tree_free(tree);
    return rc;
}

int keel_sweep_space_read(keel_cli *cli, keel_run_config *run, keel_space *space) {
    keel_err *err = keel_cli_err(cli);
    const char *file = keel_cli_option(cli, "space");
    if (file) {
        char *bytes = NULL;
        size_t size = 0;
        KEEL_TRY(keel_file_read(file, (size_t)1 << 20, &bytes, &size, err));
        int rc = know_names(run, bytes, size, file, err);
        if (rc == 0) rc = keel_space_add_yaml(space, run->config, bytes, size, file, err);
        free(bytes);
        KEEL_TRY(rc);
    }
    for (size_t i = 0; i < keel_cli_option_count(cli, "param"); i++) {
        const char *text = keel_cli_option_at(cli, "param", i), *value = NULL;
        char *name = NULL;
        int rc = keel_assignment_parse(text, &name, &value);
        if (rc != 0)
            return keel_err_set(err, rc, "'%.100s' is not NAME=VALUES: --param: write NAME=LOW:HIGH:STEP or NAME=a,b,c",
                                text);
        rc = keel_run_config_know(run, name, "--param", err);
        if (rc == 0) rc = keel_space_add_text(space, run->config, name, value, "--param", err);
        free(name);
        KEEL_TRY(rc);
    }
    if (space->count > 0) return keel_run_config_fill(run, err); /* values were tried in it */
    return keel_err_set(err, KEEL_E_USAGE,
                        "nothing to vary: the space is empty: give --space FILE or --param "
                        "NAME=LOW:HIGH:STEP");
}

int keel_sweep_space_has_regimes(const keel_run_config *run, const keel_space *space) {
    for (size_t i = 0; i < space->count; i++)
        if (strchr(space->dims[i].path, '@')) return 1;
    return run->by_regime;
}

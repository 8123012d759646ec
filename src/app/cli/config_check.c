/* app/cli/config_check.c: keel config check. */
#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"

const keel_cli_verb keel_verb_config_check_info = {
    .noun = "config",
    .verb = "check",
    .run = keel_verb_config_check,
    .summary = "judge a configuration; every problem with file, line and how to mend it",
    .example = "keel config check --config config.yaml",
    .options = {keel_run_config_options},
    .reports = 1};

static int report_json(keel_cli *cli, const keel_run_config *run, int rc) {
    keel_json *j = keel_json_new(2);
    if (!j)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: keel config check: close other programs");
    size_t count = run->config ? keel_config_problem_count(run->config) : 0;
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.config_check");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kbool(j, "ok", rc == 0);
    keel_json_kstring(j, "config_id", rc ? NULL : run->config_id);
    keel_json_key(j, "problems");
    keel_json_array(j);
    for (size_t i = 0; i < count; i++)
        keel_json_string(j, keel_config_problem_at(run->config, i));
    if (rc && !count) keel_json_string(j, keel_cli_err(cli)->text);
    keel_json_close(j);
    keel_json_close(j);
    int printed = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return printed;
}

int keel_verb_config_check(keel_cli *cli) {
    keel_run_config run;
    int rc = keel_run_config_load(cli, &run);
    int printed = 0;
    if (keel_cli_json(cli))
        printed = report_json(cli, &run, rc);
    else if (!rc)
        (void)printf("ok, config_id %s\n", run.config_id);
    keel_run_config_done(&run);
    return rc ? rc : printed;
}

/* app/cli/config_sample.c: keel config sample. */
#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/run_config.h"

static const keel_cli_opt OPTIONS[] = {
    {"markdown", NULL, "the reference as a page in Markdown instead of a file in YAML", 0}, {NULL, NULL, NULL, 0}};

const keel_cli_verb keel_verb_config_sample_info = {
    .noun = "config",
    .verb = "sample",
    .run = keel_verb_config_sample,
    .summary = "a commented configuration file with every value, to start from",
    .example = "keel config sample --strategy ema_cross > config.yaml",
    .options = {OPTIONS, keel_run_config_options},
    .notes =
        "Defaults, with what the other options say in their place. The file read back gives the same\n"
        "config_id."};

int keel_verb_config_sample(keel_cli *cli) {
    keel_run_config run;
    keel_strbuf text;
    keel_strbuf_init(&text, 0);
    int rc = keel_run_config_load(cli, &run);
    if (!rc && keel_cli_flag(cli, "markdown"))
        keel_config_write_reference(run.config, "Parameters", &text);
    else if (!rc)
        keel_run_config_write_sample(&run, &text);
    if (!rc && text.failed) rc = KEEL_E_NOMEM;
    if (!rc) (void)fputs(keel_strbuf_text(&text), stdout);
    keel_strbuf_done(&text);
    keel_run_config_done(&run);
    return rc;
}

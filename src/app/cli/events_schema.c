/* app/cli/events_schema.c: keel events schema. */
#include "app/cli/cli.h"
#include "ops/forensic/schema.h"

const keel_cli_verb keel_verb_events_schema_info = {.noun = "events",
                                                    .verb = "schema",
                                                    .run = keel_verb_events_schema,
                                                    .summary = "the schema of a run's records, as JSON Schema",
                                                    .example = "keel events schema",
                                                    .notes =
                                                        "Of every line of events.jsonl, metrics.jsonl, trace.jsonl and "
                                                        "rollups/hourly.jsonl. docs/formats/events.md.\n"};

int keel_verb_events_schema(keel_cli *cli) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: schema: close other programs");
    keel_event_schema(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

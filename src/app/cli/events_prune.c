/* app/cli/events_prune.c: keel events prune. */
#include <inttypes.h>
#include <stdio.h>

#include "app/cli/audit_common.h"
#include "ops/forensic/retain.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"keep-events", "TIME", "of events and hourly rollups; default 365d, 0d: for ever", 0},
    {"keep-metrics", "TIME", "of metrics; default 90d", 0},
    {"keep-trace", "TIME", "of the trace; default 7d", 0},
    {"keep-size", "BYTES", "while all logs are larger more goes: 500MiB; default 0: no limit", 0},
    {"dry-run", NULL, "say what would go", 0},
    {0}};

const keel_cli_verb keel_verb_events_prune_info = {
    .noun = "events",
    .verb = "prune",
    .run = keel_verb_events_prune,
    .summary = "remove closed parts of a run's log that are old, or too many",
    .example = "keel events prune runs/paper --keep-trace 1d --reason 'disk is small'",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS, keel_audit_reason_options, keel_audit_cli_options},
    .notes =
        "The oldest part of a stream goes first, each is read before, and the order stands in the audit trail before "
        "the\n"
        "first file goes. Never the newest closed part, the open one, incidents, the trail, the journal; nothing of a "
        "run\n"
        "that has not ended, or whose trail is not what was written. `keel replay RUN --events DIR` makes all of it "
        "again.\n",
    .reports = 1};

static int read_rules(keel_cli *cli, keel_retain_rules *ret) {
    static const char *const NAMES[] = {"keep-trace", "keep-metrics", "keep-events", "keep-events"};
    const char *size = keel_cli_option(cli, "keep-size");
    ret->size_max = 0;
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++) {
        const char *given = keel_cli_option(cli, NAMES[i]);
        ret->keep_ms[i] = keel_retain_default_ms((keel_retain_stream)i);
        if (given && keel_duration_parse(given, &ret->keep_ms[i]) != 0)
            return keel_cli_refuse_option(cli, NAMES[i], "is no duration: write 30d, 12h, 0d");
    }
    if (size && keel_size_parse(size, &ret->size_max) != 0)
        return keel_cli_refuse_option(cli, "keep-size", "is no size: write 500MiB");
    return 0;
}

static int say_json(keel_cli *cli, const keel_retain_plan *p, int dry) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.events_prune");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kbool(j, "dry_run", dry);
    keel_json_kint(j, "bytes_removed", p->bytes);
    keel_json_kint(j, "bytes_left", p->bytes_left);
    keel_json_kbool(j, "events_kept", p->compacted);
    keel_json_key(j, "streams");
    keel_json_object(j);
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++) {
        const keel_retain_cut *c = &p->cut[i];
        if (!c->last) continue;
        keel_json_key(j, keel_retain_name((keel_retain_stream)i));
        keel_json_object(j);
        keel_json_kint(j, "first_part", c->first);
        keel_json_kint(j, "last_part", c->last);
        keel_json_kint(j, "first_record", (int64_t)c->from_seq);
        keel_json_kint(j, "last_record", (int64_t)c->to_seq);
        keel_json_kint(j, "bytes", c->bytes);
        keel_json_kstring(j, "for", c->by_size ? "size" : "age");
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

static void say_text(const keel_retain_plan *p, int dry) {
    for (int i = 0; i < KEEL_RETAIN_COUNT; i++) {
        const keel_retain_cut *c = &p->cut[i];
        if (!c->last) continue;
        (void)printf("%-16s parts %" PRIu32 " to %" PRIu32 ", records %" PRIu64 " to %" PRIu64 ", %" PRId64
                     " bytes, by %s\n",
                     keel_retain_name((keel_retain_stream)i), c->first, c->last, c->from_seq, c->to_seq, c->bytes,
                     c->by_size ? "size" : "age");
    }
    if (p->compacted) (void)printf("events stay: the journal was compacted, nothing makes them again\n");
    (void)printf("%" PRId64 " bytes %s, %" PRId64 " stay\n", p->bytes, dry ? "would go" : "removed", p->bytes_left);
}

int keel_verb_events_prune(keel_cli *cli) {
    uint8_t seed[KEEL_KEY_SIZE] = {0};
    char actor[KEEL_AUDIT_ACTOR_MAX];
    keel_err *err = keel_cli_err(cli);
    int dry = keel_cli_flag(cli, "dry-run");
    keel_audit trail = {
        .fs = keel_fs_real(), .clock = keel_clock_real(), .dir = keel_cli_positional(cli, 0), .has_begun = 1};
    keel_retain_rules rules;
    keel_retain_plan plan;
    KEEL_TRY(read_rules(cli, &rules));
    keel_alerts *alerts = NULL;
    KEEL_TRY(keel_audit_sign_key(cli, seed, &trail));
    int rc = keel_audit_alerts_open(cli, &trail, &alerts);
    if (rc == 0) rc = keel_retain_look(&trail, &rules, &plan, err);
    keel_retain_order order = {.actor = keel_audit_actor(actor), .reason = keel_audit_reason(cli)};
    if (rc == 0 && !dry) rc = keel_retain_remove(&trail, &order, &plan, err);
    keel_audit_alerts_close(cli, alerts);
    keel_wipe(seed, sizeof seed);
    if (rc != 0) return rc;
    if (keel_cli_json(cli)) return say_json(cli, &plan, dry);
    say_text(&plan, dry);
    return 0;
}

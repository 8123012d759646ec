/* app/cli/paper_after.c: see paper_after.h. */
#include "app/cli/paper_after.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/audit_build.h"
#include "app/cli/audit_common.h"
#include "port/fs_real.h"

void keel_paper_after_keep(keel_cli *cli, const char *folder, const uint8_t *sign_seed,
                           const keel_retain_rules *rules) {
    char actor[KEEL_AUDIT_ACTOR_MAX];
    keel_audit trail = {
        .fs = keel_fs_real(), .clock = keel_clock_real(), .dir = folder, .sign_seed = sign_seed, .has_begun = 1};
    keel_retain_plan plan;
    keel_err err = {0};
    int rc = keel_retain_look(&trail, rules, &plan, &err);
    keel_retain_order order = {.actor = keel_audit_actor(actor)};
    if (rc == 0) rc = keel_retain_remove(&trail, &order, &plan, &err);
    if (rc != 0) keel_cli_warn(cli, "logs that are no longer kept are still there: %s", err.text);
}

int keel_paper_after_db(keel_cli *cli, const char *folder, const uint8_t *key) {
    char path[KEEL_FS_PATH_MAX + 16], journal[KEEL_FS_PATH_MAX + 16];
    keel_audit_built built;
    (void)snprintf(journal, sizeof journal, "%s/journal", folder);
    (void)snprintf(path, sizeof path, "%s/audit.db", folder);
    keel_journal_where where = {keel_fs_real(), journal, NULL, key, NULL};
    if (keel_audit_build(cli, &where, folder, path, &built) == 0) return 0;
    keel_err *err = keel_cli_err(cli);
    if (err->code == KEEL_E_INTERRUPTED) return err->code;
    keel_cli_warn(cli, "no audit database was made: %s", err->text);
    memset(err, 0, sizeof *err);
    return 0;
}

int keel_paper_after_alerts(keel_alerts *alerts, char ret_text[KEEL_PAPER_AFTER_TEXT]) {
    keel_alerts_result r;
    keel_alerts_close(alerts, &r);
    unsigned long long lost = r.failed + r.dropped, all = r.told + lost;
    if (lost > 0)
        (void)snprintf(ret_text, KEEL_PAPER_AFTER_TEXT, "%llu of %llu alerts did not arrive%s%s", lost, all,
                       r.why[0] ? ": " : "", r.why);
    return lost > 0;
}

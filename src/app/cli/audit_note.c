/* app/cli/audit_note.c: keel audit note. */
#include <stdio.h>
#include <string.h>

#include "app/cli/audit_common.h"
#include "ops/forensic/brief.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {{"action", "WORD", "what was done", KEEL_CLI_REQUIRED},
                                       {"reason", "TEXT", "why", KEEL_CLI_REQUIRED},
                                       {"before", "TEXT", "what it was", 0},
                                       {"after", "TEXT", "what it is now", 0},
                                       {0}};

const keel_cli_verb keel_verb_audit_note_info = {
    .noun = "audit",
    .verb = "note",
    .run = keel_verb_audit_note,
    .summary = "record what somebody did to a run",
    .example = "keel audit note runs/paper --action reviewed --reason \"weekly look\"",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS, keel_audit_cli_options},
    .notes =
        "Who and when are taken from the machine. Secrets in the texts are removed. An incident is closed by the "
        "action\n"
        "incident_closed, with its name as --before, and a risk that waits for somebody to look into it ends by the\n"
        "action acknowledged, with the record that keel events brief names as --before: FILL_SUSPECT-17.\n"};

/* Closed by its name, which is that of its file. */
static int check_incident(keel_cli *cli, const char *dir, const char *incident) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    const keel_fs *fs = keel_fs_real();
    if (!incident || strchr(incident, '/'))
        return keel_cli_refuse_option(cli, "before", "is the name of the incident that is closed: keel events brief");
    int size = snprintf(path, sizeof path, "%s/incidents/%s.json", dir, incident);
    if (size < (int)sizeof path && fs->stat(fs->ctx, path, &st) == 0) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_NOT_FOUND,
                        "no such incident: %.120s: keel events brief %.300s tells open ones", incident, dir);
}

/* The newest record that was looked into, which is in the log. */
static int check_record(keel_cli *cli, const char *dir, const char *name) {
    keel_event_code code;
    keel_log_lines *lines = NULL;
    keel_log_record r;
    uint64_t seq;
    const char *text;
    size_t size;
    int rc = 0, found = 0;
    keel_err *err = keel_cli_err(cli);
    if (!name || !keel_brief_named(name, &code, &seq))
        return keel_cli_refuse_option(cli, "before",
                                      "is the record that was looked into, as keel events brief names it: "
                                      "FILL_SUSPECT-17");
    KEEL_TRY(keel_log_lines_open_kept(keel_fs_real(), dir, "events", &lines, err));
    while (!found && (rc = keel_log_lines_next(lines, &text, &size, err)) == 1) {
        if ((rc = keel_log_record_read(text, size, keel_log_lines_where(lines), &r, err)) != 0) break;
        found = r.seq == seq && r.code == code;
        keel_log_record_done(&r);
    }
    keel_log_lines_close(lines);
    if (found) return 0;
    if (rc < 0) return rc;
    return keel_err_set(err, KEEL_E_NOT_FOUND, "no such record: %.120s: keel events brief %.300s names it", name, dir);
}

int keel_verb_audit_note(keel_cli *cli) {
    uint8_t seed[KEEL_KEY_SIZE] = {0};
    const char *action = keel_cli_option(cli, "action");
    keel_audit trail = {.fs = keel_fs_real(), .clock = keel_clock_real(), .dir = keel_cli_positional(cli, 0)};
    if (strcmp(action, "anchor") == 0 || strcmp(action, "log_removal_ordered") == 0)
        return keel_cli_refuse_option(cli, "action", "is a word of the trail itself");
    if (strcmp(action, "incident_closed") == 0)
        KEEL_TRY(check_incident(cli, trail.dir, keel_cli_option(cli, "before")));
    if (strcmp(action, KEEL_BRIEF_ACKNOWLEDGED) == 0)
        KEEL_TRY(check_record(cli, trail.dir, keel_cli_option(cli, "before")));
    KEEL_TRY(keel_audit_sign_key(cli, seed, &trail));
    int rc = keel_audit_record(cli, &trail, action, keel_cli_option(cli, "reason"), keel_cli_option(cli, "before"),
                               keel_cli_option(cli, "after"));
    keel_wipe(seed, sizeof seed);
    if (rc == 0) (void)fprintf(stderr, "recorded: %s\n", keel_cli_positional(cli, 0));
    return rc;
}

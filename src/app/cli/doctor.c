/* app/cli/doctor.c: keel doctor. */
#include "app/cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/run_config.h"

static const keel_cli_opt OPTIONS[] = {
    {"deep", NULL, "also read every row of the store and compare it with its hash", 0},
    {"strict", NULL, "warnings fail too", 0},
    {0}};

const keel_cli_verb keel_verb_doctor_info = {
    .noun = "doctor",
    .run = keel_verb_doctor,
    .summary = "what is missing or wrong on this machine and in this home, and how to mend it",
    .example = "keel doctor --store data",
    .options = {OPTIONS, keel_run_config_options},
    .notes =
        "The configuration examined is that of a run with the same options, and its store. One line per check: OK, "
        "WARN (works, but look) or FAIL (something will not work), with the remedy below.\n"
        "Exit code 0 for OK and WARN, 1 for FAIL, and for WARN with --strict. Nothing is changed; a file is made\n"
        "and removed to see whether a folder can be written.",
    .reports = 1};

static const char *const STATUS[] = {"OK", "WARN", "FAIL"};

static void print(const keel_doctor *d, keel_doctor_status status, const char *name, const char *found,
                  const char *remedy) {
    if (keel_cli_json(d->cli)) return;
    (void)printf("%-5s %-12s %s\n", STATUS[status], name, found);
    if (remedy && status != KEEL_DOCTOR_OK) (void)printf("      %-12s -> %s\n", "", remedy);
}

void keel_doctor_say(keel_doctor *d, keel_doctor_status status, const char *name, const char *remedy,
                     const char *format, ...) {
    keel_err found = {0}; /* as an error's text: bounded, control characters replaced */
    char text[800];
    va_list args;
    KEEL_ASSERT(remedy || status == KEEL_DOCTOR_OK);
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)keel_err_set(&found, KEEL_E_ERROR, "%s", text);
    if (status > d->first_status) {
        d->first_status = status;
        (void)snprintf(d->first, sizeof d->first, "%s: %.150s", name, found.text);
    }
    d->count[status]++;
    keel_json_object(d->report);
    keel_json_kstring(d->report, "name", name);
    keel_json_kstring(d->report, "status", STATUS[status]);
    keel_json_kstring(d->report, "found", found.text);
    keel_json_kstring(d->report, "remedy", status == KEEL_DOCTOR_OK ? NULL : remedy);
    keel_json_close(d->report);
    print(d, status, name, found.text, remedy);
}

/* An error line reads "what: where: how to mend it"; its last part is the remedy. */
void keel_doctor_say_error(keel_doctor *d, keel_doctor_status status, const char *name, const keel_err *err) {
    char what[sizeof err->text];
    (void)snprintf(what, sizeof what, "%s", err->text);
    char *cut = NULL;
    for (char *at = strstr(what, ": "); at; at = strstr(at + 2, ": "))
        cut = at;
    if (cut) *cut = 0;
    keel_doctor_say(d, status, name, cut ? cut + 2 : "see 'keel --help'", "%s", what);
}

static int finish(keel_doctor *d) {
    keel_cli *cli = d->cli;
    keel_json_close(d->report);
    keel_json_kint(d->report, "ok", d->count[KEEL_DOCTOR_OK]);
    keel_json_kint(d->report, "warn", d->count[KEEL_DOCTOR_WARN]);
    keel_json_kint(d->report, "fail", d->count[KEEL_DOCTOR_FAIL]);
    keel_json_kstring(d->report, "status", STATUS[d->first_status]);
    keel_json_close(d->report);
    if (keel_cli_json(cli))
        KEEL_TRY(keel_cli_print_json(cli, d->report));
    else
        (void)printf("%lld OK, %lld WARN, %lld FAIL\n", (long long)d->count[0], (long long)d->count[1],
                     (long long)d->count[2]);
    if (d->first_status == KEEL_DOCTOR_FAIL || (d->first_status == KEEL_DOCTOR_WARN && keel_cli_flag(cli, "strict")))
        return keel_err_set(keel_cli_err(cli), KEEL_E_ERROR, "%lld FAIL, %lld WARN: %s: do what the lines say",
                            (long long)d->count[KEEL_DOCTOR_FAIL], (long long)d->count[KEEL_DOCTOR_WARN], d->first);
    return 0;
}

int keel_verb_doctor(keel_cli *cli) {
    keel_doctor d = {.cli = cli, .report = keel_json_new(2)};
    if (!d.report) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: doctor: close other programs");
    keel_json_object(d.report);
    keel_json_kstring(d.report, "schema", "keel.doctor");
    keel_json_kint(d.report, "schema_version", 1);
    keel_json_key(d.report, "checks");
    keel_json_array(d.report);
    keel_doctor_machine(&d);
    keel_doctor_home(&d);
    int rc = finish(&d);
    keel_json_free(d.report);
    return rc;
}

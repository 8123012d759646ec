/* app/cli/journal_show.c: keel journal show. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/cli/journal_common.h"
#include "base/timerange.h"
#include "journal/reader.h"

static const keel_cli_opt OPTIONS[] = {{"from", "SEQ", "first record; default: the first there is", 0},
                                       {"count", "N", "at most this many records; default 100", 0},
                                       {"lines", NULL, "one JSON object per line, for other programs", 0},
                                       {0}};

const keel_cli_verb keel_verb_journal_show_info = {
    .noun = "journal",
    .verb = "show",
    .run = keel_verb_journal_show,
    .summary = "print records of a journal",
    .example = "keel journal show journal --from 1 --count 5 --json",
    .positionals = "DIR",
    .positional_min = 1,
    .positional_max = 1,
    .options = {keel_journal_cli_options, OPTIONS},
    .notes =
        "Payloads are bytes to the journal and printed as hex. With --lines each record is one line:\n"
        "{\"seq\":..,\"type\":..,\"ts_ms\":..,\"time\":..,\"size\":..,\"payload\":\"hex\"}.\n"
        "Exit code 0, 1 when a damaged place was reached, 2 when it cannot be read.",
    .reports = 1};

static int record_json(const keel_journal_record *r, keel_json *j) {
    char time[KEEL_TIME_TEXT_MAX], *hex = malloc(2 * (size_t)r->size + 1);
    if (!hex) return KEEL_E_NOMEM;
    keel_hex(r->payload, r->size, hex);
    keel_json_object(j);
    keel_json_kint(j, "seq", (int64_t)r->seq);
    keel_json_kint(j, "type", r->type);
    keel_json_kint(j, "ts_ms", r->ts_ms);
    keel_json_kstring(j, "time", keel_time_format(r->ts_ms, time));
    keel_json_kint(j, "size", r->size);
    keel_json_kstring(j, "payload", hex);
    keel_json_close(j);
    free(hex);
    return 0;
}

static int show_one(keel_cli *cli, const keel_journal_record *r, keel_json *document) {
    char time[KEEL_TIME_TEXT_MAX], hex[65];
    if (document) return record_json(r, document);
    if (keel_cli_flag(cli, "lines")) {
        keel_json *j = keel_json_new(0);
        int rc = record_json(r, j);
        if (rc == 0) rc = keel_cli_print_json(cli, j);
        keel_json_free(j);
        return rc;
    }
    keel_hex(r->payload, r->size < 32 ? r->size : 32, hex);
    (void)printf("%12" PRIu64 "  %5u  %s  %7u  %s%s\n", r->seq, r->type, keel_time_format(r->ts_ms, time), r->size, hex,
                 r->size > 32 ? ".." : "");
    return 0;
}

static int show(keel_cli *cli, keel_journal_reader *reader, keel_json *document) {
    int64_t from = 0, count = 100;
    keel_journal_record r;
    KEEL_TRY(keel_cli_option_int(cli, "from", 1, INT64_MAX, &from));
    KEEL_TRY(keel_cli_option_int(cli, "count", 1, INT64_MAX, &count));
    if (from) KEEL_TRY(keel_journal_reader_seek(reader, (uint64_t)from, keel_cli_err(cli)));
    while (count-- > 0 && !keel_cli_interrupted()) {
        int rc = keel_journal_reader_next(reader, &r, keel_cli_err(cli));
        if (rc <= 0) return rc;
        KEEL_TRY(show_one(cli, &r, document));
    }
    return keel_cli_interrupted() ? keel_err_set(keel_cli_err(cli), KEEL_E_INTERRUPTED,
                                                 "interrupted: keel journal show: "
                                                 "give --from to go on")
                                  : 0;
}

int keel_verb_journal_show(keel_cli *cli) {
    keel_journal_cli in;
    keel_journal_reader *reader = NULL;
    keel_json *j = NULL;
    int rc = keel_journal_cli_where(cli, &in);
    if (rc == 0) rc = keel_journal_reader_open(&in.where, &reader, keel_cli_err(cli));
    if (rc != 0) return keel_journal_cli_unreadable(cli, rc);
    if (keel_cli_json(cli)) {
        j = keel_json_new(2);
        keel_json_object(j);
        keel_json_kstring(j, "schema", "keel.journal_show");
        keel_json_kint(j, "schema_version", 1);
        keel_json_key(j, "records");
        keel_json_array(j);
    } else if (!keel_cli_flag(cli, "lines")) {
        (void)printf("%12s  %5s  %-20s  %7s  payload\n", "seq", "type", "time", "bytes");
    }
    rc = show(cli, reader, j);
    keel_journal_reader_close(reader);
    if (j) {
        keel_json_close(j);
        keel_json_close(j);
        int printed = rc == 0 || rc == KEEL_E_PARITY ? keel_cli_print_json(cli, j) : 0;
        if (rc == 0) rc = printed;
        keel_json_free(j);
    }
    if (rc == KEEL_E_PARITY) return keel_cli_err(cli)->code = KEEL_E_ERROR;
    if (rc == KEEL_E_GATE || rc == KEEL_E_VERSION) return keel_journal_cli_unreadable(cli, rc);
    return rc;
}

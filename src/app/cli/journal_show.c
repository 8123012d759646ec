/* app/cli/journal_show.c: keel journal show. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/journal_common.h"
#include "base/timerange.h"
#include "engine/input.h"
#include "engine/record.h"
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
        "Of an engine's inputs is said what they are, of whom, and when they were received (wall clock).\n"
        "Exit code 0, 1 when a damaged place was reached, 2 when it cannot be read.",
    .reports = 1};

typedef struct shown {
    keel_cli *cli;
    keel_json *document; /* NULL: a line each */
    int is_engine;       /* 1: an engine's journal: what its inputs are is known */
    keel_input in;
} shown;

/* Is it an input that this keel can read? */
static int is_input(shown *s, const keel_journal_record *r) {
    keel_err ignored = {0};
    if (!s->is_engine || r->type != KEEL_RECORD_INPUT) return 0;
    return keel_input_read(r->payload, r->size, KEEL_SYMBOLS_MAX, &s->in, &ignored) == 0;
}

static void input_json(const keel_input *in, keel_json *j) {
    char time[KEEL_TIME_TEXT_MAX];
    keel_json_key(j, "input");
    keel_json_object(j);
    keel_json_kstring(j, "kind", keel_input_kind_word(in->kind));
    keel_json_kint(j, "number", (int64_t)in->number);
    keel_json_kstring(j, "source", keel_input_source_word(in->source));
    keel_json_kint(j, "source_seq", (int64_t)in->source_seq);
    keel_json_kint(j, "recv_ns", in->recv_ns);
    keel_json_kstring(j, "received", in->recv_ns ? keel_time_format(in->recv_ns / 1000000, time) : NULL);
    keel_json_close(j);
}

static void print_input(const keel_input *in) {
    char time[KEEL_TIME_TEXT_MAX];
    (void)printf("%s, %" PRIu64 " of %s", keel_input_kind_word(in->kind), in->source_seq,
                 keel_input_source_word(in->source));
    if (in->recv_ns) (void)printf(", received %s", keel_time_format(in->recv_ns / 1000000, time));
    (void)printf("\n");
}

static int record_json(shown *s, const keel_journal_record *r, keel_json *j) {
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
    if (is_input(s, r)) input_json(&s->in, j);
    keel_json_close(j);
    free(hex);
    return 0;
}

static int show_one(shown *s, const keel_journal_record *r) {
    char time[KEEL_TIME_TEXT_MAX], hex[65];
    if (s->document) return record_json(s, r, s->document);
    if (keel_cli_flag(s->cli, "lines")) {
        keel_json *j = keel_json_new(0);
        int rc = record_json(s, r, j);
        if (rc == 0) rc = keel_cli_print_json(s->cli, j);
        keel_json_free(j);
        return rc;
    }
    (void)printf("%12" PRIu64 "  %5u  %s  %7u  ", r->seq, r->type, keel_time_format(r->ts_ms, time), r->size);
    if (is_input(s, r)) {
        print_input(&s->in);
        return 0;
    }
    keel_hex(r->payload, r->size < 32 ? r->size : 32, hex);
    (void)printf("%s%s\n", hex, r->size > 32 ? ".." : "");
    return 0;
}

static int show(shown *s, keel_journal_reader *reader) {
    keel_cli *cli = s->cli;
    int64_t from = 0, count = 100;
    keel_journal_record r;
    KEEL_TRY(keel_cli_option_int(cli, "from", 1, INT64_MAX, &from));
    KEEL_TRY(keel_cli_option_int(cli, "count", 1, INT64_MAX, &count));
    if (from) KEEL_TRY(keel_journal_reader_seek(reader, (uint64_t)from, keel_cli_err(cli)));
    while (count-- > 0 && !keel_cli_interrupted()) {
        int rc = keel_journal_reader_next(reader, &r, keel_cli_err(cli));
        if (rc <= 0) return rc;
        KEEL_TRY(show_one(s, &r));
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
    keel_journal_cli_run run;
    int rc = keel_journal_cli_where(cli, &in);
    if (rc == 0) rc = keel_journal_reader_open(&in.where, &reader, keel_cli_err(cli));
    if (rc != 0) return keel_journal_cli_unreadable(cli, rc);
    keel_journal_cli_run_of(&in.where, &run);
    if (keel_cli_json(cli)) {
        j = keel_json_new(2);
        keel_json_object(j);
        keel_json_kstring(j, "schema", "keel.journal_show");
        keel_json_kint(j, "schema_version", 1);
        keel_journal_cli_run_json(&run, j);
        keel_json_key(j, "records");
        keel_json_array(j);
    } else if (!keel_cli_flag(cli, "lines")) {
        if (run.run_id[0]) (void)printf("run %s, strategy %s\n", run.run_id, run.strategy);
        (void)printf("%12s  %5s  %-20s  %7s  payload\n", "seq", "type", "time", "bytes");
    }
    shown s = {.cli = cli, .document = j, .is_engine = strcmp(keel_journal_reader_name(reader), "engine") == 0};
    rc = show(&s, reader);
    keel_input_done(&s.in);
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

/* app/cli/audit_lots.c: keel audit lots: what a run realised, lot by lot. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/audit_common.h"
#include "base/decimal.h"
#include "base/file.h"
#include "base/sha256.h"
#include "ops/lots/lots.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"method", "fifo|lifo|hifo|specific", "which lot goes first; default fifo", 0},
    {"choose", "FILE", "of specific: lines close_fill,open_fill,qty", 0},
    {"wash-days", "N", "mark a loss with another lot so many days before or after it; 0: none; default 30", 0},
    {"output", "FILE", "write the table as CSV here, and its SHA-256 into FILE.sha256", 0},
    {0}};

const keel_cli_verb keel_verb_audit_lots_info = {
    .noun = "audit",
    .verb = "lots",
    .run = keel_verb_audit_lots,
    .summary = "realised gains of a run, lot by lot, for taxes",
    .example = "keel audit lots runs/paper --method fifo --output lots.csv",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS},
    .notes =
        "From the run's fills alone; the gains add up to the books', and what those rounded is said. Fills are named\n"
        "by the number of their record in events.jsonl. Rules and columns: docs/tax-lots.md.\n",
    .reports = 1};

enum { CHOICE_MAX = 16 << 20 };

typedef struct job {
    keel_cli *cli;
    keel_lots_ask ask;
    keel_lots_choice *choice;
    keel_lots *lots;
    keel_strbuf table;
    char checksum[KEEL_SHA256_TEXT_MAX];
} job;

/* ---- the choice by hand ----------------------------------------------------------------------------------------- */

static int read_number(const char **at, char end, uint64_t *ret) {
    char *behind = NULL;
    if (**at < '0' || **at > '9') return 0;
    errno = 0;
    *ret = strtoull(*at, &behind, 10);
    if (errno != 0 || *behind != end) return 0;
    *at = behind + 1;
    return 1;
}

/* line ends with a zero. */
static int read_choice(const char *line, keel_lots_choice *ret) {
    return read_number(&line, ',', &ret->closed) && read_number(&line, ',', &ret->opened) &&
           keel_decimal_parse(line, strlen(line), 8, &ret->qty_e8) == KEEL_DECIMAL_OK && ret->qty_e8 > 0;
}

static int read_choices(job *b, const char *path) {
    keel_err *err = keel_cli_err(b->cli);
    char *text = NULL;
    size_t size = 0, lines = 1, number = 0;
    KEEL_TRY(keel_file_read(path, CHOICE_MAX, &text, &size, err));
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    b->choice = calloc(lines, sizeof *b->choice);
    int rc = b->choice ? 0 : keel_err_set(err, KEEL_E_NOMEM, "out of memory: choices: close other programs");
    for (char *line = text, *end; rc == 0 && line < text + size; line = end + 1) {
        end = memchr(line, '\n', size - (size_t)(line - text));
        if (!end) end = text + size; /* a zero stands there */
        *end = 0;
        if (number++ == 0 && strncmp(line, "close_fill", 10) == 0) continue;
        if (!*line) continue;
        if (!read_choice(line, &b->choice[b->ask.choice_count++]))
            rc = keel_err_set(err, KEEL_E_PARSE, "is no choice: %s:%zu: write close_fill,open_fill,qty", path, number);
    }
    free(text);
    b->ask.choice = b->choice;
    return rc;
}

static int read_options(job *b) {
    const char *choose = keel_cli_option(b->cli, "choose");
    int method = KEEL_LOTS_FIFO;
    b->ask.dir = keel_cli_positional(b->cli, 0);
    b->ask.wash_days = 30;
    KEEL_TRY(keel_cli_option_enum(b->cli, "method", keel_lots_method_words, KEEL_LOTS_METHOD_COUNT, &method));
    KEEL_TRY(keel_cli_option_int(b->cli, "wash-days", 0, 366, &b->ask.wash_days));
    b->ask.method = (keel_lots_method)method;
    if (choose && method != KEEL_LOTS_SPECIFIC)
        return keel_cli_refuse_option(b->cli, "choose", "is of --method specific");
    if (!choose && method == KEEL_LOTS_SPECIFIC)
        return keel_err_set(keel_cli_err(b->cli), KEEL_E_USAGE, "no choice of lots: command line: add --choose FILE");
    return choose ? read_choices(b, choose) : 0;
}

/* ---- saying it -------------------------------------------------------------------------------------------------- */

static int say(const job *b) {
    keel_err *err = keel_cli_err(b->cli);
    keel_strbuf page;
    int rc = 0;
    if (keel_cli_json(b->cli)) {
        keel_json *j = keel_json_new(2);
        if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: lots: close other programs");
        keel_lots_json(b->lots, b->checksum, j);
        rc = keel_cli_print_json(b->cli, j);
        keel_json_free(j);
        return rc;
    }
    keel_strbuf_init(&page, 0);
    keel_lots_text(b->lots, &page);
    if (page.failed || fputs(keel_strbuf_text(&page), stdout) < 0)
        rc = keel_err_set(err, KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere", strerror(errno));
    keel_strbuf_done(&page);
    return rc;
}

static int work(job *b) {
    const char *path = keel_cli_option(b->cli, "output");
    KEEL_TRY(read_options(b));
    KEEL_TRY(keel_lots_make(keel_fs_real(), &b->ask, &b->lots, keel_cli_err(b->cli)));
    keel_lots_csv(b->lots, &b->table);
    if (b->table.failed)
        return keel_err_set(keel_cli_err(b->cli), KEEL_E_NOMEM, "out of memory: table of lots: close other programs");
    keel_sha256_text(b->table.text, b->table.size, b->checksum);
    if (path) KEEL_TRY(keel_audit_write_table(b->cli, path, &b->table, b->checksum));
    return say(b);
}

int keel_verb_audit_lots(keel_cli *cli) {
    job b = {.cli = cli};
    keel_strbuf_init(&b.table, 0);
    int rc = work(&b);
    keel_lots_free(b.lots);
    keel_strbuf_done(&b.table);
    free(b.choice);
    return rc;
}

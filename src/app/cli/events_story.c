/* app/cli/events_story.c: keel events story. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"
#include "base/json_tree.h"
#include "base/timerange.h"
#include "ops/forensic/story.h"
#include "port/fs_real.h"

static const keel_cli_opt OPTIONS[] = {
    {"trade", "N", "everything that belongs to this trade (trade_id of trades.csv)", 0},
    {"order", "ID", "everything with the cause of this order (order_id, 16 hex digits)", 0},
    {"event", "SEQ", "everything with the cause of this event", 0},
    {"symbol", "SYM", "only of this symbol", 0},
    {"from", "TIME", "not before this time", 0},
    {"to", "TIME", "not after this time", 0},
    {0}};

const keel_cli_verb keel_verb_events_story_info = {
    .noun = "events",
    .verb = "story",
    .run = keel_verb_events_story,
    .summary = "what happened in order: a trade, an order, a span of time",
    .example = "keel events story runs/paper --trade 1",
    .positionals = "RUN",
    .positional_min = 1,
    .positional_max = 1,
    .options = {OPTIONS},
    .notes = "From the events alone: signal, gates, risk, order, fills, position, exit, with their reasons.\n",
    .reports = 1};

typedef struct printing {
    keel_cli *cli;
    keel_strbuf out;
} printing;

static int print_lines(void *data, const keel_log_record *r, const char *text, size_t size) {
    printing *p = data;
    (void)text;
    (void)size;
    keel_strbuf_clear(&p->out);
    keel_story_lines(r, &p->out);
    if (!p->out.failed && fputs(keel_strbuf_text(&p->out), stdout) >= 0) return 0;
    return keel_err_set(keel_cli_err(p->cli), KEEL_E_IO, "cannot write: standard output: %s; send it elsewhere",
                        strerror(errno));
}

static int print_json(void *data, const keel_log_record *r, const char *text, size_t size) {
    (void)text;
    (void)size;
    keel_json_tree(data, r->tree);
    return 0;
}

static int read_ask(keel_cli *cli, keel_story_ask *a) {
    int64_t event = 0;
    const char *from = keel_cli_option(cli, "from"), *to = keel_cli_option(cli, "to");
    memset(a, 0, sizeof *a);
    a->from_ms = INT64_MIN;
    a->to_ms = INT64_MAX;
    a->symbol = keel_cli_option(cli, "symbol");
    a->order_id = keel_cli_option(cli, "order");
    KEEL_TRY(keel_cli_option_int(cli, "trade", 1, INT64_MAX, &a->trade));
    KEEL_TRY(keel_cli_option_int(cli, "event", 1, INT64_MAX, &event));
    a->event = (uint64_t)event;
    if ((a->trade != 0) + (a->event != 0) + (a->order_id != NULL) > 1)
        return keel_err_set(keel_cli_err(cli), KEEL_E_USAGE,
                            "one story at a time: --trade, --order, --event: give one of them");
    if (from) KEEL_TRY(keel_time_parse(from, &a->from_ms, keel_cli_err(cli)));
    if (to) KEEL_TRY(keel_time_parse(to, &a->to_ms, keel_cli_err(cli)));
    return 0;
}

int keel_verb_events_story(keel_cli *cli) {
    keel_story_ask ask;
    const char *dir = keel_cli_positional(cli, 0);
    KEEL_TRY(read_ask(cli, &ask));
    if (!keel_cli_json(cli)) {
        printing p = {.cli = cli};
        keel_strbuf_init(&p.out, 0);
        int rc = keel_story_tell(keel_fs_real(), dir, &ask, print_lines, &p, keel_cli_err(cli));
        keel_strbuf_done(&p.out);
        return rc;
    }
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: story: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.story");
    keel_json_kint(j, "schema_version", 1);
    keel_json_key(j, "records");
    keel_json_array(j);
    int rc = keel_story_tell(keel_fs_real(), dir, &ask, print_json, j, keel_cli_err(cli));
    keel_json_close(j);
    keel_json_close(j);
    if (rc == 0) rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

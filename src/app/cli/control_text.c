/* app/cli/control_text.c: see control_text.h. */
#include "app/cli/control_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_read.h"
#include "base/json_tree.h"
#include "port/fs.h"

enum { DOCUMENT_MAX = 1 << 20, TRAIL_MAX = 1 << 28 };

static const char *text_of(const keel_tree *t, const char *key) {
    const keel_tree *node = keel_tree_find(t, key);
    return node && node->text ? node->text : "-";
}

static int64_t int_of(const keel_tree *t, const char *key) {
    int64_t value = 0;
    return keel_json_read_int(keel_tree_find(t, key), &value) == 0 ? value : 0;
}

static const keel_tree *list_of(const keel_tree *t, const char *key) {
    static const keel_tree NONE = {.kind = KEEL_TREE_LIST};
    const keel_tree *list = keel_tree_find(t, key);
    return list && list->kind == KEEL_TREE_LIST ? list : &NONE;
}

/* ---- what the record of a run says that nobody runs -------------------------------------------------------------- */

typedef struct record {
    keel_tree *counters; /* operational.json; NULL: none */
    keel_tree *action;   /* the audit trail's last; NULL: none */
    int has_ended;       /* it is whole: its figures are in its folder */
} record;

static keel_tree *read_json(const char *folder, const char *name) {
    char path[KEEL_FS_PATH_MAX], *text = NULL;
    size_t size = 0;
    keel_tree *t = NULL;
    keel_err none = {0};
    if (keel_fs_path(folder, name, path, &none) == 0 && keel_file_read(path, DOCUMENT_MAX, &text, &size, &none) == 0 &&
        keel_json_parse(text, size, name, &t, &none) != 0)
        t = NULL;
    free(text);
    return t;
}

static keel_tree *read_last_action(const char *folder) {
    char path[KEEL_FS_PATH_MAX], *text = NULL;
    size_t size = 0;
    keel_tree *t = NULL;
    keel_err none = {0};
    if (keel_fs_path(folder, "audit.jsonl", path, &none) != 0 ||
        keel_file_read(path, TRAIL_MAX, &text, &size, &none) != 0)
        return NULL;
    while (size > 0 && text[size - 1] == '\n')
        size--;
    size_t from = size;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    if (keel_json_parse(text + from, size - from, "audit.jsonl", &t, &none) != 0) t = NULL;
    free(text);
    return t;
}

static void read_record(const char *folder, record *ret) {
    keel_tree *manifest = read_json(folder, "manifest.json");
    *ret = (record){.counters = read_json(folder, "operational.json"),
                    .action = read_last_action(folder),
                    .has_ended = strcmp(text_of(manifest, "state"), "ended") == 0};
    keel_tree_free(manifest);
}

static void record_done(record *r) {
    keel_tree_free(r->counters);
    keel_tree_free(r->action);
}

static void record_json(const record *r, keel_json *j) {
    keel_json_key(j, "record");
    keel_json_object(j);
    keel_json_kbool(j, "ended", r->has_ended);
    keel_json_key(j, "counters");
    if (r->counters)
        keel_json_tree(j, r->counters);
    else
        keel_json_null(j);
    keel_json_key(j, "last_action");
    if (r->action)
        keel_json_tree(j, r->action);
    else
        keel_json_null(j);
    keel_json_close(j);
}

static void record_text(const record *r) {
    (void)printf("  record     %s\n", r->has_ended ? "the run ended" : "the same command goes on with the run");
    if (r->counters)
        (void)printf("  kept       as of %s: equity %s, today %s, %s trades\n", text_of(r->counters, "as_of"),
                     text_of(r->counters, "equity_usd"), text_of(r->counters, "pnl_today_usd"),
                     text_of(r->counters, "trades_today"));
    if (r->action)
        (void)printf("  last       %s at %s by %s\n", text_of(r->action, "action"), text_of(r->action, "ts"),
                     text_of(r->action, "actor"));
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* 1: nobody answered, since no process runs it. */
static int is_still(const keel_control_asked *a) {
    return !a->answer && (a->code == KEEL_E_NOT_FOUND || (a->code == 0 && a->note));
}

static void one_json(const keel_control_asked *a, int whole, keel_json *j) {
    keel_json_kstring(j, "run", a->folder);
    keel_json_kbool(j, "running", !is_still(a));
    keel_json_kint(j, "code", keel_err_exit_code(a->code));
    keel_json_kstring(j, "error", a->code ? a->err.text : NULL);
    if (a->state != KEEL_CONTROL_UNTOLD) keel_json_kstring(j, "state", keel_control_state_word(a->state));
    if (a->state == KEEL_CONTROL_IS_OVER) keel_json_kint(j, "exit_code", a->exit_code);
    if (a->note) keel_json_kstring(j, "note", a->note);
    for (size_t i = 0; a->answer && i < a->answer->count; i++) {
        const keel_tree *m = a->answer->items[i];
        if (strncmp(m->key, "schema", 6) == 0 || strcmp(m->key, "ok") == 0) continue;
        keel_json_key(j, m->key);
        keel_json_tree(j, m);
    }
    if (!whole || !is_still(a)) return;
    record r;
    read_record(a->folder, &r);
    record_json(&r, j);
    record_done(&r);
}

static int say_json(keel_cli *cli, const keel_control_asked *list, size_t count, int whole) {
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: status: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.status");
    keel_json_kint(j, "schema_version", 1);
    keel_json_key(j, "runs");
    keel_json_array(j);
    for (size_t i = 0; i < count; i++) {
        keel_json_object(j);
        one_json(&list[i], whole, j);
        keel_json_close(j);
    }
    keel_json_close(j);
    keel_json_close(j);
    int rc = keel_cli_print_json(cli, j);
    keel_json_free(j);
    return rc;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void say_holdings(const keel_tree *t) {
    const keel_tree *held = list_of(t, "open_positions"), *orders = list_of(t, "open_orders");
    for (size_t i = 0; i < held->count; i++)
        (void)printf("  held       %s %s %s, for %s USD\n", text_of(held->items[i], "symbol"),
                     text_of(held->items[i], "side"), text_of(held->items[i], "qty"),
                     text_of(held->items[i], "basis_usd"));
    for (size_t i = 0; i < orders->count; i++)
        (void)printf("  at work    %s %s %s left of order %s\n", text_of(orders->items[i], "symbol"),
                     text_of(orders->items[i], "side"), text_of(orders->items[i], "left"),
                     text_of(orders->items[i], "id"));
}

static void say_phase(const char *lead, const keel_tree *t) {
    int enters = strcmp(text_of(t, "entries"), "true") == 0;
    (void)printf("%s%s; %s%s\n", lead, text_of(t, "phase"), enters ? "entries may leave" : "no entry leaves: ",
                 enters ? "" : text_of(t, "held_back_by"));
}

static void say_whole(const keel_tree *t) {
    (void)printf("  process    %s, for %" PRId64 " s, strategy %s, run %s\n", text_of(t, "process"),
                 int_of(t, "uptime_ms") / 1000, text_of(t, "strategy"), text_of(t, "run_id"));
    (void)printf("  equity     %s USD, cash %s, not realised %s\n", text_of(t, "equity_usd"), text_of(t, "cash_usd"),
                 text_of(t, "unrealised_usd"));
    const keel_tree *age = keel_tree_find(t, "last_input_age_ms");
    (void)printf("  last input %s of %s", text_of(t, "last_input"), text_of(t, "last_input_time"));
    if (age && age->kind == KEEL_TREE_NUMBER)
        (void)printf(", %.1f s ago\n", (double)int_of(t, "last_input_age_ms") / 1000.0);
    else
        (void)printf(", before this process began\n");
    (void)printf("  journal    record %s, state %s\n", text_of(t, "journal_seq"), text_of(t, "state_hash"));
    if (keel_tree_find(t, "disk_free_pct")) (void)printf("  disk       %s%% free\n", text_of(t, "disk_free_pct"));
}

static void say_one(const keel_control_asked *a, int whole) {
    if (!a->answer) {
        record r;
        if (!is_still(a) || (!whole && a->code != 0)) return;
        (void)printf("%s: %s\n", a->folder, a->note ? a->note : "not running");
        if (!whole || a->state == KEEL_CONTROL_WAITS) return;
        read_record(a->folder, &r);
        record_text(&r);
        record_done(&r);
        return;
    }
    (void)printf("%s: ", a->folder);
    say_phase("", a->answer);
    if (whole) say_whole(a->answer);
    say_holdings(a->answer);
}

int keel_control_tell(keel_cli *cli, const keel_control_asked *list, size_t count, int whole) {
    size_t bad = count;
    if (keel_cli_json(cli)) KEEL_TRY(say_json(cli, list, count, whole));
    for (size_t i = 0; i < count; i++) {
        if (!keel_cli_json(cli)) say_one(&list[i], whole);
        if (bad == count && list[i].code != 0) bad = i;
        if (bad != i && list[i].code != 0) keel_cli_warn(cli, "%s", list[i].err.text);
    }
    return bad == count ? 0 : keel_err_set(keel_cli_err(cli), list[bad].code, "%s", list[bad].err.text);
}

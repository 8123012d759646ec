/* app/cli/control_client.c: see control_client.h. */
#include "app/cli/control_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli/control_call.h"
#include "app/cli/control_text.h"
#include "app/cli/paper_several.h"
#include "base/json_read.h"
#include "port/fs_real.h"

/* FIRST_MS: so long, or half of the time there is, is waited for the process that begins the strategies. It looks every
 * 100 ms; should it hang, they must not hang with it. */
enum { NS_PER_MS = 1000000, TIMEOUT_MS = 10000, FIRST_MS = 2000, AGAIN_MS = 20 };

const keel_cli_opt keel_control_cli_options[] = {
    {"timeout", "10s", "how long its answer is waited for; default 10s", 0}, {0}};

const char *keel_control_state_word(keel_control_state state) {
    static const char *const WORDS[KEEL_CONTROL_STATES] = {"", "waiting", "running", "over"};
    return WORDS[state];
}

/* ---- everybody who is asked -------------------------------------------------------------------------------------- */

typedef struct asking {
    keel_control_ask ask;
    keel_strbuf request, status; /* lines */
    const keel_list *names;      /* of several strategies; none: a run of one */
    keel_control_asked *list;    /* [count], and behind it the whole of several */
    size_t count;
    keel_call *call;           /* [count] */
    keel_call whole;           /* of several: whoever begins them */
    keel_control_asked looked; /* by whom it is asked again who runs */
    keel_call look;            /* zeroed: not now */
    int64_t process;           /* that begins them, by its first answer; 0: none yet */
    int64_t timeout_ms, first_ns, until_ns;
} asking;

static int64_t now_ns(void) { return keel_clock_real()->mono_ns(keel_clock_real()->ctx); }

/* Until something may have come. */
static void wait_a_little(const asking *a) {
    const keel_local *local = keel_local_real();
    int64_t again_ns = now_ns() + AGAIN_MS * NS_PER_MS;
    int conn = a->whole.stage == KEEL_CALL_HEARS ? a->whole.conn : -1;
    for (size_t i = 0; conn < 0 && i < a->count; i++)
        if (a->call[i].stage == KEEL_CALL_HEARS) conn = a->call[i].conn;
    (void)local->wait(local->ctx, conn, conn < 0 ? 0 : KEEL_NET_READ, again_ns < a->until_ns ? again_ns : a->until_ns);
}

/* ---- who runs ---------------------------------------------------------------------------------------------------- */

/* What it held or had at work, nobody closes or calls back. */
static int has_left(const asking *a, const keel_control_asked *asked) {
    return asked->state == KEEL_CONTROL_IS_OVER && asked->has_begun && asked->exit_code != 0 &&
           (a->ask == KEEL_CONTROL_FLAT || a->ask == KEEL_CONTROL_CANCEL);
}

static int leaves(keel_control_asked *asked) {
    return keel_err_set(&asked->err, KEEL_E_NOT_FOUND,
                        "it is over and had not come to its end (exit code %d): %s: what it held or had at work stays "
                        "so: the command it was begun with goes on with it",
                        asked->exit_code, asked->folder);
}

/* Nobody listens in its folder: because it does not run, by whoever begins the strategies. */
static void settle(const asking *a, keel_call *c) {
    keel_control_asked *asked = c->asked;
    int is_told = asked->state == KEEL_CONTROL_WAITS || asked->state == KEEL_CONTROL_IS_OVER;
    int is_open = c->stage == KEEL_CALL_REACHES || (c->stage == KEEL_CALL_OVER && asked->code == KEEL_E_NOT_FOUND);
    if (!is_told || !is_open) return;
    memset(&asked->err, 0, sizeof asked->err);
    keel_call_end(c, has_left(a, asked) ? leaves(asked) : 0);
}

/* An order was told of already, and another look was taken since: it may have begun, which is no news for an order that
 * it begins with; a cancel it begins without. */
static void settle_again(const asking *a, keel_call *c, const keel_control_asked *now) {
    keel_control_asked *asked = c->asked;
    if (has_left(a, now)) {
        asked->state = now->state;
        asked->exit_code = now->exit_code;
        asked->note = NULL;
        keel_call_end(c, leaves(asked));
    } else if (a->ask == KEEL_CONTROL_CANCEL && now->state == KEEL_CONTROL_RUNS) {
        asked->note = NULL;
        keel_call_end(c, keel_err_set(&asked->err, KEEL_E_TIMEOUT, "it began meanwhile: %s: ask again", asked->folder));
    }
}

static int is_gone(keel_control_asked *asked) {
    asked->note = NULL;
    return keel_err_set(&asked->err, KEEL_E_TIMEOUT,
                        "the command that begins the strategies ended or was begun again meanwhile: %s: look with keel "
                        "status, and ask again",
                        asked->folder);
}

/* The process that answered is gone, and what was ordered for those that had not begun with it. Who has come to an end
 * since began with it. */
static void doubt(asking *a) {
    int some = 0;
    for (size_t i = 0; i < a->count; i++) {
        keel_call *c = &a->call[i];
        int is_told = c->stage == KEEL_CALL_OVER && c->asked->code == 0 && !c->asked->answer;
        if (!is_told && c->stage != KEEL_CALL_REACHES) continue;
        if (keel_paper_several_has_ended(a->whole.asked->folder, a->names->items[i])) continue;
        keel_call_end(c, is_gone(c->asked));
        some = 1;
    }
    if (some && a->whole.stage == KEEL_CALL_OVER && a->whole.asked->code == 0)
        a->whole.asked->code = is_gone(a->whole.asked);
}

static const char *note_of(const keel_tree *answer, const keel_control_asked *asked) {
    const char *begins = "";
    if (asked->state == KEEL_CONTROL_IS_OVER && asked->has_begun)
        return asked->exit_code ? "is over, and had not come to its end" : "is over";
    if (asked->state == KEEL_CONTROL_IS_OVER) return "will not begin";
    if (asked->state != KEEL_CONTROL_WAITS) return NULL;
    if (keel_json_read_string(keel_tree_find(answer, "begins_with"), &begins) != 0) begins = "";
    if (strcmp(begins, keel_control_word(KEEL_CONTROL_PAUSE)) == 0) return "has not begun: begins paused";
    if (strcmp(begins, keel_control_word(KEEL_CONTROL_FLAT)) == 0)
        return "has not begun: begins with closing what it holds, and opens nothing";
    return "has not begun";
}

static void take_state(const asking *a, keel_call *c, const keel_tree *answer, const keel_tree *strategy) {
    const char *word = "";
    int64_t exit_code = 0;
    keel_control_asked *asked = c->asked, now = {.has_begun = 1};
    if (keel_json_read_string(keel_tree_find(strategy, "state"), &word) != 0) return;
    for (int state = KEEL_CONTROL_WAITS; state < KEEL_CONTROL_STATES; state++)
        if (strcmp(word, keel_control_state_word((keel_control_state)state)) == 0)
            now.state = (keel_control_state)state;
    if (keel_json_read_bool(keel_tree_find(strategy, "has_begun"), &now.has_begun) != 0) now.has_begun = 1;
    if (keel_json_read_int(keel_tree_find(strategy, "exit_code"), &exit_code) == 0) now.exit_code = (int)exit_code;
    if (a->ask != KEEL_CONTROL_STATUS && c->stage == KEEL_CALL_OVER && asked->code == 0 && !asked->answer) {
        settle_again(a, c, &now);
        return;
    }
    asked->state = now.state;
    asked->has_begun = now.has_begun;
    asked->exit_code = now.exit_code;
    asked->note = note_of(answer, asked);
    c->is_expected = asked->state == KEEL_CONTROL_RUNS;
    if (c->is_expected && c->stage == KEEL_CALL_OVER && asked->code == KEEL_E_NOT_FOUND) c->stage = KEEL_CALL_REACHES;
    settle(a, c);
}

static void take_states(asking *a, const keel_tree *answer) {
    const keel_tree *list = keel_tree_find(answer, "strategies");
    const char *name = "";
    for (size_t k = 0; list && list->kind == KEEL_TREE_LIST && k < list->count; k++) {
        if (keel_json_read_string(keel_tree_find(list->items[k], "name"), &name) != 0) continue;
        for (size_t i = 0; i < a->count; i++)
            if (strcmp(a->names->items[i], name) == 0) take_state(a, &a->call[i], answer, list->items[k]);
    }
}

/* Nobody says any more who runs. */
static void expect_nobody(asking *a) {
    for (size_t i = 0; i < a->count; i++)
        a->call[i].is_expected = a->call[i].is_missing = 0;
}

static void begin_look(asking *a) {
    keel_call_done(&a->look);
    memset(&a->looked, 0, sizeof a->looked);
    memcpy(a->looked.folder, a->whole.asked->folder, sizeof a->looked.folder);
    keel_call_begin(&a->look, &a->status, KEEL_PAPER_SEVERAL_LOCK, &a->looked);
}

static void end_look(asking *a) {
    const keel_tree *answer = a->looked.answer;
    int is_order = a->ask != KEEL_CONTROL_STATUS;
    int64_t process = answer ? keel_call_process(answer) : keel_call_holder(&a->whole);
    int is_another = a->process > 0 && process > 0 && process != a->process;
    if (answer && (a->process == 0 || !is_order)) a->process = process;
    if (is_another && is_order)
        doubt(a);
    else if (answer)
        take_states(a, answer);
    else
        expect_nobody(a);
    keel_tree_free(a->looked.answer);
    a->looked.answer = NULL;
    keel_call_done(&a->look);
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

/* It has the run, and does not listen, as in the moment in which it begins or ends; some cannot for good. It is no
 * longer waited for where nobody needs it. */
static void pass_over(asking *a) {
    int idle = 1;
    for (size_t i = 0; a->ask != KEEL_CONTROL_STATUS && i < a->count; i++)
        idle &= a->list[i].answer != NULL;
    if (idle && a->whole.stage == KEEL_CALL_REACHES && now_ns() >= a->first_ns)
        keel_call_end(&a->whole, KEEL_E_NOT_FOUND);
}

/* An order is refused by whoever begins the strategies: who runs is heard all the same. */
static void go_on_whole(asking *a) {
    keel_call *w = &a->whole;
    if (!w->local || w->stage == KEEL_CALL_OVER) return;
    keel_call_go_on(w);
    if (w->stage != KEEL_CALL_OVER) {
        pass_over(a);
        return;
    }
    a->process = keel_call_process(w->asked->answer);
    if (w->asked->answer)
        take_states(a, w->asked->answer);
    else if (w->line.size > 0)
        begin_look(a);
}

/* 1: somebody is still asked. */
static int go_on(asking *a) {
    int missing = 0;
    go_on_whole(a);
    int open = a->whole.local && a->whole.stage != KEEL_CALL_OVER;
    if (a->look.local) {
        keel_call_go_on(&a->look);
        if (a->look.stage == KEEL_CALL_OVER) end_look(a);
    }
    for (size_t i = 0; i < a->count; i++) {
        keel_call *c = &a->call[i];
        settle(a, c);
        if (c->stage != KEEL_CALL_OVER) keel_call_go_on(c);
        settle(a, c);
        open |= c->stage != KEEL_CALL_OVER;
        missing |= c->is_missing;
    }
    if (missing && !a->look.local) begin_look(a);
    return open || a->look.local;
}

static void ask_everybody(asking *a) {
    int64_t half_ms = a->timeout_ms / 2;
    a->first_ns = now_ns() + (half_ms < FIRST_MS ? half_ms : FIRST_MS) * NS_PER_MS;
    while (a->whole.local && a->whole.stage != KEEL_CALL_OVER && now_ns() < a->first_ns) {
        go_on_whole(a);
        if (a->whole.stage != KEEL_CALL_OVER) wait_a_little(a);
    }
    while (go_on(a) && now_ns() < a->until_ns)
        wait_a_little(a);
    if (a->whole.local) keel_call_give_up(&a->whole, a->timeout_ms);
    for (size_t i = 0; i < a->count; i++)
        keel_call_give_up(&a->call[i], a->timeout_ms);
}

/* Those who were only told of: by one that is still there, or that nobody has followed yet. */
static void look_again(asking *a) {
    int64_t until_ns = now_ns() + FIRST_MS * NS_PER_MS;
    int told = 0;
    if (until_ns > a->until_ns) until_ns = a->until_ns;
    for (size_t i = 0; i < a->count; i++)
        told |= a->list[i].code == 0 && !a->list[i].answer;
    if (!told || a->process == 0) return;
    int64_t process = a->process;
    begin_look(a);
    while (a->look.stage != KEEL_CALL_OVER && now_ns() < until_ns) {
        keel_call_go_on(&a->look);
        if (a->look.stage != KEEL_CALL_OVER) wait_a_little(a);
    }
    int is_answered = a->looked.answer != NULL;
    end_look(a);
    if (!is_answered && keel_call_holder(&a->whole) != process) doubt(a);
}

/* All of them together have the time of one. The whole ends with its strategies, where none was missed. */
static void await_ends(asking *a) {
    int64_t until_ns = now_ns() + a->timeout_ms * NS_PER_MS;
    int good = 1;
    for (size_t i = 0; i < a->count; i++) {
        keel_call *c = &a->call[i];
        if (c->asked->code == 0 && c->asked->answer)
            c->asked->code = keel_call_await_end(c, until_ns, a->timeout_ms);
        good &= c->asked->code == 0;
    }
    if (!good || !a->whole.local || !a->whole.asked->answer) return;
    a->whole.asked->code = keel_call_await_holder(&a->whole, until_ns, a->timeout_ms);
    if (a->whole.asked->code == 0 && keel_call_holder(&a->whole) > 0) doubt(a);
}

/* An order that nobody heard who could obey it. */
static void refuse_idle(asking *a) {
    int heard = 0;
    for (size_t i = 0; i < a->count; i++) {
        const keel_control_asked *one = &a->list[i];
        heard |= one->code != 0 || one->answer || one->state != KEEL_CONTROL_IS_OVER;
        heard |= a->ask == KEEL_CONTROL_KILL && !one->has_begun; /* it never will */
    }
    for (size_t i = 0; !heard && i < a->count; i++)
        a->list[i].code = keel_err_set(&a->list[i].err, KEEL_E_NOT_FOUND, "it is over: %s: nobody is left to obey",
                                       a->list[i].folder);
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

/* 0: a paper run was begun in this folder. */
static int check_run(keel_cli *cli, const char *folder) {
    char path[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    KEEL_TRY(keel_fs_path(folder, "journal", path, keel_cli_err(cli)));
    if (keel_fs_real()->stat(keel_fs_real()->ctx, path, &st) == 0) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_NOT_FOUND, "no run: %s: name the folder of a run of keel trade paper",
                        folder);
}

static int prepare(asking *a, keel_cli *cli, const char *folder) {
    size_t several = a->names->count, size = sizeof a->list->folder;
    a->count = several ? several : 1;
    a->list = calloc(a->count + 1, sizeof *a->list);
    a->call = calloc(a->count, sizeof *a->call);
    if (!a->list || !a->call)
        return keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: control: close other programs");
    for (size_t i = 0; i < a->count; i++) {
        int n = snprintf(a->list[i].folder, size, "%s%s%s", folder, several ? "/" KEEL_PAPER_SEVERAL_FOLDER "/" : "",
                         several ? a->names->items[i] : "");
        if (n < 0 || n >= (int)size)
            return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "path is too long: %.80s: choose another", folder);
        keel_call_begin(&a->call[i], &a->request, KEEL_CALL_RUN_LOCK, &a->list[i]);
    }
    if (!several) return 0;
    (void)snprintf(a->list[a->count].folder, size, "%s", folder);
    keel_call_begin(&a->whole, &a->request, KEEL_PAPER_SEVERAL_LOCK, &a->list[a->count]);
    return 0;
}

static int write_requests(asking *a, keel_cli *cli, const keel_control_request *r) {
    static const keel_control_request STATUS = {.ask = KEEL_CONTROL_STATUS};
    keel_strbuf_init(&a->request, KEEL_CONTROL_LINE_MAX);
    keel_strbuf_init(&a->status, KEEL_CONTROL_LINE_MAX);
    keel_control_request_write(r, &a->request);
    keel_control_request_write(&STATUS, &a->status);
    if (!a->request.failed && !a->status.failed) return 0;
    return keel_err_set(keel_cli_err(cli), KEEL_E_RANGE, "the reason is too long: control: shorten it");
}

static void let_go(asking *a) {
    for (size_t i = 0; a->call && i < a->count; i++)
        keel_call_done(&a->call[i]);
    free(a->call);
    keel_call_done(&a->whole);
    keel_call_done(&a->look);
    keel_tree_free(a->looked.answer);
    keel_strbuf_done(&a->request);
    keel_strbuf_done(&a->status);
}

/* Whoever begins the strategies is told of where it was reached, and did not do what was asked. */
static size_t told(const asking *a) {
    const keel_call *w = &a->whole;
    int failed = w->local && w->asked->code != 0 && (w->line.size > 0 || w->asked->code == KEEL_E_TIMEOUT);
    return a->count + (failed ? 1 : 0);
}

int keel_control_ask_all(keel_cli *cli, const char *folder, const keel_control_request *r, keel_control_asked **ret,
                         size_t *ret_count) {
    keel_list names = {0};
    asking a = {.ask = r->ask, .names = &names, .timeout_ms = TIMEOUT_MS};
    KEEL_TRY(keel_cli_option_duration(cli, "timeout", &a.timeout_ms));
    int rc = keel_paper_several_names(folder, &names, keel_cli_err(cli));
    if (rc == 0 && names.count == 0) rc = check_run(cli, folder);
    if (rc == 0) rc = write_requests(&a, cli, r);
    if (rc == 0) rc = prepare(&a, cli, folder);
    if (rc == 0) {
        a.until_ns = now_ns() + a.timeout_ms * NS_PER_MS;
        ask_everybody(&a);
        if (a.ask == KEEL_CONTROL_KILL)
            await_ends(&a);
        else if (a.ask != KEEL_CONTROL_STATUS)
            look_again(&a);
        if (a.ask != KEEL_CONTROL_STATUS) refuse_idle(&a);
        *ret_count = told(&a);
        keel_tree_free(a.list[a.count].answer); /* of the whole only its failing is told */
        a.list[a.count].answer = NULL;
        *ret = a.list;
        a.list = NULL;
    }
    let_go(&a);
    free(a.list);
    keel_list_done(&names);
    return rc;
}

void keel_control_all_done(keel_control_asked *list, size_t count) {
    for (size_t i = 0; list && i < count; i++)
        keel_tree_free(list[i].answer);
    free(list);
}

/* ---- verbs that order -------------------------------------------------------------------------------------------- */

int keel_control_order(keel_cli *cli, keel_control_ask ask) {
    keel_control_request r = {.ask = ask};
    const char *reason = keel_cli_option(cli, "reason");
    keel_control_asked *list = NULL;
    size_t count = 0;
    if (reason && strlen(reason) >= sizeof r.reason)
        return keel_cli_refuse_option(cli, "reason", "is too long: at most 1023 bytes");
    (void)snprintf(r.reason, sizeof r.reason, "%s", reason ? reason : "");
    int rc = keel_control_ask_all(cli, keel_cli_positional(cli, 0), &r, &list, &count);
    if (rc == 0) rc = keel_control_tell(cli, list, count, 0);
    keel_control_all_done(list, count);
    return rc;
}

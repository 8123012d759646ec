/* app/cli/paper_group_control.c: see paper_group_control.h. */
#include "app/cli/paper_group_control.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/control_client.h"
#include "app/cli/paper_control.h"
#include "ops/forensic/redact.h"

enum { NS_PER_MS = 1000000 };

static int64_t now_ns(const keel_paper_group_control *c) { return c->run.clock->mono_ns(c->run.clock->ctx); }

/* ---- how it stands ----------------------------------------------------------------------------------------------- */

static const char *state_of(const keel_paper_member *m) {
    if (m->is_over) return keel_control_state_word(KEEL_CONTROL_IS_OVER);
    return keel_control_state_word(m->has_begun ? KEEL_CONTROL_RUNS : KEEL_CONTROL_WAITS);
}

/* What whoever has not begun begins with. */
static const char *order_of(const keel_paper_group_control *c) {
    if (c->asked.flat.is_given) return keel_control_word(KEEL_CONTROL_FLAT);
    return c->asked.pause.is_given ? keel_control_word(KEEL_CONTROL_PAUSE) : NULL;
}

static void put_run(const void *control, keel_json *j) {
    const keel_paper_group_control *c = control;
    keel_json_kstring(j, "run_id", c->run.run_id);
    keel_json_kstring(j, "mode", "paper");
    keel_json_kint(j, "process", c->run.fs->owner(c->run.fs->ctx));
    keel_json_kint(j, "uptime_ms", (now_ns(c) - c->begun_ns) / NS_PER_MS);
    keel_json_kstring(j, "begins_with", order_of(c));
    keel_json_key(j, "strategies");
    keel_json_array(j);
    for (int32_t i = 0; i < c->run.count; i++) {
        const keel_paper_member *m = &c->run.member[i];
        keel_json_object(j);
        keel_json_kstring(j, "name", m->name);
        keel_json_kstring(j, "state", state_of(m));
        keel_json_kbool(j, "has_begun", m->has_begun);
        if (m->is_over) keel_json_kint(j, "exit_code", keel_err_exit_code(m->code));
        keel_json_close(j);
    }
    keel_json_close(j);
}

/* ---- orders ------------------------------------------------------------------------------------------------------ */

static int count_waiting(const keel_paper_group_control *c) {
    int n = 0;
    for (int32_t i = 0; i < c->run.count; i++)
        n += !c->run.member[i].has_begun && !c->run.member[i].is_over;
    return n;
}

static void give(keel_paper_asked *to, const keel_control_request *r, const keel_local_peer *who) {
    if (to->is_given) return;
    to->is_given = 1;
    (void)keel_paper_control_actor(who, to->actor);
    (void)snprintf(to->reason, sizeof to->reason, "%s", r->reason[0] ? r->reason : KEEL_AUDIT_NO_REASON);
}

/* Nobody begins behind it, whether or not that can be written down: what is not begun trades nothing. */
static int kill_waiting(keel_paper_group_control *c, const keel_control_request *r, const keel_local_peer *who,
                        keel_err *err) {
    char text[KEEL_PAPER_GROUP_TEXT];
    int waited = count_waiting(c);
    keel_err why = {0};
    give(&c->kill, r, who);
    (void)snprintf(text, sizeof text, "not started: killed by %.90s: %.800s", c->kill.actor, c->kill.reason);
    for (int32_t i = 0; i < c->run.count; i++) {
        keel_paper_member *m = &c->run.member[i];
        if (m->has_begun || m->is_over) continue;
        (void)keel_redact_line(text, strlen(text), m->text, sizeof m->text);
        m->code = KEEL_E_INTERRUPTED;
        m->is_over = 1;
        (void)fprintf(stderr, "%s: %s\n", m->name, m->text);
    }
    if (waited == 0) return 0;
    int rc = c->run.record(c->run.data, &why);
    return rc ? keel_err_set(err, rc, "no strategy begins any more, and it is not on record: %s", why.text) : 0;
}

static int obey(keel_paper_group_control *c, const keel_control_request *r, const keel_local_peer *who, keel_err *err) {
    switch (r->ask) {
        case KEEL_CONTROL_PAUSE:
            if (count_waiting(c) > 0) give(&c->asked.pause, r, who);
            return 0;
        case KEEL_CONTROL_FLAT:
            if (count_waiting(c) > 0) give(&c->asked.flat, r, who);
            return 0;
        case KEEL_CONTROL_RESUME: memset(&c->asked, 0, sizeof c->asked); return 0;
        case KEEL_CONTROL_KILL: return kill_waiting(c, r, who, err);
        case KEEL_CONTROL_STATUS:
        case KEEL_CONTROL_CANCEL: return 0; /* what an earlier start left at work is asked back once it runs */
    }
    return 0;
}

static void serve(void *data, const keel_control_request *r, const keel_local_peer *who, keel_strbuf *ret_line) {
    keel_paper_group_control *c = data;
    keel_err err = {0};
    int rc = obey(c, r, who, &err);
    if (rc == 0)
        keel_control_answer(r->ask, put_run, c, ret_line);
    else
        keel_control_refusal(rc, err.text, ret_line);
}

/* ---- contract ---------------------------------------------------------------------------------------------------- */

int keel_paper_group_control_open(keel_paper_group_control *c, const keel_paper_group_control_run *run,
                                  keel_err *reterr) {
    memset(c, 0, sizeof *c);
    c->run = *run;
    c->begun_ns = now_ns(c);
    keel_control_options o = {
        .local = run->local, .clock = run->clock, .fs = run->fs, .dir = run->folder, .serve = serve, .data = c};
    return keel_control_open(&o, &c->desk, reterr);
}

int keel_paper_group_control_look(void *control) {
    keel_paper_group_control *c = control;
    if (c->desk) keel_control_look(c->desk);
    return c->kill.is_given;
}

void keel_paper_group_control_leave(keel_paper_group_control *c) { keel_control_leave(c->desk); }

void keel_paper_group_control_close(keel_paper_group_control *c) {
    keel_control_close(c->desk);
    c->desk = NULL;
}

void keel_paper_group_control_forget(keel_paper_group_control *c) {
    keel_control_forget(c->desk);
    c->desk = NULL;
}

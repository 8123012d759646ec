/* ops/control/request.c: see request.h. */
#include "ops/control/request.h"

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"

static const char *const WORDS[] = {
#define WORD(name, word) word,
    KEEL_CONTROL_ASKS(WORD)
#undef WORD
};
enum { ASKS = sizeof WORDS / sizeof *WORDS };

const char *keel_control_word(keel_control_ask ask) { return (unsigned)ask < ASKS ? WORDS[ask] : "unknown"; }

/* Schema and version of either side's line. */
static int check_schema(const keel_tree *t, keel_err *err) {
    const char *schema = "";
    int64_t version = 0;
    if (keel_json_read_string(keel_tree_find(t, "schema"), &schema) != 0 || strcmp(schema, KEEL_CONTROL_SCHEMA) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "not a line of " KEEL_CONTROL_SCHEMA ": control: see its format");
    if (keel_json_read_int(keel_tree_find(t, "schema_version"), &version) != 0 || version != KEEL_CONTROL_VERSION)
        return keel_err_set(err, KEEL_E_VERSION,
                            "another version of " KEEL_CONTROL_SCHEMA ": this one has %d: use the keel that runs there",
                            (int)KEEL_CONTROL_VERSION);
    return 0;
}

/* Nothing that this side does not understand is passed over: it may have been what was meant. */
static int check_members(const keel_tree *t, keel_err *err) {
    static const char *const KNOWN[] = {"schema", "schema_version", "ask", "reason"};
    for (size_t i = 0; i < t->count; i++) {
        size_t k = 0;
        while (k < sizeof KNOWN / sizeof *KNOWN && strcmp(t->items[i]->key, KNOWN[k]) != 0)
            k++;
        if (k == sizeof KNOWN / sizeof *KNOWN)
            return keel_err_set(err, KEEL_E_PARSE, "unknown member: %.40s: control: leave it out", t->items[i]->key);
    }
    return 0;
}

static int read_tree(const keel_tree *t, keel_control_request *ret, keel_err *err) {
    const char *word = "", *reason = "";
    const keel_tree *why = keel_tree_find(t, "reason");
    int at = 0;
    KEEL_TRY(check_schema(t, err));
    KEEL_TRY(check_members(t, err));
    if (keel_json_read_string(keel_tree_find(t, "ask"), &word) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "nothing is asked: control: add ask");
    while (at < ASKS && strcmp(word, WORDS[at]) != 0)
        at++;
    if (at == ASKS)
        return keel_err_set(err, KEEL_E_UNKNOWN_KEY, "no such request: %.40s: control: see its format", word);
    if (why && keel_json_read_string(why, &reason) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "reason is no text: control: put it in quotes");
    if (strlen(reason) >= sizeof ret->reason)
        return keel_err_set(err, KEEL_E_PARSE, "reason is too long: control: at most %d bytes",
                            KEEL_CONTROL_REASON_MAX - 1);
    ret->ask = (keel_control_ask)at;
    (void)snprintf(ret->reason, sizeof ret->reason, "%s", reason);
    return 0;
}

int keel_control_request_read(const char *line, size_t size, keel_control_request *ret, keel_err *reterr) {
    keel_tree *t = NULL;
    KEEL_TRY(keel_json_parse(line, size, "control", &t, reterr));
    int rc = t->kind == KEEL_TREE_MAP ? read_tree(t, ret, reterr)
                                      : keel_err_set(reterr, KEEL_E_PARSE, "no object: control: see its format");
    keel_tree_free(t);
    return rc;
}

static void begin_line(keel_json *j) {
    keel_json_object(j);
    keel_json_kstring(j, "schema", KEEL_CONTROL_SCHEMA);
    keel_json_kint(j, "schema_version", KEEL_CONTROL_VERSION);
}

static void end_line(keel_json *j, keel_strbuf *out) {
    keel_json_close(j);
    size_t size = 0;
    const char *text = keel_json_text(j, &size);
    keel_strbuf_add_bytes(out, text, size);
    keel_strbuf_add_char(out, '\n');
    keel_json_free(j);
}

void keel_control_request_write(const keel_control_request *r, keel_strbuf *out) {
    keel_json *j = keel_json_new(0);
    if (!j) {
        out->failed = 1;
        return;
    }
    begin_line(j);
    keel_json_kstring(j, "ask", keel_control_word(r->ask));
    if (r->reason[0]) keel_json_kstring(j, "reason", r->reason);
    end_line(j, out);
}

void keel_control_answer(keel_control_ask ask, void (*put)(const void *data, keel_json *j), const void *data,
                         keel_strbuf *out) {
    keel_json *j = keel_json_new(0);
    if (!j) return;
    begin_line(j);
    keel_json_kbool(j, "ok", 1);
    keel_json_kstring(j, "ask", keel_control_word(ask));
    put(data, j);
    end_line(j, out);
}

void keel_control_refusal(int code, const char *why, keel_strbuf *out) {
    keel_json *j = keel_json_new(0);
    if (!j) {
        out->failed = 1;
        return;
    }
    begin_line(j);
    keel_json_kbool(j, "ok", 0);
    keel_json_kint(j, "code", keel_err_exit_code(code));
    keel_json_kstring(j, "error", why);
    end_line(j, out);
}

/* The code that a program ends with, as one of ours. */
static int code_of(int64_t exit_code) {
    switch (exit_code) {
        case 2: return KEEL_E_USAGE;
        case 3: return KEEL_E_GATE;
        case 4: return KEEL_E_NOT_FOUND;
        case 5: return KEEL_E_TIMEOUT;
        case 6: return KEEL_E_PARITY;
        default: return KEEL_E_ERROR;
    }
}

static int judge(const keel_tree *t, keel_err *err) {
    const char *why = "";
    int64_t code = 1;
    int ok = 0;
    KEEL_TRY(check_schema(t, err));
    if (keel_json_read_bool(keel_tree_find(t, "ok"), &ok) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "no answer of a running keel: control: is it one that listens there?");
    if (ok) return 0;
    if (keel_json_read_string(keel_tree_find(t, "error"), &why) != 0 ||
        keel_json_read_int(keel_tree_find(t, "code"), &code) != 0)
        return keel_err_set(err, KEEL_E_PARSE, "a refusal that does not say why: control: is it a keel that listens?");
    return keel_err_set(err, code_of(code), "%s", why);
}

int keel_control_answer_judge(const char *line, size_t size, keel_err *reterr) {
    keel_tree *t = NULL;
    KEEL_TRY(keel_json_parse(line, size, "control", &t, reterr));
    int rc = judge(t, reterr);
    keel_tree_free(t);
    return rc;
}

/* app/cli/journal_common.c: see journal_common.h. */
#include "app/cli/journal_common.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "base/timerange.h"
#include "engine/engine.h"
#include "port/entropy.h"
#include "port/fs_real.h"

const keel_cli_opt keel_journal_cli_options[] = {
    {"name", "NAME", "which journal, when the folder holds several", 0},
    {"key-file", "FILE", "encryption key: 64 hex digits; without it blocks are judged as wholes", 0},
    {"public-key", "HEX", "only this key may have signed; default: the one the journal names", 0},
    {0}};

int keel_journal_cli_where(keel_cli *cli, keel_journal_cli *ret) {
    const char *key = keel_cli_option(cli, "key-file"), *signer = keel_cli_option(cli, "public-key");
    memset(ret, 0, sizeof *ret);
    ret->where =
        (keel_journal_where){keel_fs_real(), keel_cli_positional(cli, 0), keel_cli_option(cli, "name"), NULL, NULL};
    if (key) {
        KEEL_TRY(keel_key_load(ret->where.fs, key, ret->key, keel_cli_err(cli)));
        ret->where.key = ret->key;
    }
    if (signer) {
        if (!keel_unhex(signer, ret->signer, sizeof ret->signer))
            return keel_cli_refuse_option(cli, "public-key", "is not 64 hex digits");
        ret->where.signer = ret->signer;
    }
    return 0;
}

int keel_journal_cli_key(keel_cli *cli, const char *option, uint8_t ret[KEEL_KEY_SIZE], int *ret_has) {
    const char *path = keel_cli_option(cli, option);
    keel_err *err = keel_cli_err(cli);
    if (!path) return 0;
    *ret_has = 1;
    int rc = keel_key_load(keel_fs_real(), path, ret, err);
    return rc == KEEL_E_NOT_FOUND ? keel_key_make(keel_fs_real(), keel_entropy_real(), path, ret, err) : rc;
}

int keel_journal_cli_unreadable(keel_cli *cli, int code) {
    if (code < 0) keel_cli_err(cli)->code = KEEL_E_USAGE;
    return code < 0 ? KEEL_E_USAGE : code;
}

static void copy_text(const keel_tree *t, const char *key, char *ret, size_t cap) {
    const char *text = NULL;
    if (keel_json_read_string(keel_tree_find(t, key), &text) == 0 && strlen(text) < cap)
        (void)snprintf(ret, cap, "%s", text);
}

void keel_journal_cli_run_of(const keel_journal_where *where, keel_journal_cli_run *ret) {
    char *text = NULL;
    size_t size = 0;
    keel_err ignored = {0};
    keel_tree *tree = NULL;
    memset(ret, 0, sizeof *ret);
    if (keel_engine_start_of(where, &text, &size, &ignored) != 0) return;
    const char *schema = NULL;
    if (keel_json_parse(text, size, where->dir, &tree, &ignored) == 0 &&
        keel_json_read_string(keel_tree_find(tree, "schema"), &schema) == 0 &&
        strcmp(schema, "keel.engine_start") == 0) {
        copy_text(tree, "run_id", ret->run_id, sizeof ret->run_id);
        copy_text(tree, "strategy", ret->strategy, sizeof ret->strategy);
    }
    keel_tree_free(tree);
    free(text);
}

void keel_journal_cli_run_json(const keel_journal_cli_run *run, keel_json *j) {
    keel_json_kstring(j, "run_id", run->run_id[0] ? run->run_id : NULL);
    keel_json_kstring(j, "strategy", run->strategy[0] ? run->strategy : NULL);
}

static int zero(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i]) return 0;
    return 1;
}

static void hex_json(keel_json *j, const char *key, const uint8_t *bytes, size_t size) {
    char text[2 * KEEL_DIGEST_SIZE + 1];
    keel_hex(bytes, size, text);
    keel_json_kstring(j, key, zero(bytes, size) ? NULL : text);
}

static void time_json(keel_json *j, const char *key, int there, int64_t ts_ms) {
    char text[KEEL_TIME_TEXT_MAX];
    keel_json_kstring(j, key, there ? keel_time_format(ts_ms, text) : NULL);
}

void keel_journal_cli_report_json(const keel_journal_report *r, keel_json *j) {
    keel_json_kstring(j, "verdict", keel_journal_verdict_word(r->verdict));
    keel_json_kstring(j, "meaning", keel_journal_verdict_sentence(r->verdict));
    keel_json_kint(j, "records", (int64_t)r->records);
    keel_json_key(j, "first_bad_offset");
    if (r->bad_offset < 0)
        keel_json_null(j);
    else
        keel_json_int(j, r->bad_offset);
    keel_json_kstring(j, "first_bad_file", r->bad_file[0] ? r->bad_file : NULL);
    keel_json_kstring(j, "why", r->why[0] ? r->why : NULL);
    keel_json_kint(j, "bytes_behind", (int64_t)r->behind_bytes);
    keel_json_kstring(j, "name", r->name);
    hex_json(j, "journal_id", r->id, sizeof r->id);
    hex_json(j, "public_key", r->public_key, sizeof r->public_key);
    hex_json(j, "config_id", r->config_id, sizeof r->config_id);
    keel_json_kbool(j, "encrypted", (r->flags & KEEL_JOURNAL_SEGMENT_ENCRYPTED) != 0);
    keel_json_kbool(j, "signed", (r->flags & KEEL_JOURNAL_SEGMENT_SIGNED) != 0);
    keel_json_kint(j, "segments", (int64_t)r->segments);
    keel_json_kint(j, "bytes", (int64_t)r->bytes);
    keel_json_kint(j, "checkpoints", (int64_t)r->checkpoints);
    keel_json_kint(j, "bytes_after_checkpoint", (int64_t)r->unsigned_bytes);
    keel_json_kint(j, "first_seq", (int64_t)r->first_seq);
    keel_json_kint(j, "last_seq", (int64_t)r->last_seq);
    time_json(j, "first_time", r->records && r->first_ts_ms, r->first_ts_ms);
    time_json(j, "last_time", r->records && r->last_ts_ms, r->last_ts_ms);
    keel_json_kbool(j, "shut_down", r->shut_down);
}

void keel_journal_cli_report_text(const keel_journal_report *r, const char *dir) {
    (void)printf("%s: %s\n", keel_journal_verdict_word(r->verdict), keel_journal_verdict_sentence(r->verdict));
    (void)printf("  journal   %s in %s, %s, %s\n", r->name[0] ? r->name : "(none)", dir,
                 r->flags & KEEL_JOURNAL_SEGMENT_SIGNED ? "signed" : "not signed",
                 r->flags & KEEL_JOURNAL_SEGMENT_ENCRYPTED ? "encrypted" : "in the clear");
    (void)printf("  records   %" PRIu64, r->records);
    if (r->records) (void)printf(", %" PRIu64 " to %" PRIu64, r->first_seq, r->last_seq);
    (void)printf("\n  segments  %" PRIu64 ", %" PRIu64 " bytes, %" PRIu64 " checkpoints, %" PRIu64
                 " bytes behind the last\n",
                 r->segments, r->bytes, r->checkpoints, r->unsigned_bytes);
    (void)printf("  end       %s\n",
                 r->shut_down ? "the writer ended in order" : "open: a writer is at work, or was stopped");
    if (r->bad_offset >= 0)
        (void)printf("  damage    %s, byte %" PRId64 ": %s; %" PRIu64 " bytes from there on\n", r->bad_file,
                     r->bad_offset, r->why, r->behind_bytes);
}

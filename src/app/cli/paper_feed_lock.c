/* app/cli/paper_feed_lock.c: see paper_feed_lock.h. The file: one line per part of the feed, and "whole" behind them
 * once its store is. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "app/cli/paper_feed_lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "port/fs_real.h"

enum { PIECE = 1 << 16, SAID_MAX = 1 << 20 };

static const char WHOLE[] = "whole\n";
static const char *const SHAPING[] = {"venue", "symbols", "timeframe", "detail", "timerange"};

static int add_file(const char *path, keel_strbuf *said, keel_err *err) {
    const keel_fs *fs = keel_fs_real();
    char text[KEEL_SHA256_TEXT_MAX];
    int64_t at = 0, n;
    char *real = realpath(path, NULL); /* a link names a file like any other here */
    int file = real ? fs->open(fs->ctx, real, 0) : -errno;
    free(real);
    if (file < 0) return keel_fs_fail(file, "cannot open", path, err);
    uint8_t *bytes = malloc(PIECE);
    keel_sha256 *hash = keel_sha256_new();
    if (!bytes) n = -ENOMEM;
    while (bytes && (n = keel_fs_read_at(fs, file, bytes, PIECE, at)) > 0) {
        keel_sha256_add(hash, bytes, (size_t)n);
        at += n;
    }
    keel_sha256_finish_text(hash, text);
    keel_sha256_free(hash);
    free(bytes);
    fs->close(fs->ctx, file);
    if (n < 0) return keel_fs_fail((int)n, "cannot read", path, err);
    keel_strbuf_addf(said, "file %s\n", text);
    return 0;
}

int keel_paper_feed_describe(keel_cli *cli, keel_strbuf *said) {
    const char *feed = keel_cli_option(cli, "feed");
    keel_list files;
    int rc = 0, is_seed = strncmp(feed, "synth:", 6) == 0;
    keel_strbuf_init(said, SAID_MAX);
    if (is_seed) {
        keel_strbuf_addf(said, "seed %s\n", feed + 6);
    } else {
        KEEL_TRY(keel_cli_option_list(cli, "feed", &files));
        for (size_t i = 0; i < files.count && rc == 0; i++)
            rc = add_file(files.items[i], said, keel_cli_err(cli));
        keel_list_done(&files);
    }
    for (size_t i = 0; i < (is_seed ? sizeof SHAPING / sizeof *SHAPING : 1); i++) {
        const char *value = keel_cli_option(cli, SHAPING[i]);
        keel_strbuf_addf(said, "%s %s\n", SHAPING[i], value ? value : "");
    }
    if (rc == 0 && said->failed)
        rc = keel_err_set(keel_cli_err(cli), KEEL_E_NOMEM, "out of memory: feed: give fewer files");
    return rc;
}

/* Byte for byte: what a journal holds of the market is compared with nothing but the feed that it came from. */
static int another_feed(const char *run_folder, int is_of_files, keel_err *err) {
    char journal[KEEL_FS_PATH_MAX];
    keel_fs_stat st;
    const keel_fs *fs = keel_fs_real();
    KEEL_TRY(keel_fs_path(run_folder, "journal", journal, err));
    int has_begun = fs->stat(fs->ctx, journal, &st) == 0;
    KEEL_TRY(keel_fs_path(run_folder, "strategies", journal, err));
    has_begun = has_begun || fs->stat(fs->ctx, journal, &st) == 0;
    if (!has_begun)
        return keel_err_set(
            err, KEEL_E_USAGE,
            "the folder holds another feed than --feed names: %s: nothing was run in it yet: remove the "
            "folder, then the same command begins with this feed",
            run_folder);
    return keel_err_set(err, KEEL_E_USAGE,
                        "the folder holds another feed than --feed names: %s: give the %s that it was begun with, or "
                        "begin with %s in another folder (--run DIR)",
                        run_folder, is_of_files ? "files" : "files and flags",
                        is_of_files ? "corrected ones" : "others");
}

/* Held against what is there; nothing there, or the beginning of ours, which a crash left: written. No text is the
 * beginning of another, for each ends with the same words' line. */
static int settle(keel_paper_feed_lock *l, const char *run_folder, keel_err *err) {
    const keel_fs *fs = keel_fs_real();
    size_t ours = l->said.size, there = 0;
    char *text = calloc(1, SAID_MAX);
    if (!text) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: feed: close other programs");
    int64_t n = keel_fs_read_at(fs, l->file, text, SAID_MAX - 1, 0);
    int rc = n < 0 ? keel_fs_fail((int)n, "cannot read", l->path, err) : 0;
    if (rc == 0) there = (size_t)n;
    int is_begun = there < ours && memcmp(text, l->said.text, there) == 0;
    if (rc == 0 && is_begun) {
        rc = keel_fs_write_at(fs, l->file, l->said.text, ours, 0);
        if (rc == 0) rc = fs->sync(fs->ctx, l->file);
        if (rc != 0) rc = keel_fs_fail(rc, "cannot write", l->path, err);
    } else if (rc == 0) {
        int same = there >= ours && memcmp(text, l->said.text, ours) == 0;
        l->is_whole = same && strcmp(text + ours, WHOLE) == 0;
        if (!same || (!l->is_whole && strncmp(text + ours, WHOLE, there - ours) != 0))
            rc = another_feed(run_folder, strncmp(text, "file ", 5) == 0, err);
    }
    free(text);
    return rc;
}

int keel_paper_feed_take(const char *run_folder, keel_paper_feed_lock *l, keel_err *err) {
    const keel_fs *fs = keel_fs_real();
    l->file = -1;
    l->is_whole = 0;
    KEEL_TRY(keel_fs_path(run_folder, "feed.source", l->path, err));
    l->file = fs->open(fs->ctx, l->path, KEEL_FS_WRITE | KEEL_FS_CREATE);
    if (l->file < 0) return keel_fs_fail(l->file, "cannot open", l->path, err);
    int rc = fs->lock(fs->ctx, l->file);
    if (rc == -EWOULDBLOCK)
        return keel_err_set(err, KEEL_E_GATE, "another process uses the feed of this run: %s: end it first",
                            run_folder);
    if (rc != 0) return keel_fs_fail(rc, "cannot lock", l->path, err);
    return settle(l, run_folder, err);
}

int keel_paper_feed_whole(keel_paper_feed_lock *l, keel_err *err) {
    const keel_fs *fs = keel_fs_real();
    if (l->is_whole) return 0;
    int rc = keel_fs_write_at(fs, l->file, WHOLE, sizeof WHOLE - 1, (int64_t)l->said.size);
    if (rc == 0) rc = fs->sync(fs->ctx, l->file);
    if (rc != 0) return keel_fs_fail(rc, "cannot write", l->path, err);
    l->is_whole = 1;
    return 0;
}

void keel_paper_feed_forget(keel_paper_feed_lock *l) {
    const keel_fs *fs = keel_fs_real();
    if (!l->is_whole) (void)fs->truncate(fs->ctx, l->file, 0);
}

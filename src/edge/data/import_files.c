/* edge/data/import_files.c: which files a word of the command line means. See import.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "edge/data/freqtrade.h"
#include "edge/data/import.h"

typedef struct found {
    keel_list *files;
    int64_t skipped, arrow;
} found;

static int no_memory(const char *path, keel_err *err) {
    return keel_err_set(err, KEEL_E_NOMEM, "out of memory listing %s", path);
}

static int add(keel_list *list, const char *path, keel_err *err) {
    char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items) return no_memory(path, err);
    list->items = items;
    items[list->count] = strdup(path);
    if (!items[list->count]) return no_memory(path, err);
    list->count++;
    return 0;
}

static int ends_with(const char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

/* By the name alone, so that a folder of many large files is listed at once. */
static int is_wanted(const char *path) {
    keel_freqtrade_name name;
    if (ends_with(path, ".csv") || ends_with(path, ".csv.gz") || ends_with(path, ".csv.zst")) return 1;
    if (!ends_with(path, ".json") && !ends_with(path, ".json.gz")) return 0;
    return keel_freqtrade_name_read(path, &name) && keel_freqtrade_name_check(path, &name, NULL) == 0;
}

/* Importable files are looked for in the folder itself and in Freqtrade's subfolder futures. Further down (a Nautilus
 * catalogue) only Arrow files are counted, to be able to say what to do with them. */
enum { TOP = 0, FUTURES = 1, BELOW = 2, DEPTH_MAX = 6 };

static int look_at(found *f, const char *path, int depth, keel_err *err) {
    if (ends_with(path, ".feather") || ends_with(path, ".parquet")) f->arrow++;
    if (depth >= BELOW) return 0;
    if (is_wanted(path)) return add(f->files, path, err);
    f->skipped++;
    return 0;
}

static int list_folder(found *f, const char *folder, int depth, keel_err *err);

static int look_at_entry(found *f, const char *path, const char *name, int depth, keel_err *err) {
    struct stat about;
    if (stat(path, &about) != 0) return 0; /* a dangling link */
    if (S_ISREG(about.st_mode)) return look_at(f, path, depth, err);
    if (!S_ISDIR(about.st_mode) || depth == DEPTH_MAX) return 0;
    int futures = depth == TOP && strcmp(name, "futures") == 0;
    return list_folder(f, path, futures ? FUTURES : depth < BELOW ? BELOW : depth + 1, err);
}

static int list_folder(found *f, const char *folder, int depth, keel_err *err) {
    DIR *open = opendir(folder);
    int rc = 0;
    if (!open && depth >= BELOW) return 0;
    if (!open) return keel_err_set(err, KEEL_E_IO, "cannot list: %s: %s", folder, strerror(errno));
    for (struct dirent *entry; !rc && (entry = readdir(open));) {
        keel_strbuf path;
        if (entry->d_name[0] == '.') continue;
        keel_strbuf_init(&path, 0);
        keel_strbuf_addf(&path, "%s%s%s", folder, ends_with(folder, "/") ? "" : "/", entry->d_name);
        rc =
            path.failed ? no_memory(folder, err) : look_at_entry(f, keel_strbuf_text(&path), entry->d_name, depth, err);
        keel_strbuf_done(&path);
    }
    (void)closedir(open);
    return rc;
}

static int by_text(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static int nothing(const found *f, const char *path, keel_err *err) {
    if (f->arrow)
        return keel_err_set(
            err, KEEL_E_DATA,
            "%s: only Feather or Parquet files, which are not read here: make CSV of them: keel-convert "
            "--into csv %s && keel data import csv (keel-convert is a Python script beside keel; it "
            "needs 'pip install pyarrow')",
            path, path);
    return keel_err_set(err, KEEL_E_DATA,
                        "%s: no file of candles, mark prices or funding in this folder: name CSV files, or a folder of "
                        "Freqtrade's data",
                        path);
}

int keel_import_files(const char *path, keel_list *ret_files, int64_t *ret_skipped, int64_t *ret_arrow, keel_err *err) {
    struct stat about;
    found f = {.files = ret_files};
    ret_files->items = NULL;
    ret_files->count = 0;
    *ret_skipped = *ret_arrow = 0;
    int rc =
        stat(path, &about) == 0 && S_ISDIR(about.st_mode) ? list_folder(&f, path, TOP, err) : add(ret_files, path, err);
    if (!rc && !ret_files->count) rc = nothing(&f, path, err);
    if (rc) {
        keel_list_done(ret_files);
        return rc;
    }
    qsort(ret_files->items, ret_files->count, sizeof *ret_files->items, by_text);
    *ret_skipped = f.skipped;
    *ret_arrow = f.arrow;
    return 0;
}

/* kernel/compile.c: see compile.h. */
#include "kernel/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "kernel/compile_words.h"
#include "kernel/unit_text.h"

extern char **environ;

/* The meaning of the source is the first line's. A frame of a function is small beside the stack; an index outside its
 * array and a smashed stack end the run instead of going on with wrong numbers. */
static const char *const FLAGS[] = {"-std=c17",
                                    "-O2",
                                    "-ffp-contract=off",
                                    "-fno-math-errno",
                                    "-fno-trapping-math",
                                    "-fno-strict-aliasing",
                                    "-fno-delete-null-pointer-checks",
                                    "-fPIC",
                                    "-shared",
                                    "-fvisibility=hidden",
                                    "-Wl,-z,now",
                                    "-Werror=frame-larger-than=262144",
                                    "-fsanitize=bounds",
                                    "-fsanitize-undefined-trap-on-error",
                                    "-fstack-protector-strong",
                                    "-x",
                                    "c"};

/* What C lets pass and a beginner does not mean: errors in the user's file only, since compilers differ in what they
 * think of the rest. */
static const char *const ERRORS[] = {"implicit-function-declaration",
                                     "int-conversion",
                                     "incompatible-pointer-types",
                                     "return-type",
                                     "vla",
                                     "uninitialized",
                                     "array-bounds",
                                     "div-by-zero",
                                     "empty-body",
                                     "unused-value",
                                     "float-conversion",
                                     "discarded-qualifiers",
                                     "incompatible-pointer-types-discards-qualifiers"};
enum { FLAG_COUNT = sizeof FLAGS / sizeof *FLAGS, MODE_FOLDER = 0700, EXCERPT_MAX = 4000, ERRORS_MAX = 16 };

typedef struct job {
    const keel_compile_in *in;
    char compiler[KEEL_COMPILE_PATH_MAX], folder[KEEL_COMPILE_PATH_MAX - 200];
    char source[KEEL_COMPILE_PATH_MAX], object[KEEL_COMPILE_PATH_MAX], words[KEEL_COMPILE_PATH_MAX];
    char key[KEEL_SHA256_TEXT_MAX];
    struct stat compiler_stat;
} job;

/* ---- the text ---- */

void keel_compile_text(const keel_compile_in *in, keel_strbuf *ret) {
    const keel_dialect *d = in->dialect;
    keel_strbuf_addf(ret, "#define KEEL_USER_FORESEEN %d\n", (int)d->foreseen);
    keel_strbuf_add_bytes(ret, keel_unit_head, keel_unit_head_size);
    /* A name of the file's that could be one of keel's gets another one. */
    for (int i = 0; i < d->name_count; i++)
        keel_strbuf_addf(ret, "\n#define %.*s keel_user_%.*s", (int)d->name_size[i], in->text + d->name_from[i],
                         (int)d->name_size[i] - 5, in->text + d->name_from[i] + 5);
    keel_strbuf_addf(ret,
                     "\n#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wpragmas\"\n"
                     "#pragma GCC diagnostic ignored \"-Wunknown-warning-option\"\n");
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
        keel_strbuf_addf(ret, "#pragma GCC diagnostic error \"-W%s\"\n", ERRORS[i]);
    keel_strbuf_addf(ret, "\n#line 1 \"%s\"\n", in->name);
    keel_strbuf_add_bytes(ret, in->text, d->include_from);
    keel_strbuf_addf(ret, "\n%s\n#line %d \"%s\"\n", keel_unit_form, d->include_line, in->name);
    keel_strbuf_add_bytes(ret, in->text + d->include_to, in->size - d->include_to);
    for (int i = 0; i < d->name_count; i++)
        keel_strbuf_addf(ret, "\n#undef %.*s", (int)d->name_size[i], in->text + d->name_from[i]);
    keel_strbuf_addf(ret, "\n#pragma GCC diagnostic pop\n");
    keel_strbuf_add_bytes(ret, keel_unit_tail, keel_unit_tail_size);
}

/* ---- the compiler ---- */

/* An executable file of this name in $PATH, its real path. */
static int find_in_path(const char *name, char ret[KEEL_COMPILE_PATH_MAX]) {
    const char *path = getenv("PATH");
    char candidate[KEEL_COMPILE_PATH_MAX];
    for (const char *from = path ? path : "/usr/bin:/bin"; *from;) {
        size_t size = strcspn(from, ":");
        int length = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)size, from, name);
        if (size && length < (int)sizeof candidate && access(candidate, X_OK) == 0) {
            memcpy(ret, candidate, (size_t)length + 1);
            return 1;
        }
        from += size + (from[size] == ':');
    }
    return 0;
}

static int find_compiler(job *j, keel_err *reterr) {
    static const char *const NAMES[] = {"cc", "gcc", "clang"};
    const char *given = getenv("KEEL_CC");
    int found = 0;
    if (given && *given) {
        found = strchr(given, '/') ? snprintf(j->compiler, sizeof j->compiler, "%s", given) < (int)sizeof j->compiler
                                   : find_in_path(given, j->compiler);
        if (!found || stat(j->compiler, &j->compiler_stat) != 0)
            return keel_err_set(reterr, KEEL_E_NOT_FOUND,
                                "no such compiler: KEEL_CC=%.200s: name a C compiler, or unset it", given);
        return 0;
    }
    for (size_t i = 0; !found && i < sizeof NAMES / sizeof *NAMES; i++)
        found = find_in_path(NAMES[i], j->compiler);
    if (!found || stat(j->compiler, &j->compiler_stat) != 0)
        return keel_err_set(reterr, KEEL_E_NOT_FOUND,
                            "no C compiler (cc, gcc, clang) in PATH: %s must be compiled once: install one, on Debian "
                            "'apt install gcc libc6-dev', or name it in KEEL_CC",
                            j->in->name);
    return 0;
}

/* ---- the folder ---- */

static int make_folders(char *path, keel_err *reterr) {
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != 0) continue;
        char kept = *p;
        *p = 0;
        int failed = mkdir(path, MODE_FOLDER) != 0 && errno != EEXIST;
        int number = errno;
        if (failed)
            return keel_err_set(reterr, KEEL_E_IO,
                                "cannot make a folder: %s: %s; set XDG_CACHE_HOME to one you may write", path,
                                strerror(number));
        *p = kept;
        if (!kept) return 0;
    }
}

static int find_folder(job *j, keel_err *reterr) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int use_cache = cache && cache[0] == '/';
    struct stat s;
    if (!use_cache && (!home || home[0] != '/'))
        return keel_err_set(reterr, KEEL_E_NOT_FOUND,
                            "no folder for compiled strategies: neither XDG_CACHE_HOME nor HOME "
                            "is set: set XDG_CACHE_HOME to one you may write");
    int size = use_cache ? snprintf(j->folder, sizeof j->folder, "%s/keel/strategies", cache)
                         : snprintf(j->folder, sizeof j->folder, "%s/.cache/keel/strategies", home);
    if (size >= (int)sizeof j->folder)
        return keel_err_set(reterr, KEEL_E_IO,
                            "the path of the cache is too long: %.80s...: set XDG_CACHE_HOME to a "
                            "shorter one",
                            j->folder);
    KEEL_TRY(make_folders(j->folder, reterr));
    if (stat(j->folder, &s) != 0)
        return keel_err_set(reterr, KEEL_E_IO, "cannot read: %s: %s; mend its rights", j->folder, strerror(errno));
    if (s.st_uid != geteuid() || (s.st_mode & (S_IWGRP | S_IWOTH)))
        return keel_err_set(reterr, KEEL_E_IO,
                            "others may write what would be executed: %s: chmod 700 it, or set "
                            "XDG_CACHE_HOME to a folder of your own",
                            j->folder);
    return 0;
}

/* ---- hash and paths ---- */

static void add_text(keel_sha256 *hash, const char *text) { keel_sha256_add(hash, text, strlen(text) + 1); }

static void hash_of(job *j) {
    keel_sha256 *hash = keel_sha256_new();
    char number[64];
    add_text(hash, keel_unit_sha256);
    for (size_t i = 0; i < FLAG_COUNT; i++)
        add_text(hash, FLAGS[i]);
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++)
        add_text(hash, ERRORS[i]);
    add_text(hash, j->compiler);
    add_text(hash, j->in->dialect->foreseen == KEEL_FORESEEN_WHOLE  ? "whole"
                   : j->in->dialect->foreseen == KEEL_FORESEEN_FLAT ? "flat"
                                                                    : "stepped");
    (void)snprintf(number, sizeof number, "%lld %lld", (long long)j->compiler_stat.st_size,
                   (long long)j->compiler_stat.st_mtime);
    add_text(hash, number);
    keel_sha256_add(hash, j->in->text, j->in->size);
    keel_sha256_finish_text(hash, j->key);
    keel_sha256_free(hash);
}

static void name_files(job *j) {
    long pid = (long)getpid();
    (void)snprintf(j->source, sizeof j->source, "%s/%s.%ld.c", j->folder, j->key, pid);
    (void)snprintf(j->object, sizeof j->object, "%s/%s.%ld.so", j->folder, j->key, pid);
    (void)snprintf(j->words, sizeof j->words, "%s/%s.%ld.txt", j->folder, j->key, pid);
}

static void remove_files(const job *j) {
    (void)unlink(j->source);
    (void)unlink(j->object);
    (void)unlink(j->words);
}

/* ---- running it ---- */

/* The environment with the compiler's words in English, so that its errors can be found. NULL: out of memory; the
 * strings are borrowed. */
static char **english(void) {
    static char english_words[] = "LC_ALL=C";
    size_t count = 0, n = 0;
    while (environ[count])
        count++;
    char **ret = calloc(count + 2, sizeof *ret);
    if (!ret) return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0 && strncmp(environ[i], "LANGUAGE=", 9) != 0) ret[n++] = environ[i];
    ret[n] = english_words;
    return ret;
}

static int spawn_compiler(job *j, int *ret_status, keel_err *reterr) {
    const char *argv[FLAG_COUNT + 5];
    size_t n = 0;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    argv[n++] = j->compiler;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        argv[n++] = FLAGS[i];
    argv[n++] = j->source;
    argv[n++] = "-o";
    argv[n++] = j->object;
    argv[n] = NULL;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 2, j->words, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char **environment = english();
    /* argv is char *const[] for old reasons; posix_spawn does not write it. */
    int failed = posix_spawn(&pid, j->compiler, &actions, NULL, (char *const *)(const void *)argv,
                             environment ? environment : environ);
    free(environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return keel_err_set(reterr, KEEL_E_IO, "cannot start the compiler: %s: %s; name another in KEEL_CC",
                            j->compiler, strerror(failed));
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            return keel_err_set(reterr, KEEL_E_IO, "the compiler was lost: %s: %s; run it again", j->compiler,
                                strerror(errno));
    return 0;
}

/* What is shown of the compiler's words: whole lines. One mistake in a table makes a hundred of them. */
static void add_excerpt(keel_strbuf *excerpt, const char *words, size_t size) {
    size_t shown = size < EXCERPT_MAX ? size : EXCERPT_MAX;
    while (shown < size && shown > 0 && words[shown - 1] != '\n')
        shown--;
    keel_strbuf_add_bytes(excerpt, words, shown);
    if (shown < size) keel_strbuf_addf(excerpt, "... (the compiler said more)\n");
}

/* The next error from *words on, and the place of the user's file it belongs to: its own, or where a macro of the file
 * was expanded. 0 when there is none. */
static int next_error(const job *j, const char **words, int *ret_line, char *ret_text, size_t size) {
    size_t name_size = strlen(j->in->name);
    const char *sentence = NULL;
    size_t sentence_size = 0;
    for (const char *line = *words; *line;) {
        size_t length = strcspn(line, "\n");
        const char *end = line + length, *error = strstr(line, "error: ");
        if (!sentence && error && error < end) {
            sentence = error + 7;
            sentence_size = (size_t)(end - sentence);
        }
        if (sentence && length > name_size && strncmp(line, j->in->name, name_size) == 0 && line[name_size] == ':') {
            *ret_line = atoi(line + name_size + 1);
            keel_compile_translate(j->in, sentence, sentence_size, ret_text, size);
            *words = end + (*end == '\n');
            if (*ret_line > 0) return 1;
        }
        line = end + (*end == '\n');
    }
    return 0;
}

/* Every error on a line of its own, each once. */
static void list_errors(const job *j, const char *words, keel_strbuf *out) {
    char text[300], row[400];
    int line = 0, count = 0;
    while (count < ERRORS_MAX && next_error(j, &words, &line, text, sizeof text)) {
        (void)snprintf(row, sizeof row, "%s:%d: %s\n", j->in->name, line, text);
        if (out->size && strstr(keel_strbuf_text(out), row)) continue;
        keel_strbuf_add(out, row);
        count++;
    }
}

static int tell_refusal(const job *j, const keel_compile_said *said, keel_err *reterr) {
    char *words = NULL, text[300];
    size_t size = 0;
    int line = 0;
    if (keel_file_read(j->words, 1 << 20, &words, &size, reterr) != 0)
        return keel_err_set(reterr, KEEL_E_IO, "the compiler failed without a word: %s: run it by hand on the file",
                            j->compiler);
    const char *from = words;
    int found = next_error(j, &from, &line, text, sizeof text);
    if (said->excerpt) add_excerpt(said->excerpt, words, size);
    if (said->errors) list_errors(j, words, said->errors);
    int rc = found ? keel_err_set(reterr, KEEL_E_PARSE, "%s:%d: %s: mend the line; the compiler's words stand above",
                                  j->in->name, line, text)
                   : keel_err_set(reterr, KEEL_E_IO, "the compiler failed: %s: %.300s; see 'keel doctor'", j->compiler,
                                  size ? words : "it said nothing");
    free(words);
    return rc;
}

static int make(job *j, const char *path, const keel_compile_said *said, keel_err *reterr) {
    keel_strbuf text;
    int status = 0;
    keel_strbuf_init(&text, 0);
    keel_compile_text(j->in, &text);
    int rc = text.failed ? keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: %s: close other programs", j->in->name)
                         : keel_file_write(j->source, keel_strbuf_text(&text), text.size, reterr);
    keel_strbuf_done(&text);
    if (rc == 0) rc = spawn_compiler(j, &status, reterr);
    if (rc == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) rc = tell_refusal(j, said, reterr);
    if (rc == 0 && rename(j->object, path) != 0)
        rc = keel_err_set(reterr, KEEL_E_IO, "cannot keep what was compiled: %s: %s; free some space", path,
                          strerror(errno));
    remove_files(j);
    return rc;
}

int keel_compile(const keel_compile_in *in, char *ret_path, int *ret_compiled, const keel_compile_said *said,
                 keel_err *reterr) {
    job j;
    memset(&j, 0, sizeof j);
    j.in = in;
    *ret_compiled = 0;
    KEEL_TRY(find_compiler(&j, reterr));
    KEEL_TRY(find_folder(&j, reterr));
    hash_of(&j);
    (void)snprintf(ret_path, KEEL_COMPILE_PATH_MAX, "%s/%s.so", j.folder, j.key);
    if (access(ret_path, R_OK) == 0) return 0;
    name_files(&j);
    *ret_compiled = 1;
    if (in->compiling) in->compiling(in->data, in->name);
    return make(&j, ret_path, said, reterr);
}

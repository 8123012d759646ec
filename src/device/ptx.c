/* device/ptx.c: see ptx.h. */
#include "device/ptx.h"

#include <stdio.h>
#include <string.h>

/* The modifiers of an instruction, "fma.rn.f64": is `part` among them? */
static int has(const char *word, size_t size, const char *part) {
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= size; i++)
        if (strncmp(word + i, part, length) == 0 && (i + length == size || word[i + length] == '.')) return 1;
    return 0;
}

static int is_float(const char *word, size_t size) { return has(word, size, ".f64") || has(word, size, ".f32"); }

static int is_bad(const char *word, size_t size) {
    if (!is_float(word, size)) return 0;
    if (strncmp(word, "fma.", 4) == 0 || strncmp(word, "mad.", 4) == 0) return 1;
    return has(word, size, ".approx") || has(word, size, ".full") || has(word, size, ".ftz");
}

int keel_device_ptx_fuses(const char *text, char ret_what[64]) {
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *word = line + strspn(line, " \t");
        if (*word == '@') { /* a guard: "@%p1 add.f64 ..." */
            word += strcspn(word, " \t\n");
            word += strspn(word, " \t");
        }
        size_t size = strcspn(word, " \t\n;");
        if (!is_bad(word, size)) continue;
        (void)snprintf(ret_what, 64, "%.*s", (int)(size < 63 ? size : 63), word);
        return 1;
    }
    return 0;
}

void keel_device_first_error(const char *log, char ret_line[200]) {
    const char *at = strstr(log, "error");
    while (at && at > log && at[-1] != '\n')
        at--;
    size_t size = at ? strcspn(at, "\n") : 0;
    (void)snprintf(ret_line, 200, "%.*s", (int)(size < 199 ? size : 199), at ? at : "");
}

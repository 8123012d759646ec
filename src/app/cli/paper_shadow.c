/* app/cli/paper_shadow.c: see paper_shadow.h. */
#include "app/cli/paper_shadow.h"

#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "port/fs.h"

int keel_paper_shadow_tell(const keel_shadow *w, const char *folder, const char *run_id, const char *const *symbols,
                           keel_err *err) {
    char path[KEEL_FS_PATH_MAX + 32];
    size_t size = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: shadow ledger: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.shadow");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", run_id);
    keel_shadow_json(w, symbols, j);
    keel_json_close(j);
    (void)snprintf(path, sizeof path, "%s/shadow.json", folder);
    const char *bytes = keel_json_text(j, &size);
    int rc = keel_file_write(path, bytes, size, err);
    keel_json_free(j);
    if (rc == 0 && w->breaches > 0)
        rc = keel_err_set(
            err, KEEL_E_PARITY,
            "the shadow ledger has other books: event %llu, %s: entries were halted; both states are in %s",
            (unsigned long long)w->first.seq, keel_shadow_figure_word(w->first.figure), path);
    return rc;
}

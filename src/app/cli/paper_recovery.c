/* app/cli/paper_recovery.c: see paper_recovery.h. */
#include "app/cli/paper_recovery.h"

#include <stdio.h>

#include "base/file.h"
#include "port/fs.h"

int keel_paper_recovery_tell(const keel_paper_recovery *r, keel_err *reterr) {
    char path[KEEL_FS_PATH_MAX + 32];
    keel_strbuf text;
    size_t size = 0;
    if (r->met->fresh) return 0;
    keel_strbuf_init(&text, 0);
    keel_engine_recovery_text(r->met, &text);
    keel_engine_holdings_text(r->engine, r->symbols, &text);
    keel_paper_keeper_say(r->keeper, &text);
    (void)fputs(keel_strbuf_text(&text), stderr);
    keel_strbuf_done(&text);
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(reterr, KEEL_E_NOMEM, "out of memory: recovery report: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.recovery");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", r->run_id);
    keel_engine_recovery_json(r->met, j);
    keel_engine_holdings_json(r->engine, r->symbols, j);
    keel_json_kint(j, "took_ms", r->met->took_ms);
    keel_json_close(j);
    const char *bytes = keel_json_text(j, &size);
    (void)snprintf(path, sizeof path, "%s/recovery.json", r->folder);
    int rc = keel_file_write(path, bytes, size, reterr);
    keel_json_free(j);
    return rc;
}

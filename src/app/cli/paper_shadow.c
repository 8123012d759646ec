/* app/cli/paper_shadow.c: see paper_shadow.h. */
#include "app/cli/paper_shadow.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/timerange.h"

enum { PATH_SIZE = 4200 };

static int write_file(const keel_paper_shadow *s, keel_err *err) {
    char path[PATH_SIZE], time[KEEL_TIME_TEXT_MAX];
    size_t size = 0;
    keel_json *j = keel_json_new(2);
    if (!j) return keel_err_set(err, KEEL_E_NOMEM, "out of memory: shadow ledger: close other programs");
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.shadow");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "run_id", s->run_id);
    keel_json_kstring(j, "as_of", keel_time_format(keel_engine_last_ms(s->engine), time));
    keel_shadow_json(s->ledger, s->symbols, j);
    keel_json_close(j);
    (void)snprintf(path, sizeof path, "%.4095s/shadow.json", s->folder);
    const char *bytes = keel_json_text(j, &size);
    int rc = keel_file_write(path, bytes, size, err);
    keel_json_free(j);
    return rc;
}

void keel_paper_shadow_keep(void *data) {
    keel_paper_shadow *s = data;
    keel_err why = {0};
    if (write_file(s, &why) == 0 || s->failed) return;
    s->failed = 1;
    keel_cli_warn(s->cli, "what the shadow ledger found is not kept; it is tried again: %s", why.text);
}

int keel_paper_shadow_tell(const keel_paper_shadow *s, keel_err *reterr) {
    const keel_shadow *w = s->ledger;
    KEEL_TRY(write_file(s, reterr));
    if (w->breaches == 0) return 0;
    return keel_err_set(reterr, KEEL_E_PARITY,
                        "the shadow ledger has other books: event %" PRIu64
                        ", %s: entries were halted; both states are in %s/shadow.json",
                        w->first.seq, keel_shadow_figure_word(w->first.figure), s->folder);
}

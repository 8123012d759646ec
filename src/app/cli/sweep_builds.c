/* app/cli/sweep_builds.c: see sweep_builds.h. */
#include "app/cli/sweep_builds.h"

#include <inttypes.h>
#include <string.h>

#include "app/cli/sweep_folder.h"
#include "research/sweep/runner.h"

/* Is sweep `id` this one, interrupted, of another build? Then the line says so. */
static int refuse(const char *folder, const char *id, const keel_sweep_question *q, keel_err *err) {
    char path[KEEL_SWEEP_PATH_MAX], same[KEEL_SWEEP_ID_SIZE] = "";
    keel_rows_file file;
    keel_sweep_header header;
    keel_err ignored = {0};
    int64_t rows = 0;
    KEEL_TRY(keel_sweep_path(folder, id, "trials.jsonl", path, err));
    int rc = keel_sweep_open(path, &file, &header, &ignored);
    if (rc == 0) keel_sweep_header_id(q->asked, q->run, q->space, q->data, q->range_hash, header.build, same);
    if (rc == 0) rc = keel_sweep_count_rows(path, NULL, &rows, &ignored);
    int found = rc == 0 && strcmp(same, id) == 0 && rows < q->asked->trials;
    if (found)
        rc = keel_err_set(err, KEEL_E_USAGE,
                          "another build began this sweep: %s: its %" PRId64 " of %" PRId64
                          " trials are of %.60s: go on with that build, or begin anew without --resume",
                          path, rows, q->asked->trials, header.build);
    keel_sweep_header_done(&header);
    keel_rows_file_close(&file);
    return found ? rc : 0;
}

int keel_sweep_builds_refuse(const char *folder, const keel_sweep_question *q, keel_err *reterr) {
    keel_list ids;
    KEEL_TRY(keel_sweep_ids(folder, &ids, reterr));
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ids.count; i++)
        rc = refuse(folder, ids.items[i], q, reterr);
    keel_list_done(&ids);
    return rc;
}

/* app/cli/cli_version.c: keel --version [--json]. */
#include "app/cli/cli_internal.h"
#include "base/build.h"

int keel_cli_version(int json) {
    if (!json) {
        (void)printf("keel %s (%s)\ncompiler: %s\nflags: %s\nbuild: %s\n", keel_build_version(), keel_build_revision(),
                     keel_build_compiler(), keel_build_flags(), keel_build_id());
        return 0;
    }
    keel_json *j = keel_json_new(2);
    if (!j) {
        (void)fprintf(stderr, "keel: out of memory: keel --version: close other programs\n");
        return keel_err_exit_code(KEEL_E_NOMEM);
    }
    keel_json_object(j);
    keel_json_kstring(j, "schema", "keel.version");
    keel_json_kint(j, "schema_version", 1);
    keel_json_kstring(j, "version", keel_build_version());
    keel_json_kstring(j, "revision", keel_build_revision());
    keel_json_kstring(j, "compiler", keel_build_compiler());
    keel_json_kstring(j, "flags", keel_build_flags());
    keel_json_kstring(j, "build", keel_build_id());
    keel_json_close(j);
    (void)printf("%s\n", keel_json_text(j, NULL));
    keel_json_free(j);
    return 0;
}

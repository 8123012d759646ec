/* app/cli/cli_version.c: keel --version [--json]. No time of the build: the same source gives the same program. */
#include "app/cli/cli_internal.h"
#include "base/build.h"
#include "base/strbuf.h"
#include "device/device.h"
#include "simd/simd.h"

/* Names of the vector levels that this processor runs, the plainest first. */
static const char *levels(keel_strbuf *out) {
    for (int i = 0; i < keel_simd_levels(); i++)
        if (keel_simd_level(i)) keel_strbuf_addf(out, "%s%s", out->size ? ", " : "", keel_simd_level(i)->name);
    return keel_strbuf_text(out);
}

static void features_json(keel_json *j) {
    keel_json_key(j, "features");
    keel_json_object(j);
    keel_json_kstring(j, "simd", keel_simd_best()->name);
    keel_json_key(j, "simd_levels"); /* of those that were built the ones that this processor runs: equal bits */
    keel_json_array(j);
    for (int i = 0; i < keel_simd_levels(); i++)
        if (keel_simd_level(i)) keel_json_string(j, keel_simd_level(i)->name);
    keel_json_close(j);
    keel_json_key(j, "devices"); /* their drivers are looked for when one is asked for: keel doctor */
    keel_json_array(j);
    for (int kind = 0; kind < KEEL_DEVICE_KINDS; kind++)
        keel_json_string(j, keel_device_kind_names[kind]);
    keel_json_close(j);
    keel_json_close(j);
}

static void print_text(void) {
    keel_strbuf names;
    keel_strbuf_init(&names, 0);
    (void)printf("keel %s (%s)\ncompiler: %s\nflags: %s\nbuild: %s\n", keel_build_version(), keel_build_revision(),
                 keel_build_compiler(), keel_build_flags(), keel_build_id());
    (void)printf("features: vectors %s (of %s); devices", keel_simd_best()->name, levels(&names));
    for (int kind = 0; kind < KEEL_DEVICE_KINDS; kind++)
        (void)printf("%s %s", kind ? "," : "", keel_device_kind_names[kind]);
    (void)printf(", whose drivers are looked for at run time\n");
    keel_strbuf_done(&names);
}

int keel_cli_version(int json) {
    if (!json) {
        print_text();
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
    features_json(j);
    keel_json_close(j);
    (void)printf("%s\n", keel_json_text(j, NULL));
    keel_json_free(j);
    return 0;
}

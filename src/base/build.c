/* base/build.c: see build.h. KEEL_BUILD_* come from the build description. */
#include "base/build.h"

#include "build_info.h"

const char *keel_build_version(void) { return KEEL_BUILD_VERSION; }

const char *keel_build_revision(void) { return KEEL_BUILD_REVISION; }

const char *keel_build_compiler(void) { return KEEL_BUILD_COMPILER; }

const char *keel_build_flags(void) { return KEEL_BUILD_FLAGS; }

const char *keel_build_id(void) { return KEEL_BUILD_VERSION "+" KEEL_BUILD_REVISION "." KEEL_BUILD_COMPILER_WORD; }

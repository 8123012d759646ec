/* base/build.h: what this program was built from.
 *
 * All static storage. The id names the build in every document keel writes. */
#ifndef KEEL_BASE_BUILD_H
#define KEEL_BASE_BUILD_H

const char *keel_build_version(void);  /* "0.1.0" */
const char *keel_build_revision(void); /* git revision, with "-dirty" when files differed; "unknown" without git */
const char *keel_build_compiler(void); /* "gcc 12.2.0" */
const char *keel_build_flags(void);    /* the compiler arguments that can change a result */
const char *keel_build_id(void);       /* "0.1.0+<revision>.<compiler>", one word */

#endif

/* edge/data/check_impl.h: what the files of the check share. Inside edge/data only. */
#ifndef KEEL_EDGE_DATA_CHECK_IMPL_H
#define KEEL_EDGE_DATA_CHECK_IMPL_H

#include "edge/data/check.h"

/* Count a finding, keep it while there is room, raise the status. Returns 0 or KEEL_E_NOMEM. */
KEEL_MUST_USE int keel_check_add(keel_check *c, const keel_check_options *o, keel_finding finding, keel_err *err);

/* Staleness against o->now_ms from ret's last time and interval. */
KEEL_MUST_USE int keel_check_age(keel_check *ret, const keel_check_options *o, keel_err *err);

#endif

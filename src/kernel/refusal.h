/* kernel/refusal.h: the lines in which a run says that the books refused something. */
#ifndef KEEL_KERNEL_REFUSAL_H
#define KEEL_KERNEL_REFUSAL_H

#include "base/err.h"
#include "lane/lane.h"

/* lane_init refused the capital: sets and returns KEEL_E_RANGE. */
int keel_refusal_of_capital(int32_t refusal, keel_err *reterr);

/* The lane stopped at an event that must not be refused, always a defect: sets and returns KEEL_E_PARITY. */
int keel_refusal_of_event(const keel_lane *lane, keel_err *reterr);

#endif

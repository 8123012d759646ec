/* wire.h: the messages of edge/venue/desk.h as lines of numbers: the protocol of the simulated venue. */
#ifndef KEEL_TESTS_SIM_WIRE_H
#define KEEL_TESTS_SIM_WIRE_H

#include "edge/venue/desk.h"

extern const keel_desk_codec SIM_WIRE;

#endif

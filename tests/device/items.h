/* items.h: the pure rooms and every item, one program for each target. The first word of the input
 * says which item runs, by its place in the switch, which lanes.py reads; it gets the other four and gives ITEM_OUT
 * words. Pure dialect throughout. */
#include "all.c"

#include "item_random.h"

#include "item_num.h"

#include "item_elementary.h"

#include "item_ledger.h"

#include "item_signal.h"

#define ITEM_IN 5
#define ITEM_OUT 4

KEEL_LOCAL void keel_item(const uint64_t *in, uint64_t *out) {
    switch ((int32_t)in[0]) {
        case 0: keel_item_num(in + 1, out); break;
        case 1: keel_item_elementary(in + 1, out); break;
        case 2: keel_item_ledger(in + 1, out); break;
        case 3: keel_item_signal(in + 1, out); break;
        default: break;
    }
}

/* pure/all.c: the one host unit of the pure rooms; the device units include the same file. */
#include "num/port.h"

#include "num/int.c"
#include "num/hash.c"

#include "model/params.c"

#include "core/ledger/ledger.c"

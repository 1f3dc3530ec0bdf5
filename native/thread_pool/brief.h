// Whether a request takes processor time for some microseconds only: it may run on the loop's
// processor while the loop waits.
#pragma once

#include "../request/request.h"

namespace caio {

// Any thread that may wait. Looks at the file if its size decides. `alone`: there is no other processor
// to use, so that a directory that does not tell its size is read on this one.
bool IsBrief(const Request& request, bool alone);

}  // namespace caio

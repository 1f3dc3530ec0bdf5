// Extended attributes, access control lists among them.
#pragma once

#include <stdint.h>

namespace caio {

// Gives the file `to` those of the file `from`, each as far as this process may. How many it may not, or a negative errno.
int64_t CopyAttributes(int from, int to);

}  // namespace caio

// How much of the machine this process may use.
#pragma once

namespace caio {

// That its affinity leaves it. Asks the kernel.
unsigned Processors();

// Of processor time, in processors: the least that one of its control groups is left; 0 for as much as there is. Reads files of the
// kernel's.
double ProcessorQuota();

}  // namespace caio

// How much of the machine this process may use.
#pragma once

namespace caio {

// That its affinity leaves it. Asks the kernel.
unsigned Processors();

// Of processor time, in processors: the least that one of its control groups is left; 0 for as much as there is. Reads files of the
// kernel's.
double ProcessorQuota();

// How many it may keep busy at the same time, at least one. Looked up once, by the first environment of the process: later calls ask
// nothing.
unsigned UsableProcessors();

// The rule: of so many, with the time of `quota` of them, or 0 for all.
inline unsigned Usable(unsigned processors, double quota) {
  const unsigned whole = quota >= 1 ? static_cast<unsigned>(quota) : 1;
  return quota > 0 && whole < processors ? whole : processors;
}

}  // namespace caio

// Processors that this process may use.
#pragma once

namespace caio {

// Processors in the process's affinity mask. Asks the kernel.
unsigned Processors();

// Quota of processor time, as a number of processors: the smallest among the process's control
// groups; 0 for no quota. Reads kernel files.
double ProcessorQuota();

// Processors that the process may keep busy at once; at least one. Determined once, by the first
// environment of the process.
unsigned UsableProcessors();

// The rule: usable ones of `processors`, with a quota of `quota` processors (0: none).
inline unsigned Usable(unsigned processors, double quota) {
  const unsigned whole = quota >= 1 ? static_cast<unsigned>(quota) : 1;
  return quota > 0 && whole < processors ? whole : processors;
}

}  // namespace caio

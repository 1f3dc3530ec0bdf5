// How much of the machine this process may use.
#pragma once

namespace caio {

// How many processors its affinity allows. Asks the kernel.
unsigned Processors();

// Its quota of processor time, as a number of processors: the smallest quota among its control groups; 0 for no quota. Reads files of the
// kernel's.
double ProcessorQuota();

// How many processors it may keep busy at the same time; at least one. Looked up once, by the first environment of the process: later
// calls do not ask the kernel.
unsigned UsableProcessors();

// The rule: how many are usable of `processors`, with a quota of `quota` processors; 0 for no quota.
inline unsigned Usable(unsigned processors, double quota) {
  const unsigned whole = quota >= 1 ? static_cast<unsigned>(quota) : 1;
  return quota > 0 && whole < processors ? whole : processors;
}

}  // namespace caio

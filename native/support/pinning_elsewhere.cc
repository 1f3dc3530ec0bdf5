#include "pinning.h"

namespace caio {

pid_t Pinning::Self() { return 0; }
bool Pinning::Bind(pid_t) { return false; }
void Pinning::Release() {}
void Pinning::MoveAway() {}

}  // namespace caio

#include "pinning.h"

namespace caio {

bool Pinning::Bind(pthread_t) { return false; }
void Pinning::Release() {}
void Pinning::MoveAway() {}

}  // namespace caio

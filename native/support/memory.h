// Behaviour when memory runs out; see operator_new.cc.
#pragma once

namespace caio {

// False from the first failed allocation until there is memory again. Meanwhile other backends take
// new work.
bool HasMemory();

}  // namespace caio

// What the addon does when memory runs out: see operator_new.cc.
#pragma once

namespace caio {

// False from the moment an allocation has failed until there is memory again. Meanwhile other backends take new work.
bool HasMemory();

}  // namespace caio

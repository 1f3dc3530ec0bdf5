// What becomes of the addon when memory runs out: see operator_new.cc.
#pragma once

namespace caio {

// False from the moment an allocation has failed until memory can be had again. New work is for others then.
bool HasMemory();

}  // namespace caio

#include <errno.h>

#include "file_control.h"

namespace caio {

int64_t PerformSystemControl(const Request&) { return -ENOSYS; }

}  // namespace caio

#include "file_system_of.h"

namespace caio {

FileSystem FileSystemOf(const Whereabouts&) { return kNoFileSystem; }

}  // namespace caio

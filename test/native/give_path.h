// A request's path, as a decoded request owns it.
#pragma once

#include <string.h>

#include <string>

#include "../../native/request/request.h"

inline void GivePath(caio::Request& request, const std::string& path) {
  request.path.reset(new char[path.size() + 1]);
  memcpy(request.path.get(), path.c_str(), path.size() + 1);
}

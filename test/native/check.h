// Shared by the native test programs.
#pragma once

#include <cstdio>

inline int failures = 0;

inline void Check(bool right, const char* what) {
  if (right) return;
  printf("not so: %s\n", what);
  failures++;
}

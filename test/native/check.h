// What the native test programs share.
#pragma once

#include <cstdio>

inline int failures = 0;

inline void Check(bool right, const char* what) {
  if (right) return;
  printf("not so: %s\n", what);
  failures++;
}

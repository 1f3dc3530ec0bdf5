// Whether bytes are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caio {

// `text` ends with a zero. Surrogates and overlong encodings are not UTF-8.
inline bool IsUtf8(const char* text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text);
  while (*at != 0) {
    const unsigned first = *at++;
    if (first < 0x80) continue;
    const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) return false;
    uint32_t point = first & (0x3fu >> more);
    for (int left = more; left > 0; left--, at++) {
      if ((*at & 0xc0) != 0x80) return false;
      point = point << 6 | (*at & 0x3fu);
    }
    constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
  }
  return true;
}

}  // namespace caio

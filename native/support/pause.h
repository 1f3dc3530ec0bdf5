// What a thread does between two looks at memory that another is about to write: some hundred nanoseconds that leave the processor's other
// half, and the bus, to others.
#pragma once

namespace caio {

inline void Pause() {
  for (int i = 0; i < 8; i++) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
}

}  // namespace caio

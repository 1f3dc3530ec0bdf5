// What a thread does between two looks at memory that another is about to write: it leaves the processor's other half, and the bus, to
// others. Not for long: where the machine is virtual, eight of them took half as long again as the whole of a chmod(2).
#pragma once

namespace caio {

inline void Pause() {
  for (int i = 0; i < 2; i++) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
}

}  // namespace caio

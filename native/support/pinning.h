// Binds a thread to the processor of another.
#pragma once

#include <sys/types.h>

#include <array>

namespace caio {

// One thread at a time.
class Pinning {
 public:
  // The calling thread, as the functions below name it.
  static pid_t Self();

  // Binds `thread` to the processor on which the calling thread runs. False if the thread may not
  // run there, or this system has no such call or refuses it. Not tried under a seccomp filter
  // outside a container: it may end the process at that call.
  bool Bind(pid_t thread);

  // Lets the bound thread run wherever it could before, unless somebody else has bound it
  // meanwhile.
  void Release();

  // As Release, for the calling thread, which goes on on another processor if it has one.
  void MoveAway();

 private:
  // Room for 8,192 processors.
  using Mask = std::array<unsigned long, 128>;

  enum class Permission : unsigned char { kUnknown, kGiven, kRefused };

  bool IsStillBound() const;
  static bool MayBind();

  pid_t thread_ = 0;
  int processor_ = -1;  // -1: no thread is bound
  Permission permission_ = Permission::kUnknown;
  Mask before_{};
};

}  // namespace caio

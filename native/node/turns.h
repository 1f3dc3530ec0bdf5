// Turns of the event loop: counts them, and calls back behind the poll phase. Loop thread only.
#pragma once

#include <uv.h>

#include <cstdint>

namespace caio {

class Turns {
 public:
  using Callback = void (*)(void* data);

  // `polls` is increased before each poll, and `before_poll` called. It is also increased behind each call of
  // `behind_poll`, with all that follows from it.
  void Start(uv_loop_t* loop, uint32_t* polls, Callback before_poll, Callback behind_poll, void* data);

  // Calls `behind_poll` once, behind the next poll that begins, and before Node's immediates: where Node settles
  // the promises of its own threads. Keeps the loop alive until then.
  void Request();

  // `closed` is called with the data of Start, on a later turn.
  void Close(Callback closed);

 private:
  static void OnPrepare(uv_prepare_t* prepare);
  static void OnCheck(uv_check_t* check);
  static void OnClose(uv_handle_t* handle);

  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_idle_t idle_{};  // active, it keeps the poll from waiting
  uint32_t* polls_ = nullptr;
  uint32_t requested_at_ = 0;
  Callback before_poll_ = nullptr;
  Callback behind_poll_ = nullptr;
  Callback closed_ = nullptr;
  void* data_ = nullptr;
  int open_ = 0;
};

}  // namespace caio

#include "turns.h"

namespace caio {

void Turns::Start(uv_loop_t* loop, uint32_t* polls, Callback before_poll, Callback behind_poll, void* data) {
  polls_ = polls;
  before_poll_ = before_poll;
  behind_poll_ = behind_poll;
  data_ = data;
  open_ = 3;
  uv_prepare_init(loop, &prepare_);
  uv_check_init(loop, &check_);
  uv_idle_init(loop, &idle_);
  prepare_.data = check_.data = idle_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare_));
  uv_prepare_start(&prepare_, OnPrepare);
}

// Of the handles of one kind, libuv calls the one that was started last first: Node has started its own at the
// beginning.
void Turns::Request() {
  requested_at_ = *polls_;
  uv_check_start(&check_, OnCheck);
  uv_idle_start(&idle_, [](uv_idle_t*) {});
}

void Turns::Close(Callback closed) {
  closed_ = closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), OnClose);
  uv_close(reinterpret_cast<uv_handle_t*>(&check_), OnClose);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), OnClose);
}

void Turns::OnPrepare(uv_prepare_t* prepare) {
  auto* self = static_cast<Turns*>(prepare->data);
  ++*self->polls_;
  self->before_poll_(self->data_);
}

void Turns::OnCheck(uv_check_t* check) {
  auto* self = static_cast<Turns*>(check->data);
  // The poll had begun before the request.
  if (*self->polls_ == self->requested_at_) return;
  uv_check_stop(&self->check_);
  uv_idle_stop(&self->idle_);
  self->behind_poll_(self->data_);
  ++*self->polls_;
}

void Turns::OnClose(uv_handle_t* handle) {
  auto* self = static_cast<Turns*>(handle->data);
  if (--self->open_ == 0) self->closed_(self->data_);
}

}  // namespace caio

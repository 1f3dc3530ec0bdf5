// For a program without an event loop: nothing watches its completion queue.
#pragma once

#include <uv.h>

extern "C" {
int uv_poll_init(uv_loop_t*, uv_poll_t*, int) { return 0; }
int uv_poll_start(uv_poll_t*, int, uv_poll_cb) { return 0; }
int uv_poll_stop(uv_poll_t*) { return 0; }
void uv_close(uv_handle_t*, uv_close_cb) {}
void uv_ref(uv_handle_t*) {}
void uv_unref(uv_handle_t*) {}
}

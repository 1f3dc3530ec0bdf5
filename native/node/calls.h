// Functions that JavaScript calls for each operation.
#pragma once

#include <node_api.h>

#include "../request/decode.h"

namespace caio {

constexpr size_t kLongestPath = 4096;  // PATH_MAX, with the terminating zero

// Memory of a view and, if `array_buffer` is given, the view's ArrayBuffer. False if the value is
// no view.
bool ViewOf(napi_env env, napi_value value, View* view, napi_value* array_buffer = nullptr);

// Copies a path for the kernel into kLongestPath bytes of memory. False if it is empty, too long
// for the kernel, or contains a zero.
bool PathOf(napi_env env, napi_value value, char* path, size_t* length);

// Callbacks of Node-API.
napi_value Submit(napi_env env, napi_callback_info info);
napi_value ReadCached(napi_env env, napi_callback_info info);
napi_value Attempt(napi_env env, napi_callback_info info);
napi_value AttemptOpen(napi_env env, napi_callback_info info);

}  // namespace caio

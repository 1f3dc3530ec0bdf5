// What JavaScript calls for each operation.
#pragma once

#include <node_api.h>

#include "../request/decode.h"

namespace caio {

constexpr size_t kLongestPath = 4096;  // PATH_MAX, with the terminating zero

// The memory of a view, and, for who asks, the ArrayBuffer that it is of.
bool ViewOf(napi_env env, napi_value value, View* view, napi_value* array_buffer = nullptr);

// A path to hand to the kernel, into memory of that length: no longer than it takes, and without a zero in it.
bool PathOf(napi_env env, napi_value value, char* path, size_t* length);

// Callbacks of Node-API.
napi_value Submit(napi_env env, napi_callback_info info);
napi_value ReadCached(napi_env env, napi_callback_info info);
napi_value Attempt(napi_env env, napi_callback_info info);
napi_value AttemptOpen(napi_env env, napi_callback_info info);

}  // namespace caio

// Functions that JavaScript calls for each operation. They use Node-API directly: with
// node-addon-api a cached read took 2.1 us instead of 1.65, and a stat on the loop thread 1.43
// instead of 1.28 (x64, Node 20). lib/backends/binding.ts has the types.
#include "calls.h"

#include <errno.h>

#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "../request/decode.h"
#include "../support/memory.h"
#include "environment.h"

namespace caio {
namespace {

// The environment that `start` returned. Copies of the package in one process share this module,
// and each starts its own environment.
Environment* GetEnvironment(napi_env env, napi_value handle) {
  napi_valuetype type;
  void* data = nullptr;
  if (napi_typeof(env, handle, &type) != napi_ok || type != napi_external) return nullptr;
  napi_get_value_external(env, handle, &data);
  return static_cast<Environment*>(data);
}

napi_value Number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value Throw(napi_env env, const char* message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE", message);
  return nullptr;
}

template <size_t N>
bool Arguments(napi_env env, napi_callback_info info, napi_value (&out)[N]) {
  size_t count = N;
  return napi_get_cb_info(env, info, &count, out, nullptr, nullptr) == napi_ok && count == N;
}

bool Uint32(napi_env env, napi_value value, uint32_t* out) { return napi_get_value_uint32(env, value, out) == napi_ok; }

// Memory and length of a typed array. False if the value is not a typed array of type `wanted`.
template <class T>
bool TypedArray(napi_env env, napi_value value, napi_typedarray_type wanted, T** memory, size_t* length) {
  bool is = false;
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return false;
  napi_typedarray_type type;
  void* data;
  if (napi_get_typedarray_info(env, value, &type, length, &data, nullptr, nullptr) != napi_ok || type != wanted)
    return false;
  *memory = static_cast<T*>(data);
  return true;
}

size_t ElementSize(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array: return 8;
    default: return 1;
  }
}

}  // namespace

bool ViewOf(napi_env env, napi_value value, View* view, napi_value* array_buffer) {
  bool is = false;
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) {
    napi_typedarray_type type;
    size_t elements;
    if (napi_get_typedarray_info(env, value, &type, &elements, &view->data, array_buffer, nullptr) != napi_ok)
      return false;
    view->length = elements * ElementSize(type);
    return true;
  }
  if (napi_is_dataview(env, value, &is) == napi_ok && is) {
    // Throws and fails if the view is out of bounds, which is then treated as no view.
    if (napi_get_dataview_info(env, value, &view->length, &view->data, array_buffer, nullptr) == napi_ok) return true;
  }
  return false;
}

namespace {

// Adds a view to those of operation `id`, and its memory to those held. False if the value is no
// view.
bool AddView(napi_env env, napi_value value, uint32_t id, Environment::Scratch& scratch) {
  View view{};
  napi_value array_buffer;
  if (!ViewOf(env, value, &view, &array_buffer)) return false;
  scratch.views.push_back(view);
  scratch.memories.Add({id, array_buffer});
  return true;
}

// The views of one operation: none for a sync, an array of them for readv and writev, else one.
bool ViewsOf(napi_env env, napi_value value, uint32_t id, Environment::Scratch& scratch) {
  scratch.views.clear();
  if (AddView(env, value, id, scratch)) return true;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok || type == napi_undefined) return type == napi_undefined;
  bool is_array = false;
  uint32_t count = 0;
  if (napi_is_array(env, value, &is_array) != napi_ok || !is_array) return false;
  napi_get_array_length(env, value, &count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    if (napi_get_element(env, value, i, &element) != napi_ok || !AddView(env, element, id, scratch)) return false;
  }
  return true;
}

}  // namespace

bool PathOf(napi_env env, napi_value value, char* path, size_t* length) {
  if (napi_get_value_string_utf8(env, value, path, kLongestPath, length) != napi_ok) return false;
  return *length > 0 && *length < kLongestPath - 1 && strlen(path) == *length;
}

namespace {

// Decodes an operation's paths and the view after them, if it has one: [path, view], [path, other
// path] … 0 or a negative errno.
int PathsAndView(napi_env env, napi_value value, uint32_t id, Environment::Scratch& scratch, Request& request) {
  char paths[2 * kLongestPath];
  size_t used = 0, other = 0;
  const auto count = static_cast<uint32_t>(RowOf(request.opcode).paths);
  for (uint32_t i = 0; i < count; i++) {
    napi_value path;
    size_t length;
    if (napi_get_element(env, value, i, &path) != napi_ok || !PathOf(env, path, paths + used, &length)) return -EFAULT;
    other = used;
    used += length + 1;
  }
  scratch.views.clear();
  napi_value view;
  napi_valuetype type;
  if (napi_get_element(env, value, count, &view) != napi_ok || napi_typeof(env, view, &type) != napi_ok ||
      (type != napi_undefined && !AddView(env, view, id, scratch))) {
    return -EFAULT;
  }
  request.path.reset(new (std::nothrow) char[used]);
  if (!request.path) return -ENOMEM;
  memcpy(request.path.get(), paths, used);
  if (count > 1) request.other_path = request.path.get() + other;
  return 0;
}

// A channel is a Context with something in flight. Limited, since channel numbers index an array of
// HeldMemory.
constexpr uint32_t kMostChannels = 1 << 20;

}  // namespace

// submit(environment, kind, channel, ids, count, records, views): number of completions written to
// the array
napi_value Submit(napi_env env, napi_callback_info info) {
  napi_value args[7];
  uint32_t kind, channel, count;
  uint32_t* ids;
  double* records;
  size_t id_count, record_length;
  Environment* environment;
  if (!Arguments(env, info, args) || !(environment = GetEnvironment(env, args[0])) || !Uint32(env, args[1], &kind) ||
      !Uint32(env, args[2], &channel) || !TypedArray(env, args[3], napi_uint32_array, &ids, &id_count) ||
      !Uint32(env, args[4], &count) || count > id_count ||
      !TypedArray(env, args[5], napi_float64_array, &records, &record_length) || channel >= kMostChannels) {
    return Throw(env, "submit(kind, channel, ids, count, records, views)");
  }
  Engine* engine = environment->engine(static_cast<EngineKind>(kind));
  if (!engine) return Throw(env, "the engine is not open");
  if (!HasMemory()) return Throw(env, "out of memory");

  auto& scratch = environment->scratch();
  auto& [batch, finished, views, memories] = scratch;
  batch.clear();
  finished.clear();
  memories.Clear();
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t id = ids[i];
    if ((static_cast<size_t>(id) + 1) * kRecordFields > record_length) return Throw(env, "an id without a record");
    const double* record = records + id * kRecordFields;
    napi_value element;
    Request request;
    const bool has_path = DecodeOpcode(record, &request.opcode) && HasPath(request.opcode);
    int64_t error = -EFAULT;
    if (napi_get_element(env, args[6], id, &element) == napi_ok) {
      if (has_path) {
        error = PathsAndView(env, element, id, scratch, request);
      } else if (ViewsOf(env, element, id, scratch)) {
        error = 0;
      }
    }
    if (error == 0) error = DecodeRequest(record, views.data(), views.size(), request);
    if (error != 0) {
      // If memory has run out here, another backend may still be able to serve the operation.
      finished.push_back({channel, id, error == -ENOMEM ? kUnserved : error, Route::kInline});
      continue;
    }
    request.channel = channel;
    request.id = id;
    batch.push_back(std::move(request));
  }
  // A view that can no longer be examined may have left an exception pending. Its operation reports
  // EFAULT instead.
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_value ignored;
    napi_get_and_clear_last_exception(env, &ignored);
  }
  return Number(env, static_cast<double>(environment->Submit(*engine, channel)));
}

// readCached(environment, path, view): bytes read, or a negative errno
napi_value ReadCached(napi_env env, napi_callback_info info) {
  napi_value args[3];
  char path[kLongestPath];
  size_t length;
  View view{};
  Environment* environment;
  if (!Arguments(env, info, args) || !(environment = GetEnvironment(env, args[0])) ||
      !PathOf(env, args[1], path, &length) || !ViewOf(env, args[2], &view)) {
    return Number(env, -EINVAL);
  }
  return Number(env, static_cast<double>(environment->ReadCached(path, view.data, view.length)));
}

// attempt(environment, opcode, mode, flags, path, view): the operation's result, or a negative
// errno, -EAGAIN if it would wait
napi_value Attempt(napi_env env, napi_callback_info info) {
  napi_value args[6];
  char path[kLongestPath];
  size_t length;
  uint32_t opcode, mode, flags;
  View view{};
  Environment* environment;
  if (!Arguments(env, info, args) || !(environment = GetEnvironment(env, args[0])) || !Uint32(env, args[1], &opcode) ||
      opcode >= kOperationCount || !Uint32(env, args[2], &mode) || !Uint32(env, args[3], &flags) ||
      !PathOf(env, args[4], path, &length) || !ViewOf(env, args[5], &view)) {
    return Number(env, -EAGAIN);
  }
  const PathAttempt attempt{static_cast<Opcode>(opcode), path, mode, flags, view.data, view.length};
  return Number(env, static_cast<double>(environment->Attempt(attempt)));
}

// attemptOpen(environment, opcode, fd, view): the same for an open file
napi_value AttemptOpen(napi_env env, napi_callback_info info) {
  napi_value args[4];
  uint32_t opcode, fd;
  View view{};
  Environment* environment;
  if (!Arguments(env, info, args) || !(environment = GetEnvironment(env, args[0])) || !Uint32(env, args[1], &opcode) ||
      opcode >= kOperationCount || !Uint32(env, args[2], &fd) || !ViewOf(env, args[3], &view)) {
    return Number(env, -EAGAIN);
  }
  const OpenAttempt attempt{static_cast<Opcode>(opcode), static_cast<int>(fd), view.data, view.length};
  return Number(env, static_cast<double>(environment->Attempt(attempt)));
}

}  // namespace caio

// Module entry: the functions that JavaScript sees. All run on the loop thread;
// lib/backends/binding.ts has their types.
#include <errno.h>
#include <napi.h>

#include "calls.h"
#include "environment.h"
#include "../support/processors.h"
#include "../support/regular_file.h"
#include "../thread_pool/hand_off.h"
#include "../linux/directory_probe.h"
#include "../operations/direct_alignment.h"

namespace caio {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

// The environment that `start` returned. Copies of the package in one process share this module,
// and each starts its own environment.
Environment* EnvironmentOf(const Value& handle) {
  return handle.IsExternal() ? handle.As<Napi::External<Environment>>().Data() : nullptr;
}

Value Number(Napi::Env env, double value) { return Napi::Number::New(env, value); }

Value Throw(Napi::Env env, const char* message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE", message);
  return {};
}

bool Uint32(const Value& value, uint32_t* out) {
  if (!value.IsNumber()) return false;
  *out = value.As<Napi::Number>().Uint32Value();
  return true;
}

bool IsArrayOf(napi_typedarray_type type, const Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// start(threads, handOff, deliver, completions, polls, turn): the environment for the other calls, or a negative
// errno
Value Start(const CallbackInfo& info) {
  uint32_t threads;
  if (info.Length() != 6 || !Uint32(info[0], &threads) || !info[1].IsBoolean() || !info[2].IsFunction() ||
      !IsArrayOf(napi_float64_array, info[3]) || !IsArrayOf(napi_uint32_array, info[4]) || !info[5].IsFunction()) {
    return Throw(info.Env(), "start(threads, handOff, deliver, completions, polls, turn)");
  }
  auto* environment = new Environment(info.Env());
  const int error = environment->Start(threads, info[1].As<Napi::Boolean>(), info[2].As<Napi::Function>(),
                                       info[3].As<Napi::Float64Array>(), info[4].As<Napi::Uint32Array>(),
                                       info[5].As<Napi::Function>());
  // Not owned by JavaScript: the environment's cleanup hook deletes it.
  if (error == 0) return Napi::External<Environment>::New(info.Env(), environment);
  delete environment;
  return Number(info.Env(), error);
}

// open(environment, kind, directory): null, or [negative errno, the step that failed]
Value Open(const CallbackInfo& info) {
  uint32_t kind;
  char directory[kLongestPath];
  size_t length;
  Environment* environment;
  if (info.Length() != 3 || !(environment = EnvironmentOf(info[0])) || !Uint32(info[1], &kind) ||
      !PathOf(info.Env(), info[2], directory, &length)) {
    return Throw(info.Env(), "open(kind, directory)");
  }
  const char* step = "";
  const int error = environment->Open(static_cast<EngineKind>(kind), directory, &step);
  if (error == 0) return info.Env().Null();
  const auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Number(info.Env(), error));
  const Value name = Napi::String::New(info.Env(), step);
  result.Set(1u, name);
  return result;
}

// requestTurn(environment): calls `turn` once, behind the next poll
Value RequestTurn(const CallbackInfo& info) {
  Environment* environment;
  if (info.Length() != 1 || !(environment = EnvironmentOf(info[0]))) return Throw(info.Env(), "requestTurn()");
  environment->RequestTurn();
  return info.Env().Undefined();
}

// cancel(environment, kind, channel, id): true if nothing had begun to serve the operation, which
// then has no completion
Value Cancel(const CallbackInfo& info) {
  uint32_t kind, channel, id;
  Environment* environment;
  if (info.Length() != 4 || !(environment = EnvironmentOf(info[0])) || !Uint32(info[1], &kind) ||
      !Uint32(info[2], &channel) || !Uint32(info[3], &id)) {
    return Throw(info.Env(), "cancel(kind, channel, id)");
  }
  Engine* engine = environment->engine(static_cast<EngineKind>(kind));
  return Napi::Boolean::New(info.Env(), engine && environment->Cancel(*engine, channel, id));
}

// isRegularFile(fd): whether the descriptor refers to a regular file; asks no server
Value IsRegular(const CallbackInfo& info) {
  uint32_t fd;
  if (info.Length() != 1 || !Uint32(info[0], &fd)) return Throw(info.Env(), "isRegularFile(fd)");
  return Napi::Boolean::New(info.Env(), IsRegularFile(static_cast<int>(fd)));
}

// probeDirectory(directory): results by name, or undefined on a system without the probe
Value Probe(const CallbackInfo& info) {
  char directory[kLongestPath];
  size_t length;
  if (info.Length() != 1 || !PathOf(info.Env(), info[0], directory, &length)) {
    return Throw(info.Env(), "probeDirectory(directory)");
  }
  const std::vector<Answer> answers = ProbeDirectory(directory);
  if (answers.empty()) return info.Env().Undefined();
  const auto result = Napi::Object::New(info.Env());
  for (const Answer& answer : answers) {
    result.Set(answer.name, Number(info.Env(), static_cast<double>(answer.value)));
  }
  return result;
}

// addressRemainder(view, alignment): the address of the view's memory modulo `alignment`, or
// undefined if the view has no memory
Value AddressRemainder(const CallbackInfo& info) {
  uint32_t alignment;
  View view{};
  if (info.Length() != 2 || !Uint32(info[1], &alignment) || alignment == 0 || !ViewOf(info.Env(), info[0], &view)) {
    return Throw(info.Env(), "addressRemainder(view, alignment)");
  }
  if (!view.data) return info.Env().Undefined();
  return Number(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(view.data) % alignment));
}

// statedAlignment(fd): [memory, offset] in bytes, or undefined if the file system does not state it
Value Stated(const CallbackInfo& info) {
  uint32_t fd;
  if (info.Length() != 1 || !Uint32(info[0], &fd)) return Throw(info.Env(), "statedAlignment(fd)");
  const DirectAlignment stated = StatedAlignment(static_cast<int>(fd));
  if (stated.memory == 0 || stated.offset == 0) return info.Env().Undefined();
  const auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Number(info.Env(), static_cast<double>(stated.memory)));
  result.Set(1u, Number(info.Env(), static_cast<double>(stated.offset)));
  return result;
}

// processors(): [processors that this process may run on, its quota of processor time as a number
// of processors (0: no quota), whether these are enough for a thread that stays awake]
Value ProcessorsHere(const CallbackInfo& info) {
  const unsigned processors = Processors();
  const double quota = ProcessorQuota();
  const auto result = Napi::Array::New(info.Env(), 3);
  result.Set(0u, Number(info.Env(), processors));
  result.Set(1u, Number(info.Env(), quota));
  result.Set(2u, Napi::Boolean::New(info.Env(), MayStayAwake(static_cast<int>(Usable(processors, quota)))));
  return result;
}

// protocol(): text of everything that JavaScript and the addon must agree on
Value Protocol(const CallbackInfo& info) {
  const ProtocolText text = DescribeProtocol();
  return Napi::String::New(info.Env(), text.bytes, text.length);
}

using Function = Value (*)(const CallbackInfo&);

template <Function function>
void Export(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name));
}

// For the functions of calls.h, which use Node-API directly.
void Export(Napi::Object exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(exports.Env(), name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  exports.Set(name, function);
}

Napi::Object Init(Napi::Env, Napi::Object exports) {
  Export<Start>(exports, "start");
  Export<Open>(exports, "open");
  Export(exports, "submit", Submit);
  Export<Cancel>(exports, "cancel");
  Export<RequestTurn>(exports, "requestTurn");
  Export(exports, "readCached", ReadCached);
  Export(exports, "attempt", Attempt);
  Export(exports, "attemptOpen", AttemptOpen);
  Export<Probe>(exports, "probeDirectory");
  Export<IsRegular>(exports, "isRegularFile");
  Export<AddressRemainder>(exports, "addressRemainder");
  Export<Stated>(exports, "statedAlignment");
  Export<ProcessorsHere>(exports, "processors");
  Export<Protocol>(exports, "protocol");
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace
}  // namespace caio

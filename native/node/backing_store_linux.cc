#include "held_memory.h"

// Node-API has no function that holds memory. V8 has one, GetBackingStore, and a napi_value is a V8
// handle. The functions are declared here instead of included, so that the addon needs no
// particular version of V8. They are weak: null if the runtime does not have exactly these.
// ArrayBuffer::New is never called. Its symbol contains the type that GetBackingStore returns,
// which the symbol of GetBackingStore does not: with another standard library, as in Electron, the
// symbol of New is missing.
namespace v8 {
class Isolate;
template <class T>
class Local;

class __attribute__((visibility("default"))) ArrayBuffer {
 public:
  __attribute__((weak)) static Local<ArrayBuffer> New(Isolate* isolate, std::shared_ptr<BackingStore> backing_store);
};

// ArrayBuffer::GetBackingStore(). Not declared as a member: a member could not be compared with
// null.
__attribute__((weak)) std::shared_ptr<BackingStore> GetBackingStore(ArrayBuffer* self) __asm__(
    "_ZN2v811ArrayBuffer15GetBackingStoreEv");
}  // namespace v8

namespace caio {

bool CanHold() { return &v8::GetBackingStore != nullptr && &v8::ArrayBuffer::New != nullptr; }

std::shared_ptr<v8::BackingStore> BackingStoreOf(const Memory& memory) {
  return v8::GetBackingStore(reinterpret_cast<v8::ArrayBuffer*>(memory.array_buffer));
}

}  // namespace caio

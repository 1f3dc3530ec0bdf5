#include "held_memory.h"

// Node-API has nothing that holds memory; V8 has, and a napi_value is V8's handle. Declared here, not included, so that the addon
// needs no particular version of V8: weak, they are null where the runtime does not have exactly these. The second is never called.
// It names the type that the first returns, which its own name does not: with another standard library, as in Electron, it is missing.
namespace v8 {
class Isolate;
template <class T>
class Local;

class __attribute__((visibility("default"))) ArrayBuffer {
 public:
  __attribute__((weak)) static Local<ArrayBuffer> New(Isolate* isolate, std::shared_ptr<BackingStore> backing_store);
};

// ArrayBuffer::GetBackingStore(): as a member it could not be compared with null.
__attribute__((weak)) std::shared_ptr<BackingStore> GetBackingStore(ArrayBuffer* self) __asm__(
    "_ZN2v811ArrayBuffer15GetBackingStoreEv");
}  // namespace v8

namespace caio {

bool CanHold() { return &v8::GetBackingStore != nullptr && &v8::ArrayBuffer::New != nullptr; }

std::shared_ptr<v8::BackingStore> BackingStoreOf(const Memory& memory) {
  return v8::GetBackingStore(reinterpret_cast<v8::ArrayBuffer*>(memory.array_buffer));
}

}  // namespace caio

// Finishes what is still under way when the process ends. At process.exit() or an uncaught exception, Node runs no cleanup hooks of the
// main thread: it empties libuv's pool, and calls exit(). In exit(), this empties our pool likewise.
#pragma once

namespace caio {

// Calls `finish(data)` from exit(), if exit() is called on this thread, unless ForgetAtExit(data) is called before.
using Finisher = void (*)(void* data);
void FinishAtExit(Finisher finish, void* data);
void ForgetAtExit(void* data);

}  // namespace caio

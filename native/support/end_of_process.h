// Finishes operations in flight when the process ends. At process.exit() or an uncaught exception,
// Node runs no cleanup hooks of the main thread: it drains libuv's pool, and calls exit(). There,
// this drains our pool likewise.
#pragma once

namespace caio {

// Has exit() call `finish(data)` if it runs on this thread, until ForgetAtExit(data) is called.
using Finisher = void (*)(void* data);
void FinishAtExit(Finisher finish, void* data);
void ForgetAtExit(void* data);

}  // namespace caio

// What is still under way when the process ends. Node runs no cleanup hooks of the main thread at process.exit() or an uncaught
// exception: it empties libuv's pool, and calls exit(). So does this, for ours.
#pragma once

namespace caio {

// Calls `finish(data)` from exit(), if that is called on this thread, unless Forget is called before.
using Finisher = void (*)(void* data);
void FinishAtExit(Finisher finish, void* data);
void ForgetAtExit(void* data);

}  // namespace caio

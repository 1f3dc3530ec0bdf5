/** The thread that loads this module. */
const { process } = globalThis

/** Node disables `process.chdir` in workers. Loading node:worker_threads to find out takes milliseconds. */
export const isMainThread = !('disabled' in process.chdir)

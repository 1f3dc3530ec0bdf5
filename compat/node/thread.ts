/** The thread that this is loaded in. */
const { process } = globalThis

/** In a worker Node forbids to change the directory. To load node:worker_threads for the answer takes longer than all of this. */
export const isMainThread = !('disabled' in process.chdir)

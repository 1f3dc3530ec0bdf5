/**
 * The first use of the engine in a process, and how long it blocks the event loop: `first-use.js
 * CALL FILE [worker]`. CAIO_IMPL names the backend. Prints {@link FirstUse} as JSON.
 */
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { LoopWatch } from './event-loop.js'
import type { Turns } from './event-loop.js'

export interface FirstUse extends Turns {
  /** the kernel's number of the event loop's thread */
  thread: number
  backend: string
}

/** Calls by name. Nothing has been used before. */
export const firstCalls: Readonly<Record<string, (file: string) => unknown>> = {
  defaultContext: async () => (await import('caio')).defaultContext(),
  async 'new Context, all backends'() {
    const { Context } = await import('caio')
    for (const backend of ['linux', 'thread', 'pure', 'uring'] as const) {
      await new Context({ backend }).close()
    }
  },
  readFile: async (file) => (await import('caio/fs')).default.readFile(file),
  writeFile: async (file) => (await import('caio/fs')).default.writeFile(file, 'content'),
  async read(file) {
    const handle = await (await import('caio/fs')).default.open(file, 'r+')
    await handle.read(Buffer.alloc(100), 0, 100, 0)
    await handle.close()
  },
  async write(file) {
    const handle = await (await import('caio/fs')).default.open(file, 'r+')
    await handle.write(Buffer.alloc(100), 0, 100, 0)
    await handle.close()
  },
  async writeFileAtomic(file) {
    await (await import('caio')).writeFileAtomic(file, 'content')
  },
  async 'LogWriter.open'(file) {
    const log = await (await import('caio')).LogWriter.open(`${file}.log`)
    await log.close()
  },
}

async function measure(name: string, file: string): Promise<FirstUse> {
  const watch = new LoopWatch()
  // Loading modules reads files on the loop, as for every package; the test sees its requests to
  // the slow file system.
  await import('caio/fs')
  watch.reset()
  await (firstCalls[name] as (file: string) => unknown)(file)
  const turns = await watch.turns()
  await watch.end()
  const { defaultContext } = await import('caio')
  return { ...turns, thread: watch.thread, backend: defaultContext().backend }
}

const path = fileURLToPath(import.meta.url)
if (process.argv[1] === path || !isMainThread) {
  const [name, file, where] = (isMainThread ? process.argv.slice(2) : workerData) as [string, string, string?]
  if (isMainThread && where === 'worker') {
    new Worker(path, { workerData: [name, file] }).once('message', (result) => console.log(JSON.stringify(result)))
  } else {
    const result = await measure(name, file)
    if (isMainThread) console.log(JSON.stringify(result))
    else parentPort?.postMessage(result)
  }
}

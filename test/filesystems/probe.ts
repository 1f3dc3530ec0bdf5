/**
 * Finds by trial how a file system answers the engine's requests: `node probe.js DIRECTORY` prints
 * {@link Support} as JSON.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { Context, defaultContext } from 'caio'
import type { Stats } from 'caio'
import caioFs from 'caio/fs'
import { alignedMemory } from '../support/harness.js'
import { evict } from '../support/evict.js'

export interface Support {
  cachedRead: string
  coldRead: string
  directRead: string
  directWrite: string
  /** bytes, of offset and length */
  alignment: string
  cachedPath: string
}

const BLOCK = 4096
const directory = process.argv[2] as string

function file(name: string, flags: number): { path: string; fd: number } {
  const path = join(directory, name)
  fs.writeFileSync(path, Buffer.alloc(64 * BLOCK, 'x'))
  const fd = fs.openSync(path, flags)
  fs.fsyncSync(fd)
  return { path, fd }
}

/** The route that served the operation. */
async function route(context: Context, act: () => Promise<unknown>): Promise<keyof Stats['routes']> {
  const before = context.stats().routes
  await act()
  const after = context.stats().routes
  return (Object.keys(after) as (keyof Stats['routes'])[]).find((name) => after[name] > before[name]) ?? 'pool'
}

/** Attempts on a file that the engine does not know: it retries after a miss, but never after a refusal. */
async function answer(context: Context, act: (attempt: number) => Promise<unknown>): Promise<string> {
  const routes = []
  for (let attempt = 0; attempt < 3; attempt++) routes.push(await route(context, () => act(attempt)))
  const served = routes.filter((name) => name === 'inline' || name === 'kernel').length
  if (served > 0) return served === routes.length ? 'served' : 'at times'
  return routes.includes('pool') ? 'refused' : 'would wait'
}

/** The smallest accepted power of two, or why there is none. */
function alignment(path: string): string {
  let fd: number
  try {
    fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_DIRECT)
  } catch (error) {
    return `no O_DIRECT (${(error as NodeJS.ErrnoException).code})`
  }
  try {
    const memory = alignedMemory(fd, BLOCK)
    for (let bytes = 1; bytes <= BLOCK; bytes *= 2) {
      try {
        fs.readSync(fd, memory, 0, bytes, bytes)
        return bytes === 1 ? 'none' : String(bytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
      }
    }
    return `more than ${BLOCK}`
  } finally {
    fs.closeSync(fd)
  }
}

async function directAnswers(context: Context): Promise<[read: string, write: string]> {
  const answers: string[] = []
  for (const method of ['read', 'write'] as const) {
    const { path, fd: buffered } = file(`direct-${method}`, fs.constants.O_RDWR)
    fs.closeSync(buffered)
    let fd: number
    try {
      fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_DIRECT)
    } catch {
      answers.push('no')
      continue
    }
    evict(path)
    const memory = alignedMemory(fd, BLOCK)
    answers.push(await answer(context, (attempt) => context[method](memory, fd, attempt * 16 * BLOCK)))
    fs.closeSync(fd)
  }
  return answers as [string, string]
}

async function probe(): Promise<Support> {
  let context
  try {
    context = new Context({ backend: 'linux' })
  } catch (error) {
    throw new Error(`kernel AIO does not work here: ${(error as Error).message}`)
  }
  const engine = context
  const memory = Buffer.alloc(BLOCK)
  const cached = file('cached', fs.constants.O_RDWR)
  fs.readFileSync(cached.path)
  // After the first read, a thread knows the file system.
  await engine.read(memory, cached.fd, 0)
  const cachedRead = await answer(engine, (attempt) => engine.read(memory, cached.fd, attempt * BLOCK))

  const cold = file('cold', fs.constants.O_RDWR)
  evict(cold.path)
  const coldRead = await answer(engine, (attempt) => {
    if (attempt > 0) evict(cold.path)
    return engine.read(memory, cold.fd, attempt * 24 * BLOCK)
  })

  const [directRead, directWrite] = await directAnswers(engine)
  const small = join(directory, 'small')
  fs.writeFileSync(small, 'small')
  await caioFs.readFile(small)
  const byPath = await route(defaultContext(), () => caioFs.readFile(small))
  for (const { fd } of [cached, cold]) fs.closeSync(fd)
  await engine.close()
  return {
    cachedRead,
    coldRead,
    directRead,
    directWrite,
    alignment: alignment(cached.path),
    cachedPath: byPath === 'inline' ? 'yes' : 'no',
  }
}

console.log(JSON.stringify(await probe()))

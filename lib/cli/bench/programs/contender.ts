/** The process of one trial of a program: takes a Task as its argument, and prints an Answer. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Package from 'caio'
import { peakMemory } from '../../trial/peak-memory.js'
import { runtime } from '../../trial/subject.js'
import { npmPackages } from './own-npm.js'
import type { Answer } from '../../trial/task.js'
import type { Program, Setting } from './program.js'
import type { Calls, Task, Told } from './task.js'

type Engine = () => NonNullable<Told['engine']>

/**
 * The engine's counts under the program. It is the preload's engine, since one file has the
 * package's state; the preload has loaded that file already, so this costs the process nothing.
 */
function findEngine(): Engine {
  const { defaultContext } = createRequire(import.meta.url)('../../../../caio.cjs') as typeof Package
  return () => {
    const { backend, ways } = defaultContext().stats()
    return { backend, calls: ways }
  }
}

/** Increase of the counts: before the work, Node has used the engine to load modules. */
function added(before: Calls, after: Calls): Calls {
  const functions = Object.entries(after).map(([name, counts = {}]) => {
    const more = Object.entries(counts).map(([way, count = 0]) => [way, count - (before[name]?.[way] ?? 0)] as const)
    return [name, Object.fromEntries(more.filter(([, count]) => count > 0))] as const
  })
  return Object.fromEntries(functions.filter(([, counts]) => Object.keys(counts).length > 0))
}

/** Loads packages from the directory or, if it has none of that name, from the npm that is installed with Node. */
function loader(directory: string, node: string): (name: string) => unknown {
  const [own, npms] = [directory, npmPackages(node)].map((each) => createRequire(join(each, 'package.json')))
  return (name) => {
    try {
      own?.resolve(name)
    } catch {
      return npms?.(name) as unknown
    }
    return own?.(name) as unknown
  }
}

async function compete(task: Task): Promise<Told> {
  const { program: id, way, directory, input, work, files, node } = task
  const load = loader(directory, node)
  const setting: Setting = { input, work, files, node, load: <T>(name: string) => load(name) as T }
  process.chdir(work)
  const { program } = (await import(`./${id}.js`)) as { program: Program }
  const engine = task.caio ? findEngine() : undefined
  const run = way === 'synchronous' ? program.startSync?.(setting) : await program.start(setting)
  if (!run) throw new Error(`${id} has no synchronous form`)
  const callsBefore = engine?.().calls ?? {}
  const before = process.cpuUsage()
  const start = performance.now()
  const result = (await run()) ?? null
  const milliseconds = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  const after = engine?.()
  return {
    runtime: runtime(),
    milliseconds,
    cpu: (user + system) / 1000,
    peakMemory: peakMemory(),
    result,
    engine: after ? { backend: after.backend, calls: added(callsBefore, after.calls) } : null,
  }
}

const task = JSON.parse(process.argv[2] ?? '{}') as Task
const answer: Answer<Told> = await compete(task).then(
  (report) => ({ report }),
  (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
)
process.stdout.write(`${JSON.stringify(answer)}\n`)

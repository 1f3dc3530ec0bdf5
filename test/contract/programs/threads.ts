/**
 * Prints the number of the engine's threads, before any work and after a lot of it. Arguments: a
 * scratch file, a backend.
 */
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'

const [path = '', backend] = process.argv.slice(2)
fs.writeFileSync(path, '')
const fd = fs.openSync(path, 'r+')
const context = new Context({ backend: backend as BackendName })

const tasks = (): string[] => fs.readdirSync('/proc/self/task')
/** Name of a thread; '' if it has ended since. */
function nameOf(task: string): string {
  try {
    return fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
const threads = (): number => tasks().filter((task) => nameOf(task) === 'caio').length

const before = new Set(tasks())
const idle = threads()
// Reads too large for an inline attempt; writes of one file would share one thread.
await context.write(Buffer.alloc(500_000), fd, 0)
await Promise.all(Array.from({ length: 200 }, () => context.read(500_000, fd, 0)))
// A thread sets its own name, and may not have run yet.
while (tasks().some((task) => !before.has(task) && nameOf(task) === 'node')) await new Promise(setImmediate)
console.log(JSON.stringify({ idle, after: threads() }))

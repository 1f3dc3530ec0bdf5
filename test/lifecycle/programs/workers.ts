/**
 * Starts workers, and prints as JSON the outcome of each, and what this process still holds of the
 * engine afterwards. Arguments: a scratch file, a backend, the worker's task, how many in all, how
 * many at once.
 */
import fs from 'node:fs'
import { Worker } from 'node:worker_threads'

export interface Report {
  messages: unknown[]
  exitCodes: number[]
  errors: string[]
  /** kernel contexts, descriptors (the workers' too) and threads of the engine that are still there */
  left: { rings: number; descriptors: number; threads: number }
}

const [path = '', backend, task = '', total = '1', atOnce = total] = process.argv.slice(2)
const report: Report = { messages: [], exitCodes: [], errors: [], left: { rings: 0, descriptors: 0, threads: 0 } }

async function oneWorker(index: number): Promise<void> {
  const file = `${path}-${index}`
  fs.writeFileSync(file, Buffer.alloc(16 * 256 * 1024))
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { path: file, backend, task } })
  worker.on('message', (message) => {
    report.messages.push(message)
    if (message === 'in flight') void worker.terminate()
  })
  worker.on('error', ({ message }) => report.errors.push(message))
  report.exitCodes.push(await new Promise<number>((resolve) => worker.on('exit', resolve)))
}

/** Counts entries; only Linux shows them. */
function count(directory: string, matches: (entry: string) => boolean): number {
  if (process.platform !== 'linux') return 0
  const matching = (entry: string): boolean => {
    try {
      return matches(`${directory}/${entry}`)
    } catch {
      return false // gone since it was listed
    }
  }
  return fs.readdirSync(directory).filter(matching).length
}

const rings = (): number =>
  process.platform === 'linux' ? fs.readFileSync('/proc/self/maps', 'utf8').split('[aio]').length - 1 : 0
const isOurs = (link: string): boolean => link.includes('eventfd') || link.startsWith(path)
const descriptors = (): number => count('/proc/self/fd', (entry) => isOurs(fs.readlinkSync(entry)))
const threads = (): number => count('/proc/self/task', (entry) => fs.readFileSync(`${entry}/comm`, 'utf8') === 'caio\n')

const before = { rings: rings(), descriptors: descriptors(), threads: threads() }
let next = 0
const lane = async (): Promise<void> => {
  while (next < Number(total)) await oneWorker(next++)
}
await Promise.all(Array.from({ length: Number(atOnce) }, lane))
report.left = {
  rings: rings() - before.rings,
  descriptors: descriptors() - before.descriptors,
  threads: threads() - before.threads,
}
console.log(JSON.stringify(report))

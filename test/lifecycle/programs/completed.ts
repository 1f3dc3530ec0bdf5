/**
 * Requests writes, and ends at once. Arguments: a scratch directory, the function for the writes,
 * how to end, and, inside a worker, a marker.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { Worker, isMainThread } from 'node:worker_threads'
import { Context, patch } from 'caio'
import fs from 'caio/fs'

const [directory = '', means = '', ending = '', where = 'process'] = process.argv.slice(2)

/** More than are in flight at a time. */
const WRITES = 600
const BYTES = 3000

const block = (index: number): Buffer => Buffer.alloc(BYTES, 1 + (index % 255))
const path = join(directory, 'file')

/** By a Context made when needed, the first one of the process. */
function writeByFirst(): void {
  const context = new Context({ maxRequests: 8 })
  const fd = nodeFs.openSync(path, 'r+')
  for (let index = 0; index < WRITES; index++) void context.write(block(index), fd, index * BYTES)
}

async function prepare(): Promise<() => void> {
  if (means === 'first context') {
    nodeFs.writeFileSync(path, '')
    return writeByFirst
  }
  const context = new Context({ maxRequests: 64 })
  nodeFs.writeFileSync(path, '')
  const handle = await fs.open(path, 'r+')
  // Once, so that Node's handles are known.
  await fs.writeFile(join(directory, 'first'), 'x')
  const each = (write: (index: number) => unknown) => (): void => {
    for (let index = 0; index < WRITES; index++) void write(index)
  }
  switch (means) {
    case 'context':
      return each((index) => context.write(block(index), handle.fd, index * BYTES))
    case 'handle':
      return each((index) => handle.write(block(index), 0, BYTES, index * BYTES))
    case 'writeFile':
      return each((index) => fs.writeFile(join(directory, String(index)), block(index)))
    case 'one place':
      return each((index) => handle.write(block(index), 0, BYTES, 0))
    default:
      patch({ callbacks: true })
      return each((index) => nodeFs.write(handle.fd, block(index), 0, BYTES, index * BYTES, () => {}))
  }
}

if (isMainThread && where === 'worker') {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  worker.on('error', () => {})
} else {
  const write = await prepare()
  if (ending === 'exit handler') process.on('exit', write)
  else write()
  if (ending === 'rejection') void Promise.reject(new Error('not handled'))
  else if (ending === 'exception') throw new Error('thrown')
  else process.exit(0)
}

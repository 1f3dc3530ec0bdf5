/**
 * Preloaded, by NODE_OPTIONS, into each of Node's tests and its children: puts the shim under them.
 * At the end of a process or worker that has used the engine, it appends one line of JSON to the
 * file that CAIO_NODE_TESTS_REPORT names: the backend, and its operations.
 */
import fs = require('node:fs')
import type { EngineReport } from './engine-report.js' with { 'resolution-mode': 'import' }
require('caio/register')

// Typed as an ES module, whose types are made of sources: those of the CommonJS one are made by the bundler.
type Caio = typeof import('caio', { with: { 'resolution-mode': 'import' } })

const { Context, defaultContext } = require('caio') as Caio
// As they are now: tests replace functions of fs. Only those that call nothing else of fs:
// `appendFileSync` would call the replacements.
const { openSync: open, writeSync: write, closeSync: close } = fs

const file = process.env['CAIO_NODE_TESTS_REPORT']
if (file !== undefined) onFirstUse(() => process.on('exit', () => report(file)))

/**
 * Calls back once, at the first use of a context in this thread. Without one there is nothing to report,
 * and asking the default context for its counts would make it: a test's async hooks, for one, would
 * see its resources.
 */
function onFirstUse(callback: () => void): void {
  const own = Object.getOwnPropertyDescriptor(Context.prototype, 'scheduler') as PropertyDescriptor
  Object.defineProperty(Context.prototype, 'scheduler', {
    ...own,
    get() {
      Object.defineProperty(Context.prototype, 'scheduler', own)
      callback()
      return (this as InstanceType<typeof Context>).scheduler
    },
  })
}

function report(path: string): void {
  try {
    const { backend, operations } = defaultContext().stats()
    const line: EngineReport = { backend, operations }
    const fd = open(path, 'a') // one short write to a file opened for appending: processes of one test do not mix lines
    write(fd, `${JSON.stringify(line)}\n`)
    close(fd)
  } catch {
    // A test under --permission may not write here. Its result counts, but not its operations.
  }
}

/**
 * Preloaded, by NODE_OPTIONS, into each of Node's tests and what it starts: puts the shim under them. As a process or worker
 * that has used the engine ends, it appends one line of JSON to the file that CAIO_NODE_TESTS_REPORT names: which backend, and
 * how much.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import 'caio/register'
import { Context, defaultContext } from 'caio'
import type { EngineReport } from './engine-report.js'

// Tests replace functions of fs. So the imported bindings are copied at once (they are live: `syncBuiltinESMExports`
// changes them), and only those are used that call nothing else of fs: `appendFileSync` would go through the new ones.
const [open, write, close] = [openSync, writeSync, closeSync]

const file = process.env['CAIO_NODE_TESTS_REPORT']
if (file !== undefined) onFirstUse(() => process.on('exit', () => report(file)))

/**
 * Calls back at the first operation in this thread, and is gone. Without one there is nothing to report, and to ask the
 * default context for its counts would make it: a test's async hooks, for one, see the resources that come with it.
 */
function onFirstUse(callback: () => void): void {
  const { enqueue } = Context.prototype
  Context.prototype.enqueue = function (...args) {
    Context.prototype.enqueue = enqueue
    callback()
    return enqueue.apply(this, args)
  }
}

function report(path: string): void {
  try {
    const { backend, operations } = defaultContext().stats()
    const line: EngineReport = { backend, operations }
    const fd = open(path, 'a') // one short write to a file opened for appending: processes of one test do not mix lines
    write(fd, `${JSON.stringify(line)}\n`)
    close(fd)
  } catch {
    // A test under --permission may not write here. What it does is what counts, and its operations go uncounted.
  }
}

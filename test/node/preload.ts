/**
 * Preloaded, by NODE_OPTIONS, into each of Node's tests and its children: puts the shim under them.
 * At the end of a process or worker that has used the engine, it appends one line of JSON to the
 * file that CAIO_NODE_TESTS_REPORT names: the backend, and its operations.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import 'caio/register'
import { Context, defaultContext } from 'caio'
import type { EngineReport } from './engine-report.js'

// Tests replace functions of fs. So the imported bindings are copied at once (they are live:
// `syncBuiltinESMExports` changes them). Only functions that call nothing else of fs are used:
// `appendFileSync` would call the replacements.
const [open, write, close] = [openSync, writeSync, closeSync]

const file = process.env['CAIO_NODE_TESTS_REPORT']
if (file !== undefined) onFirstUse(() => process.on('exit', () => report(file)))

/**
 * Calls back once, at the first operation in this thread. Without one there is nothing to report,
 * and asking the default context for its counts would make it: a test's async hooks, for one, would
 * see its resources.
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
    // A test under --permission may not write here. Its result counts, but not its operations.
  }
}

// @thorough
import t from 'tap'
import { onEveryBackend } from '../support/harness.js'
import { run } from './child.js'

// Dozens of processes and workers: seconds on an idle machine, more on a busy one. Each has its own limit.
t.setTimeout(180_000)

const endings: Record<string, { code: number | null; signal?: string; stderr?: RegExp }> = {
  'in the same tick': { code: 7 },
  'as soon as they are submitted': { code: 7 },
  'on the next turn': { code: 7 },
  'when one completes': { code: 7 },
  'while closing': { code: 7 },
  'with an exit handler that starts more': { code: 7 },
  'by an uncaught exception': { code: 1, stderr: /thrown in flight/ },
  'by an unhandled rejection': { code: 1, stderr: /EBADF: bad file descriptor, read/ },
  'by a signal': { code: null, signal: 'SIGTERM' },
}

for (const [manner, { code, signal = null, stderr = /^$/ }] of Object.entries(endings)) {
  onEveryBackend(t, `a process that ends ${manner}, with operations in flight`, async (t, backend) => {
    const ending = await run(t, 'exit', [backend, manner])
    t.equal(ending.signal, signal)
    t.equal(ending.code, code)
    t.match(ending.stderr, stderr)
  })
}

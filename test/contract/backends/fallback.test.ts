/** An operation that its backend cannot take is served by the next backend, invisibly to the caller. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { Stats } from 'caio'
import { requiredBackends, runProgram, temporaryDirectory } from '../../support/harness.js'

function whyNotHere(): string | false {
  if (process.platform !== 'linux') return 'limits on threads are tried on Linux'
  try {
    execFileSync('prlimit', ['--version'])
    return false
  } catch {
    return 'prlimit is not installed'
  }
}

const skip = whyNotHere()

for (const names of [
  [],
  ['linux'],
  ['thread'],
  ['linux', 'thread'],
  ['thread', 'linux'],
  ['pure', 'linux'],
  ...(requiredBackends.includes('uring') ? [['uring']] : []),
]) {
  t.test(`no threads, with ${names.join(' and then ') || 'the default'} open`, { skip }, async (t) => {
    const program = new URL('../programs/no-threads.js', import.meta.url)
    const scratch = join(temporaryDirectory(t), 'scratch')
    const { code, signal, stdout, stderr } = await runProgram(program, [scratch, ...names], { timeout: 10_000 })
    t.equal(signal, null, 'did not hang')
    t.equal(code, 0, stderr)
    if (code !== 0) return
    const { right, error, warnings, stats } = JSON.parse(stdout) as {
      right: boolean
      error: string
      warnings: string[]
      stats: Stats
    }
    t.ok(right, 'every byte was written and read')
    t.equal(error, 'EBADF: bad file descriptor, write', "and an error of the file is the file's")
    if (names.includes('thread')) {
      // The pool was proved by its first thread, which serves alone.
      t.same(warnings, [])
      t.equal(stats.fallbacks, 0)
    } else {
      // From linux to thread, from thread to pure, and from uring to linux: at most one warning each.
      t.ok(warnings.length >= 1 && warnings.length <= (names.includes('uring') ? 3 : 2), `${warnings.length} warnings`)
      t.equal(new Set(warnings).size, warnings.length)
      for (const warning of warnings) t.match(warning, /^CAIO_FALLBACK: /)
      t.ok(stats.fallbacks >= 71, `${stats.fallbacks} fallbacks`)
      t.equal(stats.routes.pool, 0)
    }
    t.match(stats, { completed: 121, failed: 1, inFlight: 0, waiting: 0 })
  })
}

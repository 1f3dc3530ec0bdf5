/** Programs under a real seccomp filter: see refuse_syscalls.c. */
import { execFileSync } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { temporaryDirectory } from './harness.js'

/** Makes a command to put before another's arguments: each of these system calls then fails with `code`. */
export function refuser(
  t: Test,
): (code: keyof typeof constants.errno, calls: readonly string[]) => [string, ...string[]] {
  const program = join(temporaryDirectory(t), 'refuse_syscalls')
  // The source is in test/support, not in dist/.
  const source = fileURLToPath(new URL('../../../test/support/refuse_syscalls.c', import.meta.url))
  execFileSync('cc', ['-O1', '-o', program, source])
  return (code, calls) => [program, String(constants.errno[code]), calls.join(',')]
}

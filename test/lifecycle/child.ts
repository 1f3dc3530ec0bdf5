/** Runs programs that end in every possible way, each in its own process, with a time limit. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { runProgram, temporaryDirectory } from '../support/harness.js'
import type { Ending, ProgramOptions } from '../support/harness.js'

/** Runs programs/NAME with a scratch file and `args`. */
export function run(
  t: Test,
  name: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Ending & { scratch: string }> {
  const scratch = join(temporaryDirectory(t), 'scratch')
  const program = new URL(`./programs/${name}.js`, import.meta.url)
  return runProgram(program, [scratch, ...args], options).then((ending) => ({ ...ending, scratch }))
}

/** The same, expected to end by itself with this code and without output on stderr. */
export async function runToEnd(
  t: Test,
  name: string,
  args: readonly string[],
  options: ProgramOptions & { code?: number } = {},
): Promise<{ stdout: string; scratch: string }> {
  const { code, signal, stdout, stderr, scratch } = await run(t, name, args, options)
  t.equal(signal, null, 'neither crashed nor hung')
  t.equal(code, options.code ?? 0, 'exit code')
  t.equal(stderr, '')
  return { stdout, scratch }
}

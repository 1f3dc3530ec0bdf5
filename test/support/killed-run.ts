/** Runs programs that are killed at a random moment after their first output. */
import { startNode } from './run-program.js'

/** Milliseconds until a program without output counts as hung. */
const HUNG = 120_000

export interface Killed {
  /** whole lines of standard output; a torn last line is left out */
  lines: string[]
  stderr: string
}

interface Options {
  env?: NodeJS.ProcessEnv
  /** The program's life is counted from this line on. Default: the first. */
  from?: number
}

/** @param life most milliseconds until the kill */
export async function killedRun(
  program: string,
  args: readonly string[],
  life: number,
  { env, from = 1 }: Options = {},
): Promise<Killed> {
  const { child, ended } = startNode([program, ...args], { env, timeout: HUNG })
  let output = ''
  let counted = false
  const kill = (): void => void child.kill('SIGKILL')
  child.stdout.on('data', (text: string) => {
    output += text
    if (counted || output.split('\n').length <= from) return
    counted = true
    setTimeout(kill, Math.random() * life)
  })
  const { stdout, stderr } = await ended
  return { lines: stdout.split('\n').slice(0, -1), stderr }
}

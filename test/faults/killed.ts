/** Programs that are killed at any moment once they have begun to speak. */
import { spawn } from 'node:child_process'

export interface Killed {
  /** whole lines of standard output; what was torn is left out */
  lines: string[]
  stderr: string
}

interface Options {
  env?: NodeJS.ProcessEnv
  /** Its life is counted from this line on. Default: the first. */
  from?: number
}

/** @param life milliseconds, at the most */
export function killedRun(
  program: string,
  args: readonly string[],
  life: number,
  { env, from = 1 }: Options = {},
): Promise<Killed> {
  // NODE_OPTIONS is the test runner's own.
  const options = {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  }
  const child = spawn(process.execPath, [program, ...args], options)
  let [output, stderr] = ['', '']
  let counted = false
  const kill = (): void => void child.kill('SIGKILL')
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (counted || output.split('\n').length <= from) return
    counted = true
    setTimeout(kill, Math.random() * life)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve) => child.on('close', () => resolve({ lines: output.split('\n').slice(0, -1), stderr })))
}

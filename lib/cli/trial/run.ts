/** Starts the process of a trial, contender.ts, and waits for its answer. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Report, Task } from './task.js'
import type { Trial } from './workloads.js'

/** A runtime for contender.ts, and how to start it. */
export interface Runtime {
  command: string
  /** arguments before the script */
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

const SCRIPT = fileURLToPath(new URL('./contender.js', import.meta.url))

/** The running Node, with the named backend, or without caio. */
export function thisNode(backend?: string): Runtime {
  return { command: process.execPath, args: [], env: backend ? { CAIO_IMPL: backend } : {} }
}

/** Variables that would change the contender. */
const FOREIGN = ['NODE_OPTIONS', 'CAIO_IMPL', 'UV_USE_IO_URING']

/** Environment of a trial: this process's, without variables that would change what is measured. */
export function environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !FOREIGN.includes(name))
  return { ...Object.fromEntries(own), ...env }
}

export interface Output {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/**
 * Runs a program to its end.
 * @param timeout milliseconds, after which it is killed
 */
export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  timeout: number,
  signal?: AbortSignal,
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** Milliseconds after which a trial counts as hung. */
export const patience = ({
  milliseconds,
  latencyMilliseconds,
}: Pick<Task, 'milliseconds' | 'latencyMilliseconds'>): number => 60_000 + 20 * (milliseconds + latencyMilliseconds)

/**
 * Runs a script that takes a task as its argument and prints an Answer as its last line.
 * @throws the contender's failure, or that it ended without an answer
 */
export async function ask<T>(
  runtime: Runtime,
  script: string,
  task: unknown,
  timeout: number,
  signal?: AbortSignal,
): Promise<T> {
  const args = [...runtime.args, script, JSON.stringify(task)]
  const output = await run(runtime.command, args, environment(runtime.env), timeout, signal)
  const line = output.stdout.trimEnd().split('\n').at(-1) ?? ''
  if (output.code !== 0 || !line.startsWith('{')) {
    const how = output.signal ? `was ended by ${output.signal}` : `ended with code ${output.code}`
    throw new Error(`the process ${how}: ${output.stderr.trim().split('\n').at(-1) ?? ''}`)
  }
  const answer = JSON.parse(line) as Answer<T>
  if ('error' in answer) throw new Error(answer.error)
  return answer.report
}

/**
 * Runs a trial.
 * @throws as {@link ask}
 */
export function runTrial(runtime: Runtime, task: Trial, signal?: AbortSignal): Promise<Report> {
  return ask(runtime, SCRIPT, task, patience(task), signal)
}

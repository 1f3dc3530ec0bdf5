/**
 * Runs programs in their own processes: the only module that starts Node for a test, and collects
 * its output.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { base } from './base.js'

/** How a child process ended. `signal` is SIGKILL if it hung and was stopped. */
export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface NodeOptions {
  /** Added to the test's own environment, without NODE_OPTIONS, which belong to the test runner. */
  env?: NodeJS.ProcessEnv | undefined
  /** Replaces the test's own environment. */
  environment?: NodeJS.ProcessEnv | undefined
  cwd?: string | undefined
  /** Default: this Node. */
  command?: string | undefined
  /** a program that runs it, and its arguments */
  under?: readonly string[] | undefined
  /** milliseconds until it counts as hung. Default: half a minute. */
  timeout?: number | undefined
}

export interface Started {
  child: ChildProcessByStdio<null, Readable, Readable>
  /** Resolves when the process has ended and all its output has arrived. */
  ended: Promise<Ending>
}

/** Starts Node with these arguments. */
export function startNode(args: readonly string[], options: NodeOptions = {}): Started {
  const { command = process.execPath, under = [], cwd, timeout = 30_000 } = options
  const { environment = { ...process.env, NODE_OPTIONS: '' } } = options
  const env = { ...environment, ...options.env }
  const [first, ...rest] = [...under, command, ...args] as [string, ...string[]]
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  const child = spawn(first, rest, { cwd, env, stdio, timeout, killSignal: 'SIGKILL' })
  const said = { stdout: '', stderr: '' }
  // By events, so that others may listen, too.
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, ...said }))
  })
  return { child, ended }
}

export interface ProgramOptions extends NodeOptions {
  nodeArgs?: readonly string[]
}

/** Runs a JavaScript file to its end, in the directory for tests' files. */
export function runProgram(
  file: string | URL,
  args: readonly string[] = [],
  { nodeArgs = [], cwd = base, ...options }: ProgramOptions = {},
): Promise<Ending> {
  const path = typeof file === 'string' ? file : fileURLToPath(file)
  return startNode([...nodeArgs, path, ...args], { ...options, cwd }).ended
}

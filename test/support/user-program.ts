/** Runs programs in their own processes as a user would: without the test's own environment. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { packageRoot, temporaryDirectory } from './harness.js'
import { startNode } from './run-program.js'
import type { Ending } from './run-program.js'
import { subject } from './subject.js'

export const repository = packageRoot.replace(/\/$/, '')

/** Long enough for a loaded machine: a program that takes longer hangs. */
const TIMEOUT = 60_000

export interface ChildOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Default: this Node. */
  command?: string
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const unwanted = /^(?:CAIO_|NODE_|npm_|TAP|TEST_)|^(?:NO_COLOR|FORCE_COLOR)$/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)))
}

/** Runs Node with these arguments to its end. CAIO_IMPL names the subject. */
export function run(args: string[], { cwd, env, command }: ChildOptions = {}): Promise<Ending> {
  const environment = { ...cleanEnvironment(), ...(subject === 'node' ? {} : { CAIO_IMPL: subject }) }
  return startNode(args, { cwd, environment, env, command, timeout: TIMEOUT }).ended
}

/**
 * A directory with these files, whose programs find `caio` in node_modules as users do. Removed
 * when the test ends.
 */
export function makeApp(t: Test, files: Record<string, string>): string {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(repository, join(directory, 'node_modules', 'caio'))
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), source)
  }
  return directory
}

/** The module that a program of the subject imports. */
export const moduleName = subject === 'node' ? 'node:fs/promises' : 'caio/fs'

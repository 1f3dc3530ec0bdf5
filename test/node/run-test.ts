import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EngineReport, parseReports } from './engine-report.js'
import { parseFlags } from './flags.js'
import type { TestFile } from './selection.js'

/** Plain Node, or the shim on one of caio's backends. */
export type Variant = 'control' | Backend
export type Backend = 'linux' | 'thread' | 'pure' | 'uring'

export type Outcome = 'pass' | 'skip' | 'fail'

export interface TestResult {
  readonly name: string
  readonly outcome: Outcome
  /** Why it was skipped, or how it failed; empty if it passed. */
  readonly detail: string
  /** The end of a failed test's output, both streams. */
  readonly output: string
  readonly milliseconds: number
  readonly reports: readonly EngineReport[]
}

/** Shared by every test of a run. */
export interface Setting {
  readonly node: string
  /** Contains Node's test/. Tests start here, and some leave files here. */
  readonly tree: string
  readonly preload: string
  readonly timeoutSeconds: number
  /** Contains one folder per slot. */
  readonly scratch: string
}

/** Runs one test to its end in the folder of `slot`, which no other running test may share. */
export async function runTest(setting: Setting, test: TestFile, variant: Variant, slot: number): Promise<TestResult> {
  const folder = join(setting.scratch, String(slot))
  const work = join(folder, 'work')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const files = { stdout: join(folder, 'stdout'), stderr: join(folder, 'stderr'), report: join(folder, 'report') }
  const started = performance.now()
  const ended = await execute(setting, test, variant, { slot, work }, files)
  const stdout = read(files.stdout)
  return {
    name: test.name,
    ...judgeEnd(ended, stdout, setting.timeoutSeconds),
    output: tail(stdout + read(files.stderr)),
    milliseconds: Math.round(performance.now() - started),
    reports: parseReports(read(files.report)),
  }
}

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
}

/**
 * A skipped test reports it on stdout as in TAP, and exits with 0: see `common.skip` in Node's
 * test/common.
 */
export function judgeEnd(end: End, stdout: string, timeoutSeconds: number): { outcome: Outcome; detail: string } {
  if (end.timedOut) return { outcome: 'fail', detail: `no end after ${timeoutSeconds} s` }
  if (end.code !== 0) return { outcome: 'fail', detail: end.signal ?? `exit code ${end.code}` }
  const skip = /^1\.\.0 # Skipped: (.*)$/m.exec(stdout)
  return skip === null ? { outcome: 'pass', detail: '' } : { outcome: 'skip', detail: skip[1]! }
}

/**
 * Runs a test as Node's tools/test.py does: in the root of the tree, output to files rather than
 * pipes, with its working folder in NODE_TEST_DIR and TEST_THREAD_ID.
 */
async function execute(
  setting: Setting,
  test: TestFile,
  variant: Variant,
  { slot, work }: { slot: number; work: string },
  files: { stdout: string; stderr: string; report: string },
): Promise<End> {
  const env: NodeJS.ProcessEnv = { ...cleanEnvironment(process.env), NODE_TEST_DIR: work, TEST_THREAD_ID: String(slot) }
  if (variant !== 'control') Object.assign(env, preloaded(setting.preload, variant, files.report))
  const args = [...parseFlags(test.source), join(setting.tree, 'test', test.name)]
  const [stdout, stderr] = [openSync(files.stdout, 'w'), openSync(files.stderr, 'w')]
  try {
    // Detached: a process group of its own, so that its remaining children can be ended with it.
    const child = spawn(setting.node, args, {
      cwd: setting.tree,
      env,
      detached: true,
      stdio: ['ignore', stdout, stderr],
    })
    return await waitFor(child, setting.timeoutSeconds)
  } finally {
    closeSync(stdout)
    closeSync(stderr)
  }
}

/**
 * The environment that puts caio under a Node. In NODE_OPTIONS, and not as an argument, the preload
 * also reaches the children and threads that a test starts, as for a user that sets it.
 */
export function preloaded(preload: string, backend: Backend, report: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--require=${quoted(preload)}`, CAIO_IMPL: backend, CAIO_NODE_TESTS_REPORT: report }
}

/** A value of NODE_OPTIONS, which is split at spaces outside of double quotes. */
function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

/** The environment without variables that change a test's Node, or make it part of the present run. */
export function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const unwanted = /^(?:CAIO_|NODE_|npm_|TAP|TEST_)|^(?:NO_COLOR|FORCE_COLOR)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unwanted.test(name)))
}

const running = new Set<ChildProcess>()

function waitFor(child: ChildProcess, timeoutSeconds: number): Promise<End> {
  return new Promise((resolve, reject) => {
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      killGroup(child)
    }, timeoutSeconds * 1000)
    running.add(child)
    const done = (): void => {
      clearTimeout(timer)
      running.delete(child)
    }
    child.once('error', (error) => {
      done()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      done()
      killGroup(child)
      resolve({ code, signal, timedOut })
    })
  })
}

/** Ends every running test, with its children, when the run is interrupted. */
export function killRunning(): void {
  for (const child of running) killGroup(child)
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // ESRCH: nothing of the group is left
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the control writes no report; some tests clear their folder
  }
}

const TAIL_LINES = 40
const TAIL_CHARACTERS = 6000

function tail(text: string): string {
  return text.trimEnd().slice(-TAIL_CHARACTERS).split('\n').slice(-TAIL_LINES).join('\n')
}

/**
 * The contract and shim suites on each file system, in mounts made for them, and a table of what
 * each supports.
 *
 *     npm run test:filesystems -- [--quick] [--table] [--required] [NAME …]
 *
 * `--quick` runs only the suites that depend on the file system, a few minutes in all; `--table`
 * none. A file system that is not available is reported, and is a failure only with `--required`.
 * Needs root; without it everything is skipped.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { whyNoMount } from '../support/harness.js'
import { fileSystems, mount, removeAll, whyNoTools } from './mounts.js'
import type { FileSystem } from './mounts.js'
import type { Support } from './probe.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const options = process.argv.slice(2).filter((arg) => arg.startsWith('--'))
const names = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const quick = options.includes('--quick')

const everything = ['contract/', 'fs/engine/']
const operations = ['append', 'canaries', 'direct', 'offsets', 'random', 'read', 'sync', 'truncated', 'write']
const different = [
  ...operations.map((name) => `contract/operations/${name}.test`),
  'contract/engine/model.test',
  'contract/native/cold.test',
  ...['integrity', 'positions', 'special-files', 'whole-file'].map((name) => `fs/contract/${name}.test`),
  'fs/engine/model',
]
const filters = options.includes('--table') ? [] : quick ? different : everything

let child: ChildProcess | undefined

/** However this process ends, nothing stays mounted. The suites' runner ends its own children. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    child?.kill('SIGTERM')
    const end = (): void => {
      removeAll()
      process.exit(1)
    }
    if (child && child.exitCode === null) child.once('close', end)
    else end()
  })
}
process.once('exit', removeAll)

async function node(
  program: string,
  args: readonly string[],
  directory: string,
): Promise<{ code: number | null; output: string }> {
  const env = {
    ...process.env,
    CAIO_TEST_DIR: directory,
    TMPDIR: directory,
    ...(quick ? { CAIO_MODEL_RUNS: '100' } : {}),
  }
  child = spawn(process.execPath, ['--enable-source-maps', join(root, program), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = new Promise<number | null>((resolve) => child?.once('close', resolve))
  const output = await text(child.stdout as NonNullable<ChildProcess['stdout']>)
  return { code: await closed, output }
}

interface Outcome {
  name: string
  passed: number
  failed: number
  support?: Support
  skipped?: string
}

async function tryOut(fileSystem: FileSystem): Promise<Outcome> {
  const { name } = fileSystem
  const outcome: Outcome = { name, passed: 0, failed: 0 }
  const obstacle = whyNoTools(fileSystem)
  if (obstacle) return { ...outcome, skipped: obstacle }
  let point
  try {
    point = mount(fileSystem)
  } catch (error) {
    return { ...outcome, skipped: `cannot be mounted: ${(error as Error).message.trim().split('\n').at(-1)}` }
  }
  const probed = await node('filesystems/probe.js', [point], point)
  if (probed.code === 0) outcome.support = JSON.parse(probed.output) as Support
  outcome[probed.code === 0 ? 'passed' : 'failed']++
  if (filters.length === 0) return outcome
  const { code, output } = await node('run.js', filters, point)
  const [, passed = 0, failed = 1] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? []
  const shown = output
    .split('\n')
    .filter((line) => !/^(?:ok |\s{6}\S)/.test(line) && !/^\d+ passed/.test(line))
    .join('\n')
    .trim()
  if (shown) console.log(shown)
  outcome.passed += Number(passed)
  outcome.failed += code === 0 ? Number(failed) : Math.max(1, Number(failed))
  return outcome
}

const headings: Record<keyof Support, string> = {
  cachedRead: 'NOWAIT read, cached',
  coldRead: 'NOWAIT read, cold',
  directRead: 'direct read',
  directWrite: 'direct write',
  alignment: 'O_DIRECT alignment',
  cachedPath: 'small file in no hop',
}

function table(outcomes: readonly Outcome[]): string {
  const keys = Object.keys(headings) as (keyof Support)[]
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rows = outcomes.flatMap(({ name, support }) =>
    support ? [row([name, ...keys.map((key) => support[key])])] : [],
  )
  return [row(['file system', ...Object.values(headings)]), row(['---', ...keys.map(() => '---')]), ...rows].join('\n')
}

const chosen = fileSystems.filter(({ name }) => names.length === 0 || names.some((each) => name.includes(each)))
const obstacle = whyNoMount()
const outcomes: Outcome[] = []
try {
  for (const fileSystem of chosen) {
    const start = performance.now()
    const outcome = obstacle
      ? { name: fileSystem.name, passed: 0, failed: 0, skipped: obstacle }
      : await tryOut(fileSystem)
    removeAll()
    if (outcome.skipped && options.includes('--required')) outcome.failed++
    outcomes.push(outcome)
    const { name, passed, failed, skipped } = outcome
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    const verdict = failed > 0 ? 'FAIL' : skipped ? 'skip' : 'ok  '
    console.log(`${verdict}  ${name}: ${skipped ?? `${passed} passed, ${failed} failed, ${seconds} s`}`)
  }
} finally {
  removeAll()
}
if (outcomes.some(({ support }) => support)) console.log(`\n${table(outcomes)}\n`)
const sum = (key: 'passed' | 'failed'): number => outcomes.reduce((total, outcome) => total + outcome[key], 0)
const skipped = outcomes.filter((outcome) => outcome.skipped).length
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${skipped} skipped`)
process.exitCode = sum('failed') === 0 && chosen.length > 0 ? 0 : 1

/**
 * Runs our suites: each file is a process of plain node, so that a test's children get no loader, hook
 * or environment but the test's own. Tried: `tap --disable-coverage`, also without its plugins, gives a
 * file four `--import`s and NODE_OPTIONS with one of them, which its children inherit, and some thirty
 * variables. `node --test` adds only NODE_TEST_CONTEXT, but runs a file once, not once per subject.
 *
 * A file names its suite by a line `// @SUITE`:
 *
 *   @quick      `npm test`. A file without such a line is quick.
 *   @thorough   `npm run test:thorough`: takes longer.
 *   @held       `npm run test:held`: needs root, minutes, and little other load.
 *   @alone      in `npm run test:faults`: needs an otherwise idle machine, so these run one by one.
 *
 * A file of the shim's contract (test/fs) names its subjects after the suite, and runs once for each:
 * plain Node, which is the oracle, and the backends. It may have a line for each suite:
 * `// @quick node linux`, `// @thorough thread pure`.
 *
 * `node dist/test/run.js [--SUITE …] [FILTER …]` runs the files of these suites whose names contain one
 * of the filters. Without a suite: quick and thorough; with filters, any. A filter `!PART` excludes
 * names that contain PART. TAP comments `counted: …` are shown.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allowedOf, packageRoot, requiredBackends } from './support/harness.js'
import { SUITES, isSuite, memberships } from './support/suites.js'
import type { Membership, Suite } from './support/suites.js'

const root = fileURLToPath(new URL('.', import.meta.url))
/** Milliseconds that a file may take. */
const TIMEOUT = 15 * 60 * 1000

interface Run {
  suite: Suite
  name: string
  file: string
  env: NodeJS.ProcessEnv
}

interface Outcome {
  passed: number
  failed: number
  seconds: number
  output: string
}

const backends = allowedOf(requiredBackends)

function membershipsOf(source: string): Membership[] {
  try {
    return memberships(fs.readFileSync(join(packageRoot, 'test', source), 'utf8'))
  } catch (error) {
    throw new Error(`test/${source}: ${(error as Error).message}`)
  }
}

/** Every run of every file, by the sources: dist may contain files of an earlier compilation. */
function allRuns(): Run[] {
  // tap's own 30 seconds are too few on a busy machine: TIMEOUT reports a hang.
  const env = {
    ...process.env,
    CAIO_IMPL: undefined,
    TAP_TIMEOUT: '300',
    CAIO_LOAD_AFTER: '0',
    CAIO_TEST_BACKENDS: backends.join(','),
  }
  const available: readonly string[] = ['node', ...backends]
  // The longest are at the end of the alphabet: started first, so that none runs alone at the end.
  const sources = fs.readdirSync(join(packageRoot, 'test'), { recursive: true, encoding: 'utf8' }).sort().reverse()
  return sources
    .filter((source) => source.endsWith('.test.ts'))
    .flatMap((source) => {
      const file = source.replace(/\.ts$/, '.js')
      return membershipsOf(source).flatMap(({ suite, subjects }): Run[] => {
        if (subjects.length === 0) return [{ suite, name: file, file, env }]
        const here = subjects.filter((subject) => available.includes(subject))
        return here.map((subject) => ({
          suite,
          name: `${file} (${subject})`,
          file,
          env: { ...env, CAIO_TEST_SUBJECT: subject },
        }))
      })
    })
}

function choose(args: readonly string[]): Run[] {
  const options = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2))
  const filters = args.filter((arg) => !arg.startsWith('--'))
  const wrong = options.find((option) => !isSuite(option))
  if (wrong !== undefined) throw new Error(`--${wrong}: the suites are ${SUITES.join(', ')}`)
  const wanted = filters.filter((filter) => !filter.startsWith('!'))
  const unwanted = filters.filter((filter) => filter.startsWith('!')).map((filter) => filter.slice(1))
  const suites = options.length > 0 ? options : wanted.length > 0 ? SUITES : ['quick', 'thorough']
  const byName = ({ name }: Run): boolean =>
    (wanted.length === 0 || wanted.some((filter) => name.includes(filter))) &&
    !unwanted.some((filter) => name.includes(filter))
  return allRuns().filter((run) => suites.includes(run.suite) && byName(run))
}

/**
 * tap's own totals, at the end of its output: `# { total: 5, pass: 4, fail: 1 }`. A skip counts as
 * neither.
 */
function totals(output: string): { pass: number; fail: number; skip: number } | undefined {
  const line = output.match(/^# \{ total: .*\}$/gm)?.at(-1)
  if (!line) return undefined
  const count = (name: string): number => Number(line.match(new RegExp(`${name}: (\\d+)`))?.[1] ?? 0)
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') }
}

/** Each ends one of the running files, with everything it has started. */
const running = new Set<() => void>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const killAll of running) killAll()
    process.exit(1)
  })
}

function run({ file, env }: Run): Promise<Outcome> {
  const start = performance.now()
  return new Promise((resolve) => {
    // A group of its own, so that all its processes can be ended.
    const child = spawn(process.execPath, ['--enable-source-maps', join(root, file)], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const killAll = (): void => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL')
      } catch {
        // nobody is left
      }
    }
    running.add(killAll)
    const timer = setTimeout(killAll, TIMEOUT)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    }
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      killAll()
      running.delete(killAll)
      const { pass, fail, skip } = totals(output) ?? { pass: 0, fail: 0, skip: 0 }
      // A file that ends badly, or without output, has failed whatever it counted. One that skipped
      // everything has said why.
      const failed = code === 0 && pass + skip > 0 ? fail : Math.max(fail, 1)
      if (code !== 0) output += `\nnot ok - the file ended with ${signal ?? `exit code ${code}`}\n`
      resolve({ passed: pass, failed, seconds: (performance.now() - start) / 1000, output })
    })
  })
}

/** The failures and the lines that belong to them. */
function excerpt(output: string): string {
  const lines = output.split('\n')
  const shown = new Set<number>()
  for (const [at, line] of lines.entries()) {
    if (/^\s*not ok/.test(line)) for (let near = at; near < at + 30 && near < lines.length; near++) shown.add(near)
  }
  const selected = lines.filter((_, at) => shown.has(at) || at >= lines.length - 5)
  return selected.slice(0, 300).join('\n')
}

const chosen = choose(process.argv.slice(2))
const lanes = chosen.some(({ suite }) => suite === 'alone') ? 1 : availableParallelism()
const outcomes: Outcome[] = []
let next = 0

async function lane(): Promise<void> {
  for (let each; (each = chosen[next++]) !== undefined;) {
    const outcome = await run(each)
    outcomes.push(outcome)
    const { passed, failed, seconds, output } = outcome
    console.log(
      `${failed > 0 ? 'FAIL' : 'ok  '}  ${each.name}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`,
    )
    for (const [, note] of output.matchAll(/^\s*# counted: (.*)$/gm)) console.log(`      ${note}`)
    for (const [, what, why] of output.matchAll(/^\s*ok \d+ - (.*?) # SKIP ?(.*)$/gm)) {
      console.log(`      skipped: ${what}: ${why}`)
    }
    if (failed > 0) console.log(excerpt(output))
  }
}

await Promise.all(Array.from({ length: lanes }, lane))
const sum = (key: 'passed' | 'failed'): number => outcomes.reduce((total, outcome) => total + outcome[key], 0)
if (chosen.length === 0) console.log('no file matches')
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = chosen.length > 0 && sum('failed') === 0 ? 0 : 1

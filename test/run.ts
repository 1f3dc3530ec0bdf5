/**
 * Runs our suites: each file a process of plain node, so that what a test starts gets no loader, hook or environment but the
 * test's own, which the tap command would add. The shim's contract, test/fs, is run first for plain Node, the oracle, then for
 * each backend. What a file comments as `counted: …` is shown. `node dist/test/run.js [FILTER …]`
 * With --alone: the files that are for an otherwise idle machine, one by one.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allowedOf, requiredBackends } from './harness.js'

const root = fileURLToPath(new URL('.', import.meta.url))
/** milliseconds that a file may take */
const TIMEOUT = 15 * 60 * 1000

interface Suite {
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

function scripts(folder: string, ending: string): string[] {
  const files = fs.readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.endsWith(ending)).map((file) => join(folder, file))
}

const backends = allowedOf(requiredBackends)

/** Beside its ring, which has suites of its own, uring is linux: of the shim's contract it gets what moves bytes and what ends. */
const forUring = /^fs\/(?:engine\/|contract\/(?:close|descriptor-reuse|failures|integrity|large|positions|streams|whole-file|workers)\.js)/

function suites(filters: readonly string[]): Suite[] {
  // tap's own 30 seconds are too few where the machine is busy: what hangs is told by TIMEOUT.
  const env = { ...process.env, CAIO_IMPL: undefined, TAP_TIMEOUT: '300', CAIO_TEST_BACKENDS: backends.join(',') }
  if (alone) return scripts('faults/alone', '.js').map((file) => ({ name: file, file, env }))
  const plain = scripts('.', '.test.js').map((file) => ({ name: file, file, env }))
  const shim = ['node', ...backends].flatMap((subject) => {
    // What only an engine can be asked is in fs/engine.
    const files = [...scripts('fs/contract', '.js'), ...(subject === 'node' ? [] : scripts('fs/engine', '.js'))]
    const chosen = subject === 'uring' ? files.filter((file) => forUring.test(file)) : files
    return chosen.map((file) => ({ name: `${file} (${subject})`, file, env: { ...env, CAIO_TEST_SUBJECT: subject } }))
  })
  // What holds file systems back wants root, minutes, and little beside it: `npm run test:held`.
  const byDefault = ({ name }: Suite): boolean => !name.startsWith('held/')
  return [...plain, ...shim].filter((suite) => (filters.length === 0 ? byDefault(suite) : filters.some((filter) => suite.name.includes(filter))))
}

/** tap's own totals, its last word: `# { total: 5, pass: 4, fail: 1 }`. What is skipped counts as neither. */
function totals(output: string): { pass: number; fail: number; skip: number } | undefined {
  const line = output.match(/^# \{ total: .*\}$/gm)?.at(-1)
  if (!line) return undefined
  const count = (name: string): number => Number(line.match(new RegExp(`${name}: (\\d+)`))?.[1] ?? 0)
  return { pass: count('pass'), fail: count('fail'), skip: count('skip') }
}

/** Each ends one of the suites that run now, and all that it has started. */
const running = new Set<() => void>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const killAll of running) killAll()
    process.exit(1)
  })
}

function run({ file, env }: Suite): Promise<Outcome> {
  const start = performance.now()
  return new Promise((resolve) => {
    // A group of its own, so that nothing it started outlives it.
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
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      killAll()
      running.delete(killAll)
      const { pass, fail, skip } = totals(output) ?? { pass: 0, fail: 0, skip: 0 }
      // A file that ends badly, or says nothing, has failed whatever it counted. One that has skipped everything has said why.
      const failed = code === 0 && pass + skip > 0 ? fail : Math.max(fail, 1)
      if (code !== 0) output += `\nended with ${signal ?? `exit code ${code}`}\n`
      resolve({ passed: pass, failed, seconds: (performance.now() - start) / 1000, output })
    })
  })
}

/** The failures and what belongs to them, without the rest. */
function excerpt(output: string): string {
  const lines = output.split('\n')
  const shown = new Set<number>()
  for (const [at, line] of lines.entries()) {
    if (/^\s*not ok/.test(line)) for (let near = at; near < at + 30 && near < lines.length; near++) shown.add(near)
  }
  const selected = lines.filter((_, at) => shown.has(at) || at >= lines.length - 5)
  return selected.slice(0, 300).join('\n')
}

const alone = process.argv.includes('--alone')
const chosen = suites(process.argv.slice(2))
const outcomes: Outcome[] = []
let next = 0

async function lane(): Promise<void> {
  for (let suite; (suite = chosen[next++]) !== undefined; ) {
    const outcome = await run(suite)
    outcomes.push(outcome)
    const { passed, failed, seconds, output } = outcome
    console.log(`${failed > 0 ? 'FAIL' : 'ok  '}  ${suite.name}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`)
    for (const [, note] of output.matchAll(/^\s*# counted: (.*)$/gm)) console.log(`      ${note}`)
    for (const [, what, why] of output.matchAll(/^\s*ok \d+ - (.*?) # SKIP ?(.*)$/gm)) console.log(`      skipped: ${what}: ${why}`)
    if (failed > 0) console.log(excerpt(output))
  }
}

await Promise.all(Array.from({ length: alone ? 1 : availableParallelism() }, lane))
const sum = (key: 'passed' | 'failed'): number => outcomes.reduce((total, outcome) => total + outcome[key], 0)
if (chosen.length === 0) console.log('no suite matches')
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = chosen.length > 0 && sum('failed') === 0 ? 0 : 1

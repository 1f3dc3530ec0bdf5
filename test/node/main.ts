/** `npm run test:node`: Node's own fs tests on plain Node and on caio's backends; see {@link HELP}. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { RULES } from './exceptions.js'
import { allowedOf } from '../support/harness.js'
import { HELP, type Options, UsageError, parseOptions } from './options.js'
import { backendTrouble, inspectNode } from './preflight.js'
import { Progress } from './progress.js'
import { runAll } from './run-all.js'
import { type Backend, type Setting, type TestResult, type Variant, killRunning } from './run-test.js'
import { copyTree, makeScratch, removeScratch } from './scratch.js'
import { type TestFile, selectTests, touchesPromises, usesFs } from './selection.js'
import { type SourceTree, obtainSourceTree } from './source-tree.js'
import {
  type Run,
  countOutcomes,
  failureDetails,
  operationsOf,
  operationsTable,
  outcomeTable,
  totals,
  totalsLine,
  unusedEngines,
} from './summary.js'
import { type Verdict, judgeBackend, judgeControl } from './verdict.js'

const say = (line: string): void => console.log(line)

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    say(HELP)
    return 0
  }
  const { version, path: node } = inspectNode(options.node)
  const tree = await obtainSourceTree(version, say)
  const tests = chooseTests(tree, options)
  const what = options.wide ? 'that use fs' : 'that touch fs promises or FileHandle'
  const from = tree.pin === undefined ? tree.origin : `${tree.pin.version} ${tree.origin}`
  say(`Node ${version}; Node's tests ${from}: ${tests.length} ${what}`)
  const scratch = makeScratch()
  endCleanly(scratch)
  try {
    const preload = fileURLToPath(
      new URL(options.callbacks ? './preload-callbacks.cjs' : './preload.cjs', import.meta.url),
    )
    const root = copyTree(tree.root, scratch)
    const setting = { node, tree: root, preload, timeoutSeconds: options.timeoutSeconds, scratch }
    return await runVariants(setting, tests, options)
  } finally {
    removeScratch(scratch)
  }
}

/**
 * The selected tests, whose number must be the known one: an accidentally smaller selection would
 * pass unnoticed.
 */
function chooseTests({ root, pin }: SourceTree, { wide, filter, knownFaults }: Options): TestFile[] {
  const selected = selectTests(root, wide ? usesFs : touchesPromises)
  const expected = wide ? pin?.expected.wide : pin?.expected.promises
  if (expected !== undefined && selected.length !== expected) {
    throw new Error(
      `${root} yields ${selected.length} tests and test/node/pins.ts expects ${expected}: look why, or remove it`,
    )
  }
  const wanted = selected.filter(({ name }) => knownFaults || !RULES.knownFaults.has(name))
  const tests = wanted.filter(({ name }) => filter?.test(name) ?? true)
  if (tests.length === 0) throw new UsageError(`--filter: none of the ${selected.length} tests matches`)
  return tests
}

async function runVariants(setting: Setting, tests: readonly TestFile[], options: Options): Promise<number> {
  const control = options.control
    ? await runVariant(setting, tests, 'control', options.jobs, (_, result) => judgeControl(result, RULES))
    : undefined
  const backends: Run[] = []
  const troubles: string[] = []
  for (const backend of allowedOf(options.backends)) {
    const trouble = backendTrouble(setting, backend)
    if (trouble === undefined) backends.push(await runBackend(setting, tests, backend, options, control))
    else troubles.push(`${backend}: ${trouble}`)
  }
  // A few tests alone need not read and write.
  if (options.filter === undefined) troubles.push(...unusedEngines(backends))
  const exitCode = printSummary(control, backends, troubles)
  if (options.json !== undefined) writeJson(options.json, control === undefined ? backends : [control, ...backends])
  return exitCode
}

function runBackend(
  setting: Setting,
  tests: readonly TestFile[],
  backend: Backend,
  { jobs }: Options,
  control: Run | undefined,
): Promise<Run> {
  const outcomes = new Map(control?.entries.map(({ result }) => [result.name, result.outcome]))
  return runVariant(setting, tests, backend, jobs, (test, result) =>
    judgeBackend(test, backend, result, outcomes.get(test.name), RULES),
  )
}

async function runVariant(
  setting: Setting,
  tests: readonly TestFile[],
  variant: Variant,
  jobs: number,
  judge: (test: TestFile, result: TestResult) => Verdict,
): Promise<Run> {
  const progress = new Progress(process.stdout, tests.length)
  const started = performance.now()
  const results = await runAll(setting, tests, variant, jobs, (_, result) => progress.count(variant, result))
  progress.clear()
  const entries = tests.map((test, index) => ({ result: results[index]!, verdict: judge(test, results[index]!) }))
  const run: Run = { variant, seconds: (performance.now() - started) / 1000, entries }
  const { pass, skip, fail } = countOutcomes(run)
  say(`${variant.padEnd(7)} ${pass} pass, ${skip} skip, ${fail} fail in ${run.seconds.toFixed(1)} s`)
  return run
}

/** Prints the tables and returns the exit code. */
function printSummary(control: Run | undefined, backends: readonly Run[], troubles: readonly string[]): number {
  const runs = control === undefined ? backends : [control, ...backends]
  const details = failureDetails(runs).join('\n')
  const operations = backends.length > 0 ? operationsTable(backends) : ''
  const parts = [runs.length > 0 ? outcomeTable(runs) : '', details, operations, troubles.join('\n')]
  for (const part of parts.filter(Boolean)) say(`\n${part}`)
  const sum = totals(control, backends, troubles.length)
  say(`\n${totalsLine(sum)}`)
  return sum.failed === 0 ? 0 : 1
}

function writeJson(file: string, runs: readonly Run[]): void {
  const content = runs.map((run) => ({ ...run, counts: countOutcomes(run), operations: operationsOf(run) }))
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
}

/** On an interrupt, ends all tests and removes the scratch folder. */
function endCleanly(scratch: string): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killRunning()
      removeScratch(scratch)
      process.kill(process.pid, signal) // once: now it ends us, and the parent sees why
    })
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  const usage = error instanceof UsageError
  console.error(usage ? `${error.message} (--help lists the options)` : `test:node: ${(error as Error).message}`)
  process.exitCode = usage ? 2 : 1
}

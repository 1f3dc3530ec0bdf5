/**
 * The whole addon built with AddressSanitizer and UndefinedBehaviorSanitizer, in a copy of the
 * package with no other addon, loaded by an ordinary Node through the suites that move bytes and
 * end threads. First a control, the same addon with planted bugs, shows that no report is missed,
 * even in nested child processes. Reports are read from files, since a test that kills its child
 * does not look at its stderr.
 *
 * Not included: `pure`, which runs no native code, and the addon under ThreadSanitizer. That has to
 * see every synchronization of the process, but Node's and libuv's are not instrumented: it would
 * report everything that the loop hands to a worker, or gets from it. test/native runs the addon's
 * threads under it, as programs without Node.
 */
// @alone
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { packageRoot, runProgram, temporaryDirectory } from '../../support/harness.js'
import type { Ending } from '../../support/harness.js'

t.setTimeout(900_000)

const skip = process.platform === 'linux' ? false : 'the sanitizers are tried on Linux'

/** -O1, after node-gyp's own -O3: compiles in half the time, with readable stacks. */
const flags = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1'

const asan = [
  // Node frees nothing when it ends, nor do V8 and OpenSSL the memory of a worker.
  'detect_leaks=0',
  // Off by default: detects a pool thread that keeps a pointer into a frame of the addon.
  'detect_stack_use_after_return=1',
  // A fifth less time: Node's own allocations are most of those tracked.
  'malloc_context_size=5',
  'quarantine_size_mb=32',
]

/** A test file of dist/test, and a filter for the names of its tests. */
interface Suite {
  file: string
  grep?: string
  backends?: string
}

const BACKENDS = 'linux,thread,uring'
/** Backends of the contract suite, which takes long. */
const { CAIO_SANITIZED_BACKENDS = BACKENDS } = process.env

/**
 * Ends of threads, processes and descriptors with operations in flight. The rest of test/lifecycle
 * ends in the same ways.
 */
const lifecycle: readonly Suite[] = [
  { file: 'lifecycle/lifetimes.test.js', grep: '/^thread: workers/' },
  { file: 'lifecycle/lifetimes.test.js', grep: '/^direct: workers/' },
  { file: 'lifecycle/lifetimes.test.js', grep: '/^direct by uring: workers/' },
  { file: 'lifecycle/lifetimes.test.js', grep: '/^thread: processes/' },
  { file: 'lifecycle/lifetimes.test.js', grep: '/^(direct|direct by uring|linux|thread): what/' },
  { file: 'lifecycle/worker-ends.test.js' },
  { file: 'lifecycle/worker.test.js', grep: '/in flight/' },
  { file: 'lifecycle/descriptor-closed.test.js' },
]

/**
 * Bugs of the control: a use after free at the end of an environment, and an overflow in cancelling
 * an operation.
 */
const planted = [
  {
    right:
      'const napi_async_cleanup_hook_handle handle = self->cleanup_;\n    delete self;\n    napi_remove_async_cleanup_hook(handle);',
    wrong: 'delete self;\n    napi_remove_async_cleanup_hook(self->cleanup_);',
  },
  {
    right: 'if (!engine.Cancel(channel, id)) return false;',
    wrong:
      'volatile int most = 2147483647;\n  const int next = most + 1;\n  most = next;\n  if (most > 0 || !engine.Cancel(channel, id)) return false;',
  },
]

function build(command: 'rebuild' | 'build', directory: string): void {
  const beside = join(process.execPath, '../..')
  const cached = join(homedir(), `.cache/node-gyp/${process.versions.node}`)
  const nodedir = [beside, cached].find((folder) => fs.existsSync(join(folder, 'include/node/node_api.h')))
  // Without local headers, node-gyp downloads them.
  const args = [command, '--silent', '--jobs=2', ...(nodedir ? [`--nodedir=${nodedir}`] : [])]
  const env = { ...process.env, CXXFLAGS: flags, LDFLAGS: flags }
  execFileSync(join(packageRoot, 'node_modules/.bin/node-gyp'), args, {
    cwd: directory,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** Copies the package with everything that its tests need, without an addon. */
function copyPackage(t: Test): string {
  const directory = temporaryDirectory(t)
  for (const part of ['dist', 'native', 'package.json', 'binding.gyp', 'test/faults']) {
    fs.cpSync(join(packageRoot, part), join(directory, part), { recursive: true })
  }
  fs.symlinkSync(join(packageRoot, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

interface Outcome extends Ending {
  passed: number
  /** tests that reported why they do not run on this machine */
  skips: number
  reports: string
}

/** Runs a suite with the package, including its addon, in `directory`. */
async function run(t: Test, directory: string, { file, grep = '', backends = BACKENDS }: Suite): Promise<Outcome> {
  const reports = temporaryDirectory(t)
  const env = {
    LD_PRELOAD: execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim(),
    ASAN_OPTIONS: [...asan, `log_path=${reports}/address`].join(':'),
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${reports}/undefined`,
    CAIO_TEST_BACKENDS: backends,
    CAIO_TEST_MEMORY_CHECKED: 'yes',
    // Files left by a process that a report ended are removed with the rest.
    CAIO_TEST_DIR: temporaryDirectory(t),
    // Each runs at a quarter of the usual speed.
    CAIO_MODEL_RUNS: '100',
    TAP_GREP: grep,
    TAP_TIMEOUT: '300',
  }
  const ending = await runProgram(join(directory, 'dist/test', file), [], { env, timeout: 300_000 })
  const files = fs.readdirSync(reports).map((name) => fs.readFileSync(join(reports, name), 'utf8'))
  // GCC's UndefinedBehaviorSanitizer writes to stderr, whatever log_path says; in nested processes
  // the exit code fails the test.
  if (/runtime error/.test(ending.stderr)) files.push(ending.stderr)
  const passed = Number(
    ending.stdout
      .match(/^# \{ total: .* pass: (\d+)/gm)
      ?.at(-1)
      ?.match(/\d+$/)?.[0] ?? 0,
  )
  const skips = ending.stdout.match(/# SKIP (?!filter:)/g)?.length ?? 0
  return { ...ending, passed, skips, reports: files.join('\n') }
}

if (skip) {
  t.pass(skip, { skip })
} else {
  const directory = copyPackage(t as unknown as Test)
  build('rebuild', directory)

  void t.test('what is planted is reported', async (t) => {
    const control = temporaryDirectory(t)
    // Keeps timestamps, so that only the changed file is compiled.
    fs.cpSync(directory, control, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    const file = join(control, 'native/node/environment.cc')
    let source = fs.readFileSync(file, 'utf8')
    for (const { right, wrong } of planted) {
      t.ok(source.includes(right), 'there is what is spoilt')
      source = source.replace(right, wrong)
    }
    fs.writeFileSync(file, source)
    build('build', control)
    for (const { suite, report } of [
      {
        suite: { file: 'contract/example.test.js' },
        report: /AddressSanitizer: heap-use-after-free [^]*native\/node\/environment\.cc/,
      },
      { suite: { file: 'contract/engine/cancel.test.js' }, report: /runtime error: signed integer overflow/ },
      {
        suite: { file: 'lifecycle/lifetimes.test.js', grep: '/^thread: workers/' },
        report: /AddressSanitizer: heap-use-after-free [^]*native\/node\/environment\.cc/,
      },
    ]) {
      const { code, stdout, reports } = await run(t, control, suite)
      t.equal(code, 1, `${suite.file} fails`)
      t.match(reports, report, 'and a report says why', { stdout })
    }
  })

  void t.test('nothing is reported', async (t) => {
    // Tests that involve no code of the addon, or only code that others run, too.
    const inJavaScript = [
      /^(common\/|operations\/errors|polluted)/,
      /^backends\/(memory-file-system|select)/,
      /^engine\/(abort-signals|arguments|fake-timers|operation|stats|trace)/,
      /^toolkit\/log\/(?!segmented-log)/,
    ]
    // By the sources: dist may contain files of an earlier compilation.
    const names = fs
      .readdirSync(join(packageRoot, 'test/contract'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts') && !inJavaScript.some((pattern) => pattern.test(name)))
      .map((name) => name.replace(/\.ts$/, '.js'))
    // Dropping a privilege applies to all threads, which the sanitizers' runtime does not support.
    const greps: Record<string, string> = { 'toolkit/write-file-atomic.test.js': '/^(?!.*give files away)/' }
    const contract = names.map((name) => ({
      file: `contract/${name}`,
      backends: CAIO_SANITIZED_BACKENDS,
      ...(greps[name] && { grep: greps[name] }),
    }))
    // Long ones first, so that no lane runs alone at the end.
    const suites: Suite[] = [...lifecycle, ...contract]
    let passed = 0
    let next = 0
    const lane = async (): Promise<void> => {
      for (let suite; (suite = suites[next++]) !== undefined;) {
        const outcome = await run(t, directory, suite)
        const { code, stdout, stderr, reports } = outcome
        t.equal(reports, '', `${suite.file}: no report`)
        const failures = stdout.split('\n').filter((line) => /^\s*not ok/.test(line))
        t.equal(code, 0, suite.file, { failures, stderr })
        t.ok(outcome.passed + outcome.skips > 0, `${suite.file}: it has run`)
        passed += outcome.passed
      }
    }
    await Promise.all(Array.from({ length: availableParallelism() }, lane))
    t.comment(
      `counted: ${contract.length} files of the contract and ${lifecycle.length} of lifecycle with the sanitizers: ${passed} passed`,
    )
  })
}

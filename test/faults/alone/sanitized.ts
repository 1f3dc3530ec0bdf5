/**
 * The whole addon built with AddressSanitizer and UndefinedBehaviorSanitizer, loaded by an ordinary Node through the suites that move
 * bytes and end threads. Before that a control, the same addon with bugs planted, shows that a report is not missed, however deep
 * in child processes. Reports are taken from files, since a test that has its child killed does not look at its stderr.
 *
 * Not here: the addon under ThreadSanitizer. That has to see every synchronization of the process, and Node's and libuv's are not
 * instrumented: all that the loop hands to a worker, or gets from it, would be reported. The threads of the addon run under it as
 * programs without Node, by test/native.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { packageRoot, runProgram, temporaryDirectory } from '../../harness.js'
import type { Ending } from '../../harness.js'

t.setTimeout(900_000)

const skip = process.platform === 'linux' ? false : 'the sanitizers are tried on Linux'

/** -O1, after node-gyp's own -O3: compiles in half the time, and its stacks can be read. */
const flags = '-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1'

const asan = [
  // Node gives nothing back when it ends, and V8 and OpenSSL not what a worker had.
  'detect_leaks=0',
  // Off unless asked for: the addon's own frames, for a pool thread that keeps a pointer into one.
  'detect_stack_use_after_return=1',
]

/** Not run, with the reason: everything else of test/contract is. */
const left: Record<string, string> = {}

/** Ends of threads, of processes, and of descriptors, with operations under way. */
const lifecycle = ['lifecycle/']

/** What is wrong in the control: used after it is freed, when an environment ends; an overflow, when an operation is cancelled. */
const planted = [
  {
    right: 'const napi_async_cleanup_hook_handle handle = environment->cleanup_;\n    delete environment;\n    napi_remove_async_cleanup_hook(handle);',
    wrong: 'delete environment;\n    napi_remove_async_cleanup_hook(environment->cleanup_);',
  },
  {
    right: 'if (!engine.Cancel(channel, id)) return false;',
    wrong: 'int most = 2147483647;\n  most += engine.Cancel(channel, id) ? 1 : 2;\n  if (most > 0) return false;',
  },
]

function build(command: 'rebuild' | 'build', directory: string): void {
  const beside = join(process.execPath, '../..')
  const cached = join(homedir(), `.cache/node-gyp/${process.versions.node}`)
  const nodedir = [beside, cached].find((folder) => fs.existsSync(join(folder, 'include/node/node_api.h')))
  // Without headers here, node-gyp gets them.
  const args = [command, '--silent', '--jobs=2', ...(nodedir ? [`--nodedir=${nodedir}`] : [])]
  const env = { ...process.env, CXXFLAGS: flags, LDFLAGS: flags }
  execFileSync(join(packageRoot, 'node_modules/.bin/node-gyp'), args, { cwd: directory, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

interface Run extends Ending {
  reports: string
}

/** Runs suites, all of whose processes load the addon of `directory`. */
async function run(t: Test, directory: string, suites: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Run> {
  const reports = temporaryDirectory(t)
  const runtime = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
  const env = {
    ...more,
    // node-gyp-build looks here first.
    CAIO_PREBUILD: directory,
    LD_PRELOAD: runtime,
    ASAN_OPTIONS: [...asan, `log_path=${reports}/address`].join(':'),
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${reports}/undefined`,
  }
  const ending = await runProgram(new URL('../../run.js', import.meta.url), suites, { env, timeout: 600_000 })
  const files = fs.readdirSync(reports).map((name) => fs.readFileSync(join(reports, name), 'utf8'))
  return { ...ending, reports: files.join('\n') }
}

if (skip) t.pass(skip, { skip })
else {
  const directory = temporaryDirectory(t as unknown as Test)
  for (const part of ['native', 'package.json', 'binding.gyp']) fs.cpSync(join(packageRoot, part), join(directory, part), { recursive: true })
  build('rebuild', directory)

  void t.test('what is planted is reported', async (t) => {
    const control = temporaryDirectory(t)
    // As old as they are: only what is changed is compiled.
    fs.cpSync(directory, control, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    const file = join(control, 'native/environment.cc')
    let source = fs.readFileSync(file, 'utf8')
    for (const { right, wrong } of planted) {
      t.ok(source.includes(right), 'there is what is spoilt')
      source = source.replace(right, wrong)
    }
    fs.writeFileSync(file, source)
    build('build', control)
    for (const { suite, grep = '', report } of [
      { suite: 'contract/example.test', report: /AddressSanitizer: heap-use-after-free[^]*OnCleanup/ },
      { suite: 'contract/cancel.test', report: /runtime error: signed integer overflow[^]*Cancel/ },
      { suite: 'lifecycle/lifetimes.test', grep: '/thread: workers/', report: /AddressSanitizer: heap-use-after-free[^]*OnCleanup/ },
    ]) {
      const { code, stdout, reports } = await run(t, control, [suite], { TAP_GREP: grep })
      t.equal(code, 1, `${suite} fails`)
      t.match(reports, report, stdout)
    }
  })

  void t.test('nothing is reported', async (t) => {
    const names = fs.readdirSync(fileURLToPath(new URL('../../contract', import.meta.url))).filter((name) => name.endsWith('.test.js'))
    const contract = names.filter((name) => !(name in left)).map((name) => `contract/${name}`)
    for (const [part, suites] of Object.entries({ contract, lifecycle })) {
      const { code, stdout, reports } = await run(t, directory, suites)
      t.equal(reports, '', part)
      t.equal(code, 0, stdout)
      t.comment(`counted: ${part} with the sanitizers: ${stdout.trim().split('\n').at(-1)}`)
    }
  })
}

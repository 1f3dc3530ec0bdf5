/**
 * Over the whole contract suite, the functions of the C library that the addon calls on the
 * JavaScript thread make only system calls listed in docs/architecture.md, or none, according to an
 * auditor of the dynamic linker (audit.c). system-calls.test.ts sees the real system calls, by
 * strace, but only of a few operations.
 */
// @held
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileLibrary } from '../support/compile-library.js'
import { packageRoot, temporaryDirectory } from '../support/harness.js'
import { documentedCalls, systemCallNames } from './documented-calls.js'

t.setTimeout(900_000)

/** Functions that make no system call, or only those for memory. */
const QUIET =
  /^(?:_|mem|str|napi_|uv_|malloc$|free$|posix_memalign$|snprintf$|sigfillset$|sysconf$|abort$|clock_gettime$|pthread_(?:mutex|cond|condattr|attr)_(?:init|destroy|set\w+)$|pthread_mutex_trylock$|pthread_self$)/

/** The system call that a function makes, if it has another name. */
const SYSTEM_CALLS: Readonly<Record<string, string>> = {
  open64: 'openat',
  eventfd: 'eventfd2',
  pread64: 'pread64',
  preadv64v2: 'preadv2',
  pthread_create: 'clone3',
  pthread_sigmask: 'rt_sigprocmask',
  sched_getcpu: 'getcpu',
  pthread_mutex_lock: 'futex',
  pthread_mutex_unlock: 'futex',
  pthread_cond_signal: 'futex',
  pthread_cond_broadcast: 'futex',
}

/**
 * Functions that wait for threads or the kernel's queue, and their callers: at the end of an
 * environment, when no JavaScript runs any more.
 */
const AT_THE_END: Readonly<Record<string, RegExp>> = {
  pthread_join: /^caio::(?:ThreadPool|InlineHelper)::Close\(/,
  pthread_cond_wait: /^caio::ThreadPool::Finish(?:Locked)?\(/,
  munmap: /^caio::KernelRing::Close\(/,
  io_destroy: /^caio::KernelContext::Close\(/,
}

/** Start addresses of the addon's functions, in order. */
type Places = readonly (readonly [start: number, name: string])[]

function placesIn(addon: string): Places {
  const { stdout } = spawnSync('nm', ['-C', '-n', '--defined-only', addon], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  const lines = [...stdout.matchAll(/^([0-9a-f]+) [tTwW] (.*)$/gm)]
  return lines.map(([, start = '', name = '']) => [Number.parseInt(start, 16), name])
}

const placeOf = (places: Places, site: number): string =>
  places.findLast(([start]) => start <= site)?.[1] ?? 'somewhere'

function whyNoAudit(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the auditor is for Linux on x64'
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  if (!header.glibcVersionRuntime) return 'only glibc has an auditor'
  for (const tool of ['cc', 'nm']) if (spawnSync(tool, ['--version']).status !== 0) return `there is no ${tool}`
  return undefined
}

await t.test('what the addon calls on the JavaScript thread', { skip: whyNoAudit() ?? false }, async (t) => {
  const directory = temporaryDirectory(t)
  const [library, calls] = [join(directory, 'audit.so'), join(directory, 'calls')]
  compileLibrary(library, join(packageRoot, 'test/held/audit.c'))
  const suite = spawn(process.execPath, [join(packageRoot, 'dist/test/run.js'), '--quick', 'contract/', '!(node)'], {
    env: { ...process.env, LD_AUDIT: library, CAIO_AUDIT: calls, CAIO_TEST_BACKENDS: 'linux,thread' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // Failures of the suite occur without the auditor, too, and are reported there.
  await new Promise((resolve) => suite.once('close', resolve))
  const lines = fs.readFileSync(calls, 'utf8').trim().split('\n')
  const seen = new Map<string, Set<string>>()
  const places = new Map<string, Places>()
  for (const line of new Set(lines)) {
    const [, name = '', number = '', site = '', addon = ''] = /^(\S+) (\S+) (\S+) (.*)$/.exec(line) ?? []
    if (QUIET.test(name)) continue
    const call =
      name === 'syscall' ? systemCallNames().get(Number(number)) : (SYSTEM_CALLS[name] ?? name.replace(/64$/, ''))
    if (!places.has(addon)) places.set(addon, placesIn(addon))
    const from = placeOf(places.get(addon) as Places, Number.parseInt(site, 16))
    if (call !== undefined && AT_THE_END[call]?.test(from)) continue
    const key = call ?? `system call ${number}`
    seen.set(key, (seen.get(key) ?? new Set()).add(from))
  }
  const allowed = documentedCalls()
  const more = [...seen].filter(([name]) => !allowed.has(name)).map(([name, from]) => ({ name, from: [...from] }))
  t.same(more, [], 'each is in docs/architecture.md')
  for (const name of ['openat2', 'statx', 'preadv2', 'futex']) t.ok(seen.has(name), `${name} is seen`)
  t.comment(`counted: on the JavaScript thread, of ${lines.length} call sites: ${[...seen.keys()].sort().join(', ')}`)
})

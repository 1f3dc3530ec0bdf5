/**
 * The system calls that the addon makes on the JavaScript thread, according to strace, are those of
 * docs/architecture.md, each with a reason why it cannot wait.
 */
// @held
import { execFileSync, spawnSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import type { BackendName } from 'caio'
import { requiredBackends, runProgram, temporaryDirectory, whyNoMount } from '../support/harness.js'
import { documentedCalls } from './documented-calls.js'

t.setTimeout(900_000)

/** A call, and its origin in the addon. */
interface SystemCall {
  name: string
  from: string
}

function whyNoStacks(): string | undefined {
  if (process.platform !== 'linux') return 'Linux only'
  const { status, stdout } = spawnSync('strace', ['-V'], { encoding: 'utf8' })
  if (status !== 0) return 'strace is not installed'
  if (!/stack-trace=/.test(stdout)) return 'this strace cannot show stacks'
  return undefined
}

/** Libraries in whose name the C library is called. */
const libraries = /^(?:libc|libstdc\+\+|libgcc_s|libm|libpthread|libdl|ld-linux.*|ld-musl.*)[.-].*$/

/**
 * Calls whose stack reaches the addon before JavaScript: calls of JavaScript that the addon has
 * called are not the addon's.
 */
export function systemCalls(trace: string): SystemCall[] {
  const found: SystemCall[] = []
  let name: string | undefined
  let over = true
  for (const line of trace.split('\n')) {
    const frame = /^ > ([^(]+)\((.*)\) \[0x[0-9a-f]+\]$/.exec(line)
    if (!frame) {
      name = /^(?:<\.\.\. )?(\w+)[( ]/.exec(line)?.[1]
      over = name === undefined
      continue
    }
    const [, object = '', symbol = ''] = frame
    if (over || libraries.test(basename(object))) continue
    if (basename(object).endsWith('.node') && name !== undefined) {
      found.push({ name, from: symbol.replace(/\+0x[0-9a-f]+$/, '') })
      over = true
    } else if (symbol.startsWith('Builtins_') || symbol.startsWith('v8::internal::Execution::')) {
      over = true
    }
  }
  return found
}

void t.test('a stack is the addon’s until it comes to JavaScript', async (t) => {
  const trace = [
    'openat2(AT_FDCWD, "/x", {flags=O_RDONLY}, 24) = 21',
    ' > /usr/lib/x86_64-linux-gnu/libc.so.6(syscall+0x19) [0x101829]',
    ' > /x/caio.node(caio::CachedFiles::LookByName(char const*)+0x58) [0x138f8]',
    ' > /usr/bin/node(Builtins_CEntry_Return1_ArgvOnStack_BuiltinExit+0x36) [0x155e376]',
    'statx(3, "", 0) = 0',
    ' > /usr/lib/x86_64-linux-gnu/libc.so.6(syscall+0x19) [0x101829]',
    ' > /usr/bin/node(Builtins_JSEntry+0x83) [0x14cde03]',
    ' > /x/caio.node(caio::Environment::Deliver()+0x58) [0x138f8]',
    'epoll_ctl(3, EPOLL_CTL_ADD, 4, 0) = 0',
    ' > /usr/bin/node(uv__io_poll+0x4db) [0x14c05fb]',
    ' > /x/caio.node(caio::Environment::Start()+0x58) [0x138f8]',
  ].join('\n')
  t.same(systemCalls(trace), [
    { name: 'openat2', from: 'caio::CachedFiles::LookByName(char const*)' },
    { name: 'epoll_ctl', from: 'caio::Environment::Start()' },
  ])
})

for (const backend of requiredBackends.filter((name): name is BackendName => name === 'linux' || name === 'thread')) {
  void t.test(backend, { skip: whyNoStacks() ?? false, timeout: 800_000 }, async (t) => {
    const directory = temporaryDirectory(t)
    const program = new URL('./system-calls.js', import.meta.url)
    let trace = ''
    nodeFs.writeFileSync('/dev/shm/caio-look', 'content')
    t.teardown(() => nodeFs.rmSync('/dev/shm/caio-look'))
    if (!whyNoMount()) {
      for (const part of ['lower', 'upper', 'work', 'merged']) nodeFs.mkdirSync(join(directory, part))
      nodeFs.writeFileSync(join(directory, 'lower/file'), Buffer.alloc(100, 'x'))
      const layers = `lowerdir=${directory}/lower,upperdir=${directory}/upper,workdir=${directory}/work`
      execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, join(directory, 'merged')])
      t.teardown(() => execFileSync('umount', [join(directory, 'merged')]))
    }
    const elsewhere = ['readFile on an overlay', 'read on an overlay', 'readFile in memory']
    // Each inline attempt takes its own process; only linux makes any.
    const looks = backend === 'linux' ? ['open', 'realpath', 'access', ...(whyNoMount() ? [] : elsewhere)] : []
    for (const look of [undefined, ...looks]) {
      const output = join(directory, `trace-${look}`)
      const { code, stderr } = await runProgram(program, [directory, output, ...(look === undefined ? [] : [look])], {
        env: { CAIO_IMPL: backend },
        timeout: 600_000,
      })
      t.equal(code, 0, stderr)
      if (nodeFs.existsSync(output)) trace += nodeFs.readFileSync(output, 'utf8')
    }
    const calls = systemCalls(trace)
    t.ok(calls.length > 0, 'the addon is seen')
    t.ok(trace.includes('Builtins_'), 'JavaScript is seen')
    if (looks.includes('read on an overlay')) {
      const looked = calls.filter(({ name }) => name === 'mincore')
      t.ok(looked.length > 0, 'pages are looked at')
    }
    const allowed = documentedCalls()
    const seen = new Map<string, Set<string>>()
    for (const { name, from } of calls) seen.set(name, (seen.get(name) ?? new Set()).add(from))
    const more = [...seen].filter(([name]) => !allowed.has(name)).map(([name, from]) => ({ name, from: [...from] }))
    t.same(more, [], 'each is in docs/architecture.md')
    t.comment(`counted: system calls on the JavaScript thread, ${backend}: ${[...seen.keys()].sort().join(', ')}`)
  })
}

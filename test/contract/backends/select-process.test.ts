/**
 * Choice of a backend by a whole process: environment, file, a missing addon, a runtime that
 * forbids addons.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import {
  packageCopy,
  packageRoot,
  requiredBackends,
  runProgram,
  temporaryDirectory,
  temporaryFile,
} from '../../support/harness.js'
import type { ProgramOptions } from '../../support/harness.js'
import { refuser } from '../../support/refuse-system-calls.js'
import type { Choice } from '../programs/choice.js'

const program = 'dist/test/contract/programs/choice.js'

interface Conditions extends ProgramOptions {
  /** of the package */
  directory?: string
  /** CAIO_IMPL */
  variable?: string
  /** in code */
  asked?: string
}

async function choice(
  t: Test,
  { directory = packageRoot, variable = '', asked = '', nodeArgs = [], under = [] }: Conditions,
): Promise<Choice> {
  const scratch = join(temporaryDirectory(t), 'scratch')
  const { code, signal, stdout, stderr } = await runProgram(join(directory, program), [scratch, asked], {
    nodeArgs,
    under,
    env: { CAIO_IMPL: variable },
  })
  t.equal(code, 0, stderr)
  t.equal(signal, null)
  return JSON.parse(stdout) as Choice
}

const best = requiredBackends[0]

t.test('by default the best there is', async (t) => {
  t.match(await choice(t, {}), { backend: best, read: 'it works', sync: 'done', warnings: [] })
})

for (const name of requiredBackends) {
  t.test(`CAIO_IMPL=${name}`, async (t) => {
    t.match(await choice(t, { variable: name }), {
      backend: name,
      reason: /CAIO_IMPL/,
      read: 'it works',
      sync: 'done',
      warnings: [],
    })
  })
  t.test(`${name} in code, whatever the variable says`, async (t) => {
    const result = await choice(t, { variable: 'nonsense', asked: name })
    t.match(result, { backend: name, reason: /asked/, read: 'it works' })
    t.equal(result.warnings.length, 0)
  })
}

t.test('CAIO_IMPL with an unknown name', async (t) => {
  const { warnings, ...result } = await choice(t, { variable: 'posix' })
  t.match(result, { backend: best, read: 'it works' })
  t.equal(warnings.length, 1, 'one warning')
  t.match(warnings[0], { code: 'CAIO_BACKEND_UNKNOWN', message: /posix/ })
})

t.test('an unknown name in code', async (t) => {
  t.match(await choice(t, { asked: 'posix' }), {
    error: { code: 'ERR_INVALID_ARG_VALUE', message: /linux, thread, pure/ },
  })
})

t.test('the file default_implementation beside package.json', async (t) => {
  const directory = packageCopy(t, program, 'copied')
  fs.writeFileSync(join(directory, 'default_implementation'), '# which one\n\nthread\n')
  t.match(await choice(t, { directory }), {
    backend: 'thread',
    reason: /default_implementation/,
    read: 'it works',
    sync: 'done',
    warnings: [],
  })
  t.match(await choice(t, { directory, variable: 'pure' }), { backend: 'pure', reason: /CAIO_IMPL/ })
  fs.writeFileSync(join(directory, 'default_implementation'), 'posix\n')
  const { backend, warnings } = await choice(t, { directory })
  t.equal(backend, best)
  t.match(warnings, [{ code: 'CAIO_BACKEND_UNKNOWN', message: /default_implementation.*posix/ }])
  t.equal(warnings.length, 1)
  fs.rmSync(join(directory, 'default_implementation'))
  fs.mkdirSync(join(directory, 'default_implementation'))
  t.match(await choice(t, { directory }), { backend: best, warnings: [] }, 'a directory of that name')
})

t.test('without the addon', async (t) => {
  const directory = packageCopy(t, program, 'none')
  t.match(await choice(t, { directory }), {
    backend: 'pure',
    reason: /linux: .*thread: /,
    read: 'it works',
    sync: 'done',
    warnings: [],
  })
  const { backend, warnings } = await choice(t, { directory, variable: 'linux' })
  t.equal(backend, 'pure')
  t.equal(warnings.length, 1, 'one warning')
  t.match(warnings[0], { code: 'CAIO_BACKEND_UNAVAILABLE', message: /linux/ })
  for (const asked of ['linux', 'thread']) {
    const { error } = await choice(t, { directory, asked })
    t.match(error, {
      code: 'ERR_CAIO_BACKEND_UNAVAILABLE',
      message: new RegExp(`${asked} backend is not available: .{10}`),
    })
  }
})

t.test('where the kernel refuses', { skip: process.platform !== 'linux' && "seccomp is Linux's" }, async (t) => {
  const refuse = refuser(t)
  for (const variable of ['', 'linux']) {
    const { warnings, ...result } = await choice(t, { variable, under: refuse('EAGAIN', ['io_setup']) })
    t.match(result, { backend: 'thread', reason: /io_setup/, read: 'it works', sync: 'done' })
    t.match(
      warnings,
      [{ code: 'CAIO_BACKEND_UNAVAILABLE', message: /set \/proc\/sys\/fs\/aio-max-nr to/ }],
      'which says what to set',
    )
    t.equal(warnings.length, 1, 'once')
  }
  const { warnings: ofUring, ...instead } = await choice(t, {
    variable: 'uring',
    under: refuse('EPERM', ['io_uring_setup']),
  })
  t.match(instead, { backend: 'linux', read: 'it works', sync: 'done' })
  t.match(ofUring, [{ code: 'CAIO_BACKEND_UNAVAILABLE', message: /CAIO_IMPL names "uring".*io_uring_disabled/ }])
  t.equal(ofUring.length, 1, 'once')
  for (const calls of [['io_setup'], ['io_submit'], ['preadv2', 'pwritev2']]) {
    const result = await choice(t, { under: refuse('EPERM', calls) })
    t.match(
      result,
      { backend: calls[0] === 'preadv2' ? 'linux' : 'thread', read: 'it works', sync: 'done' },
      calls.join(),
    )
  }
})

t.test('with an addon that is no addon', async (t) => {
  const directory = packageCopy(t, program, 'copied')
  const addon = fs.readdirSync(join(directory, 'build/Release')).find((name) => name.endsWith('.node')) as string
  fs.writeFileSync(join(directory, 'build/Release', addon), 'not an ELF file')
  t.match(await choice(t, { directory }), { backend: 'pure', read: 'it works', sync: 'done', warnings: [] })
})

t.test('where the permission model forbids addons', async (t) => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  const nodeArgs = [flag, '--allow-fs-read=*', '--allow-fs-write=*']
  const { sync, ...result } = await choice(t, { nodeArgs })
  t.match(result, { backend: 'pure', reason: /linux: .*thread: /, read: 'it works', warnings: [] })
  // Node 20.20 and later also forbid fsync and fdatasync of a bare descriptor. That is no failure
  // of the disk.
  t.match(sync, /^(done|EACCES|EPERM|ERR_ACCESS_DENIED)$/)
  t.match(await choice(t, { nodeArgs, asked: 'linux' }), {
    error: { code: 'ERR_CAIO_BACKEND_UNAVAILABLE', message: /addon/i },
  })
  t.match(await choice(t, { nodeArgs: [...nodeArgs, '--allow-addons'] }), { backend: best, read: 'it works' })
})

t.test(
  'where there are no descriptors at the first use',
  { skip: process.platform !== 'linux' && 'limits are set by prlimit' },
  async (t) => {
    const { path } = temporaryFile(t, 'content')
    const under = ['prlimit', '--nofile=64:64']
    const shortage = async (...args: string[]): Promise<{ served: unknown[]; warnings: string[] }> => {
      const ended = await runProgram(new URL('../programs/shortage.js', import.meta.url), [path, ...args], {
        under,
        env: { CAIO_IMPL: '' },
      })
      t.equal(ended.code, 0, ended.stderr)
      return JSON.parse(ended.stdout) as { served: unknown[]; warnings: string[] }
    }
    const { served, warnings } = await shortage()
    const [none, one, meanwhile, soon, ...later] = served
    t.same(none, ['EMFILE', 'pure', 0], "Node's own error")
    t.same(one, ['content', 'pure', 0], 'by Node')
    t.same(meanwhile, ['content', 'pure', 1])
    t.same(soon, ['content', 'pure', 2], 'it is not tried again at once')
    t.same(
      later,
      [['content', best, 1], ['content', best, 2], 'content'],
      'a second later the best serves, and what was under way has ended',
    )
    t.equal(warnings.length, 1, warnings.join())
    t.match(warnings[0], /the linux backend cannot be had now \(EMFILE.*another serves until it can/)

    const loaded = await shortage('loaded')
    t.same(
      loaded.served.slice(0, 2),
      [
        ['EMFILE', best, 0],
        ['content', best, 1],
      ],
      'handles that could not be learnt of are, later',
    )
    t.same(loaded.warnings, [])
  },
)

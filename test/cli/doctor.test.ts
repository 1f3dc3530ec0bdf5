/** `caio doctor` as a whole process. */
// @thorough
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import {
  alignedMemory,
  packageCopy,
  packageRoot,
  requiredBackends,
  runProgram,
  temporaryDirectory,
  whyNoMount,
} from '../support/harness.js'
import type { ProgramOptions } from '../support/harness.js'
import { refuser } from '../support/refuse-system-calls.js'
import type { Report } from '../../lib/cli/doctor/report.js'

const main = 'dist/lib/cli/main.js'
const best = requiredBackends[0]

interface Conditions extends ProgramOptions {
  /** of the package */
  directory?: string
}

async function doctor(args: string[], { directory = packageRoot, env, ...rest }: Conditions = {}) {
  return runProgram(join(directory, main), ['doctor', ...args], { env: { CAIO_IMPL: '', ...env }, ...rest })
}

async function report(t: Test, args: string[], conditions: Conditions & { code?: number } = {}): Promise<Report> {
  const { code, stdout, stderr } = await doctor(['--json', ...args], conditions)
  t.equal(code, conditions.code ?? 0, `exit code ${conditions.code ?? 0}`)
  t.equal(stderr, '', 'says nothing besides')
  return JSON.parse(stdout) as Report
}

void t.test('where all is well', async (t) => {
  const directory = temporaryDirectory(t)
  const result = await report(t, [directory])
  t.match(result, {
    node: process.version,
    backends: requiredBackends.map((name) => ({ name, works: true })),
    wishes: [],
    choice: { backend: best, by: 'order' },
    directory: { path: fs.realpathSync(directory) },
    problems: [],
  })
  t.same(fs.readdirSync(directory), [], 'leaves nothing behind')
})

void t.test(
  'the file system, as it really is',
  { skip: process.platform !== 'linux' && 'asked only on Linux' },
  async (t) => {
    const directory = temporaryDirectory(t)
    const { directory: found } = await report(t, [directory])
    t.equal(found.mount?.type, execFileSync('df', ['--output=fstype', directory], { encoding: 'utf8' }).split('\n')[1])
    t.match(found.answers, { write: 'served', asyncSync: 'served', resolveCached: 'served' })
    // ext4 supports NOWAIT only for direct writes.
    if (found.mount?.type === 'ext4') {
      t.match(found.answers, {
        nowaitReadCached: 'served',
        nowaitReadCold: 'EAGAIN',
        nowaitWrite: 'EOPNOTSUPP',
        direct: 'served',
      })
      t.match(found.answers, { nowaitDirectRead: 'served', nowaitDirectWrite: 'served' })
    }
    const { alignment } = found
    t.equal(found.answers.direct === 'served', alignment !== undefined)
    if (!alignment) return
    const file = join(directory, 'file')
    fs.writeFileSync(file, Buffer.alloc(64 * 1024, 7))
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_DIRECT)
    t.teardown(() => fs.closeSync(fd))
    const memory = alignedMemory(fd, 8192)
    t.equal(
      fs.readSync(fd, memory, 0, alignment.offset, alignment.offset),
      alignment.offset,
      'direct I/O works as aligned',
    )
    if (alignment.by === 'statx' && alignment.offset > 1) {
      t.throws(
        () => fs.readSync(fd, memory, 0, alignment.offset, alignment.offset / 2),
        { code: 'EINVAL' },
        'and not with less',
      )
    }
  },
)

void t.test('the C library', async (t) => {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  const version = header.glibcVersionRuntime
  const expected = process.platform !== 'linux' ? null : version ? `glibc ${version}` : 'musl'
  const directory = temporaryDirectory(t)
  t.equal((await report(t, [directory])).cLibrary, expected)
  const [first = ''] = (await doctor([directory])).stdout.split('\n')
  t.match(first, expected === null ? /kernel \S+$/ : `, ${expected}`)
})

void t.test('who asks', async (t) => {
  const directory = temporaryDirectory(t)
  const asked = await report(t, [directory, '--backend', 'pure'], { env: { CAIO_IMPL: 'thread' } })
  t.match(asked.choice, { backend: 'pure', by: '--backend' })
  t.match((await report(t, [directory], { env: { CAIO_IMPL: 'pure' } })).choice, { backend: 'pure', by: 'CAIO_IMPL' })
  const { choice, problems } = await report(t, [directory], { env: { CAIO_IMPL: 'posix' }, code: 1 })
  t.match(choice, { backend: best, by: 'order' })
  t.match(problems, [{ severity: 'error', what: /CAIO_IMPL asks for posix.*linux, thread, pure/, remedy: /correct/ }])
})

void t.test('without the addon', async (t) => {
  const directory = packageCopy(t, main, 'none')
  const plain = await report(t, [directory], { directory })
  t.match(plain.choice, { backend: 'pure', by: 'order' })
  t.match(plain.problems, [
    { severity: 'warning', what: /linux and thread do not work here: No native build/, remedy: /npx node-gyp rebuild/ },
  ])
  t.match(plain.directory, { unasked: /addon/, answers: {} })
  for (const how of ['--backend', 'CAIO_IMPL', 'default_implementation']) {
    if (how === 'default_implementation') fs.writeFileSync(join(directory, how), 'thread\n')
    const env = how === 'CAIO_IMPL' ? { CAIO_IMPL: 'thread' } : {}
    const { problems, choice } = await report(t, [directory, ...(how === '--backend' ? [how, 'thread'] : [])], {
      directory,
      env,
      code: 1,
    })
    t.match(
      problems[0],
      { severity: 'error', what: new RegExp(`^${how} asks for thread, which does not work here: No native`) },
      how,
    )
    t.equal(choice.backend, 'pure')
  }
})

void t.test('where the permission model forbids addons', async (t) => {
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  const nodeArgs = [flag, '--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']
  const { problems } = await report(t, ['--backend', 'linux', temporaryDirectory(t)], { nodeArgs, code: 1 })
  t.match(problems, [{ severity: 'error' }, { severity: 'warning', remedy: /--allow-addons/ }])
})

void t.test('under a seccomp filter', { skip: process.platform !== 'linux' && "seccomp is Linux's" }, async (t) => {
  const refuse = refuser(t)
  const directory = temporaryDirectory(t)
  const forbidden = await report(t, [directory], { under: refuse('EPERM', ['io_setup']) })
  t.match(forbidden, { seccomp: 'filter', choice: { backend: 'thread', by: 'order' } })
  t.match(forbidden.problems, [
    { severity: 'warning', what: /linux does not work here: .*EPERM/, remedy: /allow io_setup/ },
  ])
  t.notOk('asyncSync' in forbidden.directory.answers)

  const ring = refuse('EPERM', ['io_uring_setup'])
  const unasked = await report(t, [directory], { under: ring })
  t.match(unasked.backends, [{}, {}, {}, { name: 'uring', works: false, optIn: true, code: 'EPERM' }])
  t.same(unasked.problems, [], 'nobody has asked for it')
  t.match(
    (await doctor([directory], { under: ring })).stdout,
    /uring +does not work: EPERM.*; only if asked for: containers refuse io_uring/,
  )
  const named = await report(t, [directory], { under: ring, env: { CAIO_IMPL: 'uring' }, code: 1 })
  t.match(named.problems, [
    { severity: 'error', what: /CAIO_IMPL asks for uring/ },
    { severity: 'warning', remedy: /allow io_uring_setup/ },
  ])

  const exhausted = await report(t, [directory, '--backend', 'linux'], {
    under: refuse('EAGAIN', ['io_setup']),
    code: 1,
  })
  t.match(exhausted.problems, [
    { severity: 'error' },
    { severity: 'warning', what: /fs\.aio-max-nr/, remedy: /sysctl -w fs\.aio-max-nr=1048576/ },
  ])

  const old = await report(t, [directory], { under: refuse('ENOSYS', ['preadv2', 'pwritev2', 'openat2', 'statx']) })
  t.match(old.directory.answers, { resolveCached: 'ENOSYS', write: 'served' })
  // glibc reports this if the system call is missing.
  t.match(old.directory.answers, { nowaitReadCached: 'EOPNOTSUPP', nowaitWrite: 'EOPNOTSUPP' })
  if (old.directory.answers.direct === 'served') {
    t.equal(old.directory.alignment?.by, 'trial', 'alignment without statx')
  }
  const local = /ext4|xfs|btrfs/.test(old.directory.mount?.type ?? '')
  t.match(old.problems, [{ what: /refuses reads that must not wait/, remedy: local ? /allow preadv2/ : /./ }])
})

void t.test('on overlayfs', { skip: whyNoMount() ?? false }, async (t) => {
  const base = temporaryDirectory(t)
  for (const name of ['lower', 'upper', 'work', 'merged']) fs.mkdirSync(join(base, name))
  const options = `lowerdir=${base}/lower,upperdir=${base}/upper,workdir=${base}/work`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, join(base, 'merged')])
  t.teardown(() => execFileSync('umount', [join(base, 'merged')]))
  const { directory, problems } = await report(t, [join(base, 'merged')])
  t.equal(directory.mount?.type, 'overlay')
  t.match(directory.answers, { nowaitReadCached: 'EOPNOTSUPP', resident: 'served', asyncSync: 'served' })
  t.match(problems, [{ severity: 'note', what: /container's own layer/, remedy: /volume/ }])
})

void t.test('a directory that takes no files', async (t) => {
  const { problems } = await report(t, ['/proc'])
  t.match(problems, [{ severity: 'warning', what: /no file can be made/, remedy: /may write/ }])
})

void t.test('for people', async (t) => {
  const directory = temporaryDirectory(t)
  const well = await doctor([directory])
  t.equal(well.code, 0)
  t.match(well.stdout, new RegExp(`chosen +${best}, by the usual order`))
  t.match(well.stdout, /Nothing is wrong\.\n$/)
  const ill = await doctor([directory], { env: { CAIO_IMPL: 'posix' } })
  t.equal(ill.code, 1)
  t.match(ill.stdout, /✖ CAIO_IMPL asks for posix.*\n {2}→ correct CAIO_IMPL/)
})

void t.test('what is refused', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--backend', 'io_uring'], /no such backend: io_uring/],
    [['/nowhere'], /no such directory: \/nowhere/],
    [['a', 'b'], /only one directory/],
    [['--fast'], /fast/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await doctor(args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
  }
  t.match(await doctor(['--help']), { code: 0, stdout: /Usage: caio doctor/ })
})

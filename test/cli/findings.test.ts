/**
 * The doctor's conclusions from what it finds: contents of /proc, working and failing backends,
 * answers of file systems, problems.
 */
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Backend, BackendName } from 'caio'
import { surveyBackends } from '../../lib/cli/doctor/backends.js'
import { nameLibrary } from '../../lib/cli/doctor/c-library.js'
import type { ReportedLibraries } from '../../lib/cli/doctor/c-library.js'
import { interpret } from '../../lib/cli/doctor/directory.js'
import { parseOptions } from '../../lib/cli/doctor/doctor.js'
import { findProblems } from '../../lib/cli/doctor/problems.js'
import type { Findings } from '../../lib/cli/doctor/problems.js'
import { remedyFor } from '../../lib/cli/doctor/remedies.js'
import { examine } from '../../lib/cli/doctor/report.js'
import { readSystem } from '../../lib/cli/doctor/system.js'
import type { System } from '../../lib/cli/doctor/system.js'
import { temporaryDirectory } from '../support/harness.js'
import { ManualBackend } from '../support/manual-backend.js'

/** A /proc with these files. */
function fakeProc(t: Test, files: Record<string, string>): string {
  const proc = temporaryDirectory(t)
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(proc, name)), { recursive: true })
    fs.writeFileSync(join(proc, name), text)
  }
  return proc
}

const limits = (inUse: string, most: string): Record<string, string> => ({
  'sys/fs/aio-nr': inUse,
  'sys/fs/aio-max-nr': most,
})

void t.test('the options', async (t) => {
  t.strictSame(parseOptions([]), { directory: '.', backend: undefined, json: false, help: false })
  t.strictSame(parseOptions(['/data', '--json', '--backend=pure']), {
    directory: '/data',
    backend: 'pure',
    json: true,
    help: false,
  })
})

void t.test('/proc', async (t) => {
  const cases: [files: Record<string, string>, System][] = [
    [{}, { seccomp: null, aio: null, uringDisabled: null }],
    [
      { ...limits('1536\n', '65536\n'), 'self/status': 'Name:\tnode\nSeccomp:\t2\nSeccomp_filters:\t1\n' },
      { seccomp: 'filter', aio: { inUse: 1536, most: 65536 }, uringDisabled: null },
    ],
    [
      { 'self/status': 'Seccomp:\t0\n', 'sys/kernel/io_uring_disabled': '2\n' },
      { seccomp: 'none', aio: null, uringDisabled: 2 },
    ],
    [
      { 'self/status': 'Seccomp_filters:\t7\n', 'sys/fs/aio-nr': '5\n' },
      { seccomp: null, aio: null, uringDisabled: null },
    ],
    [limits('many', ''), { seccomp: null, aio: null, uringDisabled: null }],
  ]
  for (const [files, system] of cases) t.strictSame(readSystem(fakeProc(t, files)), system)
})

void t.test('the C library', async (t) => {
  const cases: [ReportedLibraries, string | null][] = [
    [{ header: { glibcVersionRuntime: '2.28' }, sharedObjects: ['/lib64/libc.so.6'] }, 'glibc 2.28'],
    [{ header: {}, sharedObjects: ['/usr/lib/libstdc++.so.6', '/lib/ld-musl-x86_64.so.1'] }, 'musl'],
    [{ header: {}, sharedObjects: ['/lib/libc.musl-aarch64.so.1'] }, 'musl'],
    [{ header: {}, sharedObjects: ['/opt/ld-musl-tools/libz.so.1'] }, null],
    [{ header: {} }, null],
    [{}, null],
  ]
  for (const [reported, name] of cases) t.equal(nameLibrary(reported), name)
})

void t.test('a report on a faked /proc', async (t) => {
  const { aio, problems } = examine({
    directory: temporaryDirectory(t),
    version: '1',
    proc: fakeProc(t, limits('64512', '65536')),
  })
  t.strictSame(aio, { inUse: 64512, most: 65536 })
  if (process.platform === 'linux') {
    t.match(problems, [
      {
        severity: 'warning',
        what: /64512 of fs\.aio-max-nr 65536: room for 2 more/,
        remedy: /sysctl -w fs\.aio-max-nr=1048576/,
      },
    ])
  }
})

void t.test('who asks for which backend', async (t) => {
  const survey = (working: readonly string[], asked?: BackendName, variable?: string, file?: string) => {
    const open = (name: string) => (): Backend => {
      if (!working.includes(name)) {
        throw Object.assign(new Error(`no ${name} today\nat all`), { code: 'EAGAIN', syscall: 'io_setup' })
      }
      return Object.assign(new ManualBackend(), { name })
    }
    const candidates = ['linux', 'thread', 'pure'].map((name) => ({ name, open: open(name) }))
    return surveyBackends(asked, candidates, { variable, file })
  }
  const all = ['linux', 'thread', 'pure']
  const cases: [ReturnType<typeof survey>, backend: string, by: string, wishes: string[]][] = [
    [survey(all), 'linux', 'order', []],
    [survey(['pure']), 'pure', 'order', []],
    [
      survey(all, undefined, 'pure', 'thread'),
      'pure',
      'CAIO_IMPL',
      ['CAIO_IMPL pure', 'default_implementation thread'],
    ],
    [
      survey(all, undefined, 'posix', 'thread'),
      'thread',
      'default_implementation',
      ['CAIO_IMPL posix', 'default_implementation thread'],
    ],
    [survey(all, 'thread', 'pure'), 'thread', '--backend', ['--backend thread', 'CAIO_IMPL pure']],
    [survey(['pure'], 'linux', 'pure'), 'pure', 'CAIO_IMPL', ['--backend linux', 'CAIO_IMPL pure']],
    [survey(['thread', 'pure'], undefined, 'linux'), 'thread', 'order', ['CAIO_IMPL linux']],
  ]
  for (const [{ choice, wishes }, backend, by, asked] of cases) {
    t.match(choice, { backend, by })
    t.same(
      wishes.map((wish) => `${wish.by} ${wish.name}`),
      asked,
    )
  }
  t.strictSame(survey(['pure']).backends[0], {
    name: 'linux',
    works: false,
    reason: 'no linux today',
    code: 'EAGAIN',
    syscall: 'io_setup',
  })
  t.match(survey(all, undefined, 'posix').wishes, [{ known: false }])
})

void t.test('what a file system answered', async (t) => {
  const answers = { open: 0, write: 0, nowaitReadCached: 4096, nowaitReadCold: -11, nowaitWrite: -95, evicted: 1 }
  t.strictSame(interpret(answers), {
    answers: { write: 'served', nowaitReadCached: 'served', nowaitReadCold: 'EAGAIN', nowaitWrite: 'EOPNOTSUPP' },
  })
  t.equal(
    interpret({ open: 0, nowaitReadCold: 4096, evicted: 0 }).answers.nowaitReadCold,
    'unknown',
    'it was cached still',
  )
  t.equal(interpret({ open: 0, nowaitReadCold: 4096, evicted: 1 }).answers.nowaitReadCold, 'served')
  const tried = { open: 0, direct: 0, triedMemoryAlignment: 4, triedOffsetAlignment: 4096 }
  t.strictSame(interpret(tried).alignment, { memory: 4, offset: 4096, by: 'trial' })
  t.strictSame(interpret({ ...tried, statedMemoryAlignment: 512, statedOffsetAlignment: 512 }).alignment, {
    memory: 512,
    offset: 512,
    by: 'statx',
  })
  t.strictSame(
    interpret({ ...tried, statedMemoryAlignment: 4, statedOffsetAlignment: 0 }).alignment?.by,
    'trial',
    'where statx says: none',
  )
  t.equal(interpret({ open: 0, direct: -22 }).alignment, undefined)
})

void t.test('what can be done', async (t) => {
  const free: System = { seccomp: 'none', aio: { inUse: 65536, most: 65536 }, uringDisabled: 0 }
  const filtered: System = { ...free, seccomp: 'filter' }
  const cases: [state: { reason?: string; code?: string; syscall?: string }, System, RegExp][] = [
    [{ code: 'EAGAIN', syscall: 'io_setup' }, free, /sysctl -w fs\.aio-max-nr=1048576;.*sysctl\.d/],
    [{ code: 'EAGAIN', syscall: 'io_setup' }, { ...free, aio: { inUse: 2_000_000, most: 2_000_000 } }, /=4000000;/],
    [{ code: 'EPERM', syscall: 'io_setup' }, filtered, /seccomp profile/],
    [{ code: 'EPERM', syscall: 'io_setup' }, free, /security module/],
    [{ code: 'ENOSYS', syscall: 'io_setup' }, filtered, /seccomp profile/],
    [{ code: 'ENOSYS', syscall: 'io_setup' }, { ...filtered, aio: null }, /CONFIG_AIO/],
    [{ code: 'ERR_DLOPEN_DISABLED' }, free, /--allow-addons/],
    [{ code: 'ERR_DLOPEN_FAILED' }, free, /node-gyp rebuild` in \/here/],
    [{ reason: 'No native build was found for …' }, free, /node-gyp rebuild` in \/here/],
    [{ reason: 'Bun has no libuv event loop for the addon' }, free, /on Node/],
    [{ reason: "kernel AIO is Linux's, and this is darwin" }, free, /none is needed/],
    [{ code: 'EMFILE', syscall: 'eventfd' }, free, /ulimit -n/],
    [{ code: 'EAGAIN', syscall: 'pthread_create' }, free, /ulimit -u/],
    [{ code: 'EIO', syscall: 'read' }, free, /look up/],
  ]
  for (const [state, system, remedy] of cases) {
    t.match(remedyFor({ name: 'linux', works: false, ...state }, system, '/here'), remedy)
  }

  const ofUring: typeof cases = [
    [{ code: 'EPERM' }, filtered, /io_uring_setup.* in the seccomp profile/],
    [{ code: 'EPERM' }, { ...free, uringDisabled: 2 }, /sysctl -w kernel\.io_uring_disabled=0/],
    [{ code: 'EPERM' }, free, /security module/],
    [{ code: 'ENOSYS' }, filtered, /seccomp profile/],
    [{ code: 'ENOSYS' }, free, /Linux 5\.6/],
    [{ code: 'ENOMEM' }, free, /ulimit -l/],
    [{ code: 'EIO' }, free, /look up/],
    [{ reason: "io_uring is Linux's, and this is darwin" }, free, /none is needed/],
  ]
  for (const [state, system, remedy] of ofUring) {
    t.match(remedyFor({ name: 'uring', works: false, ...state }, system, '/here'), remedy)
  }
})

const well: Findings = {
  seccomp: 'none',
  aio: { inUse: 0, most: 65536 },
  uringDisabled: 0,
  backends: ['linux', 'thread', 'pure'].map((name) => ({ name, works: true })),
  wishes: [],
  choice: { backend: 'linux', by: 'order', reason: '' },
  directory: { path: '/data', mount: { point: '/data', type: 'ext4', source: '/dev/sda', options: 'rw' }, answers: {} },
}

const forbidden = {
  name: 'uring',
  works: false,
  optIn: true,
  reason: 'EPERM',
  code: 'EPERM',
  syscall: 'io_uring_setup',
}
const withoutUring: Findings = { ...well, backends: [...well.backends, forbidden] }

function onDirectory(type: string, answers: Findings['directory']['answers']): Findings {
  return { ...well, directory: { path: '/data', mount: { point: '/data', type, source: 's', options: 'rw' }, answers } }
}

const unwritable = (type: string): Findings => {
  const { directory, ...rest } = onDirectory(type, {})
  return { ...rest, directory: { ...directory, unasked: 'no file can be made in it: EROFS' } }
}

void t.test('problems', async (t) => {
  const refused = { write: 'served', nowaitReadCached: 'EOPNOTSUPP' }
  const cases: [findings: Findings, severities: string[], text: RegExp][] = [
    [well, [], /^$/],
    [{ ...well, wishes: [{ by: 'CAIO_IMPL', name: 'thread', known: true }] }, [], /^$/],
    [withoutUring, [], /^$/],
    [
      { ...withoutUring, wishes: [{ by: 'CAIO_IMPL', name: 'uring', known: true }] },
      ['error', 'warning'],
      /uring does not work here: EPERM.*seccomp|security/,
    ],
    [
      { ...well, wishes: [{ by: 'default_implementation', name: 'uring', known: false }] },
      ['error'],
      /default_implementation asks for uring/,
    ],
    [{ ...well, aio: { inUse: 65536 - 16 * 512, most: 65536 } }, [], /^$/],
    [{ ...well, aio: { inUse: 65537 - 16 * 512, most: 65536 } }, ['warning'], /room for 15 more/],
    [{ ...well, aio: { inUse: 70000, most: 65536 } }, ['warning'], /room for 0 more/],
    [onDirectory('ext4', { write: 'served', nowaitReadCached: 'served', direct: 'served' }), [], /^$/],
    [onDirectory('overlay', { ...refused, resident: 'served' }), ['note'], /container.*owner.*volume/],
    [onDirectory('overlay', { ...refused, resident: 'EPERM' }), ['warning'], /does not tell.*volume/],
    [onDirectory('overlay', { ...refused, resident: 'EOPNOTSUPP' }), ['warning'], /server.*volume/],
    [onDirectory('tmpfs', { ...refused, resident: 'served' }), [], /^$/],
    [onDirectory('tmpfs', refused), ['note'], /ext4, xfs and btrfs/],
    [onDirectory('fuse.fuse-overlayfs', refused), ['warning'], /kernel's own overlayfs/],
    [unwritable('squashfs'), ['note'], /image/],
    [unwritable('ext4'), ['warning'], /may write/],
    [onDirectory('nfs4', refused), ['note'], /network/],
    [onDirectory('fuse.sshfs', refused), ['note'], /network/],
    [onDirectory('xfs', refused), ['warning'], /preadv2/],
    [onDirectory('ext4', { write: 'ENOSPC' }), ['warning'], /ENOSPC.*room/],
    [
      onDirectory('zfs', { write: 'served', nowaitReadCached: 'served', direct: 'EINVAL' }),
      ['note'],
      /O_DIRECT is refused \(EINVAL\)/,
    ],
  ]
  for (const [findings, severities, text] of cases) {
    const problems = findProblems(findings, '/here')
    t.same(
      problems.map(({ severity }) => severity),
      severities,
    )
    t.match(problems.map(({ what, remedy }) => `${what} ${remedy}`).join(), text)
    t.ok(
      problems.every(({ remedy }) => remedy.length > 10),
      'each with a remedy',
    )
  }
})

/**
 * Faults while a backend is opened and proved: the next one serves, correctly, and each warning is
 * given once.
 */
// @thorough
import t from 'tap'
import type { BackendName } from 'caio'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { makePlan } from './interposed.js'
import type { Rule } from './plan.js'
import type { Service } from './programs/serve.js'

t.setTimeout(300_000)

interface Case {
  rules: Rule[]
  backend: BackendName
  /** CAIO_IMPL */
  named?: BackendName
  /** codes of the warnings */
  warnings: string[]
  /** contained in the first warning */
  says?: RegExp
  /** for faults of the first direct operation */
  direct?: true
  /** how the emulated context, or ring, is reaped */
  emulated?: 'ring' | 'io_getevents'
}

const refused = ['CAIO_BACKEND_UNAVAILABLE']
const fail = (call: Rule['call'], argument: string, first = 1, count = 1): Rule => ({
  call,
  first,
  count,
  action: 'fail',
  argument,
})
const noContext = fail('io_setup', 'EAGAIN')
const always = 1_000_000

const byThreads: Omit<Case, 'rules'> = { backend: 'linux', warnings: ['CAIO_FALLBACK'], direct: true }
const byKernel: Omit<Case, 'rules'> = { backend: 'linux', warnings: [], direct: true }

const cases: Case[] = [
  { rules: [], backend: 'linux', warnings: [] },
  {
    rules: [noContext],
    backend: 'thread',
    warnings: refused,
    says: /EAGAIN.*set \/proc\/sys\/fs\/aio-max-nr to at least .*aio-nr plus 512/,
  },
  { rules: [fail('io_setup', 'ENOSYS')], backend: 'thread', warnings: refused, says: /this kernel has no AIO/ },
  { rules: [fail('io_setup', 'EPERM')], backend: 'thread', warnings: refused, says: /seccomp/ },
  { rules: [fail('io_setup', 'ENOMEM')], backend: 'thread', warnings: refused, says: /ENOMEM/ },
  // For a context that does not exist, EINVAL is the right answer.
  ...['EAGAIN', 'ENOSYS', 'EIO'].map((errno): Case => ({
    rules: [fail('io_submit', errno)],
    backend: 'thread',
    warnings: refused,
    says: /probe/,
  })),
  { ...byKernel, rules: [fail('io_submit', 'EINVAL')] },
  { rules: [fail('io_getevents', 'ENOSYS')], backend: 'thread', warnings: refused, says: /probe/ },
  // The context opened by the first direct operation.
  { ...byThreads, rules: [fail('io_setup', 'EAGAIN', 2)], says: /direct I.O is done by threads.*aio-max-nr/ },
  { ...byThreads, rules: [fail('io_setup', 'ENOMEM', 2)], says: /ENOMEM/ },
  // Its proof: a write and a read.
  ...[1, 2].flatMap((first): Case[] => [
    ...['EAGAIN', 'EINVAL', 'ENOSYS', 'EIO'].map((errno): Case => ({
      ...byThreads,
      rules: [fail('io_submit', errno, first + 1)],
    })),
    ...['EIO', 'EOPNOTSUPP'].map((errno): Case => ({
      ...byThreads,
      rules: [fail('event', errno, first)],
      emulated: 'ring',
    })),
    { ...byThreads, rules: [fail('io_getevents', 'EINVAL', 2 * first, 2)], emulated: 'io_getevents' },
    { ...byKernel, rules: [fail('io_getevents', 'EINTR', first + 1)], emulated: 'io_getevents' },
    { ...byKernel, rules: [{ call: 'event', first, action: 'late', argument: 50_000 }], emulated: 'ring' },
  ]),
  { ...byThreads, rules: [{ call: 'event', first: 1, action: 'short', argument: 3 }], emulated: 'ring' },
  { rules: [fail('eventfd', 'EMFILE')], backend: 'thread', warnings: refused, says: /EMFILE/ },
  {
    rules: [fail('eventfd', 'ENFILE', 1, always)],
    backend: 'pure',
    warnings: refused,
    says: /another serves until it can/,
  },
  // The memory file for the proof, and its replacement.
  { ...byKernel, rules: [fail('memfd', 'ENOSYS')] },
  { ...byKernel, rules: [fail('memfd', 'EPERM'), fail('open', 'EOPNOTSUPP')] },
  // The type of a file is unknown: threads serve.
  { rules: [fail('statx', 'ENOSYS', 1, always)], backend: 'linux', warnings: [] },
  { rules: [fail('statx', 'EPERM', 2, always)], backend: 'linux', warnings: [] },
  // The pool, after a context that cannot be made.
  {
    rules: [noContext, fail('thread', 'EAGAIN')],
    backend: 'pure',
    warnings: [...refused, ...refused],
    says: /pthread_create/,
  },
  {
    rules: [noContext, { call: 'pwrite', first: 1, action: 'short', argument: 3 }],
    backend: 'thread',
    warnings: refused,
  },
  { rules: [noContext, fail('signal', 'EINTR')], backend: 'thread', warnings: refused },
  // Threads that cannot be created when there is work for them, from the first on or from a later one.
  {
    rules: [fail('thread', 'EAGAIN', 1, always)],
    backend: 'linux',
    warnings: ['CAIO_FALLBACK'],
    says: /pure serves instead/,
  },
  ...[2, 3, 4].map((first): Case => ({
    rules: [fail('thread', 'EAGAIN', first, always)],
    backend: 'linux',
    warnings: [],
  })),
  // Memory runs out at some point. Operations in flight have a reserve; Node, to which the rule
  // does not apply, serves the rest.
  ...[1, 2, 5, 10, 20].map((first): Case => ({
    rules: [fail('malloc', 'ENOMEM', first, always)],
    backend: 'linux',
    warnings: ['CAIO_FALLBACK', 'CAIO_FALLBACK'],
    says: /thread serves instead/,
  })),
]

const byRing: Omit<Case, 'rules'> = { named: 'uring', backend: 'uring', warnings: [] }
const notByRing: Omit<Case, 'rules'> = { named: 'uring', backend: 'linux', warnings: refused }
const ofRing: Case[] = [
  { ...byRing, rules: [] },
  // The first flag that it tries is newer than the oldest supported kernels.
  { ...byRing, rules: [fail('io_uring_setup', 'EINVAL')] },
  { ...notByRing, rules: [fail('io_uring_setup', 'EINVAL', 1, 2)], says: /run Linux 5\.6 or later/ },
  {
    ...notByRing,
    rules: [fail('io_uring_setup', 'ENOSYS')],
    says: /^CAIO_IMPL names "uring".* run Linux 5\.6 or later/,
  },
  { ...notByRing, rules: [fail('io_uring_setup', 'EPERM')], says: /io_uring_disabled/ },
  { ...notByRing, rules: [fail('io_uring_setup', 'ENOMEM')], says: /ulimit -l/ },
  // Its probe, and its eventfd.
  { ...notByRing, rules: [fail('io_uring_register', 'EINVAL')], says: /run Linux 5\.6 or later/ },
  { ...notByRing, rules: [fail('io_uring_register', 'EBUSY', 2)], says: /EBUSY/ },
  // The first call submits nothing.
  { ...notByRing, rules: [fail('io_uring_enter', 'EBUSY')], says: /EBUSY.*io_uring_enter/ },
  { ...notByRing, rules: [fail('io_uring_enter', 'ENOSYS')], says: /run Linux 5\.6 or later/ },
  { ...notByRing, rules: [fail('io_uring_enter', 'EPERM')], says: /io_uring_disabled.* allow / },
  ...[1, 2].flatMap((first): Case[] => [
    ...['EAGAIN', 'EBUSY', 'ENOSYS'].map((errno): Case => ({
      ...notByRing,
      rules: [fail('io_uring_enter', errno, first + 1)],
      says: /probe/,
    })),
    ...['EIO', 'EOPNOTSUPP'].map((errno): Case => ({
      ...notByRing,
      rules: [fail('event', errno, first)],
      says: /probe/,
      emulated: 'ring',
    })),
    { ...notByRing, rules: [fail('iocb', 'EINVAL', first)], says: /probe/, emulated: 'ring' },
    { ...byRing, rules: [{ call: 'event', first, action: 'late', argument: 50_000 }], emulated: 'ring' },
  ]),
  {
    ...byRing,
    rules: [fail('poll', 'EINTR'), { call: 'event', first: 1, action: 'late', argument: 50_000 }],
    emulated: 'ring',
  },
  { ...notByRing, rules: [{ call: 'event', first: 1, action: 'short', argument: 3 }], says: /probe/, emulated: 'ring' },
]
if (requiredBackends.includes('uring')) cases.push(...ofRing)

if (process.platform !== 'linux') {
  t.pass('the fault library is for Linux', { skip: true })
} else {
  for (const { rules, backend, named = '', warnings, says, emulated, direct } of cases) {
    const what = rules
      .map(({ call, first, action, argument }) => `${call} ${first} ${action} ${argument}`)
      .join(' and ')
    void t.test(`${named} ${what || 'nothing'}`, async (t) => {
      const { plan, env } = makePlan(t)
      if (emulated) plan.emulate(emulated)
      plan.arm(rules)
      const program = new URL('./programs/serve.js', import.meta.url)
      const { code, signal, stdout, stderr } = await runProgram(program, [temporaryDirectory(t)], {
        env: { ...env, CAIO_IMPL: named, ...(direct && { CAIO_TEST_DIRECT: 'yes' }) },
      })
      t.equal(signal, null)
      t.equal(code, 0, stderr)
      const service = JSON.parse(stdout) as Service
      t.equal(service.error, undefined)
      t.equal(service.backend, backend)
      t.same([...service.failures, ...service.faults], [])
      t.same(
        service.warnings.map((warning) => warning.code),
        warnings,
        JSON.stringify(service.warnings),
      )
      t.equal(new Set(service.warnings.map(({ message }) => message)).size, warnings.length, 'nothing is said twice')
      if (says) t.match(service.warnings[0]?.message, says)
      if (rules.length > 0) t.not(Object.keys(plan.injected).length, 0, 'it did go wrong')
    })
  }
}

/** Choice of a backend, as a table over fake candidates. */
import t from 'tap'
import type { Backend } from 'caio'
import { Registry, chooseByWish, parseDefaultImplementation } from '../../../lib/backends/select.js'
import type { Wishes } from '../../../lib/backends/select.js'
import { BackendRefused } from '../../../lib/common/errors.js'
import { ManualBackend } from '../../support/manual-backend.js'

/** Candidates of which only the named ones work, with a count of how often each was opened. */
function fakes(working: readonly string[], { refused = [] }: { refused?: readonly string[] } = {}) {
  const opened: string[] = []
  const warnings: [message: string, code: string][] = []
  const backends = new Map<string, Backend>()
  const candidates = ['linux', 'thread', 'pure', 'uring'].map((name) => ({
    name,
    optIn: name === 'uring',
    open() {
      opened.push(name)
      if (refused.includes(name)) throw new BackendRefused(`${name} refused`)
      if (!working.includes(name)) throw new Error(`no ${name} today`)
      const backend = new ManualBackend()
      backends.set(name, backend)
      return backend
    },
  }))
  const registry = new Registry(candidates, (message, code) => warnings.push([message, code]))
  return { registry, opened, warnings, backends }
}

const all = ['linux', 'thread', 'pure']
const none: Wishes = { variable: undefined, file: undefined }

interface Row {
  what: string
  working: string[]
  wishes: Partial<Wishes>
  chosen: string
  reason: RegExp
  warnings?: RegExp[]
  opened: string[]
}

const table: Row[] = [
  { what: 'the first', working: all, wishes: {}, chosen: 'linux', reason: /first choice/, opened: ['linux'] },
  {
    what: 'the second',
    working: ['thread', 'pure'],
    wishes: {},
    chosen: 'thread',
    reason: /no linux today/,
    opened: ['linux', 'thread'],
  },
  {
    what: 'the last',
    working: ['pure'],
    wishes: {},
    chosen: 'pure',
    reason: /no linux today.*no thread today/,
    opened: all,
  },
  {
    what: 'not what is only for who asks',
    working: ['pure', 'uring'],
    wishes: {},
    chosen: 'pure',
    reason: /no thread today/,
    opened: all,
  },
  {
    what: 'what is only for who asks',
    working: [...all, 'uring'],
    wishes: { variable: 'uring' },
    chosen: 'uring',
    reason: /CAIO_IMPL/,
    opened: ['uring'],
  },
  {
    what: 'what is only for who asks, and cannot be had',
    working: all,
    wishes: { file: 'uring' },
    chosen: 'linux',
    reason: /first choice/,
    warnings: [/default_implementation names "uring".*no uring today: CAIO_BACKEND_UNAVAILABLE/],
    opened: ['uring', 'linux'],
  },
  {
    what: 'the variable',
    working: all,
    wishes: { variable: 'pure' },
    chosen: 'pure',
    reason: /CAIO_IMPL/,
    opened: ['pure'],
  },
  {
    what: 'the file',
    working: all,
    wishes: { file: 'thread' },
    chosen: 'thread',
    reason: /default_implementation/,
    opened: ['thread'],
  },
  {
    what: 'both',
    working: all,
    wishes: { variable: 'thread', file: 'pure' },
    chosen: 'thread',
    reason: /CAIO_IMPL/,
    opened: ['thread'],
  },
  {
    what: 'an empty variable',
    working: all,
    wishes: { variable: '', file: 'pure' },
    chosen: 'pure',
    reason: /default_imp/,
    opened: ['pure'],
  },
  {
    what: 'an unknown variable',
    working: all,
    wishes: { variable: 'posix', file: 'pure' },
    chosen: 'pure',
    reason: /default_implementation/,
    warnings: [/CAIO_IMPL.*"posix".*linux, thread, pure, uring: CAIO_BACKEND_UNKNOWN/],
    opened: ['pure'],
  },
  {
    what: 'both unknown',
    working: ['pure'],
    wishes: { variable: 'Linux', file: 'constructor' },
    chosen: 'pure',
    reason: /first that works/,
    warnings: [
      /CAIO_IMPL.*"Linux".*: CAIO_BACKEND_UNKNOWN/,
      /default_implementation.*"constructor".*: CAIO_BACKEND_UNKNOWN/,
    ],
    opened: all,
  },
  {
    what: 'an unavailable variable',
    working: ['thread', 'pure'],
    wishes: { variable: 'linux' },
    chosen: 'thread',
    reason: /no linux today/,
    warnings: [/CAIO_IMPL.*"linux".*no linux today: CAIO_BACKEND_UNAVAILABLE/],
    opened: ['linux', 'thread'],
  },
  {
    what: 'an unavailable file',
    working: ['linux', 'pure'],
    wishes: { file: 'thread' },
    chosen: 'linux',
    reason: /first choice/,
    warnings: [/default_implementation.*"thread".*no thread today: CAIO_BACKEND_UNAVAILABLE/],
    opened: ['thread', 'linux'],
  },
]

for (const { what, working, wishes, chosen, reason, warnings: expected = [], opened: tried } of table) {
  t.test(what, async (t) => {
    const { registry, opened, warnings, backends } = fakes(working)
    for (const time of ['first', 'second']) {
      const choice = chooseByWish(registry, { ...none, ...wishes })
      t.equal(choice.backend, backends.get(chosen), `${chosen}, the ${time} time`)
      t.match(choice.reason, reason)
    }
    t.same(opened, tried, 'each is opened once, and no more than are needed')
    t.equal(warnings.length, expected.length, 'and warned of once')
    for (const [i, pattern] of expected.entries()) t.match(warnings[i]?.join(': '), pattern)
  })
}

t.test('a machine that refuses a better one: said once, and only once', async (t) => {
  const { registry, warnings } = fakes(['pure'], { refused: ['linux'] })
  for (let time = 0; time < 2; time++) {
    t.match(chooseByWish(registry, none).reason, /linux: linux refused; thread: no thread today/)
  }
  t.same(warnings, [
    ['the linux backend does not work here: linux refused; pure serves instead', 'CAIO_BACKEND_UNAVAILABLE'],
  ])

  const wished = fakes(['thread', 'pure'], { refused: ['linux'] })
  t.equal(chooseByWish(wished.registry, { ...none, variable: 'linux' }).backend, wished.backends.get('thread'))
  t.equal(wished.warnings.length, 1, 'whose wish cannot be had hears of it in that warning')
})

t.test('none at all', async (t) => {
  const { registry } = fakes([])
  const unavailable = {
    code: 'ERR_CAIO_BACKEND_UNAVAILABLE',
    message: /no linux today.*no thread today.*no pure today/,
  }
  t.throws(() => chooseByWish(registry, none), unavailable)
})

t.test('a reason is one line, whatever the error says', async (t) => {
  const warnings: string[] = []
  const talkative = {
    name: 'linux',
    open: () => {
      throw new Error('not built\n    loaded from: /nowhere\n')
    },
  }
  const registry = new Registry([talkative, { name: 'pure', open: () => new ManualBackend() }], (message) =>
    warnings.push(message),
  )
  t.equal(
    chooseByWish(registry, { ...none, variable: 'linux' }).reason,
    'pure is the first that works: linux: not built',
  )
  t.same(warnings, ['CAIO_IMPL names "linux", which does not work here: not built'])
})

t.test('the file default_implementation', async (t) => {
  const texts: [text: string, name: string | undefined][] = [
    ['thread', 'thread'],
    ['thread\n', 'thread'],
    ['  pure  \r\n', 'pure'],
    ['# a comment\n\n   # another\nlinux\nthread\n', 'linux'],
    ['linux # because', 'linux'],
    ['\ufeffpure\n', 'pure'],
    ['#linux', undefined],
    ['', undefined],
    ['\n \n\t\n', undefined],
  ]
  for (const [text, name] of texts) t.equal(parseDefaultImplementation(text), name, JSON.stringify(text))
})

/** An error like that of a system call. */
const failure = (code: string, syscall: string): Error =>
  Object.assign(new BackendRefused(`${code}: ${syscall}`), { code, syscall })

t.test('what may pass is tried again, a second later at the soonest', async (t) => {
  const unloadable = Object.assign(new Error('addon.node: cannot open shared object file: Too many open files'), {
    code: 'ERR_DLOPEN_FAILED',
  })
  const rows: [error: Error, passes: boolean][] = [
    [failure('EMFILE', 'eventfd'), true],
    [failure('ENFILE', 'open'), true],
    [failure('ENOMEM', 'io_setup'), true],
    [failure('EAGAIN', 'pthread_create'), true],
    [unloadable, true],
    [failure('EAGAIN', 'io_setup'), false],
    [failure('EPERM', 'io_setup'), false],
    [failure('ENOSYS', 'io_submit'), false],
    [new Error('No native build was found'), false],
  ]
  for (const [error, passes] of rows) {
    for (const wishes of [none, { ...none, variable: 'linux' }]) {
      const name = `${error.message.split(' ', 2).join(' ')}${wishes.variable ? ', wished for' : ''}`
      let time = 5000
      let short = true
      let opened = 0
      const warnings: string[] = []
      const [linux, pure] = [new ManualBackend(), new ManualBackend()]
      const open = (): Backend => {
        opened++
        if (short) throw error
        return linux
      }
      const registry = new Registry(
        [
          { name: 'linux', open },
          { name: 'pure', open: () => pure },
        ],
        (message) => void warnings.push(message),
        () => time,
      )
      const choose = (): unknown => {
        const { backend, provisional } = chooseByWish(registry, wishes)
        return [backend === linux ? 'linux' : 'pure', provisional]
      }
      t.same(choose(), ['pure', passes], name)
      time += 999
      short = false
      t.same(choose(), ['pure', passes], 'not before')
      t.equal(opened, 1)
      time += 1
      short = true
      t.same(choose(), ['pure', passes], 'still')
      time += 1000
      short = false
      t.same(choose(), passes ? ['linux', false] : ['pure', false], 'there again')
      time += 100_000
      t.same(choose(), passes ? ['linux', false] : ['pure', false], 'and it stays')
      t.equal(opened, passes ? 3 : 1)
      t.equal(
        warnings.length,
        passes || error instanceof BackendRefused || wishes.variable ? 1 : 0,
        `warned of once: ${warnings.join()}`,
      )
      if (passes) t.match(warnings[0], /cannot be had now/)
    }
  }
})

t.test('two that are short of the same are one warning', async (t) => {
  const warnings: string[] = []
  const short = (name: string, syscall: string): { name: string; open(): never } => ({
    name,
    open: () => {
      throw failure('EMFILE', syscall)
    },
  })
  const candidates = [
    short('linux', 'open'),
    short('thread', 'eventfd'),
    { name: 'pure', open: () => new ManualBackend() },
  ]
  const registry = new Registry(candidates, (message) => void warnings.push(message))
  t.match(chooseByWish(registry, { ...none, variable: 'thread' }), { provisional: true, reason: /pure is the first/ })
  t.equal(warnings.length, 1)
  t.match(
    chooseByWish(fakes(all).registry, { ...none, unread: true }),
    { provisional: true, reason: /first choice/ },
    'a file that cannot be read now',
  )
})

import t from 'tap'
import { BACKENDS, UsageError, parseOptions } from './options.js'

t.test('defaults', async (t) => {
  t.match(parseOptions([]), {
    help: false,
    control: true,
    knownFaults: true,
    backends: BACKENDS,
    wide: false,
    callbacks: false,
    node: process.execPath,
  })
})

t.test('options', async (t) => {
  t.same(parseOptions(['--backend', 'pure,linux']).backends, ['linux', 'pure'])
  t.same(parseOptions(['--control-only']).backends, [])
  t.match(parseOptions(['--no-control', '--wide', '--callbacks', '--jobs', '7', '--filter', 'a.b']), {
    control: false,
    wide: true,
    callbacks: true,
    jobs: 7,
    filter: /a.b/,
  })
  t.equal(parseOptions(['--no-known-faults']).knownFaults, false)
  t.equal(parseOptions(['-h']).help, true)
})

t.test('mistakes are named', async (t) => {
  const table: [args: string[], message: RegExp][] = [
    [['--backend', 'posix'], /no backend "posix": there are linux, thread, pure, uring/],
    [['--backend', ''], /no backend ""/],
    [['--jobs', '0'], /--jobs takes a number from 1 to 99999, not "0"/],
    [['--jobs', 'x'], /--jobs/],
    [['--timeout', '1e3'], /--timeout/],
    [['--filter', '('], /--filter: /],
    [['--nonsense'], /--nonsense/],
    [['file'], /file/],
    [['--control-only', '--no-control'], /--control-only/],
    [['--control-only', '--backend', 'pure'], /--control-only/],
  ]
  for (const [args, message] of table) {
    t.throws(() => parseOptions(args), { constructor: UsageError, message }, args.join(' '))
  }
})

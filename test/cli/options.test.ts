import t from 'tap'
import { UsageError, parseOptions } from '../../lib/cli/bench/options.js'

const MIB = 1024 * 1024

void t.test('without arguments', async (t) => {
  t.match(parseOptions([]), {
    directory: '.',
    rounds: 5,
    duration: 1000,
    size: 512 * MIB,
    quick: false,
    help: false,
    list: false,
  })
  const { rows, backends, contenders, json, html, programs } = parseOptions([])
  t.strictSame(
    [rows, backends, contenders, json, html, programs],
    [undefined, undefined, undefined, undefined, undefined, {}],
  )
})

void t.test('--quick changes the defaults, and only those', async (t) => {
  t.match(parseOptions(['--quick']), { rounds: 3, duration: 250, size: 128 * MIB })
  t.match(parseOptions(['--quick', '--rounds', '7', '--duration', '90', '--size', '64']), {
    rounds: 7,
    duration: 90,
    size: 64 * MIB,
  })
})

void t.test('lists', async (t) => {
  t.strictSame(parseOptions(['--backend', 'linux,thread']).backends, ['linux', 'thread'])
  t.strictSame(
    parseOptions(['--backend', 'linux', '--backend', ' pure , linux']).backends,
    ['linux', 'pure'],
    'repeated',
  )
  t.strictSame(parseOptions(['--rows', 'table,in-flight-8']).rows, ['table', 'in-flight-8'])
  t.strictSame(parseOptions(['--rows', 'calls', '--only', 'stat,open']).only, ['stat', 'open'])
  t.equal(parseOptions(['--rows', ',']).rows, undefined, 'of nothing')
})

void t.test('files and programs', async (t) => {
  const options = parseOptions(['/data', '--json', 'a.json', '--html=b.html', '--bun', '/opt/bun'])
  t.match(options, { directory: '/data', json: 'a.json', html: 'b.html' })
  t.strictSame(options.programs, { bun: '/opt/bun' })
})

void t.test('what is refused', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--backend', 'io_uring'], /no such backend: io_uring.*linux, thread, pure/],
    [['--rounds', '0'], /--rounds.*at least 1/],
    [['--rounds', '2.5'], /whole number/],
    [['--duration', 'long'], /--duration/],
    [['--size', '1'], /at least 64/],
    [['a', 'b'], /only one directory/],
    [['--fast'], /fast/],
    [['--json'], /json/],
  ]
  for (const [args, message] of cases) {
    const error = t.throws(() => parseOptions(args), { message }, args.join(' '))
    t.ok(error instanceof UsageError, 'is the user’s mistake')
  }
})

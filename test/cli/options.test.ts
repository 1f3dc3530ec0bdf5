import t from 'tap'
import { parseOptions } from '../../lib/cli/bench/options.js'
import { UsageError } from '../../lib/cli/usage-error.js'

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
  const { rows, backends, contenders, json, html, programs, paths } = parseOptions([])
  t.strictSame(
    [rows, backends, contenders, json, html, programs, paths],
    [undefined, undefined, undefined, undefined, undefined, undefined, {}],
  )
})

void t.test('--quick changes the defaults, and only those', async (t) => {
  t.match(parseOptions(['--quick']), { rounds: 3, duration: 150, size: 128 * MIB })
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

void t.test('files and runtimes', async (t) => {
  const options = parseOptions(['/data', '--json', 'a.json', '--html=b.html', '--bun', '/opt/bun'])
  t.match(options, { directory: '/data', json: 'a.json', html: 'b.html' })
  t.strictSame(options.paths, { bun: '/opt/bun' })
})

void t.test('whole programs', async (t) => {
  const cases: [string[], string, string[] | undefined][] = [
    [['--programs'], '.', undefined],
    [['/data', '--programs'], '/data', undefined],
    [['--programs', '/data'], '/data', undefined],
    [['--programs', 'glob', '.'], '.', ['glob']],
    [['data', '--programs', 'glob', 'fs-extra,tar'], 'data', ['glob', 'fs-extra', 'tar']],
    [['--programs', 'glob', '--rounds', '2', 'tar', '../data'], '../data', ['glob', 'tar']],
  ]
  for (const [args, directory, names] of cases) {
    const options = parseOptions(args)
    t.strictSame([options.directory, options.programs], [directory, { names }], args.join(' '))
  }
  t.match(parseOptions(['--programs']), { files: 650, rounds: 5 })
  t.match(parseOptions(['--programs', '--quick']), { files: 200, rounds: 3 })
  t.match(parseOptions(['--programs', '--files', '3', '--quick']), { files: 3 })
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
    [['/a', '--programs', '/b'], /only one directory/],
    [['--programs', '--files', '0'], /--files.*at least 1/],
    [['--programs', '--rows', 'table'], /--rows has no meaning with --programs/],
    [['--programs', '--size', '64'], /--size has no meaning with --programs/],
    [['--files', '3'], /--files has no meaning without --programs/],
  ]
  for (const [args, message] of cases) {
    const error = t.throws(() => parseOptions(args), { message }, args.join(' '))
    t.ok(error instanceof UsageError, 'is the user’s mistake')
  }
})

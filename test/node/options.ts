import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Backend } from './run-test.js'

export const BACKENDS: readonly Backend[] = ['linux', 'thread', 'pure', 'uring']

export interface Options {
  readonly help: boolean
  readonly control: boolean
  readonly backends: readonly Backend[]
  readonly wide: boolean
  readonly callbacks: boolean
  readonly knownFaults: boolean
  readonly filter: RegExp | undefined
  readonly jobs: number
  readonly node: string
  readonly timeoutSeconds: number
  readonly json: string | undefined
}

export const HELP = `Usage: npm run test:node -- [options]

Runs Node's own, unmodified fs tests: on plain Node as the control, then with caio/register
preloaded on each backend. A test that the control passes and a backend fails is a failure.

  --backend LIST   the backends to run, separated by commas (default: ${BACKENDS.join(',')})
  --no-control     leave the control out; only the control failures named in
                   test/node/exceptions.ts are excused then
  --control-only   run the control and no backend
  --wide           every test that uses fs, not only fs promises and FileHandle
  --callbacks      preload caio/register/callbacks: the functions that take a callback are caio's, too
  --no-known-faults  leave out the tests that a known fault of caio's fails: see knownFaults
                   in test/node/exceptions.ts
  --filter REGEX   only tests whose name matches, such as parallel/test-fs-promises
  --jobs N         tests at a time (default: the number of CPUs)
  --node PATH      the Node binary to test (default: the one that runs this)
  --timeout N      seconds after which a test has failed (default: 120)
  --json FILE      write all results there
  -h, --help       print this

Node's source tree comes from NODE_SOURCE_DIR, else the cache (CAIO_CACHE_DIR, default
~/.cache/caio), else Debian's source package, else the release tarball.
`

/** A mistake on the command line: its message is for the user, without a stack. */
export class UsageError extends Error {}

export function parseOptions(args: readonly string[]): Options {
  const values = parse(args)
  const controlOnly = values['control-only'] ?? false
  if (controlOnly && (values['no-control'] || values.backend !== undefined)) {
    throw new UsageError('--control-only leaves nothing to run with --no-control, and no place for --backend')
  }
  return {
    help: values.help ?? false,
    control: !values['no-control'],
    backends: controlOnly ? [] : parseBackends(values.backend),
    wide: values.wide ?? false,
    callbacks: values.callbacks ?? false,
    knownFaults: !values['no-known-faults'],
    filter: parseFilter(values.filter),
    jobs: parseCount('--jobs', values.jobs) ?? availableParallelism(),
    node: values.node ?? process.execPath,
    timeoutSeconds: parseCount('--timeout', values.timeout) ?? 120,
    json: values.json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        backend: { type: 'string' },
        'no-control': { type: 'boolean' },
        'control-only': { type: 'boolean' },
        wide: { type: 'boolean' },
        callbacks: { type: 'boolean' },
        'no-known-faults': { type: 'boolean' },
        filter: { type: 'string' },
        jobs: { type: 'string' },
        node: { type: 'string' },
        timeout: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function parseBackends(list: string | undefined): readonly Backend[] {
  if (list === undefined) return BACKENDS
  const names = list.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !(BACKENDS as readonly string[]).includes(name))
  if (unknown !== undefined) throw new UsageError(`no backend "${unknown}": there are ${BACKENDS.join(', ')}`)
  return BACKENDS.filter((name) => names.includes(name))
}

function parseFilter(pattern: string | undefined): RegExp | undefined {
  try {
    return pattern === undefined ? undefined : new RegExp(pattern)
  } catch (error) {
    throw new UsageError(`--filter: ${(error as Error).message}`)
  }
}

function parseCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new UsageError(`${option} takes a number from 1 to 99999, not "${text}"`)
  return Number(text)
}

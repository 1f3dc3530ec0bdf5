/**
 * Makes calls of two modules, each in an identical tree, and compares everything that an
 * application could notice.
 */
import nodeFs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { remove, temporaryDirectory } from '../../support/harness.js'
import { same } from '../../support/differential.js'
import type { Call, Name } from './calls.js'
import { callsOf } from './calls.js'
import { look, outcomeOf } from '../../support/look.js'
import type { Outcome } from '../../support/look.js'
import { Tree } from './tree.js'
import type { Given } from './values.js'

/** Calls a function by its name. */
export type Caller = (name: Name, args: unknown[]) => unknown

export interface Sides {
  subject: Caller
  oracle: Caller
  /** Makes plain data of a fulfilled value, given a function for results. */
  see?: (value: unknown, seeResult: (value: unknown) => unknown) => unknown
}

/** The same sides, while every object seems to have this property. */
export function polluted({ subject, oracle, ...sides }: Sides, key: string, value: unknown): Sides {
  const within =
    (caller: Caller): Caller =>
    async (name, args) => {
      Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true, enumerable: false })
      try {
        return await caller(name, args)
      } finally {
        Reflect.deleteProperty(Object.prototype, key)
      }
    }
  return { ...sides, subject: within(subject), oracle: within(oracle) }
}

/** A tree to make calls in, which is also the working directory. */
export function makeTree(t: Test): Tree {
  const before = process.cwd()
  const outer = temporaryDirectory(t)
  t.teardown(() => {
    process.chdir(before)
    remove(outer)
  })
  return new Tree(outer)
}

/** Removes six random characters at the end of a name. */
function withoutChance(text: string): string {
  return text.replace(/[A-Za-z0-9]{6}$/, 'XXXXXX')
}

/** In an error, too, the path ends with them. */
function withoutChanceIn([settled, what]: Outcome): Outcome {
  const text = JSON.stringify(what) ?? ''
  return [settled, text.replace(/(\/[^"]*?)[A-Za-z0-9]{6}('?\\?")/g, '$1XXXXXX$2')]
}

/** Result of mkdtemp, in any encoding. */
function seeTemporary(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return ['Buffer', withoutChance(value.toString('latin1'))]
  if (typeof value !== 'string') return look(value)
  const decoded = (['latin1', 'hex', 'base64', 'base64url', 'ucs2'] as const)
    .map((encoding) => [encoding, Buffer.from(value, encoding).toString('utf8')] as const)
    .find(([encoding, name]) => nodeFs.existsSync(name) && Buffer.from(name).toString(encoding) === value)
  return decoded ? [decoded[0], withoutChance(decoded[1])] : value.length
}

/** The free space of a file system changes while others use it. */
function seeFileSystem(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const key of ['bfree', 'bavail', 'ffree', 'files']) {
      if (key in value) Object.assign(value, { [key]: typeof (value as Record<string, unknown>)[key] })
    }
  }
  return look(value)
}

/** File and flags of a descriptor. Closes it. */
function seeDescriptor(value: unknown): unknown {
  if (typeof value !== 'number') return look(value)
  const [flags] = nodeFs.readFileSync(`/proc/self/fdinfo/${value}`, 'latin1').match(/^flags:.*$/m) ?? []
  const path = nodeFs.readlinkSync(`/proc/self/fd/${value}`)
  nodeFs.closeSync(value)
  return [path, flags]
}

/** Entries of a directory, in their order. Closes it. */
function seeDirectory(value: unknown): unknown {
  if (!(value instanceof nodeFs.Dir)) return look(value)
  const entries = []
  for (let entry; (entry = value.readSync());) entries.push(look(entry))
  value.closeSync()
  return ['Dir', value.path, entries]
}

const seeing: Partial<Record<Name, (value: unknown) => unknown>> = {
  mkdtemp: seeTemporary,
  open: seeDescriptor,
  opendir: seeDirectory,
  statfs: seeFileSystem,
}

interface Seen {
  outcome: Outcome
  /** Options that were read, in order. */
  read: string[]
}

/** One call of one side. */
interface Act {
  caller: Caller
  see: NonNullable<Sides['see']>
  name: Name
  call: Call
}

async function observe({ caller, see, name, call }: Act, given: Given): Promise<Seen> {
  const args = call.make(given)
  const outcome = await outcomeOf(
    () => caller(name, args),
    (value) => see(value, seeing[name] ?? look),
  )
  return { outcome: name === 'mkdtemp' ? withoutChanceIn(outcome) : outcome, read: given.log }
}

/** State of the tree without mkdtemp's random names. */
function withoutNames(text: string): string[] {
  return text
    .replace(/^(.*)[A-Za-z0-9]{6}(: directory, 40700,.*)$/gm, '$1XXXXXX$2')
    .split('\n')
    .sort()
}

function actsOf({ subject, oracle, see = (value, seeResult) => seeResult(value) }: Sides, name: Name, call: Call) {
  return { ours: { caller: subject, see, name, call }, nodes: { caller: oracle, see, name, call } }
}

async function story(act: Act, tree: Tree): Promise<unknown> {
  const seen = await observe(act, { root: tree.root, log: [] })
  if (!callsOf[act.name].changes) return { seen }
  // A rejected call rarely changes anything: the whole tree is compared at the end.
  const text = seen.outcome[0] === 'fulfilled' ? tree.text() : tree.textOfPart()
  tree.restore(text)
  return { seen, tree: act.name === 'mkdtemp' ? withoutNames(text) : text.split('\n') }
}

/** One assertion for all equal results, and one for each difference: there are thousands. */
export async function compareCalls(
  t: Test,
  sides: Sides,
  tree: Tree,
  name: Name,
  list: readonly Call[] = callsOf[name].calls,
): Promise<void> {
  let alike = 0
  for (const call of list) {
    const { ours, nodes } = actsOf(sides, name, call)
    const stories = [await story(ours, tree), await story(nodes, tree)] as const
    if (isDeepStrictEqual(...stories)) alike++
    else same(t, ...stories, `${name}(${call.name})`)
  }
  t.ok(tree.isPristine, `${name}: what is rejected has changed nothing`)
  t.equal(alike, list.length, `${name}: ${list.length} calls`)
}

/**
 * Makes all calls at once with the subject, then with Node. Some use the same name: which gets it
 * is random.
 */
export async function compareTogether(
  t: Test,
  sides: Sides,
  tree: Tree,
  list: readonly (readonly [Name, Call])[],
): Promise<void> {
  const acts = list.map(([name, call]) => actsOf(sides, name, call))
  const tell = async (side: 'ours' | 'nodes'): Promise<unknown> => {
    const seen = await Promise.all(acts.map((act) => observe(act[side], { root: tree.root, log: [] })))
    const text = tree.text()
    tree.restore(text)
    return { seen, tree: text.split('\n') }
  }
  same(t, await tell('ours'), await tell('nodes'), `${list.length} calls at once`)
}

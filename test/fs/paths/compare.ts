/** Makes calls of two modules, each in the same tree as it was, and compares all that an application could notice. */
import nodeFs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { remove, temporaryDirectory } from '../../support/harness.js'
import { same } from '../differential.js'
import type { Call, Name } from './calls.js'
import { subjects } from './calls.js'
import { look, outcomeOf } from './look.js'
import { Tree } from './tree.js'
import type { Given } from './values.js'

/** How a function is called, such that the promise tells what there is to see. */
export type Caller = (name: Name, args: unknown[]) => unknown

export interface Sides {
  subject: Caller
  oracle: Caller
}

/** A tree to make calls in, which the process is in, too. */
export function makeTree(t: Test): Tree {
  const before = process.cwd()
  const outer = temporaryDirectory(t)
  t.teardown(() => {
    process.chdir(before)
    remove(outer)
  })
  return new Tree(outer)
}

/** Six characters at the end of a name, which are random. */
function withoutChance(text: string): string {
  return text.replace(/[A-Za-z0-9]{6}$/, 'XXXXXX')
}

/** In an error, too, the path ends with them. */
function withoutChanceIn(outcome: unknown): unknown {
  return JSON.stringify(outcome).replace(/(\/[^"]*?)[A-Za-z0-9]{6}('?")/g, '$1XXXXXX$2')
}

/** What mkdtemp has made, in whichever encoding it says so. */
function seeTemporary(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return ['Buffer', withoutChance(value.toString('latin1'))]
  if (typeof value !== 'string') return look(value)
  const decoded = (['latin1', 'hex', 'base64', 'base64url', 'ucs2'] as const)
    .map((encoding) => [encoding, Buffer.from(value, encoding).toString('utf8')] as const)
    .find(([encoding, name]) => nodeFs.existsSync(name) && Buffer.from(name).toString(encoding) === value)
  return decoded ? [decoded[0], withoutChance(decoded[1])] : value.length
}

/** How much is free on a file system changes while others use it. */
function seeFileSystem(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const key of ['bfree', 'bavail', 'ffree', 'files']) {
      if (key in value) Object.assign(value, { [key]: typeof (value as Record<string, unknown>)[key] })
    }
  }
  return look(value)
}

const seeing: Partial<Record<Name, (value: unknown) => unknown>> = { mkdtemp: seeTemporary, statfs: seeFileSystem }

export async function observe(caller: Caller, name: Name, call: Call, given: Given): Promise<unknown> {
  const args = call.make(given)
  const outcome = await outcomeOf(() => caller(name, args), seeing[name])
  return { outcome: name === 'mkdtemp' ? withoutChanceIn(outcome) : outcome, read: given.log }
}

/** What has become of the tree, where mkdtemp's names are random. */
function withoutNames(text: string): string[] {
  return text
    .replace(/^(.*)[A-Za-z0-9]{6}(: directory, 40700,.*)$/gm, '$1XXXXXX$2')
    .split('\n')
    .sort()
}

async function story(caller: Caller, name: Name, call: Call, tree: Tree): Promise<unknown> {
  const seen = await observe(caller, name, call, { root: tree.root, log: [] })
  if (!subjects[name].changes) return { seen }
  const text = tree.text()
  tree.restore(text)
  return { seen, tree: name === 'mkdtemp' ? withoutNames(text) : text.split('\n') }
}

/** One assertion for all that are alike, and one for each that is not: there are thousands. */
export async function compareCalls(
  t: Test,
  { subject, oracle }: Sides,
  name: Name,
  list: readonly Call[],
  tree: Tree,
): Promise<void> {
  let alike = 0
  for (const call of list) {
    const ours = await story(subject, name, call, tree)
    const nodes = await story(oracle, name, call, tree)
    if (isDeepStrictEqual(ours, nodes)) alike++
    else same(t, ours, nodes, `${name}(${call.name})`)
  }
  t.equal(alike, list.length, `${name}: ${list.length} calls`)
}

/** Trees of every shape, and the effects of calls on whole trees on both sides. */
import nodeFs from 'node:fs'
import nodePromises from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { same } from '../../support/differential.js'
import { fs } from '../../support/subject.js'
import { outcomeOf } from '../../support/look.js'

/** Text of a tree, names in byte order and as bytes, which latin1 keeps. */
function textOf(path: Buffer, name = ''): string[] {
  const stats = nodeFs.lstatSync(path)
  const mode = stats.mode.toString(8)
  if (stats.isSymbolicLink()) return [`${name} -> ${nodeFs.readlinkSync(path, 'latin1')}`]
  if (!stats.isDirectory()) {
    return [`${name} ${mode} ${stats.isFile() ? nodeFs.readFileSync(path, 'latin1') : 'no file'}`]
  }
  const names = nodeFs.readdirSync(path, 'latin1').sort()
  const below = names.flatMap((each) =>
    textOf(Buffer.concat([path, Buffer.from(`/${each}`, 'latin1')]), `${name}/${each}`),
  )
  return [`${name}/ ${mode}`, ...below]
}

export const text = (path: string): string[] =>
  nodeFs.lstatSync(path, { throwIfNoEntry: false }) ? textOf(Buffer.from(path)) : ['nothing']

/** The same pseudo-random numbers each time. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    yield state / 2 ** 31
  }
}

const NAMES = ['a', 'b', 'A', 'ž', '🐎', '.hidden', 'with space', 'new\nline', '-x', '10', '9', 'z'.repeat(200)]

/** Makes a tree of files, directories, links in and out, loops, and dangling links. */
export function generate(root: string, seed: number): void {
  const chance = chances(seed)
  const next = (below: number): number => Math.floor((chance.next().value as number) * below)
  const directories = [root]
  let looped = false
  nodeFs.mkdirSync(root)
  for (let count = 5 + next(40); count > 0; count--) {
    const directory = directories[next(directories.length)] as string
    const path = join(directory, `${NAMES[next(NAMES.length)] as string}${next(3)}`)
    if (nodeFs.lstatSync(path, { throwIfNoEntry: false })) continue
    const kind = next(8)
    if (kind < 3) {
      nodeFs.mkdirSync(path)
      nodeFs.chmodSync(path, next(2) === 0 ? 0o755 : 0o1777)
      directories.push(path)
    } else if (kind < 6) {
      nodeFs.writeFileSync(path, 'x'.repeat(next(3) * 3000))
      nodeFs.chmodSync(path, next(2) === 0 ? 0o644 : 0o400)
    } else {
      // Node's `readdir` follows a loop forty times; two loops would take far too long.
      const directed = ['.', '..', '../b1', join(root, 'a0'), './/b0/../a0']
      const targets = ['gone', '/etc/hostname', path, ...(looped ? [] : directed)]
      const target = targets[next(targets.length)] as string
      looped ||= directed.includes(target)
      nodeFs.symlinkSync(target, path)
    }
  }
}

/** Compares both sides, each in its own tree at the same path, including the resulting trees. */
export async function compare(
  t: Test,
  message: string,
  make: (root: string) => void,
  call: (api: typeof nodePromises, root: string) => unknown,
): Promise<void> {
  const outer = temporaryDirectory(t)
  const root = join(outer, 'tree')
  const told = []
  for (const api of [fs as typeof nodePromises, nodePromises]) {
    make(root)
    told.push([await outcomeOf(() => call(api, root)), text(outer)])
    for (const name of nodeFs.readdirSync(outer)) nodeFs.rmSync(join(outer, name), { recursive: true })
  }
  same(t, told[0], told[1], message)
}

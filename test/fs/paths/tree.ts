/** A directory with everything that a path may name, and its state as plain data to compare. */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { chdir } from 'node:process'

/** Seconds since 1970: a file with other times has been touched. */
const MADE = 1_000_000
const HOUR = 3600n * 1_000_000_000n

/** Names as bytes, which latin1 keeps. */
const bytes = (name: string): Buffer => Buffer.from(name, 'latin1')
export const NOT_UTF8 = bytes('not-utf8-\xff')
/** Characters of two, three and four bytes. */
export const NON_ASCII = 'žluťoučký-🐎'

function time(nanoseconds: bigint): string {
  if (nanoseconds === BigInt(MADE) * 1_000_000_000n) return 'as made'
  const age = BigInt(Date.now()) * 1_000_000n - nanoseconds
  return age < HOUR && age > -HOUR ? 'now' : String(nanoseconds)
}

/** Time of the last access, which looking changes, too. */
function accessTime(nanoseconds: bigint): string {
  const text = time(nanoseconds)
  return text === 'now' || text === 'as made' ? '' : `, accessed ${text}`
}

function kindOf(path: Buffer, stats: nodeFs.BigIntStats): string {
  if (stats.isSymbolicLink()) return `-> ${nodeFs.readlinkSync(path, 'latin1')}`
  if (stats.isDirectory()) return 'directory'
  const content = stats.size < 1000 ? JSON.stringify(nodeFs.readFileSync(path, 'latin1')) : 'much'
  return `${stats.size} bytes ${content}`
}

function lines(path: Buffer, name: string): string[] {
  const stats = nodeFs.lstatSync(path, { bigint: true })
  const { mode, uid, gid, nlink, mtimeNs, atimeNs } = stats
  const times = `${time(mtimeNs)}${accessTime(atimeNs)}`
  const line = `${name}: ${kindOf(path, stats)}, ${mode.toString(8)}, ${uid}:${gid}, ${nlink} links, ${times}`
  if (!stats.isDirectory()) return [line]
  const names = nodeFs.readdirSync(path, 'latin1').sort()
  return [line, ...names.flatMap((each) => lines(Buffer.concat([path, bytes(`/${each}`)]), `${name}/${each}`))]
}

type Entry = readonly [name: Buffer, is: 'file' | 'directory' | 'symlink' | 'hard link', of: string, mode: number]

/** Directories before their entries. */
const entries: readonly Entry[] = [
  [bytes('.'), 'directory', '', 0o755],
  [bytes('dir'), 'directory', '', 0o755],
  [bytes('dir/below'), 'directory', '', 0o755],
  [bytes('dir/below/deep'), 'directory', '', 0o755],
  [bytes('empty'), 'directory', '', 0o755],
  [bytes('file'), 'file', 'content', 0o644],
  [bytes('hard-link'), 'hard link', 'file', 0o644],
  [bytes('program'), 'file', '#!', 0o755],
  [bytes('secret'), 'file', 'secret', 0],
  [bytes('dir/inner'), 'file', 'inner content', 0o644],
  [Buffer.from(NON_ASCII), 'file', 'non-ASCII', 0o644],
  [NOT_UTF8, 'file', 'of a name that is not UTF-8', 0o644],
  [bytes('link'), 'symlink', './/file', 0o777],
  [bytes('dir-link'), 'symlink', 'dir', 0o777],
  [bytes('dangling'), 'symlink', 'gone/nowhere', 0o777],
  [bytes('loop'), 'symlink', './loop-2', 0o777],
  [bytes('loop-2'), 'symlink', 'loop', 0o777],
]

const known = new Set(entries.map(([name]) => name.toString('latin1')))

/** Removes everything that is not part of the tree. */
function removeStrays(): void {
  for (const directory of ['.', 'dir', 'dir/below', 'dir/below/deep', 'empty']) {
    for (const name of nodeFs.readdirSync(directory, 'latin1')) {
      const path = directory === '.' ? name : `${directory}/${name}`
      if (!known.has(path)) nodeFs.rmSync(bytes(path), { recursive: true })
    }
  }
}

/** Files and links have different sizes. */
function isAsMade(stats: nodeFs.Stats | undefined, is: Entry[1], of: string): boolean {
  if (is === 'hard link') return stats?.ino === nodeFs.lstatSync(of).ino
  if (is === 'file') return stats?.isFile() === true && stats.mtimeMs === MADE * 1000 && stats.size === of.length
  return is === 'directory'
    ? stats?.isDirectory() === true
    : stats?.isSymbolicLink() === true && stats.size === of.length
}

function create(name: Buffer, is: Entry[1], of: string): void {
  nodeFs.rmSync(name, { recursive: true, force: true })
  if (is === 'directory') nodeFs.mkdirSync(name)
  else if (is === 'symlink') nodeFs.symlinkSync(of, name)
  else if (is === 'hard link') nodeFs.linkSync(of, name)
  else nodeFs.writeFileSync(name, of)
}

const directories = entries.filter(([, is]) => is === 'directory').map(([name]) => name)
/** Checked when nothing should have changed. */
const some = [...directories.slice(0, 3), bytes('empty'), bytes('file')]
const all = [bytes('..'), ...entries.map(([name]) => name)]

const uid = process.getuid?.() ?? 0
const gid = process.getgid?.() ?? 0

/** Every change shows in these: a name changes its directory's times, content its file's. */
function statsOf(names: readonly Buffer[]): string {
  const each = names.map((name) => {
    const stats = nodeFs.lstatSync(name, { bigint: true, throwIfNoEntry: false })
    if (!stats) return 'gone'
    const { mode, uid, gid, nlink, size, mtimeNs, atimeNs } = stats
    return [mode, uid, gid, nlink, size, mtimeNs, accessTime(atimeNs)].join()
  })
  return each.join('\n')
}

function isUntouched(stats: nodeFs.Stats, mode: number): boolean {
  const { mtimeMs } = stats
  return mtimeMs === MADE * 1000 && (stats.mode & 0o7777) === mode && stats.uid === uid && stats.gid === gid
}

export class Tree {
  /** The directory that the paths are relative to. */
  readonly root: string
  private readonly pristine: { text: string; all: string; some: string }

  constructor(private readonly outer: string) {
    this.root = join(outer, 'root')
    nodeFs.mkdirSync(this.root)
    chdir(this.root)
    this.make()
    this.pristine = { text: lines(bytes(this.outer), '').join('\n'), all: statsOf(all), some: statsOf(some) }
  }

  /** Makes what is missing or changed: removing directories is slow. */
  private make(): void {
    for (const name of nodeFs.readdirSync('..')) {
      if (name !== 'root') nodeFs.rmSync(`../${name}`, { recursive: true })
    }
    const touched = [bytes('..'), ...directories]
    for (const [name, is, of, mode] of entries) {
      const stats = nodeFs.lstatSync(name, { throwIfNoEntry: false })
      const made = isAsMade(stats, is, of)
      if (!made) create(name, is, of)
      if (made && stats && isUntouched(stats, mode)) continue
      touched.push(name)
      nodeFs.lchownSync(name, uid, gid)
      if (is !== 'symlink') nodeFs.chmodSync(name, mode)
    }
    removeStrays()
    nodeFs.lchownSync('..', uid, gid)
    nodeFs.chmodSync('..', 0o700)
    for (const name of touched) nodeFs.lutimesSync(name, MADE, MADE)
  }

  /** Every file with its visible attributes. */
  text(): string {
    return statsOf(all) === this.pristine.all ? this.pristine.text : lines(bytes(this.outer), '').join('\n')
  }

  /** As {@link text}, but checks only a part: {@link text} checks the rest later. */
  textOfPart(): string {
    return statsOf(some) === this.pristine.some ? this.pristine.text : this.text()
  }

  /** Restores the tree from a state with this text. */
  restore(text: string): void {
    if (text === this.pristine.text) return
    this.make()
    if (this.text() !== this.pristine.text) throw new Error(`The tree is not restored:\n${this.text()}`)
  }

  get isPristine(): boolean {
    return this.text() === this.pristine.text
  }
}

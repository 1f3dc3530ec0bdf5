/**
 * The order of requests by path. A request begins after earlier changes of what its path names, or
 * of the directory that contains it; one that moves, copies or removes a directory, after earlier
 * changes of the names in it. Node's queue mostly keeps that order; a pool of several threads keeps
 * it only by chance.
 *
 * Names are compared as given. An open file changes no name here, nor does an `open` in progress:
 * opening a FIFO may block until another process opens it, too.
 */
import { Opcode } from '../protocol/operations.js'
import type { Request } from './request.js'

/** The length of a path's directory part, as the path states it; 0 if it has none. */
function directoryLength(path: string): number {
  return Math.max(0, path.lastIndexOf('/'))
}

/** All longer paths, which fail, count as of this length. */
const LONGEST = 4096

/** Numbers of paths by length, which rule out most paths before a part of one is made and hashed. */
class Lengths {
  readonly #counts = new Int32Array(LONGEST + 1)

  count(length: number, change: 1 | -1): void {
    const at = Math.min(length, LONGEST)
    this.#counts[at] = (this.#counts[at] as number) + change
  }

  has(length: number): boolean {
    return (this.#counts[Math.min(length, LONGEST)] as number) > 0
  }
}

/** Whether a request names files; an operation on an open file does not. */
function hasNames({ views }: Request): boolean {
  return Array.isArray(views) && typeof (views as readonly unknown[])[0] === 'string'
}

/** The paths of a request. */
function namesOf(request: Request): readonly string[] {
  if (!hasNames(request)) return []
  const [path, other] = request.views as readonly unknown[]
  return typeof other === 'string' ? [path as string, other] : [path as string]
}

/**
 * Paths that name something else afterwards, or have other attributes: of two, usually only the
 * second, which is created.
 */
function changedOf(opcode: Opcode, paths: readonly string[]): readonly string[] {
  // Several may be made by one name.
  if (opcode === Opcode.open || opcode === Opcode.mkdtemp) return []
  return opcode === Opcode.rename || opcode === Opcode.link || paths.length === 1 ? paths : paths.slice(-1)
}

/**
 * Operations on a directory as a whole. Listing is not among them: it would wait for every large
 * file being written there.
 */
const ON_WHOLE: ReadonlySet<Opcode> = new Set([Opcode.rename, Opcode.rmdir, Opcode.rm, Opcode.cp])

/** A path that may be an alias: comparing names does not find what is in it, or reached through it. */
const ODD = /(?:^|\/)\.{0,2}(?:\/|$)/

/** Numbers of names in use: absolute ones, relative ones, and others. */
interface Kinds {
  odd: number
  absolute: number
  relative: number
}

function kindOf(path: string): keyof Kinds {
  const name = path.startsWith('/') ? path.slice(1) : path
  if (ODD.test(name)) return 'odd'
  return name === path ? 'relative' : 'absolute'
}

/** A change that has not ended. */
interface Change {
  /** what it changes, and what an inline attempt has to wait for: also the file that an open creates */
  readonly touched: readonly Touched[]
  followers: Request[] | undefined
}

/** A path that changes in progress touch. */
interface Touched {
  readonly path: string
  readonly kind: keyof Kinds
  /** length of its directory part */
  readonly directory: number
  changes: number
  /** The last change of the name, and its operation; undefined if it is only to be created, or the change has ended. */
  last: Change | undefined
  opcode: Opcode
}

/** With more paths touched, those in a directory are found by an index. */
const FEW = 64

function followOne(request: Request, touched: Touched | undefined): 0 | 1 {
  const change = touched?.last
  // Making a directory that is being made needs no order.
  if (!change || (touched.opcode === Opcode.makePath && request.opcode === Opcode.makePath)) return 0
  ;(change.followers ??= []).push(request)
  return 1
}

function enterDirectory(inside: Map<string, Set<Touched>>, touched: Touched): void {
  const directory = touched.path.slice(0, touched.directory)
  const there = inside.get(directory)
  if (there) there.add(touched)
  else inside.set(directory, new Set([touched]))
}

function leaveDirectory(inside: Map<string, Set<Touched>>, touched: Touched): void {
  const directory = touched.path.slice(0, touched.directory)
  const there = inside.get(directory)
  if (there?.delete(touched) && there.size === 0) inside.delete(directory)
}

export class PathOrder {
  /** number of changes that have not ended, but for one alone */
  #changing = 0
  readonly #touched = new Map<string, Touched>()
  /** lengths of the paths touched, and of their directories */
  readonly #lengths = new Lengths()
  readonly #directories = new Lengths()
  /** numbers of paths touched */
  readonly #kinds: Kinds = { odd: 0, absolute: 0, relative: 0 }
  /** paths touched in a directory, by its path; undefined until it pays */
  #inside: Map<string, Set<Touched>> | undefined
  /** number of changes that each request waits for, in order */
  readonly #waiting = new Map<Request, number>()
  /** a change without others beside it: its names are noted when another request comes */
  #lone: Request | undefined

  /** number of changes that have not ended */
  get changes(): number {
    return this.#changing + (this.#lone === undefined ? 0 : 1)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** @returns whether it may begin; if not, {@link leave} reports when */
  enter(request: Request): boolean {
    if (request.changesPaths && this.#lone === undefined && this.#changing === 0 && hasNames(request)) {
      this.#lone = request
      return true
    }
    const paths = namesOf(request)
    if (paths.length === 0) return true
    this.#noteLone()
    let earlier = 0
    if (this.#touched.size > 0) for (const path of paths) earlier += this.#follow(request, path)
    if (request.changesPaths) this.#add(request, paths)
    if (earlier === 0) return true
    this.#waiting.set(request, earlier)
    return false
  }

  /** @returns number of changes that it has to wait for */
  #follow(request: Request, path: string): number {
    let earlier = followOne(request, this.#touched.get(path))
    const length = directoryLength(path)
    if (length > 0 && this.#lengths.has(length)) {
      earlier += followOne(request, this.#touched.get(path.slice(0, length)))
    }
    if (!ON_WHOLE.has(request.opcode) || !this.#directories.has(path.length)) return earlier
    for (const touched of this.#touchedIn(path)) earlier += followOne(request, touched)
    return earlier
  }

  #touchedIn(directory: string): Iterable<Touched> {
    if (this.#inside === undefined && this.#touched.size > FEW) {
      this.#inside = new Map()
      for (const touched of this.#touched.values()) enterDirectory(this.#inside, touched)
    }
    if (this.#inside) return this.#inside.get(directory) ?? []
    const isInside = (touched: Touched): boolean =>
      touched.directory === directory.length && touched.path.startsWith(directory)
    return [...this.#touched.values()].filter(isInside)
  }

  #add(request: Request, paths: readonly string[]): void {
    const { opcode } = request
    const isOpen = opcode === Opcode.open
    const touched = (isOpen ? paths : changedOf(opcode, paths)).map((path) => this.#touch(path))
    const change: Change = { touched, followers: undefined }
    request.change = change
    this.#changing++
    if (isOpen) return
    for (const each of touched) {
      each.last = change
      each.opcode = opcode
    }
  }

  #touch(path: string): Touched {
    const known = this.#touched.get(path)
    if (known) {
      known.changes++
      return known
    }
    const kind = kindOf(path)
    const directory = directoryLength(path)
    const touched: Touched = { path, kind, directory, changes: 1, last: undefined, opcode: Opcode.open }
    this.#touched.set(path, touched)
    this.#kinds[kind]++
    this.#lengths.count(path.length, 1)
    this.#directories.count(directory, 1)
    if (this.#inside) enterDirectory(this.#inside, touched)
    return touched
  }

  #untouch(touched: Touched): void {
    if (--touched.changes > 0) return
    const { path, kind, directory } = touched
    this.#touched.delete(path)
    this.#kinds[kind]--
    this.#lengths.count(path.length, -1)
    this.#directories.count(directory, -1)
    if (this.#inside) leaveDirectory(this.#inside, touched)
    if (this.#touched.size === 0) this.#inside = undefined
  }

  #noteLone(): void {
    const lone = this.#lone
    if (lone === undefined) return
    this.#lone = undefined
    this.#add(lone, namesOf(lone))
  }

  /**
   * Whether no change in progress touches this path, or a directory on it, as far as names tell: an
   * inline attempt need not wait.
   */
  isFree(path: string): boolean {
    this.#noteLone()
    const kind = kindOf(path)
    if (kind === 'odd' || this.#kinds.odd > 0) return false
    if (this.#kinds[kind === 'absolute' ? 'relative' : 'absolute'] > 0) return false
    if (this.#touched.has(path)) return false
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.#lengths.has(end) && this.#touched.has(path.slice(0, end))) return false
    }
    return true
  }

  /**
   * Ends a request that has entered.
   * @param begin called with each request that may begin now
   */
  leave(request: Request, begin: (request: Request) => void): void {
    if (request === this.#lone) {
      this.#lone = undefined
      return
    }
    const change = request.change as Change | undefined
    if (!change) return
    request.change = undefined
    this.#changing--
    for (const touched of change.touched) {
      if (touched.last === change) touched.last = undefined
      this.#untouch(touched)
    }
    if (!change.followers) return
    for (const follower of change.followers) {
      const left = (this.#waiting.get(follower) ?? 0) - 1
      if (left > 0) {
        this.#waiting.set(follower, left)
      } else if (this.#waiting.delete(follower)) {
        begin(follower)
      }
    }
  }

  /** All waiting requests, in order; they wait for no change any more. */
  takeAll(): readonly Request[] {
    const all = [...this.#waiting.keys()]
    this.#waiting.clear()
    return all
  }
}

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

/** The directory part of a path, as the path states it. */
function directoryOf(path: string): string | undefined {
  const end = path.lastIndexOf('/')
  return end > 0 ? path.slice(0, end) : undefined
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
  return opcode === Opcode.rename || opcode === Opcode.link ? paths : paths.slice(-1)
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
  readonly opcode: Opcode
  readonly names: readonly string[]
  /** what an inline attempt would have to wait for: the names, or the file that is created */
  readonly touched: readonly string[]
  readonly followers: Request[]
}

export class PathOrder {
  readonly #changes = new Map<Request, Change>()
  /** the last change of each name */
  readonly #last = new Map<string, Change>()
  /** changes of names in a directory, by its path */
  readonly #inside = new Map<string, Set<Change>>()
  /** number of changes that touch each path, and of paths of each kind */
  readonly #touched = new Map<string, number>()
  readonly #kinds: Kinds = { odd: 0, absolute: 0, relative: 0 }
  /** number of changes that each request waits for, in order */
  readonly #waiting = new Map<Request, number>()
  /** a change without others beside it: its names are noted when another request comes */
  #lone: Request | undefined

  /** number of changes that have not ended */
  get changes(): number {
    return this.#changes.size + (this.#lone === undefined ? 0 : 1)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** @returns whether it may begin; if not, {@link leave} reports when */
  enter(request: Request): boolean {
    if (request.changesPaths && this.#lone === undefined && this.#changes.size === 0 && hasNames(request)) {
      this.#lone = request
      return true
    }
    const paths = namesOf(request)
    if (paths.length === 0) return true
    this.#noteLone()
    let earlier = 0
    if (this.#last.size > 0) for (const path of paths) earlier += this.#follow(request, path)
    if (request.changesPaths) this.#add(request, paths)
    if (earlier === 0) return true
    this.#waiting.set(request, earlier)
    return false
  }

  #follow(request: Request, path: string): number {
    const directory = directoryOf(path)
    let earlier = 0
    for (const change of [this.#last.get(path), directory === undefined ? undefined : this.#last.get(directory)]) {
      // Making a directory that is being made needs no order.
      if (!change || (change.opcode === Opcode.makePath && request.opcode === Opcode.makePath)) continue
      change.followers.push(request)
      earlier++
    }
    const inside = ON_WHOLE.has(request.opcode) ? this.#inside.get(path) : undefined
    if (inside === undefined) return earlier
    for (const change of inside) change.followers.push(request)
    return earlier + inside.size
  }

  #enterDirectory(name: string, change: Change): void {
    const directory = directoryOf(name)
    if (directory === undefined) return
    const inside = this.#inside.get(directory)
    if (inside) inside.add(change)
    else this.#inside.set(directory, new Set([change]))
  }

  #leaveDirectory(name: string, change: Change): void {
    const directory = directoryOf(name)
    const inside = directory === undefined ? undefined : this.#inside.get(directory)
    if (inside?.delete(change) && inside.size === 0) this.#inside.delete(directory as string)
  }

  #add(request: Request, paths: readonly string[]): void {
    const { opcode } = request
    const names = changedOf(opcode, paths)
    const touched = opcode === Opcode.open ? paths : names
    const change = { opcode, names, touched, followers: [] }
    this.#changes.set(request, change)
    for (const name of names) {
      this.#last.set(name, change)
      this.#enterDirectory(name, change)
    }
    for (const path of touched) {
      this.#touched.set(path, (this.#touched.get(path) ?? 0) + 1)
      this.#kinds[kindOf(path)]++
    }
  }

  #noteLone(): void {
    const lone = this.#lone
    if (lone === undefined) return
    this.#lone = undefined
    this.#add(lone, namesOf(lone))
  }

  #untouch(path: string): void {
    const left = (this.#touched.get(path) as number) - 1
    if (left > 0) this.#touched.set(path, left)
    else this.#touched.delete(path)
    this.#kinds[kindOf(path)]--
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
      if (this.#touched.has(path.slice(0, end))) return false
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
    const change = this.#changes.get(request)
    if (!change) return
    this.#changes.delete(request)
    for (const name of change.names) {
      if (this.#last.get(name) === change) this.#last.delete(name)
      this.#leaveDirectory(name, change)
    }
    for (const path of change.touched) this.#untouch(path)
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

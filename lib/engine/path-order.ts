/**
 * The order of what is asked for by path: an operation begins after what was asked for earlier and changes what its path names, or the
 * directory that this is in; one that moves, copies or removes a directory, after what changes the names in it. Node's queue mostly has that order; several
 * threads of a pool have it only by chance.
 *
 * Names are compared as they are given. What is open already, or is being opened, changes no name here: to open a FIFO may take until
 * somebody else opens it, too.
 */
import { Opcode } from '../protocol/operations.js'
import type { Request } from './request.js'

/** The directory part of a path, as the path states it. */
function directoryOf(path: string): string | undefined {
  const end = path.lastIndexOf('/')
  return end > 0 ? path.slice(0, end) : undefined
}

/** The paths that a request has; none of what is done to an open file. */
function namesOf({ views }: Request): readonly string[] {
  if (views === undefined || !Array.isArray(views)) return []
  const [path, other] = views as readonly unknown[]
  if (typeof path !== 'string') return []
  return typeof other === 'string' ? [path, other] : [path]
}

/** Those that name something else afterwards, or look otherwise: of two mostly the second, which is what is made. */
function changedOf(opcode: Opcode, paths: readonly string[]): readonly string[] {
  // Many may be made by one name.
  if (opcode === Opcode.open || opcode === Opcode.mkdtemp) return []
  return opcode === Opcode.rename || opcode === Opcode.link ? paths : paths.slice(-1)
}

/** On a directory as a whole. Not those that list it: they would wait for the end of every large file that is being written there. */
const ON_WHOLE: ReadonlySet<Opcode> = new Set([Opcode.rename, Opcode.rmdir, Opcode.rm, Opcode.cp])

/** A path that may be another's name: what is in it, or goes through it, is not found by comparing names. */
const ODD = /(?:^|\/)\.{0,2}(?:\/|$)/

/** Names compared as they are given: those from the root, and those from where the process is. */
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

/** A change that is not over. */
interface Change {
  readonly opcode: Opcode
  readonly names: readonly string[]
  /** what has to wait for it, if it is to be done at once: the names, or the file that is made */
  readonly touched: readonly string[]
  readonly followers: Request[]
}

export class PathOrder {
  readonly #changes = new Map<Request, Change>()
  /** the last of each name */
  readonly #last = new Map<string, Change>()
  /** those of names in a directory, by its path */
  readonly #inside = new Map<string, Set<Change>>()
  /** how many changes touch each path, and paths of each kind */
  readonly #touched = new Map<string, number>()
  readonly #kinds: Kinds = { odd: 0, absolute: 0, relative: 0 }
  /** how many changes each waits for, in order */
  readonly #waiting = new Map<Request, number>()

  /** changes that are not over */
  get changes(): number {
    return this.#changes.size
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** @returns whether it may begin; else {@link leave} says when */
  enter(request: Request): boolean {
    const paths = namesOf(request)
    if (paths.length === 0) return true
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
      // To make a directory that is being made takes no turn.
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

  #untouch(path: string): void {
    const left = (this.#touched.get(path) as number) - 1
    if (left > 0) this.#touched.set(path, left)
    else this.#touched.delete(path)
    this.#kinds[kindOf(path)]--
  }

  /** Whether no change that has entered touches this path, or what leads to it, as far as names tell: what is asked of it need not wait. */
  isFree(path: string): boolean {
    const kind = kindOf(path)
    if (kind === 'odd' || this.#kinds.odd > 0) return false
    if (this.#kinds[kind === 'absolute' ? 'relative' : 'absolute'] > 0) return false
    if (this.#touched.has(path)) return false
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (this.#touched.has(path.slice(0, end))) return false
    }
    return true
  }

  /** Says that a request that has entered is over. @param begin is called with each that may begin now */
  leave(request: Request, begin: (request: Request) => void): void {
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

  /** All that wait, in their order; from then on they follow no change. */
  takeAll(): readonly Request[] {
    const all = [...this.#waiting.keys()]
    this.#waiting.clear()
    return all
  }
}

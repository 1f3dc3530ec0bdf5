/**
 * The order of what is asked for by path: an operation begins after what was asked for earlier and changes what its path names, or the
 * directory that this is in. Node's queue mostly has that order; several threads of a pool have it only by chance.
 *
 * Names are compared as they are given. What is open already, or is being opened, changes no name here: to open a FIFO may take until
 * somebody else opens it, too.
 */
import { Opcode } from '../protocol/operations.js'
import type { Request } from './request.js'

/** What a path says that its last name is in. */
function directoryOf(path: string): string | undefined {
  const end = path.lastIndexOf('/')
  return end > 0 ? path.slice(0, end) : undefined
}

/** The paths that a request has; none of what is done to an open file. */
function pathsOf({ views }: Request): readonly string[] {
  if (views === undefined || !Array.isArray(views)) return []
  const [path, other] = views as readonly unknown[]
  if (typeof path !== 'string') return []
  return typeof other === 'string' ? [path, other] : [path]
}

/** Those that name something else afterwards, or look otherwise: of two mostly the second, which is what is made. */
function changedOf({ opcode, changesPaths }: Request, paths: readonly string[]): readonly string[] {
  // Many may be made by one name.
  if (!changesPaths || opcode === Opcode.open || opcode === Opcode.mkdtemp) return []
  return opcode === Opcode.rename || opcode === Opcode.link ? paths : paths.slice(-1)
}

/** A change that is not over. */
interface Change {
  readonly opcode: Opcode
  readonly names: readonly string[]
  readonly followers: Request[]
}

export class PathOrder {
  readonly #changes = new Map<Request, Change>()
  /** the last of each name */
  readonly #last = new Map<string, Change>()
  /** how many changes each waits for, in order */
  readonly #waiting = new Map<Request, number>()

  get waiting(): number {
    return this.#waiting.size
  }

  /** @returns whether it may begin; else {@link leave} says when */
  enter(request: Request): boolean {
    const paths = pathsOf(request)
    if (paths.length === 0) return true
    let earlier = 0
    if (this.#last.size > 0) for (const path of paths) earlier += this.#follow(request, path)
    const names = changedOf(request, paths)
    if (names.length > 0) this.#add(request, names)
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
    return earlier
  }

  #add(request: Request, names: readonly string[]): void {
    const change = { opcode: request.opcode, names, followers: [] }
    this.#changes.set(request, change)
    for (const name of names) this.#last.set(name, change)
  }

  /** Says that a request that has entered is over. @param begin is called with each that may begin now */
  leave(request: Request, begin: (request: Request) => void): void {
    const change = this.#changes.get(request)
    if (!change) return
    this.#changes.delete(request)
    for (const name of change.names) if (this.#last.get(name) === change) this.#last.delete(name)
    for (const follower of change.followers) {
      const left = (this.#waiting.get(follower) ?? 0) - 1
      if (left > 0) {
        this.#waiting.set(follower, left)
      } else if (this.#waiting.delete(follower)) {
        begin(follower)
      }
    }
  }

  /** All that wait, in their order, which are nobody's followers from then on. */
  takeAll(): readonly Request[] {
    const all = [...this.#waiting.keys()]
    this.#waiting.clear()
    return all
  }
}

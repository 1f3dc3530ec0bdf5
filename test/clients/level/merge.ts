/** Several sorted sources as one. */
import { compare } from './entry.js'

/** A position among sorted entries. */
export interface Cursor {
  /** contains the entry; valid until the next call */
  readonly bytes: Buffer
  /** the entry's position in `bytes`; -1 at the end */
  readonly at: number
  /**
   * Goes to the first entry from this key on, or to the last one up to it in reverse; without a
   * key, to the first of all.
   */
  seek(key: string | undefined): Promise<void>
  /**
   * Goes to the next entry.
   * @returns false if it has to be read, by {@link load}
   */
  step(): boolean
  load(): Promise<void>
}

/** Merges sources. Of entries with the same key, the first source's hides the others. */
export class Merge {
  /** the source of the current entry; undefined at the end */
  current: Cursor | undefined
  readonly #sources: readonly Cursor[]
  readonly #sign: number
  /** other sources at the same key, and their number */
  readonly #hidden: Cursor[] = []
  #hiddenCount = 0
  #waiting: Cursor[] = []

  /** @param sources the newest first */
  constructor(sources: readonly Cursor[], isReverse = false) {
    this.#sources = sources
    this.#sign = isReverse ? -1 : 1
  }

  async seek(key: string | undefined): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.seek(key)))
    this.#choose()
  }

  /**
   * Goes to the next key.
   * @returns false if something has to be read, by {@link load}
   */
  step(): boolean {
    if (this.current && !this.current.step()) this.#waiting.push(this.current)
    for (let index = 0; index < this.#hiddenCount; index++) {
      const source = this.#hidden[index] as Cursor
      if (!source.step()) this.#waiting.push(source)
    }
    if (this.#waiting.length > 0) return false
    this.#choose()
    return true
  }

  async load(): Promise<void> {
    await Promise.all(this.#waiting.map((source) => source.load()))
    this.#waiting = []
    this.#choose()
  }

  #choose(): void {
    let first: Cursor | undefined
    let hidden = 0
    for (let index = 0; index < this.#sources.length; index++) {
      const source = this.#sources[index] as Cursor
      if (source.at < 0) continue
      const order = first ? this.#sign * compare(source.bytes, source.at, first.bytes, first.at) : -1
      if (order === 0) {
        this.#hidden[hidden++] = source
      } else if (order < 0) {
        first = source
        hidden = 0
      }
    }
    this.current = first
    this.#hiddenCount = hidden
  }
}

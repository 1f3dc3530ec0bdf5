/** Several sorted sources as one. */
import { compare, firstFrom } from './entry.js'

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
  readonly #sources: readonly Cursor[]
  readonly #sign: number
  /** indices of the sources that are not at their end, by their keys, then by their age: the first at the end */
  readonly #order: number[] = []
  /** number of sources at the first key */
  #first = 0
  /** indices of sources at the key before, which have to be put in order again */
  readonly #moved: number[] = []
  #waiting: Cursor[] = []

  /** @param sources the newest first */
  constructor(sources: readonly Cursor[], isReverse = false) {
    this.#sources = sources
    this.#sign = isReverse ? -1 : 1
  }

  /** The source of the current entry; undefined at the end. */
  get current(): Cursor | undefined {
    return this.#sources[this.#order[this.#order.length - 1] as number]
  }

  /** Whether {@link load} has to be called, perhaps again, before there is a current entry. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  async seek(key: string | undefined): Promise<void> {
    this.#waiting = []
    await Promise.all(this.#sources.map((source) => source.seek(key)))
    this.#order.length = this.#moved.length = 0
    this.#moved.push(...this.#sources.keys())
    this.#arrange()
  }

  /**
   * Goes to the next key.
   * @returns false if something has to be read, by {@link load}
   */
  step(): boolean {
    for (let count = this.#first; count > 0; count--) {
      const index = this.#order.pop() as number
      const source = this.#sources[index] as Cursor
      if (!source.step()) this.#waiting.push(source)
      this.#moved.push(index)
    }
    if (this.#waiting.length > 0) return false
    this.#arrange()
    return true
  }

  /** After a failure, it can be called again. */
  async load(): Promise<void> {
    await Promise.all(this.#waiting.map((source) => source.load()))
    this.#waiting = []
    this.#arrange()
  }

  /** Puts the sources that have moved in order. */
  #arrange(): void {
    const order = this.#order
    for (let index; (index = this.#moved.pop()) !== undefined;) {
      if ((this.#sources[index] as Cursor).at >= 0) this.#insert(index)
    }
    this.#first = order.length > 0 ? 1 : 0
    for (let at = order.length - 2; at >= 0; at--, this.#first++) {
      if (this.#compareKeys(order[at] as number, order[at + 1] as number) !== 0) break
    }
  }

  #insert(index: number): void {
    const order = this.#order
    const place = firstFrom(order.length, (at) => this.#compare(order[at] as number, index) > 0)
    for (let at = order.length; at > place; at--) order[at] = order[at - 1] as number
    order[place] = index
  }

  #compare(a: number, b: number): number {
    return this.#compareKeys(a, b) || a - b
  }

  #compareKeys(a: number, b: number): number {
    const [first, second] = [this.#sources[a] as Cursor, this.#sources[b] as Cursor]
    return this.#sign * compare(first.bytes, first.at, second.bytes, second.at)
  }
}

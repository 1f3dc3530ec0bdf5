/** Which pages of a file are free: a bit for each, in chunks that exist where a page is free. */

/** bits of a word */
const WORD = 32
const WORDS = 1024
/** pages of a chunk */
const CHUNK = WORD * WORDS
const ALL = 0xffffffff

interface Chunk {
  readonly words: Uint32Array
  free: number
}

/** The lowest bit of a word that is not zero. */
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word)

export class FreePages {
  #chunks: (Chunk | undefined)[] = []
  #count = 0
  /** No page before this one is free. */
  #lowest = 0
  /** No run has as many pages as this. */
  #tooLong = Infinity
  /** free pages that are not to be given out */
  #withheld = { first: 0, end: 0 }

  /** how many are free */
  get count(): number {
    return this.#count + this.#withheld.end - this.#withheld.first
  }

  has(page: number): boolean {
    if (page >= this.#withheld.first && page < this.#withheld.end) return true
    const chunk = this.#chunks[Math.floor(page / CHUNK)]
    const at = page % CHUNK
    return chunk !== undefined && (((chunk.words[at >>> 5] as number) >>> (at & 31)) & 1) === 1
  }

  /** The first of these pages that is free, or -1. */
  firstOf(first: number, count: number): number {
    if (this.count === 0) return -1
    for (let page = first; page < first + count; page++) if (this.has(page)) return page
    return -1
  }

  /** Whether some free pages are not to be given out. */
  get isWithholding(): boolean {
    return this.#withheld.end > 0
  }

  /**
   * Keeps the first run of free pages from being given out until {@link restore}: one that begins at `start` or behind it, and has `least`
   * pages or more; it is cut off at `most`. Undefined where there is none.
   */
  withhold(start: number, least: number, most: number): readonly [first: number, count: number] | undefined {
    const first = this.#findRun(least, Math.max(start, this.#lowest))
    if (first < 0) return undefined
    let count = least
    while (count < most && this.has(first + count)) count++
    this.#remove(first, count)
    this.#withheld = { first, end: first + count }
    return [first, count]
  }

  /** What was withheld may be given out again. */
  restore(): void {
    const { first, end } = this.#withheld
    this.#withheld = { first: 0, end: 0 }
    this.add(first, end - first)
  }

  /** Pages that are not free are so from now on. */
  add(first: number, count: number): void {
    for (let page = first; page < first + count;) {
      const chunk = (this.#chunks[Math.floor(page / CHUNK)] ??= { words: new Uint32Array(WORDS), free: 0 })
      const at = page % CHUNK
      const isWord = (at & 31) === 0 && first + count - page >= WORD
      chunk.words[at >>> 5] = isWord ? ALL : (chunk.words[at >>> 5] as number) | (1 << (at & 31))
      chunk.free += isWord ? WORD : 1
      page += isWord ? WORD : 1
    }
    this.#count += count
    this.#lowest = Math.min(this.#lowest, first)
    this.#tooLong = Infinity
  }

  /** These pages are not free, whether they were or not. */
  except(first: number, count: number): void {
    for (let page = first; page < first + count; page++) if (this.has(page)) this.#remove(page, 1)
  }

  /** None is free. */
  clear(): void {
    this.#chunks = []
    this.#count = 0
    this.#lowest = 0
    this.#tooLong = Infinity
  }

  /** The first of so many free pages that follow each other, which are free no more; the lowest such; -1 where there are none. */
  take(count: number): number {
    if (count > this.#count || count >= this.#tooLong) return -1
    const first = count === 1 ? this.#findOne() : this.#findRun(count, this.#lowest)
    if (first < 0) this.#tooLong = count
    else this.#remove(first, count)
    return first
  }

  #findOne(): number {
    for (let index = Math.floor(this.#lowest / CHUNK); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]
      if (!chunk || chunk.free === 0) continue
      const word = chunk.words.findIndex((bits) => bits !== 0)
      const page = index * CHUNK + word * WORD + lowestBit(chunk.words[word] as number)
      this.#lowest = page
      return page
    }
    return -1
  }

  /** The first of so many free pages that follow each other, none of them before `start`; -1 where there are none. */
  #findRun(count: number, start: number): number {
    let length = 0
    for (let index = Math.floor(start / CHUNK); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]
      if (!chunk || chunk.free === 0) {
        length = 0
        continue
      }
      const from = Math.max(0, start - index * CHUNK)
      for (let word = from >>> 5; word < WORDS; word++) {
        const isBefore = word === from >>> 5 ? 2 ** (from & 31) - 1 : 0
        const bits = ((chunk.words[word] as number) & ~isBefore) >>> 0
        const end = index * CHUNK + (word + 1) * WORD
        if (bits === 0) {
          length = 0
        } else if (bits === ALL) {
          length += WORD
          if (length >= count) return end - length
        } else {
          for (let bit = 0; bit < WORD; bit++) {
            length = ((bits >>> bit) & 1) === 1 ? length + 1 : 0
            if (length === count) return end - WORD + bit + 1 - count
          }
        }
      }
    }
    return -1
  }

  #remove(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      const index = Math.floor(page / CHUNK)
      const chunk = this.#chunks[index] as Chunk
      const at = page % CHUNK
      chunk.words[at >>> 5] = (chunk.words[at >>> 5] as number) & ~(1 << (at & 31))
      if (--chunk.free === 0) this.#chunks[index] = undefined
    }
    this.#count -= count
  }
}

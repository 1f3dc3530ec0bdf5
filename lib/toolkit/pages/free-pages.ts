/** The free pages of a file: a bit per page, in chunks that exist only where a page is free. */

/** bits per word */
const WORD = 32
const WORDS = 1024
/** pages per chunk */
const CHUNK = WORD * WORDS
const ALL = 0xffffffff

/** Lengths of runs of free pages: at the start, at the end, and the longest. */
interface Runs {
  readonly first: number
  readonly last: number
  readonly longest: number
}

interface Chunk {
  readonly words: Uint32Array
  free: number
  /** undefined if they have to be counted again */
  runs: Runs | undefined
}

/** Index of the lowest set bit of a word that is not zero. */
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word)

/** Number of set bits from the lowest on. */
const firstOf = (word: number): number => (word === ALL ? WORD : lowestBit(~word))

/** Number of set bits from the highest down. */
const lastOf = (word: number): number => Math.clz32(~word)

/** Length of the longest run of set bits. */
function longestOf(word: number): number {
  let length = 0
  for (let bits = word; bits !== 0; bits &= bits << 1) length++
  return length
}

/** Index of the lowest run of `count` set bits, in a word that has one. */
function placeOf(word: number, count: number): number {
  let bits = word
  // A bit stays set only if the bits above it are set, too.
  for (let more = 1; more < count; more++) bits &= bits >>> 1
  return lowestBit(bits)
}

const NONE: Runs = { first: 0, last: 0, longest: 0 }

function runsOf(chunk: Chunk): Runs {
  if (chunk.runs) return chunk.runs
  let first = -1
  let last = 0
  let longest = 0
  for (const word of chunk.words) {
    if (word === ALL) {
      last += WORD
      continue
    }
    const whole = last + firstOf(word)
    if (first < 0) first = whole
    longest = Math.max(longest, whole, longestOf(word))
    last = lastOf(word)
  }
  chunk.runs = { first: first < 0 ? last : first, last, longest: Math.max(longest, last) }
  return chunk.runs
}

export class FreePages {
  #chunks: (Chunk | undefined)[] = []
  #count = 0
  /** No page before this one is free. */
  #lowest = 0
  /** free pages that must not be allocated now */
  #withheld = { first: 0, end: 0 }

  /** number of free pages */
  get count(): number {
    return this.#count + this.#withheld.end - this.#withheld.first
  }

  has(page: number): boolean {
    if (page >= this.#withheld.first && page < this.#withheld.end) return true
    const chunk = this.#chunks[Math.floor(page / CHUNK)]
    const at = page % CHUNK
    return chunk !== undefined && (((chunk.words[at >>> 5] as number) >>> (at & 31)) & 1) === 1
  }

  /** The first free one of these pages, or -1. */
  firstOf(first: number, count: number): number {
    if (this.count === 0) return -1
    for (let page = first; page < first + count; page++) if (this.has(page)) return page
    return -1
  }

  /** Whether some free pages must not be allocated now. */
  get isWithholding(): boolean {
    return this.#withheld.end > 0
  }

  /**
   * Withholds a run of free pages until {@link restore}: the first that begins at or after `start`
   * and has at least `least` pages; of a longer run, the first `most`. Undefined if there is none.
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

  /** Makes the withheld pages available again. */
  restore(): void {
    const { first, end } = this.#withheld
    this.#withheld = { first: 0, end: 0 }
    this.add(first, end - first)
  }

  /** Adds pages that were not free. */
  add(first: number, count: number): void {
    for (let page = first; page < first + count;) {
      const chunk = (this.#chunks[Math.floor(page / CHUNK)] ??= {
        words: new Uint32Array(WORDS),
        free: 0,
        runs: undefined,
      })
      const at = page % CHUNK
      const isWord = (at & 31) === 0 && first + count - page >= WORD
      chunk.words[at >>> 5] = isWord ? ALL : (chunk.words[at >>> 5] as number) | (1 << (at & 31))
      chunk.free += isWord ? WORD : 1
      chunk.runs = undefined
      page += isWord ? WORD : 1
    }
    this.#count += count
    this.#lowest = Math.min(this.#lowest, first)
  }

  /** Removes pages, free or not. */
  except(first: number, count: number): void {
    for (let page = first; page < first + count; page++) if (this.has(page)) this.#remove(page, 1)
  }

  /** Removes all pages. */
  clear(): void {
    this.#chunks = []
    this.#count = 0
    this.#lowest = 0
  }

  /**
   * Takes the lowest run of `count` free pages.
   * @returns its first page; -1 if there is none
   */
  take(count: number): number {
    if (count > this.#count) return -1
    const first = count === 1 ? this.#findOne() : this.#findRun(count, this.#lowest)
    if (first >= 0) this.#remove(first, count)
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

  /** The first page of the first run of `count` free pages at or after `start`; -1 if there is none. */
  #findRun(count: number, start: number): number {
    // Free pages just before the chunk, or the word.
    let before = 0
    for (let index = Math.floor(start / CHUNK); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]
      const from = start - index * CHUNK
      const { first, last, longest } = chunk ? runsOf(chunk) : NONE
      if (!chunk || (from <= 0 && before + first < count && longest < count)) {
        before = first === CHUNK ? before + CHUNK : last
        continue
      }
      for (let at = Math.max(0, from) >>> 5; at < WORDS; at++) {
        const cut = at * WORD < from ? 2 ** (from & 31) - 1 : 0
        const word = ((chunk.words[at] as number) & ~cut) >>> 0
        const page = index * CHUNK + at * WORD
        if (before + firstOf(word) >= count) return page - before
        if (longestOf(word) >= count) return page + placeOf(word, count)
        before = word === ALL ? before + WORD : lastOf(word)
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
      chunk.runs = undefined
      if (--chunk.free === 0) this.#chunks[index] = undefined
    }
    this.#count -= count
  }
}

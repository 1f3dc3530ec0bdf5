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

  /** how many are free */
  get count(): number {
    return this.#count
  }

  has(page: number): boolean {
    const chunk = this.#chunks[Math.floor(page / CHUNK)]
    const at = page % CHUNK
    return chunk !== undefined && (((chunk.words[at >>> 5] as number) >>> (at & 31)) & 1) === 1
  }

  /** The first of these pages that is free, or -1. */
  firstOf(first: number, count: number): number {
    if (this.#count === 0) return -1
    for (let page = first; page < first + count; page++) if (this.has(page)) return page
    return -1
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
    const first = count === 1 ? this.#findOne() : this.#findRun(count)
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

  #findRun(count: number): number {
    let length = 0
    for (let index = Math.floor(this.#lowest / CHUNK); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index]
      if (!chunk || chunk.free === 0) {
        length = 0
        continue
      }
      for (let word = 0; word < WORDS; word++) {
        const bits = chunk.words[word] as number
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

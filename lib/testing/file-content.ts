/** The bytes of one file of a {@link FakeDisk}: as programs see them, and as a power cut may leave them. */
const { Buffer } = globalThis

/** A change that is not durable yet. */
type Change = { readonly position: number; readonly bytes: Buffer } | { readonly length: number }

/** Something that a sync makes durable. */
export interface Syncable {
  /** the number of changes so far */
  readonly mark: number
  /** makes the changes up to a mark durable */
  sync(mark: number): void
  /** forgets the changes up to a mark after a failed sync: no later sync makes them durable */
  lose(mark: number): void
}

export class FileContent implements Syncable {
  #now = Buffer.alloc(0)
  #size = 0
  #durable = Buffer.alloc(0)
  /** changes that are not durable */
  #changes: Change[] = []
  /** number of earlier changes, which are durable or lost */
  #settled = 0

  /** the file's size in bytes, as programs see it */
  get size(): number {
    return this.#size
  }

  /** @returns bytes read; fewer only at the end of the file */
  read(memory: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(memory.length, this.#size - position))
    memory.set(this.#now.subarray(position, position + count))
    return count
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length
    if (end > this.#now.length) {
      const larger = Buffer.alloc(Math.max(end, this.#now.length * 2))
      this.#now.copy(larger)
      this.#now = larger
    }
    this.#now.set(bytes, position)
    this.#size = Math.max(this.#size, end)
    this.#changes.push({ position, bytes: Buffer.from(bytes) })
  }

  truncate(length: number): void {
    const now = Buffer.alloc(length)
    this.#now.copy(now, 0, 0, Math.min(length, this.#size))
    this.#now = now
    this.#size = length
    this.#changes.push({ length })
  }

  /** Number of changes so far, which a sync that begins now covers. */
  get mark(): number {
    return this.#settled + this.#changes.length
  }

  /** Makes the changes up to a mark durable. */
  sync(mark: number): void {
    for (const change of this.#take(mark)) this.#durable = applied(this.#durable, change)
  }

  /**
   * Forgets the changes up to a mark after a failed sync: the kernel calls them clean, and no later
   * sync writes them.
   */
  lose(mark: number): void {
    this.#take(mark)
  }

  #take(mark: number): Change[] {
    const taken = this.#changes.splice(0, Math.max(0, mark - this.#settled))
    this.#settled += taken.length
    return taken
  }

  /**
   * Simulates a power cut. Of the changes that are not durable, any sectors survive, and any do
   * not.
   * @param survives decides for each sector
   */
  cut(sectorSize: number, survives: () => boolean): void {
    let durable = this.#durable
    for (const change of this.#changes) {
      if ('length' in change) {
        if (survives()) durable = applied(durable, change)
        continue
      }
      const { position, bytes } = change
      for (let at = 0; at < bytes.length;) {
        const end = Math.min(bytes.length, at + sectorSize - ((position + at) % sectorSize))
        if (survives()) durable = applied(durable, { position: position + at, bytes: bytes.subarray(at, end) })
        at = end
      }
    }
    this.#durable = durable
    this.#settled = this.mark
    this.#changes = []
    this.#now = Buffer.from(durable)
    this.#size = durable.length
  }
}

function applied(content: Buffer<ArrayBuffer>, change: Change): Buffer<ArrayBuffer> {
  if ('length' in change) {
    const cut = Buffer.alloc(change.length)
    content.copy(cut)
    return cut
  }
  const { position, bytes } = change
  const end = position + bytes.length
  let whole = content
  if (end > content.length) {
    whole = Buffer.alloc(end)
    content.copy(whole)
  }
  whole.set(bytes, position)
  return whole
}

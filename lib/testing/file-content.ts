/** The bytes of one file of a {@link FakeDisk}: as programs see them, and as a power cut may leave them. */
const { Buffer } = globalThis

/** A change that no sync has made durable. */
type Change = { readonly position: number; readonly bytes: Buffer } | { readonly length: number }

/** What a sync makes durable. */
export interface Syncable {
  /** the number of changes so far */
  readonly mark: number
  /** makes durable what was changed up to a mark */
  sync(mark: number): void
  /** the same has failed: no later sync makes it durable */
  lose(mark: number): void
}

export class FileContent implements Syncable {
  #now = Buffer.alloc(0)
  #size = 0
  #durable = Buffer.alloc(0)
  /** those that are not durable */
  #changes: Change[] = []
  /** how many changes before them are durable, or lost */
  #settled = 0

  /** bytes in the file, as programs see it */
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

  /** The number of changes so far: what a sync that begins now is for. */
  get mark(): number {
    return this.#settled + this.#changes.length
  }

  /** The changes up to a mark are durable. */
  sync(mark: number): void {
    for (const change of this.#take(mark)) this.#durable = applied(this.#durable, change)
  }

  /** A sync of the changes up to a mark has failed: the kernel takes them for clean, and no later sync writes them. */
  lose(mark: number): void {
    this.#take(mark)
  }

  #take(mark: number): Change[] {
    const taken = this.#changes.splice(0, Math.max(0, mark - this.#settled))
    this.#settled += taken.length
    return taken
  }

  /**
   * The power is gone. Of what no sync has made durable, any sectors are there, and any are not.
   * @param survives decides it for each
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

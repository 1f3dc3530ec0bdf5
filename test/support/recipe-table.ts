/**
 * The table of docs/recipes.md: values by slot in a PageFile. Pages that the last durable root
 * refers to are never overwritten.
 */
import { PageFile } from 'caio'
import type { PageFileOptions } from 'caio'

export const SLOTS = 200

export class Table {
  #file!: PageFile
  /** the root's number, then the page of each slot, or 0 */
  #root = new Uint32Array(1 + SLOTS)

  static async open(path: string, options: PageFileOptions = {}): Promise<Table> {
    const table = new Table()
    table.#file = await PageFile.open(path, { ...options, checksum: true })
    try {
      await table.#recover()
    } catch (error) {
      await table.#file.close()
      throw error
    }
    return table
  }

  async #recover(): Promise<void> {
    const file = this.#file
    if (file.pages < 2) await file.write(0, Buffer.alloc(2 * file.contentSize), { dsync: true })
    for (const number of [0, 1]) {
      const page = await file.page(number).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ERR_CAIO_PAGE_DAMAGED') throw error
      })
      if (!page) continue
      const root = new Uint32Array(Uint8Array.from(page.bytes.subarray(0, 4 * (1 + SLOTS))).buffer)
      page.release()
      if (root[0]! > this.#root[0]!) this.#root = root
    }
    file.reclaim([0, 1, ...this.#root.subarray(1).filter((number) => number > 0)])
  }

  get file(): PageFile {
    return this.#file
  }

  async get(slot: number): Promise<string | undefined> {
    const number = this.#root[1 + slot]!
    if (number === 0) return undefined
    const page = await this.#file.page(number)
    try {
      return page.bytes.toString('utf8', 2, 2 + page.bytes.readUInt16LE(0))
    } finally {
      page.release()
    }
  }

  /** Commits all changes or none; durable when it resolves. One commit at a time. */
  async commit(changes: readonly (readonly [slot: number, text: string])[]): Promise<void> {
    const file = this.#file
    const root = Uint32Array.from(this.#root)
    root[0]!++
    const old: number[] = []
    await Promise.all(
      changes.map(async ([slot, text]) => {
        const page = Buffer.alloc(file.contentSize)
        page.writeUInt16LE(page.write(text, 2), 0)
        old.push(root[1 + slot]!)
        root[1 + slot] = file.allocate()
        await file.write(root[1 + slot]!, page)
      }),
    )
    await file.sync()
    const page = Buffer.alloc(file.contentSize)
    page.set(new Uint8Array(root.buffer))
    await file.write(root[0]! % 2, page, { dsync: true })
    this.#root = root
    for (const number of old) if (number > 0) file.free(number)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

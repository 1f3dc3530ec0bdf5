/** Definition and context of workloads: changes that are acknowledged when they are durable. */
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { contentOf } from './history.js'
import type { Check, Commit } from './history.js'
import { countIn } from './recorder.js'

export const SUBJECTS = ['linux', 'thread', 'uring', 'pure', 'node'] as const
export type Subject = (typeof SUBJECTS)[number]
export type Files = typeof import('node:fs/promises')

/** Context of a workload. */
export class Run {
  readonly history: Commit[] = []
  readonly #counter: number

  constructor(
    readonly subject: Subject,
    /** `caio/fs` on the subject's backend, or `node:fs/promises` */
    readonly files: Files,
    /** an empty directory, whose name is durable */
    readonly directory: string,
    counter: number,
  ) {
    this.#counter = counter
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** Makes a file with this content, durable before the workload begins. */
  prepare(name: string, content: Uint8Array | string = ''): string {
    const path = this.path(name)
    fs.writeFileSync(path, content)
    this.syncNow(path)
    return path
  }

  /** Makes a file and the names in the directory durable. */
  syncNow(path: string): void {
    for (const each of [path, this.directory]) {
      const fd = fs.openSync(each, 'r')
      fs.fsyncSync(fd)
      fs.closeSync(fd)
    }
  }

  /** Makes one change, which is durable when the action has resolved. */
  async commit(
    { file = 'file', number, position = 0, length }: Partial<Commit> & Pick<Commit, 'number' | 'length'>,
    action: (content: Buffer) => Promise<unknown>,
  ): Promise<void> {
    const commit: Commit = { file, number, position, length, began: countIn(this.#counter) }
    this.history.push(commit)
    await action(contentOf(number, length))
    commit.at = countIn(this.#counter)
  }

  /** Runs this many at a time, each for some rounds, at its own pace. */
  async together(
    count: number,
    rounds: number,
    act: (number: number, worker: number) => Promise<unknown>,
  ): Promise<void> {
    const worker = async (worker: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        if (Math.random() < 0.5) await setTimeout(Math.random() * 4)
        await act(round * count + worker + 1, worker)
      }
    }
    await Promise.all(Array.from({ length: count }, (_, at) => worker(at)))
  }

  /** Opens a handle, which is closed afterwards. */
  async opened(path: string, flags: string | number, use: (handle: FileHandle) => Promise<void>): Promise<void> {
    const handle = await this.files.open(path, flags)
    try {
      await use(handle)
    } finally {
      await handle.close()
    }
  }
}

export interface Workload {
  name: string
  check: Check
  /** subjects on which it runs; all if absent */
  subjects?: readonly Subject[]
  run(run: Run): Promise<void>
}

/**
 * One side of a comparison: a directory with some files, and the handles that a random program has
 * opened there.
 */
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { outcomeOf } from '../support/differential.js'
import type { FsPromises } from '../support/subject.js'
import { filled } from '../support/argument-values.js'

export const SLOTS = 3

/** A write far after the end makes a file too large to be read whole: then only both ends are compared. */
const MOST_READ = 1024 * 1024

function contentOf(path: string, size: number): string {
  if (size <= MOST_READ) return nodeFs.readFileSync(path, 'latin1')
  const fd = nodeFs.openSync(path, 'r')
  const ends = [0, size - MOST_READ].map((start) => {
    const end = Buffer.alloc(MOST_READ)
    nodeFs.readSync(fd, end, 0, MOST_READ, start)
    return end.toString('latin1')
  })
  nodeFs.closeSync(fd)
  return ends.join('…')
}

export class World {
  readonly fs: FsPromises
  readonly directory: string
  /** Closed ones stay, for late calls. */
  readonly handles: (FileHandle | undefined)[] = new Array<undefined>(SLOTS).fill(undefined)
  readonly appends: boolean[] = new Array<boolean>(SLOTS).fill(false)

  constructor(fs: FsPromises, directory: string) {
    this.fs = fs
    this.directory = directory
    nodeFs.mkdirSync(join(directory, 'directory'), { recursive: true })
    for (const [name, size] of [
      ['a', 26],
      ['b', 100],
      ['c', 5000],
      ['empty', 0],
      ['large', 70_001],
    ] as const) {
      nodeFs.writeFileSync(join(directory, name), filled(size))
    }
    nodeFs.symlinkSync('a', join(directory, 'link'))
    nodeFs.symlinkSync('gone', join(directory, 'dangling'))
  }

  /** The final state: kinds, modes and contents. */
  files(): unknown {
    const names = nodeFs.readdirSync(this.directory, { recursive: true, encoding: 'utf8' }).sort()
    return names.map((name) => {
      const path = join(this.directory, name)
      const { mode, size } = nodeFs.lstatSync(path)
      const file = (mode & nodeFs.constants.S_IFMT) === nodeFs.constants.S_IFREG
      return [name, mode.toString(8), file ? size : -1, file ? contentOf(path, size) : '']
    })
  }

  async end(): Promise<unknown> {
    const closed = []
    for (const handle of this.handles) if (handle) closed.push(await outcomeOf(() => handle.close()))
    const files = this.files()
    nodeFs.rmSync(this.directory, { recursive: true, force: true })
    return { closed, files }
  }
}

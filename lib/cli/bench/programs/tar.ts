/** Packs and unpacks a tree, without compression, which would measure zlib. */
import fs from 'node:fs'
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeTree } from './trees.js'

interface Create {
  file: string
  cwd: string
  portable: true
  mtime: Date
  sync?: true
}

interface Extract {
  file: string
  cwd: string
  sync?: true
}

interface Tar {
  create(options: Create, names: string[]): Promise<void> | undefined
  extract(options: Extract): Promise<void> | undefined
}

const TIMES_FILES = 2

function steps(input: string, work: string): { create: Create; extract: Extract } {
  const file = join(work, 'archive.tar')
  return {
    create: { file, cwd: input, portable: true, mtime: new Date(1_700_000_000_000) },
    extract: { file, cwd: join(work, 'unpacked') },
  }
}

export const program: Program = {
  title: (files) => `tar: create and extract, ${files * TIMES_FILES} files`,
  packages: [{ name: 'tar', since: 6 }],
  input: (directory, files) => makeTree(directory, files * TIMES_FILES),
  prepare: (work) => fs.mkdirSync(join(work, 'unpacked')),
  // The order of the entries is that of the runtime's readdir.
  essence: (name, content) => (name === 'archive.tar' ? undefined : content),
  start({ input, work, load }) {
    const tar = load<Tar>('tar')
    const { create, extract } = steps(input, work)
    return async () => {
      await tar.create(create, ['.'])
      await tar.extract(extract)
    }
  },
  startSync({ input, work, load }) {
    const tar = load<Tar>('tar')
    const { create, extract } = steps(input, work)
    return () => {
      void tar.create({ ...create, sync: true }, ['.'])
      void tar.extract({ ...extract, sync: true })
    }
  },
}

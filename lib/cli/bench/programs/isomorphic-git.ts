/** Makes a repository, fills it, and reads its status. */
import fs from 'node:fs'
import { inflateSync } from 'node:zlib'
import type { Program } from './program.js'
import { checksum, makeTree, namesOf } from './trees.js'

interface Repository {
  fs: unknown
  dir: string
}

interface Git {
  init(options: Repository & { defaultBranch: string }): Promise<void>
  add(options: Repository & { filepath: string[] }): Promise<void>
  commit(options: Repository & { message: string; author: object }): Promise<string>
  statusMatrix(options: Repository): Promise<[string, number, number, number][]>
}

const author = { name: 'A. Uthor', email: 'a@example.invalid', timestamp: 1_700_000_000, timezoneOffset: 0 }

export const program: Program = {
  title: (files) => `isomorphic-git: init, add ${files} files, commit, status 3 times`,
  packages: [{ name: 'isomorphic-git', since: 1 }],
  prepare: (work, files) => void makeTree(work, files),
  // The index holds times and inodes, so it is not compared. Runtimes compress differently, so
  // objects are compared inflated.
  essence: (name, content) =>
    name === '.git/index' ? undefined : name.startsWith('.git/objects/') ? inflateSync(content) : content,
  start({ work: dir, files, load }) {
    const git = load<Git>('isomorphic-git')
    const filepath = namesOf(files)
    return async () => {
      await git.init({ fs, dir, defaultBranch: 'main' })
      await git.add({ fs, dir, filepath })
      const commit = await git.commit({ fs, dir, author, message: 'All' })
      const states: string[] = []
      for (let time = 0; time < 3; time++) states.push((await git.statusMatrix({ fs, dir })).join('\n'))
      return { commit, states: states.map(checksum) }
    }
  },
}

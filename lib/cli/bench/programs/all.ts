/** All programs, in the order of the report. Each id is its file's name: a trial's process loads only that file. */
import { program as cpRm } from './cp-rm.js'
import { program as eslint } from './eslint.js'
import { program as fastGlob } from './fast-glob.js'
import { program as formatter } from './formatter.js'
import { program as fsExtra } from './fs-extra.js'
import { program as glob } from './glob.js'
import { program as isomorphicGit } from './isomorphic-git.js'
import { program as npmCi } from './npm-ci.js'
import { program as prettier } from './prettier.js'
import type { Program } from './program.js'
import { program as rollup } from './rollup.js'
import { program as send } from './send.js'
import { program as tar } from './tar.js'
import { program as treeReader } from './tree-reader.js'
import { program as tsc } from './tsc.js'
import { program as vite } from './vite.js'
import { program as webpack } from './webpack.js'

export const programs: Readonly<Record<string, Program>> = {
  'tree-reader': treeReader,
  'cp-rm': cpRm,
  formatter,
  'isomorphic-git': isomorphicGit,
  glob,
  'fast-glob': fastGlob,
  'fs-extra': fsExtra,
  tar,
  send,
  prettier,
  eslint,
  rollup,
  webpack,
  vite,
  tsc,
  'npm-ci': npmCi,
}

/**
 * The program of an id.
 * @throws if there is none, which is an error in caio: users' names are checked before
 */
export function programOf(id: string): Program {
  const program = programs[id]
  if (!program) throw new Error(`no such program: ${id}`)
  return program
}

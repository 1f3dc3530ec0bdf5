/**
 * A real tree, TypeScript's library, packed, gzipped, listed, unpacked and removed; matched by glob
 * and rimraf.
 */
import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { glob } from 'glob'
import { rimraf } from 'rimraf'
import * as tar from 'tar'
import { failure } from '../program.js'
import type { Program } from '../program.js'

const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))

const main: Program = async (directory, { promises }) => {
  const at = (...names: string[]): string => join(directory, ...names)
  // Without large files; times are the archive's, so they are fixed below.
  cpSync(typescript, at('tree'), {
    recursive: true,
    filter: (path) => !/\.js$|\/(?:bin|loc|[a-z]{2}(?:-[a-z]+)?)$/.test(path),
  })
  const options = { cwd: directory, portable: true, mtime: new Date(1_700_000_000_000) }
  await tar.create({ ...options, file: at('plain.tar') }, ['tree'])
  await tar.create({ ...options, file: at('packed.tgz'), gzip: true }, ['tree'])
  const listed: string[] = []
  await tar.list({ file: at('packed.tgz'), onReadEntry: ({ path, size }) => listed.push(`${path} ${size}`) })
  await promises.mkdir(at('unpacked'))
  await tar.extract({ file: at('packed.tgz'), cwd: at('unpacked'), strip: 1 })
  await promises.writeFile(at('more'), 'more')
  await tar.update({ ...options, file: at('plain.tar') }, ['more'])
  await promises.writeFile(at('truncated.tgz'), (await promises.readFile(at('packed.tgz'))).subarray(0, 100_000))
  const broken = await failure(tar.list({ file: at('truncated.tgz'), strict: true }))

  const matched = await glob('unpacked/**/lib.es20*.d.ts', { cwd: directory })
  const removed = await rimraf(at('tree', '**', '*.d.ts'), { glob: true })
  return {
    listed: listed.sort(),
    matched: matched.sort(),
    removed,
    left: (await glob('tree/**', { cwd: directory, nodir: true })).sort(),
    broken: { code: broken['code'], message: broken['message'] },
    missing: await failure(tar.list({ file: at('missing.tar') })),
  }
}
export default main

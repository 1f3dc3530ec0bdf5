/**
 * The published, unchanged test suite of a random-access-storage for files, over an adapter: by
 * versions 1 and 3 of the base.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import type { Program } from '../program.js'
import { makeStorage } from '../random-access/storage.js'
import type { StorageOptions } from '../random-access/storage.js'
import { makeTape } from '../random-access/tape.js'

interface Storage {
  close(done: () => void): void
}
type Base = new () => object

const require = createRequire(import.meta.url)
const suite = require.resolve('random-access-file-suite/test.js')
/** It sets a private field of that package, its descriptor. */
const LEFT_OUT = ['trigger bad open']

const main: Program = async (directory, fs) => {
  const bases: Record<string, Base> = {
    'version 1': createRequire(suite)('random-access-storage') as Base,
    'version 3': require('random-access-storage') as Base,
  }
  const story: Record<string, unknown> = {}
  for (const [name, Base] of Object.entries(bases)) {
    const { tape, run } = makeTape(LEFT_OUT)
    const Storage = makeStorage(Base, fs.promises)
    // Version 3 calls it unlink.
    const methods = Storage.prototype as unknown as Record<string, unknown>
    methods['destroy'] ??= methods['unlink']
    const made: Storage[] = []
    const modules: Record<string, unknown> = {
      './'(path: string, options?: StorageOptions) {
        const storage = new Storage(path, options)
        made.push(storage as unknown as Storage)
        return storage
      },
      tape,
      mkdirp: { sync: (path: string) => mkdirSync(path, { recursive: true }) },
    }
    const scratch = join(directory, 'scratch')
    mkdirSync(scratch)
    process.env['TMPDIR'] = scratch
    compileFunction(readFileSync(suite, 'utf8'), ['require'], { filename: suite })(
      (id: string) => modules[id] ?? (require(id) as unknown),
    )
    const assertions = await run()
    // The suite leaves some open, and its files have names that contain the time.
    for (const storage of made) await new Promise<void>((done) => storage.close(done))
    rmSync(scratch, { recursive: true })
    const failed = assertions.filter(({ ok }) => !ok)
    if (failed.length > 0) throw new Error(JSON.stringify(failed))
    story[name] = { assertions: assertions.length, tests: [...new Set(assertions.map(({ test }) => test))] }
  }
  writeFileSync(join(directory, 'story'), JSON.stringify(story))
  return story
}
export default main

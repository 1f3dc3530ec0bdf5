/** A large file of a container's image is written over without a copy of it, for which there may be no room. */
// @thorough
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { requiredBackends, runProgram, temporaryDirectory, whyNoMount } from '../support/harness.js'

const LOWER = 16_000_000
/** Less than the lower file takes. */
const UPPER = '4m'

/** An overlay over a directory with a large file, and with little room above. */
function makeOverlay(t: Test): string {
  const directory = temporaryDirectory(t)
  const path = (name: string): string => join(directory, name)
  for (const name of ['lower', 'room', 'merged']) fs.mkdirSync(path(name))
  fs.writeFileSync(path('lower/file'), Buffer.alloc(LOWER, 'x'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${UPPER}`, 'tmpfs', path('room')])
  t.teardown(() => execFileSync('umount', [path('room')]))
  for (const name of ['room/upper', 'room/work']) fs.mkdirSync(path(name))
  const layers = `lowerdir=${path('lower')},upperdir=${path('room/upper')},workdir=${path('room/work')}`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, path('merged')])
  t.teardown(() => execFileSync('umount', [path('merged')]))
  return path('merged/file')
}

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  void t.test(backend, { skip: whyNoMount() ?? false }, async (t) => {
    const path = makeOverlay(t)
    const program = new URL('./programs/write-whole.js', import.meta.url)
    const { stdout, stderr } = await runProgram(program, [path, 'new content'], { env: { CAIO_IMPL: backend } })
    t.equal(stderr, '')
    t.equal(stdout, '11\n', 'written by the engine')
    t.equal(fs.readFileSync(path, 'utf8'), 'new content')
  })
}

/** The pure parts of the addon, each compiled into a program of its own with the sanitizers on. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryDirectory } from '../harness.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const programs = [
  { name: 'nowait_policy', sources: [] },
  { name: 'decode_request', sources: ['native/decode_request.cc'] },
]

const flags = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']

for (const { name, sources } of programs) {
  void t.test(name, async (t) => {
    const program = join(temporaryDirectory(t), name)
    const files = [join(root, 'test/native', `${name}.cc`), ...sources.map((source) => join(root, source))]
    const compiled = spawnSync('g++', [...flags, '-o', program, ...files], { encoding: 'utf8' })
    t.equal(compiled.status, 0, compiled.stderr || 'compiles without a warning')
    t.equal(compiled.stderr, '')
    const { status, stdout, stderr } = spawnSync(program, { encoding: 'utf8' })
    t.comment(stdout.trim())
    t.equal(stderr, '')
    t.equal(status, 0, stdout)
  })
}

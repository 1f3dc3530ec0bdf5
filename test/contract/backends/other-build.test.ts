/** An addon of another build is refused, with the command that fixes it, and `pure` serves. */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeProtocol } from '../../../lib/protocol/protocol.js'
import { Opcode, opcodeNames, syscallOf } from '../../../lib/protocol/operations.js'
import { packageCopy, requiredBackends, runProgram } from '../../support/harness.js'

const choice = 'dist/test/contract/programs/choice.js'

void t.test('the table', async (t) => {
  t.same(
    opcodeNames.map((name) => Opcode[name]),
    opcodeNames.map((_, index) => index),
    'an opcode is its place',
  )
  t.ok(
    opcodeNames.every((name) => /^[a-z_]+$/.test(syscallOf(Opcode[name]))),
    'each names a system call',
  )
  const lines = describeProtocol().trim().split('\n')
  t.ok(lines.length >= 9 && lines.every((line) => /^\w+( \w+=-?\w+)+$/.test(line)), 'numbers by name')
})

/** Possible differences of another build: one more operation, another field offset, another flag. */
const changes: readonly (readonly [file: string, from: RegExp, to: string])[] = [
  ['operations.js', /readv: \{/, "other: { family: 'sync', syscall: 'other' }, readv: {"],
  ['port.js', /memoryStart: 4/, 'memoryStart: 5'],
  ['port.js', /durable: 2/, 'durable: 8'],
]

if (!requiredBackends.includes('thread')) {
  t.pass('no addon here', { skip: true })
} else {
  for (const [file, from, to] of changes) {
    void t.test(`${file}: ${to}`, async (t) => {
      const copy = packageCopy(t, choice, 'linked')
      const path = join(copy, 'dist/lib/protocol', file)
      const source = fs.readFileSync(path, 'utf8')
      t.match(source, from)
      fs.writeFileSync(path, source.replace(from, to))
      const { stdout, stderr, code } = await runProgram(join(copy, choice), [join(copy, 'scratch')], {
        env: { CAIO_IMPL: undefined },
      })
      t.equal(code, 0, stderr)
      const { backend, reason } = JSON.parse(stdout) as { backend: string; reason: string }
      t.equal(backend, 'pure')
      t.match(reason, /another build.*npm run build:native/)
    })
  }
}

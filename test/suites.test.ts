/**
 * Every file of the shim's contract runs with all subjects, and no misspelt line puts a file into
 * another suite.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from './support/harness.js'
import { memberships } from './support/suites.js'

t.test('the lines of a file', async (t) => {
  t.same(memberships('/** Text. */\nimport x\n'), [{ suite: 'quick', subjects: [] }])
  t.same(memberships('/** Text. */\n// @thorough\nimport x\n'), [{ suite: 'thorough', subjects: [] }])
  t.same(memberships('// @quick node linux\n// @thorough pure\n'), [
    { suite: 'quick', subjects: ['node', 'linux'] },
    { suite: 'thorough', subjects: ['pure'] },
  ])
  t.same(
    memberships("const text = '// @thorough'\n  // @thorough\n"),
    [{ suite: 'quick', subjects: [] }],
    'a line of its own',
  )
  t.throws(() => memberships('// @through\n'), { message: '// @through: the suites are quick, thorough, held, alone' })
  t.throws(() => memberships('// @quick windows\n'), /the subjects are node, linux/)
  t.throws(() => memberships('// @quick node linux\n// @thorough linux\n'), { message: 'run twice: linux' })
  t.throws(() => memberships('// @quick\n// @thorough\n'), { message: 'run twice: as it is' })
})

t.test('the files of the shim’s contract', async (t) => {
  const subjectsOf = (file: string): string[] =>
    memberships(readFileSync(file, 'utf8')).flatMap(({ subjects }) => subjects)
  const needed = { contract: ['node', 'linux', 'thread', 'pure'], engine: ['linux', 'thread', 'pure'] }
  for (const [folder, subjects] of Object.entries(needed)) {
    const path = join(packageRoot, 'test/fs', folder)
    const files = readdirSync(path)
    t.ok(files.length > 0)
    const lacking = files.filter((file) => !subjects.every((subject) => subjectsOf(join(path, file)).includes(subject)))
    t.same(lacking, [], `${folder}: all of ${subjects.join(', ')}`)
  }
})

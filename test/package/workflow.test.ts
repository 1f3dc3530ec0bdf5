/** The scripts, files and tests that the public forge's workflow names must exist in this repository. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../support/harness.js'

const workflow = readFileSync(join(packageRoot, '.github/workflows/ci.yml'), 'utf8')
const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
const found = (pattern: RegExp): string[] => [...workflow.matchAll(pattern)].map(([, name]) => name ?? '')

t.test('what the workflow runs', async (t) => {
  const run = found(/npm run ([\w:]+)/g)
  t.ok(run.includes('prebuild') && run.includes('size'))
  t.match(workflow, /run: npm cit\n {6}- run: npm run test:thorough\n/, 'the whole suite')
  t.same(
    run.filter((name) => !(name in scripts)),
    [],
    'scripts',
  )
  const files = found(/\b(test\/package\/[\w./-]+\.\w+)\b/g)
  t.same(
    files.filter((name) => !existsSync(join(packageRoot, name))),
    [],
    'files',
  )
  const tests = readdirSync(join(packageRoot, 'test'), { recursive: true, encoding: 'utf8' })
  const filters = found(/run\.js (.*)$/gm).flatMap((list) => list.split(' '))
  t.ok(filters.length > 0)
  t.same(
    filters.filter((filter) => !tests.some((name) => name.includes(filter))),
    [],
    'filters',
  )
})

void t.test('no script runs before or after another because of its name alone', async (t) => {
  const hooks = Object.keys(scripts).flatMap((name) => [`pre${name}`, `post${name}`])
  t.same(
    hooks.filter((hook) => hook in scripts),
    [],
  )
})

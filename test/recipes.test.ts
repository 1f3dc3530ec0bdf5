/** docs/recipes.md: each block of code is a program, which prints what the next block of text says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeApp, run } from './fs/child.js'
import { onEveryBackend, packageRoot } from './support/harness.js'

interface Recipe {
  name: string
  source: string
  prints: string
}

function recipes(): Recipe[] {
  const found: Recipe[] = []
  const page = readFileSync(join(packageRoot, 'docs/recipes.md'), 'utf8')
  for (const [, language, text = ''] of page.matchAll(/^```(\w*)\n(.*?)^```$/gms)) {
    const name = /^\/\/ (\S+\.mjs)\n/.exec(text)?.[1]
    if (language === 'js' && name) found.push({ name, source: text, prints: '' })
    else if (language === 'text' && found.length > 0) found.at(-1)!.prints = text
    else throw new Error(`a block that no test runs: ${text}`)
  }
  return found
}

const all = recipes()
t.ok(all.length >= 3, all.map(({ name }) => name).join(', '))

onEveryBackend(t, 'recipes', async (t, backend) => {
  const app = makeApp(t, Object.fromEntries(all.map(({ name, source }) => [name, source])))
  for (const { name, prints } of all) {
    const { code, signal, stdout, stderr } = await run([name], { cwd: app, env: { CAIO_IMPL: backend } })
    t.same({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: prints, stderr: '' }, name)
  }
})

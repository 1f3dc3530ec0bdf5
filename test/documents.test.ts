/**
 * The documents' blocks of JavaScript are programs. Each runs alone, on every backend, and prints
 * the content of the next block of text, or nothing.
 */
// @thorough
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeApp, run } from './support/user-program.js'
import { onEveryBackend, packageRoot } from './support/harness.js'

interface Program {
  /** its first line, `// NAME.mjs`, if others import it; else its number */
  name: string
  source: string
  prints: string
}

const documents = ['README.md', 'docs/toolkit.md', 'docs/operations.md', 'docs/migration.md', 'docs/recipes.md']

/**
 * Without V8's own threads. At the end of a process Node waits for them, and one that compiles and
 * needs memory waits for the main thread: in about one of a thousand programs here both wait for
 * ever, even without caio (nodejs/node#54918).
 */
const NO_COMPILER_THREADS = '--single-threaded'

/** The first line of a program that ends with ENOSYS or ENOTSUP on `pure`. */
const NOT_ON_PURE = '// Not on `pure`'

function programsOf(document: string): Program[] {
  const found: Program[] = []
  const page = readFileSync(join(packageRoot, document), 'utf8')
  for (const [, language, text = ''] of page.matchAll(/^```(\w*)\n(.*?)^```$/gms)) {
    const name = /^\/\/ (\S+\.mjs)\n/.exec(text)?.[1] ?? `${found.length + 1}.mjs`
    if (language === 'js') found.push({ name, source: text, prints: '' })
    else if (language === 'text' && found.length > 0) found.at(-1)!.prints = text
    else if (language !== 'sh') throw new Error(`${document}: a block that no test runs: ${text}`)
  }
  return found
}

for (const document of documents) {
  const programs = programsOf(document)
  t.ok(programs.length > 0, `${document}: ${programs.map(({ name }) => name).join(', ')}`)
  const files = Object.fromEntries(programs.map(({ name, source }) => [name, source]))

  onEveryBackend(t, document, async (t, backend) => {
    for (const { name, source, prints } of programs) {
      const { code, signal, stdout, stderr } = await run([NO_COMPILER_THREADS, name], {
        cwd: makeApp(t, files),
        env: { CAIO_IMPL: backend },
      })
      if (backend === 'pure' && source.startsWith(NOT_ON_PURE)) {
        t.match(
          { code, stderr },
          { code: 1, stderr: /code: '(?:ENOSYS|ENOTSUP)'/ },
          `${name} says that it is not there`,
        )
      } else {
        t.same({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: prints, stderr: '' }, name)
      }
    }
  })
}

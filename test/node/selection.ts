import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SUITES } from './tree-layout.js'

/** One of Node's tests: its path below test/, and its text. */
export interface TestFile {
  /** For example `parallel/test-fs-promises.js`. */
  readonly name: string
  readonly source: string
}

/**
 * Signs that a test uses fs promises or FileHandle:
 *   1. `fs/promises` is named, with or without `node:`
 *   2. `fs.promises`, or `fsPromises`, the customary name for it
 *   3. FileHandle, in any case: a `filehandle` too comes from fs promises
 *   4. `require('fs').promises`
 *   5. `promises` taken out of fs by destructuring: `const { promises } = fs`,
 *      `import { promises } from 'fs'`
 * It searches the text, comments included: an extra test costs a second, a missing test hides a break.
 */
const PROMISES = [
  /fs\/promises/,
  /\bfs\.promises\b|\bfsPromises\b/,
  /filehandle/i,
  /require\(['"](?:node:)?fs['"]\)\.promises\b/,
  /\bpromises\b[^;=]*\}\s*=\s*(?:fs\b|require\(['"](?:node:)?fs['"]\))/,
  /\bimport\b[^;{]*\{[^}]*\bpromises\b[^}]*\}\s*from\s*['"](?:node:)?fs['"]/,
]

export function touchesPromises({ source }: TestFile): boolean {
  return PROMISES.some((sign) => sign.test(source))
}

const IMPORTS_FS = /(?:\brequire\(|\bfrom\s+|\bimport\()['"](?:node:)?fs['"]/
const CALLS_ASYNC_FS = /\bfs\.(?!\w*Sync\b|constants\b)\w+/
const DESTRUCTURES_FS = /\{([^{}]*)\}\s*(?:=\s*require\(|from\s+)['"](?:node:)?fs['"]/

/**
 * The wide list: every test that works with fs. These are the tests that {@link touchesPromises}
 * finds, those of fs by name (`test-fs-`), and those that import fs and use something besides the
 * `...Sync` functions and the constants. Tests that only read a fixture with `readFileSync`
 * (certificates, mostly) are not included: nothing they call is replaced.
 */
export function usesFs(test: TestFile): boolean {
  if (touchesPromises(test) || basename(test.name).startsWith('test-fs-')) return true
  if (!IMPORTS_FS.test(test.source)) return false
  return CALLS_ASYNC_FS.test(test.source) || destructuresAsync(test.source)
}

function destructuresAsync(source: string): boolean {
  const names = DESTRUCTURES_FS.exec(source)?.[1]?.match(/\w+/g) ?? []
  return names.some((name) => !name.endsWith('Sync') && name !== 'constants')
}

/** The tests of a tree that satisfy the predicate, sorted by name. */
export function selectTests(tree: string, chosen: (test: TestFile) => boolean): TestFile[] {
  return SUITES.flatMap((suite) => readSuite(tree, suite)).filter(chosen)
}

function readSuite(tree: string, suite: string): TestFile[] {
  const folder = join(tree, 'test', suite)
  return readdirSync(folder)
    .filter((file) => /^test-.*\.m?js$/.test(file)) // what Node's runner takes for a test
    .sort()
    .map((file) => ({ name: `${suite}/${file}`, source: readFileSync(join(folder, file), 'utf8') }))
}

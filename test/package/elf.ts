/** A prebuild's requirements of the system that loads it. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** The oldest glibc on which an official Node of the supported versions runs. */
const BASELINE = [2, 28]

/** Node-API finds the addon by these. */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

function readelf(option: string, file: string): string {
  return execFileSync('readelf', ['-W', option, file], { encoding: 'utf8' })
}

/**
 * The global symbols in readelf's format: value, size, type, binding, visibility, section and name,
 * after a number.
 */
function symbolsOf(file: string): string[][] {
  return readelf('--dyn-syms', file)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , binding]) => /^(?:GLOBAL|WEAK)$/.test(binding ?? ''))
}

/** The names, without versions, that a file imports. */
export function importsOf(file: string): string[] {
  return symbolsOf(file).flatMap(([, , , , , , section, name = '']) =>
    section === 'UND' ? [name.replace(/@.*/, '')] : [],
  )
}

function isNewer(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = BASELINE
  return major > oldMajor || (major === oldMajor && minor > oldMinor)
}

/**
 * Fails unless the directory has one prebuild, which needs only glibc, of the baseline at most, and
 * exports nothing but its entry. Its name has no tag of a C library, so that node-gyp-build accepts
 * it on musl, too: see musl.test.ts.
 */
export function checkElf(t: Test, directory: string): void {
  const names = readdirSync(directory)
  t.same(names, ['caio.node'], 'one, for each C library')
  for (const file of names.map((name) => join(directory, name))) {
    const needed = [...readelf('-d', file).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, library]) => library)
    t.match(needed, ['libc.so.6'])
    t.equal(needed.length, 1, 'no library but glibc, least of all libstdc++')
    const symbols = symbolsOf(file)
    const versioned = symbols.flatMap(([, , , , , , , name = '']) =>
      name.includes('@') ? [name.replace(/ .*/, '')] : [],
    )
    t.ok(versioned.length > 20, `${versioned.length} versions were looked at`)
    t.same(
      versioned.filter((name) => isNewer(/@GLIBC_([\d.]+)/.exec(name)?.[1] ?? 'unknown')),
      [],
      'none newer than the baseline',
    )
    t.same(
      versioned.filter((name) => !name.includes('@GLIBC_')),
      [],
      "all glibc's",
    )
    const [undefinedOnes, defined] = [true, false].map((is) =>
      symbols.filter((fields) => (fields[6] === 'UND') === is),
    ) as [string[][], string[][]]
    t.same(defined.map((fields) => fields[7]).sort(), EXPORTS, 'gives out its entry')
    const loose = undefinedOnes.map((fields) => fields[7] ?? '').filter((name) => name && !name.includes('@'))
    t.same(
      loose.filter((name) => !/^(?:napi_|node_api_|uv_|_ITM_|__gmon_start__|_ZN2v811ArrayBuffer)/.test(name)),
      [],
      "the rest is Node's",
    )
    const v8s = undefinedOnes.filter((fields) => fields[7]?.startsWith('_ZN2v8'))
    t.same(
      v8s.map((fields) => fields[4]),
      ['WEAK', 'WEAK'],
      'and does without where a runtime has no V8, or another one',
    )
  }
}

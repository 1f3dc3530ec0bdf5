/** What a prebuild asks of the system that it is loaded on. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** The oldest glibc that an official Node of the versions that caio supports runs on. */
const BASELINE = [2, 28]

/** Node-API finds the addon by these. */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

function readelf(option: string, file: string): string {
  return execFileSync('readelf', ['-W', option, file], { encoding: 'utf8' })
}

function isNewer(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = BASELINE
  return major > oldMajor || (major === oldMajor && minor > oldMinor)
}

/** Fails unless each prebuild in the directory needs glibc alone, of the baseline at most, and gives out nothing but its entry. */
export function checkElf(t: Test, directory: string): void {
  const names = readdirSync(directory).filter((name) => name.endsWith('.node'))
  t.ok(names.length > 0, 'there is one')
  for (const file of names.map((name) => join(directory, name))) {
    const needed = [...readelf('-d', file).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, library]) => library)
    t.match(needed, ['libc.so.6'])
    t.equal(needed.length, 1, 'no library but glibc, least of all libstdc++')
    const symbols = readelf('--dyn-syms', file)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , , binding]) => /^(?:GLOBAL|WEAK)$/.test(binding ?? ''))
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

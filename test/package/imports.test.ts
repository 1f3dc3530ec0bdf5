/**
 * The imports from libstdc++ of the locally built addon. A prebuild must do without them: it links
 * what native/prebuild/runtime.cc lacks from the static library, and everything that throws in one
 * object. Building a prebuild takes half a minute, this test almost none.
 */
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { packageRoot } from '../support/harness.js'
import { importsOf } from './elf.js'

/** By linker name; the static library has each in an object that needs no other. */
const harmless = [/^_ZSt11_Hash_bytes/, /^_ZNKSt8__detail20_Prime_rehash_policy/]

t.test('of libstdc++', { skip: process.platform !== 'linux' && 'an ELF file is wanted' }, async (t) => {
  const runtime = readFileSync(join(packageRoot, 'native/prebuild/runtime.cc'), 'utf8')
  const own = [...runtime.matchAll(/(?:void|nothrow_t) (\w+)[({]/g)].map(([, name = '']) => name)
  t.ok(own.includes('nothrow') && own.includes('__throw_bad_alloc'), 'what the runtime has is found')
  const taken = importsOf(join(packageRoot, 'build/Release/caio.node')).filter((name) => /^_ZN?K?St/.test(name))
  t.same(
    taken.filter((name) => !harmless.some((one) => one.test(name)) && !own.some((one) => name.includes(one))),
    [],
    `${taken.length} names`,
  )
})

/** The list of measured functions contains all that the package exports. */
// @held
import nodeFs from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import * as caio from 'caio'
import fs from 'caio/fs'
import { packageRoot } from '../support/harness.js'
import { exempt } from './functions/exempt.js'
import { functions } from './functions/index.js'

const listed = new Set([...functions.map(({ name }) => name.split(',', 1)[0] as string), ...Object.keys(exempt)])

/** Methods and getters of a class, except those documented as internal. */
function members(prototype: object, internal: ReadonlySet<string> = new Set()): string[] {
  return Object.getOwnPropertyNames(prototype).filter((name) => !internal.has(name))
}

/** Names that a module's declarations mark `@internal`. */
function internals(module: string): Set<string> {
  const text = nodeFs.readFileSync(join(packageRoot, 'dist/lib', `${module}.d.ts`), 'utf8')
  const marked = text.matchAll(
    /\/\*\*(?:(?!\*\/)[^])*@internal(?:(?!\*\/)[^])*\*\/\s*(?:(?:get|static|async|readonly)\s+)*(\w+)/g,
  )
  return new Set([...marked].map(([, name]) => name as string))
}

/** Exports that are not in the list. */
function missing(module: string, names: readonly string[]): string[] {
  return names.map((name) => `${module}.${name}`).filter((name) => !listed.has(name))
}

void t.test('caio/fs', async (t) => {
  t.same(missing('fs', Object.keys(fs)), [])
})

void t.test('handles', async (t) => {
  const path = join(packageRoot, 'package.json')
  const handle = await fs.open(path)
  const nodes = await open(path)
  // Node keeps some methods on the handle itself.
  const own = Object.getOwnPropertyNames(handle).filter(
    (name) => typeof (handle as unknown as Record<string, unknown>)[name] === 'function',
  )
  const ours = members(Object.getPrototypeOf(handle) as object)
  t.same(missing('handle', [...own, ...ours, ...members(Object.getPrototypeOf(nodes) as object)]), [])
  await handle.close()
  await nodes.close()
})

void t.test('caio', async (t) => {
  t.same(missing('caio', Object.keys(caio)), [])
  t.same(missing('context', members(caio.Context.prototype, internals('engine/context'))), [])
  t.same(missing('caio.LogWriter', [...members(caio.LogWriter.prototype), ...statics(caio.LogWriter)]), [])
  t.same(missing('caio.PageFile', [...members(caio.PageFile.prototype), ...statics(caio.PageFile)]), [])
  t.same(missing('caio.LogReader', [...members(caio.LogReader.prototype), ...statics(caio.LogReader)]), [])
})

function statics(constructor: object): string[] {
  return Object.getOwnPropertyNames(constructor).filter((name) => !['length', 'name', 'prototype'].includes(name))
}

void t.test('the functions with a callback', async (t) => {
  const before: Record<string, unknown> = { ...nodeFs }
  caio.patch({ callbacks: true })
  const replaced = Object.entries(nodeFs).flatMap(([name, value]) => (before[name] === value ? [] : [name]))
  caio.unpatch()
  t.ok(replaced.length > 0)
  t.same(missing('callbacks', [...replaced, 'createReadStream', 'createWriteStream']), [])
})

void t.test('nothing is exempt that is not there', async (t) => {
  const called = functions.map(({ name }) => name.split(',', 1)[0] as string)
  t.same(
    Object.keys(exempt).filter((name) => called.includes(name)),
    [],
  )
  t.equal(new Set(functions.map(({ name }) => name)).size, functions.length, 'no name twice')
})

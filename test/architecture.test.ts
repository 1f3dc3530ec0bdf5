/** The rooms of docs/architecture.md: imports and includes run down the list, never up. */
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { packageRoot } from './support/harness.js'

/**
 * Rooms by folder, the uppermost first. A room contains the folders below it, except those that are
 * rooms themselves.
 */
const houses: Record<string, readonly string[]> = {
  TypeScript: [
    ...['compat', 'compat/callbacks', 'compat/paths', 'compat/handle', 'compat/arguments', 'compat/node'],
    ...['lib', 'lib/cli', 'lib/testing', 'lib/toolkit', 'lib/engine', 'lib/backends', 'lib/protocol', 'lib/common'],
  ],
  'C++': ['native/node', 'native/linux', 'native/thread_pool', 'native/operations', 'native/request', 'native/support'],
}

interface Arrow {
  from: string
  to: string
}

function filesIn(folder: string, endings: readonly string[]): string[] {
  const names = fs.readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => endings.some((ending) => name.endsWith(ending))).map((name) => join(folder, name))
}

/** Imports or includes by a relative path, from a file to one that need not exist under this name. */
function arrowsOf(file: string, pattern: RegExp): Arrow[] {
  const text = fs.readFileSync(join(packageRoot, file), 'utf8')
  return [...text.matchAll(pattern)].map(([, path = '']) => ({ from: file, to: join(dirname(file), path) }))
}

function roomOf(file: string, rooms: readonly string[]): number {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) {
    const room = rooms.indexOf(folder)
    if (room >= 0) return room
  }
  return -1
}

/** Arrows that point up. Files in no room, such as package.json, may be used by all. */
function wrong(arrows: readonly Arrow[], rooms: readonly string[]): string[] {
  const pointsUp = ({ from, to }: Arrow): boolean => {
    const there = roomOf(to, rooms)
    return there >= 0 && there < roomOf(from, rooms)
  }
  return arrows.filter(pointsUp).map(({ from, to }) => `${from} -> ${to}`)
}

const imports = /(?:\bfrom|\bimport|\bimport\(|new URL\()\s*'(\.{1,2}\/[^']*)'/g
const includes = /#include "([^"]+)"/g

const typeScript = [...filesIn('lib', ['.ts']), ...filesIn('compat', ['.ts'])].flatMap((file) =>
  arrowsOf(file, imports),
)
// prebuild/ is included before everything else of a published binary.
const native = filesIn('native', ['.cc', '.h']).filter((file) => !file.startsWith('native/prebuild/'))
const cpp = native.flatMap((file) => arrowsOf(file, includes))

void t.test('an arrow that points up is found', async (t) => {
  const rooms = houses['TypeScript'] as readonly string[]
  t.same(wrong([{ from: 'lib/engine/context.ts', to: 'lib/common/errors.js' }], rooms), [])
  t.same(wrong([{ from: 'lib/engine/context.ts', to: 'compat/fs.js' }], rooms), [
    'lib/engine/context.ts -> compat/fs.js',
  ])
  t.same(wrong([{ from: 'lib/index.ts', to: 'compat/patch.js' }], rooms), ['lib/index.ts -> compat/patch.js'])
})

void t.test('no arrow points up', async (t) => {
  t.ok(typeScript.length > 200 && cpp.length > 100, 'there are arrows')
  t.same(wrong(typeScript, houses['TypeScript'] as readonly string[]), [])
  t.same(wrong(cpp, houses['C++'] as readonly string[]), [])
})

void t.test('every room is there', async (t) => {
  for (const room of Object.values(houses).flat()) t.ok(fs.statSync(join(packageRoot, room)).isDirectory(), room)
})

void t.test('only native/node sees Node-API', async (t) => {
  const seeing = native.filter((file) =>
    /#include <(node_api|napi)\.h>/.test(fs.readFileSync(join(packageRoot, file), 'utf8')),
  )
  t.ok(seeing.length > 0)
  t.same(
    seeing.filter((file) => !file.startsWith('native/node/')),
    [],
  )
})

/** Cycles of imports. */
function circlesOf(arrows: readonly Arrow[]): string[] {
  const needs = new Map<string, string[]>()
  for (const { from, to } of arrows) needs.set(from, [...(needs.get(from) ?? []), to.replace(/\.js$/, '.ts')])
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) return void circles.push([...way.slice(way.indexOf(file)), file].join(' -> '))
    if (done.has(file)) return
    for (const next of needs.get(file) ?? []) visit(next, [...way, file])
    done.add(file)
  }
  for (const file of needs.keys()) visit(file, [])
  return circles
}

void t.test('no file needs itself, not for a type either', async (t) => {
  t.same(
    circlesOf([
      { from: 'a.ts', to: 'b.js' },
      { from: 'b.ts', to: 'c.js' },
      { from: 'c.ts', to: 'b.js' },
    ]),
    ['b.ts -> c.ts -> b.ts'],
  )
  t.same(circlesOf(typeScript), [])
  t.same(circlesOf(cpp), [])
})

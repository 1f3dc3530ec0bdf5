/**
 * Compares calls on another user's files: `as-another-user.js DIRECTORY UID`. Prints the
 * differences, and the number of calls.
 */
import nodeFs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { fs, oracle } from '../../support/subject.js'
import { outcomeOf } from '../../support/look.js'

const [directory = '', uid = ''] = process.argv.slice(2)

type Loose = Record<string, (...args: unknown[]) => Promise<unknown>>

/** In the order of the calls: those that may succeed must leave the same state to the other side. */
const single: readonly [string, ...unknown[]][] = [
  ['stat'],
  ['lstat'],
  ...[0, 1, 2, 4, 6, 7].map((mode): [string, number] => ['access', mode]),
  ['readlink'],
  ['realpath'],
  ['readdir'],
  ['readdir', { withFileTypes: true }],
  ['readdir', { recursive: true }],
  ['chmod', 0o600],
  ['chown', Number(uid), Number(uid)],
  ['chown', 0, 0],
  ['lchown', -1, 0],
  ['utimes', 1, 2],
  ['lutimes', 1, 2],
  ['truncate', 4],
  ['unlink'],
  ['rmdir'],
  ['mkdir'],
  ['mkdir', { recursive: true }],
]
const double = ['rename', 'link', 'copyFile', 'symlink']
const others = [
  'closed',
  'closed/file',
  'closed/dir',
  'closed/new',
  'read-only/file',
  'read-only/secret',
  'read-only/dir',
]
const paths = [...others, 'read-only/new', 'sticky/file', 'sticky/dir', 'sticky/dir/file'].map((path) => `../${path}`)

function calls(): [name: string, ...args: unknown[]][] {
  const named = [...paths, 'to-secret', 'to-closed', 'to-closed/file', 'own', 'own-dir', '.', '..'].flatMap((path) => [
    ...single.map(([name, ...rest]): [string, ...unknown[]] => [name, path, ...rest]),
    ...double.flatMap((name): [string, ...unknown[]][] => [
      [name, path, 'new'],
      [name, 'own', path],
    ]),
  ])
  const trees = ['../closed', '../closed/dir', '../read-only', '../read-only/dir', 'own-dir', 'to-closed']
  return [
    ...named,
    ...trees.map((path): [string, ...unknown[]] => ['rm', path, { recursive: true }]),
    ...trees.map((path): [string, ...unknown[]] => ['cp', path, 'new', { recursive: true }]),
    ...trees.slice(0, 4).map((path): [string, ...unknown[]] => ['cp', 'own-dir', `${path}/new`, { recursive: true }]),
  ]
}

/** Makes the other user's own files, anew each time. */
function prepare(): void {
  for (const name of nodeFs.readdirSync('.')) nodeFs.rmSync(name, { recursive: true })
  nodeFs.writeFileSync('own', 'own content')
  nodeFs.mkdirSync('own-dir')
  nodeFs.symlinkSync('../read-only/secret', 'to-secret')
  nodeFs.symlinkSync('../closed', 'to-closed')
}

function left(side: string): unknown {
  const { mode } = nodeFs.statSync(`${directory}/${side}`)
  nodeFs.chmodSync(`${directory}/${side}`, 0o755)
  const files = nodeFs.readdirSync('.').map((name) => {
    const { mode, uid, gid, size } = nodeFs.lstatSync(name)
    return [name, mode, uid, gid, nodeFs.lstatSync(name).isDirectory() ? '' : size]
  })
  return [mode, files]
}

// Loads all modules before this user loses the right to read them.
for (const module of [fs, oracle]) await module.readdir(directory, { recursive: true })
process.setgroups?.([])
process.setgid?.(Number(uid))
process.setuid?.(Number(uid))

let differing = 0
const refused = new Set<string>()
const changed = new Set(['a', 'b'])
const list = calls()
for (const [name, ...args] of list) {
  const stories: unknown[] = []
  for (const [side, module] of [
    ['a', fs],
    ['b', oracle],
  ] as const) {
    process.chdir(`${directory}/${side}`)
    if (changed.delete(side)) prepare()
    const outcome = await outcomeOf(() => (module as unknown as Loose)[name]?.(...args), seen)
    if (outcome[0] === 'rejected') refused.add(JSON.stringify(outcome).match(/EACCES|EPERM/)?.[0] ?? '')
    else changed.add(side)
    stories.push([outcome, left(side)])
  }
  if (isDeepStrictEqual(stories[0], stories[1])) continue
  differing++
  console.log(name, ...args, JSON.stringify(stories, undefined, 1))
}

/** Of files in a side's own directory, only their existence. */
function seen(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'ino' in value) {
    const { mode, uid, gid } = value as nodeFs.Stats
    return [mode, uid, gid]
  }
  if (typeof value === 'string') return value.replace(/^(.*\/[ab])(?=\/|$)/, 'side')
  return Array.isArray(value) ? value.map((each: unknown) => seen((each as nodeFs.Dirent).name ?? each)) : value
}
console.log(`${list.length} compared, ${differing} differ, refused with ${[...refused].filter(Boolean).sort().join()}`)

/** Large and deep trees, in slices, and one in which another process exchanges directories. */
// @thorough linux thread pure uring
import { spawn } from 'node:child_process'
import nodeFs from 'node:fs'
import nodePromises from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { defaultContext } from 'caio'
import { runProgram, temporaryDirectory } from '../../support/harness.js'
import { same } from '../../support/differential.js'
import { look } from '../../support/look.js'
import { nodeVersion } from '../../support/node-version.js'
import { compare, text } from '../paths/whole-trees.js'
import { fs, subject } from '../../support/subject.js'

t.setTimeout(300_000)

const shapes: Record<string, (root: string) => void> = {
  'a deep one': (root) => nodeFs.mkdirSync(join(root, ...Array.from({ length: 1000 }, () => 'd')), { recursive: true }),
  'a wide one': (root) => {
    nodeFs.mkdirSync(root)
    for (let at = 0; at < 1500; at++) nodeFs.writeFileSync(join(root, `file number ${at}`), '')
  },
}

for (const [name, make] of Object.entries(shapes)) {
  await t.test(name, { timeout: 120_000 }, async (t) => {
    for (const withFileTypes of [false, true]) {
      await compare(t, `readdir${withFileTypes ? ' with types' : ''}`, make, (api, root) =>
        api.readdir(root, { recursive: true, withFileTypes } as { recursive: true }),
      )
    }
    await compare(t, 'cp', make, (api, root) => api.cp(root, join(root, '../copy/deeper'), { recursive: true }))
    await compare(t, 'rm', make, (api, root) => api.rm(root, { recursive: true, force: true }))
  })
}

/** Number of the engine's operations of that kind. */
const served = (name: 'readTree' | 'rm' | 'cp'): number => defaultContext().stats().operations[name]
/** `pure` is Node's own. */
const skip = subject === 'pure' && 'Node’s own'
const isTreeEngines = nodeVersion.major < 25

await t.test('in slices', { skip, timeout: 120_000 }, async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  const NUMBER = 400
  for (let at = 0; at < NUMBER; at++) {
    const directory = join(root, `directory ${at % 20}`, `${at}-${'y'.repeat(90)}`)
    nodeFs.mkdirSync(directory, { recursive: true })
    for (let file = 0; file < 50; file++) nodeFs.writeFileSync(join(directory, `${'n'.repeat(40)}-${file}`), '')
  }
  const before = served('readTree')
  for (const withFileTypes of [false, true]) {
    const options = { recursive: true, withFileTypes } as { recursive: true }
    const [ours, nodes] = [await fs.readdir(root, options), await nodePromises.readdir(root, options)] as unknown[][]
    t.equal(ours?.length, 20 + NUMBER * 51)
    same(t, look(ours), look(nodes), withFileTypes ? 'with types' : 'names')
  }
  if (isTreeEngines) t.ok(served('readTree') - before > 2, `${served('readTree') - before} slices`)
  const beforeCopy = served('cp')
  await fs.cp(root, `${root}-copy`, { recursive: true })
  t.equal(served('cp') - beforeCopy, 1, 'one operation, whose slices are its own')
  same(t, text(`${root}-copy`), text(root), 'the copy')
  const beforeRemoval = served('rm')
  await fs.rm(`${root}-copy`, { recursive: true })
  t.equal(served('rm') - beforeRemoval, 1, 'one operation')
  t.notOk(nodeFs.existsSync(`${root}-copy`))
})

await t.test('deeper than a path can be', { skip, timeout: 120_000 }, async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  const before = process.cwd()
  nodeFs.mkdirSync(root)
  process.chdir(root)
  t.teardown(() => process.chdir(before))
  for (let level = 0; level < 5000; level++) {
    nodeFs.mkdirSync('d')
    process.chdir('d')
  }
  nodeFs.writeFileSync('file', '')
  process.chdir(before)
  await fs.rm(root, { recursive: true })
  t.notOk(nodeFs.existsSync(root))
})

await t.test('with few descriptors to spare', { skip, timeout: 120_000 }, async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  nodeFs.mkdirSync(join(root, ...Array.from({ length: 12 }, () => 'd')), { recursive: true })
  const under = ['sh', '-c', 'ulimit -n 100; exec "$0" "$@"']
  const program = new URL('../../contract/programs/remove.js', import.meta.url)
  const remove = (spare: number) => runProgram(program, [root, String(spare)], { under, env: { CAIO_IMPL: subject } })
  t.match(await remove(1), { code: 0, stdout: `EMFILE: too many open files, scandir '${join(root, 'd')}' true\n` })
  t.match(await remove(2), { code: 0, stdout: 'removed false\n' }, 'one for a directory, one for that below it')
})

await t.test('a hundred thousand names', { timeout: 120_000 }, async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  nodeFs.mkdirSync(root)
  const NUMBER = 100_000
  for (let at = 0; at < NUMBER; at++) nodeFs.closeSync(nodeFs.openSync(join(root, `file-${at}`), 'w'))
  const names = (await fs.readdir(root, { recursive: true })) as string[]
  t.equal(names.length, NUMBER)
  t.equal(new Set(names).size, NUMBER)
  await fs.rm(root, { recursive: true })
  t.notOk(nodeFs.existsSync(root))
})

await t.test('a directory exchanged for a link while it is removed', { skip, timeout: 120_000 }, async (t) => {
  const outer = temporaryDirectory(t)
  const victim = join(outer, 'victim')
  nodeFs.mkdirSync(join(victim, 'kept'), { recursive: true })
  for (let at = 0; at < 50; at++) nodeFs.writeFileSync(join(victim, 'kept', String(at)), 'precious')
  const before = text(victim)
  // Exchanges a directory and a link in a loop.
  const attacker = `
    cd ${outer}; i=0
    while [ ! -e stop ]; do
      for d in tree/a tree/b/c; do
        mv $d aside 2>/dev/null && ln -s ${victim} $d 2>/dev/null
        rm -f $d 2>/dev/null; mv aside $d 2>/dev/null
        rm -rf aside
      done
    done`
  const child = spawn('sh', ['-c', attacker], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const root = join(outer, 'tree')
  for (let round = 0; round < 300; round++) {
    for (const directory of ['a', 'b/c']) {
      nodeFs.mkdirSync(join(root, directory), { recursive: true })
      for (let at = 0; at < 20; at++) {
        try {
          nodeFs.writeFileSync(join(root, directory, String(at)), '')
        } catch {
          // being moved
        }
      }
      if (nodeFs.readdirSync(victim).length !== 1) break
    }
    await fs.rm(root, { recursive: true, force: true }).catch(() => undefined)
  }
  nodeFs.writeFileSync(join(outer, 'stop'), '')
  await ended
  nodeFs.rmSync(join(outer, 'stop'))
  // Files that this test itself has written through a link.
  for (let at = 0; at < 20; at++) nodeFs.rmSync(join(victim, String(at)), { force: true })
  same(t, text(victim), before, 'the victim is whole')
})

/** Makes two directories with a tree of the same name in each; the process is in the first. */
function makeTwo(t: Test, files: number): { first: string; second: string } {
  const outer = temporaryDirectory(t)
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  const [first, second] = ['first', 'second'].map((name) => join(outer, name)) as [string, string]
  nodeFs.mkdirSync(join(first, 'tree'), { recursive: true })
  for (let at = 0; at < files; at++) nodeFs.writeFileSync(join(first, 'tree', String(at)), '')
  nodeFs.mkdirSync(join(second, 'tree/precious'), { recursive: true })
  process.chdir(first)
  return { first, second }
}

/** Resolves when an entry is gone from a directory of so many. */
async function begun(directory: string, files: number): Promise<void> {
  while (nodeFs.readdirSync(directory).length === files) await new Promise(setImmediate)
}

await t.test('another tree in the place of the one that is removed', { skip, timeout: 120_000 }, async (t) => {
  const FILES = 20_000
  const { first, second } = makeTwo(t, FILES)
  const removed = fs.rm('tree', { recursive: true }).then(
    () => 'removed',
    (error: NodeJS.ErrnoException) => error.code,
  )
  await begun('tree', FILES)
  nodeFs.renameSync('tree', 'aside')
  nodeFs.renameSync(join(second, 'tree'), 'tree')
  t.equal(await removed, 'ENOTEMPTY')
  same(t, nodeFs.readdirSync(join(first, 'tree')), ['precious'], 'the other is left')
})

await t.test('another current directory', { skip, timeout: 120_000 }, async (t) => {
  const FILES = 20_000
  const { first, second } = makeTwo(t, FILES)
  const read = fs.readdir('tree', { recursive: true })
  const copied = fs.cp('tree', 'copy', { recursive: true })
  process.chdir(second)
  await copied
  t.equal((await read).length, FILES)
  t.equal(nodeFs.readdirSync(join(first, 'copy')).length, FILES)
  same(t, nodeFs.readdirSync(second), ['tree'], 'nothing is copied to the other')
  process.chdir(first)
  const removed = fs.rm('tree', { recursive: true })
  process.chdir(second)
  await removed
  same(t, nodeFs.readdirSync(first), ['copy'], 'it is removed')
  same(t, nodeFs.readdirSync(join(second, 'tree')), ['precious'], 'the other is left')
})

await t.test('what is removed from the source while it is copied', { skip, timeout: 120_000 }, async (t) => {
  const FILES = 20_000
  makeTwo(t, FILES)
  nodeFs.symlinkSync('gone', 'tree/link')
  const copied = fs.cp('tree', 'copy', { recursive: true })
  while (!nodeFs.existsSync('copy')) await new Promise(setImmediate)
  // Removes everything copied by now, including the entry that the engine has noted.
  for (let left = 50; left > 0; left--) {
    for (const name of nodeFs.readdirSync('copy')) nodeFs.rmSync(join('tree', name), { force: true })
    await new Promise(setImmediate)
  }
  await copied.catch((error: NodeJS.ErrnoException) => t.equal(error.code, 'ENOENT'))
  t.ok(nodeFs.readdirSync('copy').length > 0)
})

await t.test('removed by several at once', { timeout: 120_000 }, async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  for (let round = 0; round < 50; round++) {
    for (const name of ['a/b', 'c', 'd/e/f']) nodeFs.mkdirSync(join(root, name), { recursive: true })
    nodeFs.mkdirSync(join(root, ...Array.from({ length: 20 }, () => 'x')), { recursive: true })
    await Promise.all(Array.from({ length: 6 }, () => fs.rm(root, { recursive: true, force: true })))
  }
  t.notOk(nodeFs.existsSync(root))
})

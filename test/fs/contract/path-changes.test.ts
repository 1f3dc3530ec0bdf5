/**
 * The functions of fs/promises that change what a path names: results, errors and the files
 * afterwards, as in Node.
 */
// @quick linux
// @thorough node thread pure uring
import nodeFs from 'node:fs'
import t from 'tap'
import { remove, temporaryDirectory } from '../../support/harness.js'
import { callsOf, callsWith, promiseNames } from '../paths/calls.js'
import { compareCalls, makeTree } from '../paths/compare.js'
import { sides } from '../paths/promises.js'
import { same } from '../../support/differential.js'
import { fs, oracle } from '../../support/subject.js'

for (const name of promiseNames.filter((each) => callsOf[each].changes)) {
  await t.test(name, (t) => compareCalls(t, sides, makeTree(t), name))
}

await t.test('from one file system to another', async (t) => {
  const other = '/dev/shm'
  const here = nodeFs.statSync(temporaryDirectory(t)).dev
  if (nodeFs.statSync(other, { throwIfNoEntry: false })?.dev === here) return void t.pass('there is no other')
  const directory = nodeFs.mkdtempSync(`${other}/caio-test-`)
  t.teardown(() => remove(directory))
  nodeFs.writeFileSync(`${directory}/file`, 'of another file system')
  nodeFs.mkdirSync(`${directory}/dir`)
  const ways = ['file', 'dir', 'link', 'missing'].flatMap((name) => [
    [name, `${directory}/new`],
    [name, `${directory}/file`],
    [`${directory}/${name}`, 'new'],
    [`${directory}/${name}`, 'file'],
  ])
  const tree = makeTree(t)
  for (const name of ['rename', 'link', 'copyFile', 'symlink'] as const) {
    nodeFs.rmSync(`${directory}/new`, { force: true })
    // If the link exists already, both report the same.
    if (name === 'symlink') nodeFs.symlinkSync('x', `${directory}/new`)
    await compareCalls(t, sides, tree, name, callsWith(...ways))
  }
  const { COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE } = nodeFs.constants
  const modes = [COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE].flatMap((mode) => ways.map((way) => [...way, mode]))
  await compareCalls(t, sides, tree, 'copyFile', callsWith(...modes))
})

const notRoot = process.getuid?.() === 0 ? false : 'only root may give files to others'

await t.test('a copy of another user’s files', { skip: notRoot }, async (t) => {
  const directory = temporaryDirectory(t)
  const source = `${directory}/source`
  nodeFs.mkdirSync(source)
  for (const [name, content, mode] of [
    ['text', 'text', 0o640],
    ['empty', '', 0o444],
    ['set-id', 'run', 0o6755],
    ['large', 'x'.repeat(100_000), 0o600],
  ] as const) {
    nodeFs.writeFileSync(`${source}/${name}`, content)
    nodeFs.chownSync(`${source}/${name}`, 4321, 4322)
    nodeFs.chmodSync(`${source}/${name}`, mode)
    nodeFs.utimesSync(`${source}/${name}`, 1_000_000, 1_000_000)
  }
  const names = nodeFs.readdirSync(source)
  const look = (path: string): unknown => {
    const { uid, gid, mode, size, mtimeMs } = nodeFs.statSync(path)
    return [uid, gid, mode.toString(8), size, mtimeMs === 1e9 ? 'as made' : 'now']
  }
  const copies = async (side: typeof oracle, to: string): Promise<unknown> => {
    await side.cp(source, `${to}-tree`, { recursive: true })
    for (const name of names) {
      await side.copyFile(`${source}/${name}`, `${to}-${name}`)
      nodeFs.writeFileSync(`${to}-over-${name}`, 'old content')
      await side.copyFile(`${source}/${name}`, `${to}-over-${name}`)
    }
    return names.map((name) => [name, ...[`${to}-tree/`, `${to}-`, `${to}-over-`].map((at) => look(at + name))])
  }
  same(t, await copies(fs, `${directory}/ours`), await copies(oracle, `${directory}/nodes`), 'owner, mode, time')
})

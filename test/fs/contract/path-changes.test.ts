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

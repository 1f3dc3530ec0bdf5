/**
 * The decisions of writeFileAtomic, as tables: names of temporary files, permissions, which files
 * can be replaced, and parts of paths.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { findTarget, refusalOf } from '../../../lib/toolkit/atomic-target.js'
import { absolutePath, cutName, joinPath, splitPath } from '../../../lib/toolkit/path-parts.js'
import { openTemporary, randomToken, temporaryName } from '../../../lib/toolkit/temporary-file.js'
import { modeInPlaceOf } from '../../../lib/toolkit/write-file-atomic.js'
import { rejectionOf, temporaryDirectory } from '../../support/harness.js'

await t.test('a temporary name is no longer than the name, or than 64 bytes', async (t) => {
  const token = randomToken()
  t.not(token, randomToken())
  t.equal(temporaryName('file', '1-2'), '.file.1-2.tmp')
  t.same(
    temporaryName(Buffer.from([0xff]), '1-2'),
    Buffer.concat([Buffer.from('.'), Buffer.from([0xff]), Buffer.from('.1-2.tmp')]),
  )
  for (let length = 1; length <= 255; length++) {
    const bytes = Buffer.byteLength(temporaryName('n'.repeat(length), token))
    if (bytes > Math.max(length, 64)) t.fail(`${length}: ${bytes}`)
  }
  for (const character of ['é', '語', '😀']) {
    for (let count = 1; count < 60; count++) {
      const name = temporaryName(character.repeat(count), token) as string
      if (name.includes('\ufffd') || Buffer.byteLength(name) > Math.max(Buffer.byteLength(character) * count, 64)) {
        t.fail(name)
      }
    }
  }
  t.equal(cutName('abc', 2), 'ab')
  t.equal(cutName('aé', 2), 'a')
  t.equal(cutName('é', -3), '')
  t.same(cutName(Buffer.alloc(9, 0xff), 3), Buffer.alloc(3, 0xff))
})

await t.test('a name that is taken is passed over, a bounded number of times', async (t) => {
  const directory = temporaryDirectory(t)
  const tokens = ['left', 'by', 'a-crash', 'free']
  for (const token of tokens.slice(0, 3)) fs.writeFileSync(join(directory, `.file.${token}.tmp`), 'old')
  let calls = 0
  const { path, handle } = await openTemporary(directory, 'file', 0o600, { token: () => tokens[calls++]! })
  await handle.close()
  t.equal(path, join(directory, '.file.free.tmp'))
  t.equal(fs.readFileSync(join(directory, '.file.left.tmp'), 'utf8'), 'old')
  t.match(await rejectionOf(openTemporary(directory, 'file', 0o600, { token: () => (calls++, 'left') })), {
    code: 'EEXIST',
  })
  t.ok(calls < 200)
})

await t.test('permissions in the place of another file', async (t) => {
  const [uid, gid] = [1, 2]
  const rows: [number, { uid: number; gid: number }, number][] = [
    [0o100644, { uid, gid }, 0o644],
    [0o106755, { uid, gid }, 0o6755],
    [0o106755, { uid: 9, gid }, 0o2755],
    [0o106755, { uid, gid: 9 }, 0o4755],
    [0o100660, { uid, gid: 9 }, 0o600],
    [0o100664, { uid, gid: 9 }, 0o644],
    [0o100606, { uid, gid: 9 }, 0o606],
    [0o101777, { uid: 9, gid: 9 }, 0o1777],
  ]
  for (const [mode, now, expected] of rows) t.equal(modeInPlaceOf({ uid, gid, mode }, now), expected, mode.toString(8))
})

await t.test('what can be replaced', async (t) => {
  const { S_IFREG, S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK } = fs.constants
  t.equal(refusalOf(S_IFREG | 0o644), undefined)
  t.equal(refusalOf(S_IFDIR | 0o755)?.code, 'EISDIR')
  for (const type of [S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK]) t.equal(refusalOf(type | 0o644)?.code, 'EINVAL')
})

await t.test('the path of a target has no link in it', async (t) => {
  const directory = fs.realpathSync(temporaryDirectory(t))
  fs.mkdirSync(join(directory, 'real'))
  fs.symlinkSync('real', join(directory, 'link'))
  fs.symlinkSync('link/absent', join(directory, 'dangling'))
  const found = async (path: string): Promise<string> => String((await findTarget(join(directory, path))).path)
  t.equal(await found('link/new'), join(directory, 'real/new'))
  t.equal(await found('dangling'), join(directory, 'real/absent'))
  fs.writeFileSync(join(directory, 'real/absent'), '')
  t.equal(await found('dangling'), join(directory, 'real/absent'))
})

await t.test('parts of paths', async (t) => {
  const cwd = process.cwd()
  t.equal(absolutePath('a/../b'), `${cwd}/a/../b`, '.. is for the kernel')
  t.equal(absolutePath('/a//b/'), '/a//b/')
  t.equal(absolutePath(''), '')
  t.same(absolutePath(Buffer.from([0xff])), Buffer.concat([Buffer.from(`${cwd}/`), Buffer.from([0xff])]))
  t.equal(absolutePath(pathToFileURL('/a b')), '/a b')
  for (const bad of [null, undefined, 7, {}, ['a']]) t.throws(() => absolutePath(bad), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const bad of ['\0', Buffer.from('a\0')]) t.throws(() => absolutePath(bad), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => absolutePath(new URL('http://a/b')), { code: 'ERR_INVALID_URL_SCHEME' })
  t.same(splitPath('/a/b'), { directory: '/a', name: 'b' })
  t.same(splitPath('/a'), { directory: '/', name: 'a' })
  t.same(splitPath('/a/'), { directory: '/a', name: '' })
  t.same(splitPath(Buffer.from('/a')), { directory: Buffer.from('/'), name: Buffer.from('a') })
  t.equal(joinPath('/', 'a'), '/a')
  t.same(joinPath(Buffer.from('/a'), 'b'), Buffer.from('/a/b'))
})

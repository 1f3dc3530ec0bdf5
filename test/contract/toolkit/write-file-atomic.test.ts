/** writeFileAtomic: the old content or the new. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { writeFileAtomic } from 'caio'
import {
  isFuse,
  makeContext,
  onEveryBackend,
  onEveryLinuxBackend,
  rejectionOf,
  runProgram,
  temporaryDirectory,
} from '../../support/harness.js'

onEveryBackend(t, 'makes and replaces', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const path = join(directory, 'file')
  await writeFileAtomic(path, 'naïve', { context })
  t.equal(fs.readFileSync(path, 'utf8'), 'naïve')
  t.equal(fs.statSync(path).mode & 0o777, 0o666 & ~process.umask())
  t.match(context.stats().operations, { write: 1, fsync: 2 }, 'the file synced, and its directory')

  fs.chmodSync(path, 0o640)
  const reader = fs.openSync(path, 'r')
  t.teardown(() => fs.closeSync(reader))
  const large = Buffer.alloc(3_000_000, 7)
  await writeFileAtomic(path, large, { context })
  t.ok(fs.readFileSync(path).equals(large))
  t.equal(fs.statSync(path).mode & 0o777, 0o640, 'permissions stay')
  t.equal(fs.readFileSync(reader, 'utf8'), 'naïve', 'who has the old one open keeps it')
  await writeFileAtomic(path, new Uint16Array([1, 2]), { context, mode: 0o604 })
  t.equal(fs.statSync(path).mode & 0o777, 0o604)

  const link = join(directory, 'link')
  fs.symlinkSync('file', link)
  await writeFileAtomic(link, '', { context })
  t.equal(fs.readlinkSync(link), 'file')
  t.equal(fs.readFileSync(path, 'utf8'), '', 'a link is followed')
  const left = fs.readdirSync(directory).filter((name) => !name.startsWith('.fuse_hidden'))
  t.same(left.sort(), ['file', 'link'], 'nothing is left behind')
})

onEveryBackend(t, 'what fails leaves the old file, and nothing else', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const path = join(directory, 'file')
  fs.writeFileSync(path, 'old')
  const failing: [() => Promise<unknown>, string][] = [
    [() => writeFileAtomic(join(directory, 'none', 'file'), 'new', { context }), 'ENOENT'],
    [() => writeFileAtomic(directory, 'new', { context }), 'EISDIR'],
    [() => writeFileAtomic(path, 7 as unknown as string, { context }), 'ERR_INVALID_ARG_TYPE'],
    [
      () => writeFileAtomic(path, Object.defineProperty(Buffer.from('new'), 'byteLength', { value: 90 }), { context }),
      'ERR_INVALID_ARG_VALUE',
    ],
    [() => writeFileAtomic(path, 'new', { context, mode: '644' as unknown as number }), 'ERR_INVALID_ARG_TYPE'],
    [() => writeFileAtomic(7 as unknown as string, 'new', { context }), 'ERR_INVALID_ARG_TYPE'],
    [() => writeFileAtomic('with\0zero', 'new', { context }), 'ERR_INVALID_ARG_VALUE'],
    [() => writeFileAtomic('', 'new', { context }), 'ENOENT'],
    [() => writeFileAtomic(`${path}/`, 'new', { context }), 'ENOTDIR'],
    [() => writeFileAtomic(join(directory, 'none/'), 'new', { context }), 'EISDIR'],
    [() => writeFileAtomic(path, 'new', { context, signal: AbortSignal.abort() }), 'ABORT_ERR'],
  ]
  for (const [call, code] of failing) t.equal((await rejectionOf(call())).code, code)
  const controller = new AbortController()
  const writing = writeFileAtomic(path, Buffer.alloc(50_000_000), { context, signal: controller.signal })
  controller.abort()
  t.match(await rejectionOf(writing), { code: 'ABORT_ERR' })
  t.equal(fs.readFileSync(path, 'utf8'), 'old')
  t.same(fs.readdirSync(directory), ['file'])
})

onEveryBackend(t, 'who reads meanwhile sees one whole content or another', async (t, backend) => {
  // On bindfs, a reader may find nothing in the middle of a rename.
  if (isFuse) return void t.pass('not promised by this file system', { skip: 'not promised by this file system' })
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  const versions = Array.from({ length: 20 }, (_, i) => Buffer.alloc(100_000, i + 1))
  await writeFileAtomic(path, versions[0]!, { context })
  let writing = true
  const written = Promise.all(versions.map((version) => writeFileAtomic(path, version, { context }))).finally(
    () => (writing = false),
  )
  let reads = 0
  while (writing) {
    const content = await fs.promises.readFile(path)
    if (!versions.some((version) => version.equals(content))) t.fail('neither')
    reads++
  }
  await written
  t.ok(reads > 0, `${reads} reads`)
})

onEveryBackend(t, 'a path is resolved once, when it is called', async (t, backend) => {
  const context = makeContext(t, backend)
  const [here, there] = [temporaryDirectory(t), temporaryDirectory(t)]
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(here)
  const writing = Array.from({ length: 20 }, (_, number) => writeFileAtomic(`file-${number}`, 'text', { context }))
  const bytes = Buffer.from(join(here, 'bytes'))
  writing.push(writeFileAtomic(bytes, 'text', { context }))
  bytes.fill('x')
  process.chdir(there)
  await Promise.all(writing)
  t.same(fs.readdirSync(there), [])
  t.equal(fs.readdirSync(here).length, 21)
  t.equal(fs.readFileSync(join(here, 'bytes'), 'utf8'), 'text')
})

onEveryBackend(t, 'links to where no file is yet', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const inside = (name: string): string => join(directory, name)
  fs.mkdirSync(inside('far/deep'), { recursive: true })
  fs.symlinkSync('target', inside('relative'))
  fs.symlinkSync(inside('absolute-target'), inside('absolute'))
  fs.symlinkSync('middle', inside('chain'))
  fs.symlinkSync('far/end', inside('middle'))
  // `..` of a link's target is not the directory that contains the link.
  fs.symlinkSync('far/deep', inside('aside'))
  fs.symlinkSync('aside/../beside', inside('above'))
  const links = {
    relative: 'target',
    absolute: 'absolute-target',
    chain: 'far/end',
    above: 'far/beside',
    'aside/../over': 'far/over',
  }
  for (const [link, target] of Object.entries(links)) {
    await writeFileAtomic(`${directory}/${link}`, link, { context })
    t.equal(fs.readFileSync(inside(target), 'utf8'), link)
    t.ok(fs.lstatSync(inside(target)).isFile())
    t.equal(fs.statSync(inside(target)).mode & 0o777, 0o666 & ~process.umask())
    if (!link.includes('/')) t.ok(fs.lstatSync(inside(link)).isSymbolicLink(), `${link} stays`)
  }
  fs.symlinkSync('none/file', inside('nowhere'))
  fs.symlinkSync('loop', inside('loop'))
  fs.symlinkSync('pong', inside('ping'))
  fs.symlinkSync('ping', inside('pong'))
  const names = fs.readdirSync(directory)
  for (const [link, code] of Object.entries({ nowhere: 'ENOENT', loop: 'ELOOP', ping: 'ELOOP' })) {
    t.equal((await rejectionOf(writeFileAtomic(inside(link), 'text', { context }))).code, code)
  }
  t.same(fs.readdirSync(directory), names, 'nothing is made or left')
  t.same(fs.readdirSync(inside('far')).sort(), ['beside', 'deep', 'end', 'over'])
})

onEveryBackend(t, 'what is no regular file is refused, and stays', async (t, backend) => {
  if (process.platform === 'win32') return void t.pass('no such files', { skip: 'no such files' })
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const inside = (name: string): string => join(directory, name)
  const server = createServer().listen(inside('socket'))
  await once(server, 'listening')
  t.teardown(() => server.close())
  execFileSync('mkfifo', [inside('fifo')])
  fs.mkdirSync(inside('folder'))
  // If it were not refused, root would replace the system's own.
  if (process.getuid?.() === 0) execFileSync('mknod', [inside('null'), 'c', '1', '3'])
  else fs.symlinkSync('/dev/null', inside('null'))
  fs.symlinkSync('fifo', inside('to-fifo'))
  const refused = { socket: 'EINVAL', fifo: 'EINVAL', 'to-fifo': 'EINVAL', null: 'EINVAL', folder: 'EISDIR' }
  const names = fs.readdirSync(directory)
  for (const [name, code] of Object.entries(refused)) {
    const before = fs.statSync(inside(name))
    const error = await rejectionOf(writeFileAtomic(inside(name), 'text', { context }))
    t.match(error, { code, syscall: 'open', path: inside(name) })
    t.match(
      error.message,
      code === 'EISDIR' ? 'EISDIR: illegal operation on a directory' : /only a regular file can be replaced/,
    )
    const after = fs.statSync(inside(name))
    t.same([after.ino, after.mode], [before.ino, before.mode])
  }
  t.same(fs.readdirSync(directory), names)
})

onEveryBackend(t, 'names of every kind', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const names: (string | Buffer)[] = [
    'n'.repeat(255),
    'é'.repeat(127),
    '語'.repeat(85),
    `x${'😀'.repeat(63)}`,
    '\n',
    ' ',
    '-rf',
  ]
  // Names that are not UTF-8.
  if (process.platform === 'linux') names.push(Buffer.from([0xff, 0xfe]), Buffer.alloc(255, 0x80))
  for (const name of names) {
    const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name as string)])
    for (const content of ['first', 'second']) {
      await writeFileAtomic(typeof name === 'string' ? join(directory, name) : path, content, { context })
      t.equal(fs.readFileSync(path, 'utf8'), content)
    }
  }
  await writeFileAtomic(pathToFileURL(join(directory, 'a %23 URL')), 'text', { context })
  t.equal(fs.readFileSync(join(directory, 'a %23 URL'), 'utf8'), 'text')
  t.equal(fs.readdirSync(directory).filter((name) => !name.startsWith('.fuse_hidden')).length, names.length + 1)
  const tooLong = await rejectionOf(writeFileAtomic(join(directory, 'n'.repeat(256)), 'text', { context }))
  t.equal(tooLong.code, 'ENAMETOOLONG')
})

onEveryBackend(t, 'a link into another file system', async (t, backend) => {
  const why = !fs.existsSync('/dev/shm') || fs.statSync('/dev/shm').dev === fs.statSync(temporaryDirectory(t)).dev
  if (why) return void t.pass('/dev/shm is none', { skip: '/dev/shm is none' })
  const context = makeContext(t, backend)
  const other = fs.mkdtempSync('/dev/shm/caio-test-')
  t.teardown(() => fs.rmSync(other, { recursive: true }))
  const directory = temporaryDirectory(t)
  for (const name of ['there', 'not-there']) {
    if (name === 'there') fs.writeFileSync(join(other, name), 'old')
    fs.symlinkSync(join(other, name), join(directory, name))
    await writeFileAtomic(join(directory, name), 'new', { context })
    t.equal(fs.readFileSync(join(other, name), 'utf8'), 'new')
    t.ok(fs.lstatSync(join(directory, name)).isSymbolicLink())
  }
  t.same(fs.readdirSync(other).sort(), ['not-there', 'there'])
})

const whyNotRoot = process.getuid?.() === 0 ? undefined : 'giving files away takes root'

onEveryBackend(t, 'owner, group and set-user-id bit are kept', async (t, backend) => {
  if (whyNotRoot) return void t.pass(whyNotRoot, { skip: whyNotRoot })
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  fs.writeFileSync(path, 'old')
  fs.chownSync(path, 12345, 54321)
  fs.chmodSync(path, 0o6751)
  await writeFileAtomic(path, 'new', { context })
  const { uid, gid, mode } = fs.statSync(path)
  t.same([uid, gid, mode & 0o7777], [12345, 54321, 0o6751])
  t.equal(fs.readFileSync(path, 'utf8'), 'new')
})

/** Uses Python, since Node has no functions for them; undefined if this file system does not support them. */
function attributesOf(path: string, set: Readonly<Record<string, string>> = {}): Record<string, string> | undefined {
  const program = `
import json, os, sys
path, wanted = sys.argv[1], json.loads(sys.argv[2])
for name, value in wanted.items(): os.setxattr(path, name, bytes.fromhex(value))
print(json.dumps({ name: os.getxattr(path, name).hex() for name in sorted(os.listxattr(path)) }))`
  try {
    return JSON.parse(
      execFileSync('python3', ['-c', program, path, JSON.stringify(set)], { encoding: 'utf8' }),
    ) as never
  } catch (error) {
    if (/Errno 95|ENOENT/.test(String(error))) return undefined
    throw error
  }
}

/**
 * In the kernel's format: the owner may read and write, user 1234 may read, the group may read, the
 * mask allows reading.
 */
const ACCESS_LIST =
  '02000000' + '01000600ffffffff' + '02000400d2040000' + '04000400ffffffff' + '10000400ffffffff' + '20000000ffffffff'

onEveryLinuxBackend(t, 'extended attributes and access control lists are kept', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  fs.writeFileSync(path, 'old')
  const given = { 'user.one': '6f6e65', 'user.empty': '', 'user.large': '61'.repeat(2000) }
  const kept = attributesOf(path, given)
  if (!kept) return void t.pass('no extended attributes here, or no Python', { skip: true })
  const withList = attributesOf(path, { 'system.posix_acl_access': ACCESS_LIST })
  const { mode } = fs.statSync(path)
  await writeFileAtomic(path, 'new', { context })
  t.equal(fs.readFileSync(path, 'utf8'), 'new')
  t.equal(fs.statSync(path).mode, mode)
  if (backend === 'pure') return
  t.same(attributesOf(path), withList ?? kept)
  await writeFileAtomic(path, 'newer', { context, mode: 0o604 })
  t.equal(fs.statSync(path).mode & 0o777, 0o604, 'a mode that is asked for goes before the list')
  t.match(attributesOf(path), given)
})

onEveryBackend(t, 'a user who may not give files away', async (t, backend) => {
  if (whyNotRoot) return void t.pass(whyNotRoot, { skip: whyNotRoot })
  const directory = temporaryDirectory(t)
  fs.chmodSync(directory, 0o777)
  const own = { uid: 4242, gid: 4242 }
  const [member, other] = [4243, 4244]
  const make = (name: string, gid: number, mode: number): string => {
    const path = join(directory, name)
    fs.writeFileSync(path, 'old')
    fs.chownSync(path, 12345, gid)
    fs.chmodSync(path, mode)
    return path
  }
  const paths = [
    make('of-his-group', member, 0o4770),
    make('of-another', other, 0o2764),
    join(directory, 'locked/file'),
  ]
  fs.mkdirSync(join(directory, 'locked'))
  fs.writeFileSync(paths[2]!, 'old')
  const program = new URL('../programs/atomic-as.js', import.meta.url)
  const args = [String(own.uid), String(own.gid), String(member), ...paths]
  const { stdout, stderr } = await runProgram(program, args, { env: { CAIO_IMPL: backend }, cwd: directory })
  t.equal(stderr, '')
  t.same(JSON.parse(stdout), ['ok', 'ok', 'EACCES'])
  const attributes = paths
    .map((path) => fs.statSync(path))
    .map(({ uid, gid, mode }) => [uid, gid, (mode & 0o7777).toString(8)])
  t.same(attributes[0], [own.uid, member, '770'], 'the group is kept; the set-user-id bit would be for another user')
  t.same(attributes[1], [own.uid, own.gid, '744'], 'his group may do no more than everybody')
  t.equal(fs.readFileSync(paths[2]!, 'utf8'), 'old')
  t.same(fs.readdirSync(join(directory, 'locked')), [basename(paths[2]!)], 'nothing is left')
})

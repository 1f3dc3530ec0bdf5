/** `opendir` with `recursive`: entries, order and errors as with Node's own, which reads on the event loop's thread. */
// @quick linux
// @thorough node thread pure uring
import nodeFs from 'node:fs'
import type { Dir, Dirent } from 'node:fs'
import nodePromises from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { look } from '../../support/look.js'
import { nodeVersion } from '../../support/node-version.js'
import { fs, subject } from '../../support/subject.js'
import { compare, generate } from '../paths/whole-trees.js'

type Api = typeof nodePromises

const TREES = 8
/** Until 22.12, Node loses what does not fit the buffer. */
const nodeLoses = nodeVersion.major < 22 || (nodeVersion.major === 22 && nodeVersion.minor < 12)
/** Node's own serves on `pure`. */
const isNodes = subject === 'node' || subject === 'pure'
const loses = nodeLoses && isNodes
const open = (api: Api, root: string, bufferSize = 32): Promise<Dir> =>
  api.opendir(root, { recursive: true, bufferSize })

/** Different ways to go through all entries. */
const ways: Record<string, (directory: Dir) => Promise<Dirent[]>> = {
  async 'for await'(directory) {
    const entries = []
    for await (const entry of directory) entries.push(entry)
    return entries
  },
  async 'one after the other'(directory) {
    const entries = []
    for (let entry; (entry = await directory.read());) entries.push(entry)
    await directory.close()
    return entries
  },
  async 'three at a time'(directory) {
    const entries: (Dirent | null)[] = []
    while (!entries.includes(null)) {
      entries.push(...(await Promise.all([directory.read(), directory.read(), directory.read()])))
    }
    await directory.close()
    return entries.filter((entry) => entry !== null)
  },
  async 'with callbacks'(directory) {
    const entries: Dirent[] = []
    await new Promise<void>((resolve, reject) => {
      const take = (error: Error | null, entry: Dirent | null): void => {
        if (error) return reject(error)
        if (entry) {
          entries.push(entry)
          directory.read(take)
        } else {
          directory.close((failed) => (failed ? reject(failed) : resolve()))
        }
      }
      directory.read(take)
    })
    return entries
  },
  async synchronously(directory) {
    const entries = []
    for (let entry; (entry = directory.readSync());) entries.push(entry)
    directory.closeSync()
    return entries
  },
  async 'each way in turn'(directory) {
    const entries: Dirent[] = []
    const iterator = directory[Symbol.asyncIterator]()
    for (;;) {
      const read = await directory.read()
      const next = read && (await iterator.next()).value
      const last = next && directory.readSync()
      entries.push(...[read, next, last].filter((entry) => entry instanceof nodeFs.Dirent))
      if (!last) break
    }
    return entries
  },
}

/** A tree with as many files in each directory. */
function makeTree(root: string, files: number): string[] {
  const directories = ['.', 'a', 'a/b', 'a/b/c', 'd', 'd/empty', 'e', 'e/f']
  const paths = []
  for (const directory of directories) {
    nodeFs.mkdirSync(join(root, directory), { recursive: true })
    if (directory !== '.') paths.push(join(root, directory))
    if (directory.endsWith('empty')) continue
    for (let at = 0; at < files; at++) {
      paths.push(join(root, directory, `file${at}`))
      nodeFs.writeFileSync(paths.at(-1) as string, '')
    }
  }
  return paths.sort()
}

await t.test('generated trees', async (t) => {
  for (let seed = 1; seed <= TREES; seed++) {
    for (const [name, way] of Object.entries(ways)) {
      for (const bufferSize of nodeLoses ? [100] : [1, 3, 100]) {
        const make = (root: string): void => generate(root, seed)
        await compare(t, `tree ${seed}, ${name}, ${bufferSize} at a time`, make, async (api, root) =>
          (await way(await open(api, root, bufferSize))).map((entry) => look(entry)),
        )
      }
    }
  }
})

await t.test('all entries', async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  const paths = makeTree(root, 70)
  if (loses) return
  for (const [name, way] of Object.entries(ways)) {
    const entries = await way(await open(fs as Api, root))
    t.same(entries.map((entry) => join(entry.parentPath, entry.name)).sort(), paths, name)
  }
})

await t.test('a directory that is larger than a request holds', async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  const large = join(root, 'in', 'large')
  nodeFs.mkdirSync(large, { recursive: true })
  for (let at = 0; at < 300; at++) nodeFs.writeFileSync(join(large, `${at}-${'x'.repeat(240)}`), '')
  if (loses) return
  const names = (await ways['for await']?.(await open(fs as Api, root)))?.map(({ name }) => name)
  t.equal(new Set(names).size, 302)
})

await t.test('relative paths, and URLs', async (t) => {
  const outer = temporaryDirectory(t)
  makeTree(join(outer, 'tree'), 2)
  const before = process.cwd()
  process.chdir(outer)
  t.teardown(() => process.chdir(before))
  for (const path of ['tree', './tree/', 'tree/../tree', new URL(`file://${outer}/tree`)]) {
    const seen = []
    for (const api of [fs as Api, nodePromises]) {
      const directory = await open(api, path as string, 100)
      const entries = await ways['for await']?.(directory)
      seen.push([directory.path, directory.constructor.name, entries?.map((entry) => look(entry))])
    }
    t.same(seen[0], seen[1], String(path))
  }
})

await t.test('a nested directory that cannot be opened', async (t) => {
  // Its name is not UTF-8: the text of the name is that of no file.
  const make = (root: string): void => {
    makeTree(root, 3)
    nodeFs.mkdirSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff])]))
  }
  // Node makes the error at once, and in another way for each of its versions.
  const told = (error: unknown): unknown => {
    const { code, errno, syscall, path, message } = error as NodeJS.ErrnoException
    return { code, errno, syscall, path, message }
  }
  for (const [name, way] of Object.entries(ways)) {
    await compare(t, name, make, async (api, root) => way(await open(api, root, 100)).catch(told))
  }
  await compare(t, 'the entries before it, and after it', make, async (api, root) => {
    const directory = await open(api, root, 100)
    const seen: unknown[] = []
    for (let entry; (entry = await directory.read().catch(told)) !== null;) seen.push(entry)
    await directory.close()
    return seen
  })
})

await t.test('a directory that is gone by the time it is asked for', async (t) => {
  // It has read nothing yet, and finds nothing.
  if (isNodes) return
  const root = join(temporaryDirectory(t), 'tree')
  makeTree(root, 2)
  const directory = await open(fs as Api, root)
  nodeFs.rmSync(root, { recursive: true })
  const seen: string[] = []
  const reading = (async () => {
    for await (const { name } of directory) seen.push(name)
  })()
  await t.rejects(reading, { code: 'ENOENT', syscall: 'opendir', path: /^\/.*\/tree\/[ade]$/ })
  await t.rejects(directory.read(), { code: 'ERR_DIR_CLOSED' }, 'it is closed')
})

await t.test('directories that are removed as they are found', async (t) => {
  // Until 22.12, Node reads a directory before it gives its entry, and then opens what is gone.
  if (nodeLoses) return
  const make = (root: string): void => {
    for (const path of ['p/node_modules/q/node_modules', 'p/src', 'node_modules/r/s/t', 'z/node_modules']) {
      nodeFs.mkdirSync(join(root, path), { recursive: true })
      nodeFs.writeFileSync(join(root, path, 'file'), '')
    }
  }
  for (const [name, remove] of Object.entries({
    'by a call that is awaited': (api: Api, path: string) => api.rm(path, { recursive: true }),
    'at once': async (_: Api, path: string) => nodeFs.rmSync(path, { recursive: true }),
  })) {
    await compare(t, name, make, async (api, root) => {
      const seen = []
      for await (const entry of await open(api, root, 100)) {
        seen.push(look(entry))
        if (entry.name === 'node_modules') await remove(api, join(entry.parentPath, entry.name))
      }
      return seen
    })
  }
})

await t.test('a read that waits for a read and a close', async (t) => {
  if (isNodes) return
  const root = join(temporaryDirectory(t), 'tree')
  makeTree(root, 0)
  const directory = await open(fs as Api, root)
  await directory.read()
  const calls = await Promise.allSettled([directory.read(), directory.close(), directory.read()])
  t.same(
    calls.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  t.match(calls[2], { reason: { code: 'ERR_DIR_CLOSED' } })
})

await t.test('closed early', async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  makeTree(root, 40)
  const left = await open(fs as Api, root)
  for await (const entry of left) if (entry.isDirectory()) break
  await t.rejects(left.close(), { code: 'ERR_DIR_CLOSED' }, 'by a break')

  const directory = await open(fs as Api, root)
  const iterator = directory[Symbol.asyncIterator]()
  t.type((await iterator.next()).value, nodeFs.Dirent)
  await directory.close()
  await t.rejects(iterator.next(), { code: 'ERR_DIR_CLOSED' }, 'by close')

  const reads = await open(fs as Api, root)
  const read = reads.read()
  t.throws(() => reads.readSync(), { code: 'ERR_DIR_CONCURRENT_OPERATION' })
  const closed = reads.close()
  t.type(await read, nodeFs.Dirent, 'a read before close')
  await closed
  t.throws(() => reads.read(5 as never), { code: 'ERR_DIR_CLOSED' })
})

await t.test('other turns come between', async (t) => {
  const root = join(temporaryDirectory(t), 'tree')
  for (let at = 0; at < 8; at++) makeTree(join(root, `${at}`), 40)
  const directory = await open(fs as Api, root)
  // It waits for nothing.
  if (isNodes) return
  let isOver = false
  let turns = 0
  const count = (): void => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  let entries = 0
  for await (const entry of directory) entries += entry.isFile() ? 1 : 0
  isOver = true
  t.equal(entries, 8 * 7 * 40)
  t.ok(turns > 3, `${turns} turns of the loop`)
})

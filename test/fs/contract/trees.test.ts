/** Whole trees: `readdir`, `rm`, `cp` and `mkdir` with `recursive`, compared with Node's own over trees of every shape. */
// @quick linux
// @thorough node thread pure uring
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import nodePromises from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { defaultContext } from 'caio'
import { remove, temporaryDirectory } from '../../support/harness.js'
import { same } from '../differential.js'
import { fs, subject } from '../subject.js'
import { look } from '../paths/look.js'

/** What a tree looks like, names in the order of their bytes; in bytes, as latin1 keeps them. */
function textOf(path: Buffer, name = ''): string[] {
  const stats = nodeFs.lstatSync(path)
  const mode = stats.mode.toString(8)
  if (stats.isSymbolicLink()) return [`${name} -> ${nodeFs.readlinkSync(path, 'latin1')}`]
  if (!stats.isDirectory()) {
    return [`${name} ${mode} ${stats.isFile() ? nodeFs.readFileSync(path, 'latin1') : 'no file'}`]
  }
  const names = nodeFs.readdirSync(path, 'latin1').sort()
  const below = names.flatMap((each) =>
    textOf(Buffer.concat([path, Buffer.from(`/${each}`, 'latin1')]), `${name}/${each}`),
  )
  return [`${name}/ ${mode}`, ...below]
}

const text = (path: string): string[] =>
  nodeFs.lstatSync(path, { throwIfNoEntry: false }) ? textOf(Buffer.from(path)) : ['nothing']

/** The same numbers each time. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    yield state / 2 ** 31
  }
}

const NAMES = ['a', 'b', 'A', 'ž', '🐎', '.hidden', 'with space', 'new\nline', '-x', '10', '9', 'z'.repeat(200)]

/** A tree of files, directories, links in and out, loops, and links to nothing. */
function generate(root: string, seed: number): void {
  const chance = chances(seed)
  const next = (below: number): number => Math.floor((chance.next().value as number) * below)
  const directories = [root]
  let looped = false
  nodeFs.mkdirSync(root)
  for (let count = 5 + next(40); count > 0; count--) {
    const directory = directories[next(directories.length)] as string
    const path = join(directory, `${NAMES[next(NAMES.length)] as string}${next(3)}`)
    if (nodeFs.lstatSync(path, { throwIfNoEntry: false })) continue
    const kind = next(8)
    if (kind < 3) {
      nodeFs.mkdirSync(path)
      nodeFs.chmodSync(path, next(2) === 0 ? 0o755 : 0o1777)
      directories.push(path)
    } else if (kind < 6) {
      nodeFs.writeFileSync(path, 'x'.repeat(next(3) * 3000))
      nodeFs.chmodSync(path, next(2) === 0 ? 0o644 : 0o400)
    } else {
      // Node's `readdir` follows a loop forty times, and two of them more often than anybody can wait for.
      const directed = ['.', '..', '../b1', join(root, 'a0'), './/b0/../a0']
      const targets = ['gone', '/etc/hostname', path, ...(looped ? [] : directed)]
      const target = targets[next(targets.length)] as string
      looped ||= directed.includes(target)
      nodeFs.symlinkSync(target, path)
    }
  }
}

/** What a call comes to. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return ['fulfilled', look(await call())]
  } catch (error) {
    const { code, message, syscall, path, errno } = error as NodeJS.ErrnoException
    return ['rejected', { code, message, syscall, path, errno }]
  }
}

/** Of both sides, each in a tree of its own at the same path, with what becomes of it. */
async function compare(
  t: Test,
  message: string,
  make: (root: string) => void,
  call: (api: typeof nodePromises, root: string) => unknown,
): Promise<void> {
  const outer = temporaryDirectory(t)
  const root = join(outer, 'tree')
  const told = []
  for (const api of [fs as typeof nodePromises, nodePromises]) {
    make(root)
    told.push([await outcomeOf(() => call(api, root)), text(outer)])
    for (const name of nodeFs.readdirSync(outer)) nodeFs.rmSync(join(outer, name), { recursive: true })
  }
  same(t, told[0], told[1], message)
}

const TREES = 12

t.setTimeout(300_000)

type WithCallback = (path: string, options: object, callback: (error: Error | null, value?: unknown) => void) => void

await t.test('generated trees', async (t) => {
  t.setTimeout(120_000)
  for (let seed = 1; seed <= TREES; seed++) {
    const make = (root: string): void => generate(root, seed)
    const named = (what: string): string => `tree ${seed}: ${what}`
    for (const options of [{}, { withFileTypes: true }, { encoding: 'utf8' }] as const) {
      await compare(t, named(`readdir ${Object.keys(options).join()}`), make, (api, root) =>
        api.readdir(root, { recursive: true, ...options } as { recursive: true }),
      )
    }
    await compare(t, named('rm'), make, (api, root) => api.rm(root, { recursive: true }))
    for (const options of [{}, { verbatimSymlinks: true }, { force: false }]) {
      const copy = (api: typeof nodePromises, root: string): unknown =>
        api.cp(root, `${root}-copy`, { recursive: true, ...options })
      await compare(t, named(`cp ${Object.keys(options).join()}`), make, copy)
      await compare(
        t,
        named(`cp over another, ${Object.keys(options).join()}`),
        (root) => {
          make(root)
          generate(`${root}-copy`, seed + 1)
        },
        copy,
      )
    }
  }
})

await t.test('with a callback', async (t) => {
  const { patch, unpatch } = await import('caio')
  const own = nodeFs.readdir
  const root = join(temporaryDirectory(t), 'tree')
  patch({ callbacks: true })
  t.teardown(unpatch)
  const ours = nodeFs.readdir
  if (subject !== 'node') t.not(ours, own)
  for (let seed = 1; seed <= TREES; seed++) {
    generate(root, seed)
    for (const options of [{ recursive: true }, { recursive: true, withFileTypes: true }] as const) {
      const read = async (readdir: typeof own): Promise<unknown> =>
        outcomeOf(() => promisify(readdir as unknown as WithCallback)(root, options))
      same(t, await read(ours), await read(own), `tree ${seed}, ${Object.keys(options).join()}`)
    }
    nodeFs.rmSync(root, { recursive: true })
  }
  generate(root, 1)
  await new Promise((resolve) => nodeFs.cp(root, `${root}-copy`, { recursive: true }, resolve))
  same(t, text(`${root}-copy`).length, text(root).length, 'cp')
  await promisify(nodeFs.rm as unknown as WithCallback)(root, { recursive: true })
  t.notOk(nodeFs.existsSync(root), 'rm')
  const first = join(root, 'x')
  t.equal(await promisify(nodeFs.mkdir)(join(first, 'y'), { recursive: true }), root, 'mkdir')
})

const bytes = (path: string, ...name: number[]): Buffer => Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name)])

const shapes: Record<string, (root: string) => void> = {
  empty: (root) => nodeFs.mkdirSync(root),
  'names that are no UTF-8': (root) => {
    nodeFs.mkdirSync(root)
    nodeFs.writeFileSync(bytes(root, 0x61, 0xff), 'x')
    nodeFs.mkdirSync(join(root, 'dir'))
    nodeFs.symlinkSync('dir', bytes(root, 0xfe))
  },
  'a directory whose name is no UTF-8': (root) => {
    nodeFs.mkdirSync(bytes(root, 0x61, 0xff), { recursive: true })
    nodeFs.writeFileSync(Buffer.concat([bytes(root, 0x61, 0xff), Buffer.from('/x')]), 'x')
  },
  'a pipe and a socket': (root) => {
    nodeFs.mkdirSync(join(root, 'a'), { recursive: true })
    nodeFs.writeFileSync(join(root, 'a/file'), 'x')
    execFileSync('mkfifo', [join(root, 'a/pipe')])
  },
  'a deep one': (root) => nodeFs.mkdirSync(join(root, ...Array.from({ length: 1000 }, () => 'd')), { recursive: true }),
  'a wide one': (root) => {
    nodeFs.mkdirSync(root)
    for (let at = 0; at < 3000; at++) nodeFs.writeFileSync(join(root, `file number ${at}`), '')
  },
  // A directory that nobody but root can write to, within: only another user can tell.
  'modes that forbid': (root) => {
    nodeFs.mkdirSync(join(root, 'locked/inner'), { recursive: true })
    nodeFs.writeFileSync(join(root, 'locked/inner/file'), 'x')
    nodeFs.chmodSync(join(root, 'locked'), 0)
  },
}

for (const [name, make] of Object.entries(shapes)) {
  await t.test(name, async (t) => {
    for (const withFileTypes of [false, true]) {
      await compare(t, `readdir${withFileTypes ? ' with types' : ''}`, make, (api, root) =>
        api.readdir(root, { recursive: true, withFileTypes } as { recursive: true }),
      )
    }
    await compare(t, 'cp', make, (api, root) => api.cp(root, join(root, '../copy/deeper'), { recursive: true }))
    await compare(t, 'rm', make, (api, root) => api.rm(root, { recursive: true, force: true }))
  })
}

/** How many operations of that kind the engine has had. */
const served = (name: 'readTree' | 'rm' | 'cp'): number => defaultContext().stats().operations[name]
const isEngines = subject === 'linux' || subject === 'thread' || subject === 'uring'
const isTreeEngines = isEngines && Number(process.versions.node.split('.')[0]) < 25

await t.test('in slices', async (t) => {
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
  if (isEngines) t.ok(served('cp') - beforeCopy > 1, `${served('cp') - beforeCopy} slices of cp`)
  same(t, text(`${root}-copy`), text(root), 'the copy')
  const beforeRemoval = served('rm')
  await fs.rm(`${root}-copy`, { recursive: true })
  if (isEngines) t.ok(served('rm') - beforeRemoval > 1, `${served('rm') - beforeRemoval} slices of rm`)
  t.notOk(nodeFs.existsSync(`${root}-copy`))
})

await t.test('a hundred thousand names', async (t) => {
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

await t.test('a tree that changes meanwhile', async (t) => {
  const outer = temporaryDirectory(t)
  for (let round = 0; round < 20; round++) {
    const root = join(outer, 'tree')
    generate(root, round + 1)
    nodeFs.mkdirSync(join(root, 'more'))
    const add = async (): Promise<void> => {
      for (let at = 0; at < 20; at++) {
        await nodePromises.writeFile(join(root, `more/${at}`), '').catch(() => undefined)
      }
    }
    await Promise.all([fs.rm(root, { recursive: true, maxRetries: 50, retryDelay: 1 }), add()])
    // Whoever adds may be last.
    remove(root)
  }
  t.pass('nobody gives up')
})

await t.test(
  'a directory exchanged for a link while it is removed',
  { skip: !isEngines && 'Node’s own' },
  async (t) => {
    const outer = temporaryDirectory(t)
    const victim = join(outer, 'victim')
    nodeFs.mkdirSync(join(victim, 'kept'), { recursive: true })
    for (let at = 0; at < 50; at++) nodeFs.writeFileSync(join(victim, 'kept', String(at)), 'precious')
    const before = text(victim)
    // In a loop of its own: directory, link, directory, link.
    const attacker = `
    cd ${outer}; i=0
    while [ ! -e stop ]; do
      for d in tree/a tree/b/c; do
        mv $d aside 2>/dev/null && ln -s ${victim} $d 2>/dev/null
        rm -f $d 2>/dev/null; mv aside $d 2>/dev/null
        rm -rf aside
      done
    done`
    const { spawn } = await import('node:child_process')
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
            // it is being moved
          }
        }
        if (nodeFs.readdirSync(victim).length !== 1) break
      }
      await fs.rm(root, { recursive: true, force: true }).catch(() => undefined)
    }
    nodeFs.writeFileSync(join(outer, 'stop'), '')
    await ended
    nodeFs.rmSync(join(outer, 'stop'))
    // What this test itself has written through a link.
    for (let at = 0; at < 20; at++) nodeFs.rmSync(join(victim, String(at)), { force: true })
    same(t, text(victim), before, 'the victim is whole')
  },
)

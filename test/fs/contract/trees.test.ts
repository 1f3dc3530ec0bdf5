/**
 * Whole trees: `readdir`, `rm`, `cp` and `mkdir` with `recursive`, compared with Node's own over
 * trees of every shape.
 */
// @quick linux
// @thorough node thread pure uring
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import nodePromises from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { remove, temporaryDirectory } from '../../support/harness.js'
import { makeApp, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { outcomeOf } from '../../support/look.js'
import { nodeVersion } from '../../support/node-version.js'
import { compare, generate, text } from '../paths/whole-trees.js'
import { fs, subject } from '../../support/subject.js'

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
    const hidden = Object.defineProperty({}, 'recursive', { value: true })
    await compare(t, named('rm, hidden option'), make, (api, root) => api.rm(root, hidden))
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
  // Contains a directory that only root can write to: matters only for another user.
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
    // The process that adds files may be last.
    remove(root)
  }
  t.pass('nobody gives up')
})

await t.test('mkdir, beside one that fails further down', async (t) => {
  const root = temporaryDirectory(t)
  for (let round = 0; round < 200; round++) {
    const path = join(root, String(round), 'a/b')
    const failing = fs.mkdir(join(path, 'x'.repeat(300)), { recursive: true }).catch((error: unknown) => error)
    const made = fs.mkdir(path, { recursive: true })
    await made
    nodeFs.writeFileSync(join(path, 'file'), '')
    same(t, ((await failing) as NodeJS.ErrnoException).code, 'ENAMETOOLONG', 'the other fails')
  }
})

const skip = nodeVersion.major >= 26 && 'what it throws is lost there, with Node alone, too'

await t.test('a callback that throws is called once', { skip }, async (t) => {
  const app = makeApp(t, {
    'app.cjs': `
      const fs = require('fs')
      fs.mkdirSync('tree')
      fs.mkdirSync(Buffer.concat([Buffer.from('tree/'), Buffer.from([0xff])]))
      process.on('uncaughtException', (error) => console.log(error.message))
      let calls = 0
      fs.readdir('tree', { recursive: true }, () => {
        throw new Error('call ' + ++calls)
      })`,
  })
  const { stdout, stderr } = await run(['--require', 'caio/register/callbacks', 'app.cjs'], { cwd: app })
  same(t, [stdout, stderr], ['call 1\n', ''], 'one call')
})

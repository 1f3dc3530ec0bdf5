/**
 * Files of an immutable image, as in containers and appliances: reads and refusals are as in Node,
 * and inline.
 */
// @thorough
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import nodeFiles from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { defaultContext } from 'caio'
import caioFiles from 'caio/fs'
import { temporaryDirectory, whyNoMount } from '../../support/harness.js'
import { kernelHas } from '../../support/kernel-has.js'
import { look, outcomeOf } from '../../support/look.js'

type Files = typeof nodeFiles

const images = {
  squashfs: { tool: 'mksquashfs', make: (from: string, to: string) => [from, to, '-quiet', '-no-progress'] },
  erofs: { tool: 'mkfs.erofs', make: (from: string, to: string) => ['--quiet', to, from] },
}

/** Last year: a recently changed file is not read inline. */
const PAST = Date.now() / 1000 - 365 * 24 * 3600

function makeTree(tree: string): void {
  fs.mkdirSync(join(tree, 'dir/inner'), { recursive: true })
  fs.writeFileSync(join(tree, 'small'), 'small')
  fs.writeFileSync(join(tree, 'dir/large'), Buffer.alloc(300_000, 'large '))
  fs.writeFileSync(join(tree, 'dir/inner/empty'), '')
  fs.symlinkSync('../small', join(tree, 'dir/link'))
  for (const name of ['small', 'dir/large', 'dir/inner/empty']) fs.utimesSync(join(tree, name), PAST, PAST)
}

/** Calls on an image. */
function callsOf(files: Files, image: string, outside: string): Record<string, () => Promise<unknown>> {
  const at = (name: string): string => join(image, name)
  return {
    readFile: () => files.readFile(at('small'), 'utf8'),
    'readFile, large': () => files.readFile(at('dir/large')),
    'readFile, empty': () => files.readFile(at('dir/inner/empty')),
    'readFile, by a link': () => files.readFile(at('dir/link'), 'latin1'),
    stat: () => files.stat(at('dir/link'), { bigint: true }),
    lstat: () => files.lstat(at('dir/link')),
    access: () => files.access(at('small')),
    'access, to write': () => files.access(at('small'), fs.constants.W_OK),
    realpath: () => files.realpath(at('dir/link')),
    readlink: () => files.readlink(at('dir/link')),
    readdir: () => files.readdir(at('dir')),
    'readdir, recursive': () => files.readdir(image, { recursive: true }),
    copyFile: () => files.copyFile(at('dir/large'), outside),
    'read of a handle': async () => {
      const handle = await files.open(at('dir/large'))
      const { buffer } = await handle.read(Buffer.alloc(6000), 0, 6000, 70_000)
      await handle.close()
      return buffer
    },
    missing: () => files.stat(at('missing')),
    'open, to write': () => files.open(at('small'), 'r+'),
    writeFile: () => files.writeFile(at('new'), 'x'),
    'writeFile over another': () => files.writeFile(at('small'), 'x'),
    appendFile: () => files.appendFile(at('small'), 'x'),
    mkdir: () => files.mkdir(at('new')),
    unlink: () => files.unlink(at('small')),
    rename: () => files.rename(at('small'), at('other')),
    chmod: () => files.chmod(at('small'), 0o600),
    utimes: () => files.utimes(at('small'), 1, 1),
    truncate: () => files.truncate(at('small'), 1),
    rm: () => files.rm(at('dir'), { recursive: true }),
    cp: () => files.cp(at('dir'), at('copy'), { recursive: true }),
  }
}

for (const [name, { tool, make }] of Object.entries(images)) {
  const missing = spawnSync(tool, ['--help']).error ? `there is no ${tool}` : undefined
  const unknown = kernelHas(name) ? undefined : `the kernel has no ${name}`
  await t.test(name, { skip: missing ?? unknown ?? whyNoMount() ?? false }, async (t) => {
    const directory = temporaryDirectory(t)
    const [tree, file, image, outside] = ['tree', 'image', 'mounted', 'outside'].map((part) =>
      join(directory, part),
    ) as [string, string, string, string]
    makeTree(tree)
    execFileSync(tool, make(tree, file), { stdio: 'pipe' })
    fs.mkdirSync(image)
    execFileSync('mount', ['-o', 'loop,ro', file, image])
    t.teardown(() => execFileSync('umount', [image]))
    const [theirs, ours] = [nodeFiles, caioFiles as Files].map((files) => callsOf(files, image, outside))
    for (const [call, expected] of Object.entries(theirs as Record<string, () => Promise<unknown>>)) {
      const node = await outcomeOf(expected)
      // Twice: once the file is known, another way may serve it.
      for (let time = 0; time < 2; time++) t.same(await outcomeOf(ours?.[call] as () => Promise<unknown>), node, call)
    }
    t.same(look(fs.readFileSync(outside)), look(fs.readFileSync(join(tree, 'dir/large'))), 'what was copied')
    // After one wait on the loop, as under the sanitizers, threads serve the file system for a while.
    if (defaultContext().backend !== 'linux' || process.env['CAIO_TEST_MEMORY_CHECKED']) return
    const inline = (): number => defaultContext().stats().routes.inline
    const before = inline()
    for (let round = 0; round < 2000 && inline() - before < 20; round++) {
      await caioFiles.readFile(join(image, 'small'))
      await caioFiles.stat(join(image, 'small'))
    }
    t.ok(inline() - before >= 20, 'without a thread')
  })
}

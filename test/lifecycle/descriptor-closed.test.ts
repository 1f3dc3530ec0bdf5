/** A descriptor is closed, and its number reused, while operations on it are queued. */
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryDirectory, temporaryFile } from '../support/harness.js'

onEveryBackend(t, 'closed while operations are queued', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 16 })
  const { path } = temporaryFile(t, Buffer.alloc(1_000_000, 'x'))
  for (const wait of [() => Promise.resolve(), () => new Promise(setImmediate)]) {
    const fd = fs.openSync(path, 'r+')
    const operations = Array.from({ length: 400 }, (_, i) =>
      i % 4 === 0
        ? context.fdsync(fd)
        : i % 4 === 1
          ? context.write(Buffer.alloc(2000, 'x'), fd, i * 2000)
          : context.read(100_000, fd),
    )
    await wait()
    fs.closeSync(fd)
    const outcomes = await Promise.allSettled(operations)
    let refused = 0
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue
      refused++
      if ((outcome.reason as NodeJS.ErrnoException).code !== 'EBADF') t.fail(String(outcome.reason))
    }
    t.ok(refused > 0, `${refused} of 400 came too late`)
  }
  t.ok(fs.readFileSync(path).every((byte) => byte === 120))
})

onEveryBackend(t, 'a number that stands for one file after the other', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const { path, fd: first } = temporaryFile(t, 'a regular file')
  fs.writeFileSync(`${directory}/other`, 'another file!!')
  // What the engine has learned about a descriptor applies to its file at that time.
  const numbers = new Set<number>()
  for (let round = 0; round < 20; round++) {
    const regular = fs.openSync(path, 'r')
    t.equal(String(await context.read(14, regular)), 'a regular file')
    fs.closeSync(regular)
    const folder = fs.openSync(directory, 'r')
    t.match(await context.read(14, folder).catch((error: unknown) => error), { code: 'EISDIR' })
    fs.closeSync(folder)
    const other = fs.openSync(`${directory}/other`, fs.constants.O_RDONLY)
    t.equal(String(await context.read(14, other)), 'another file!!')
    fs.closeSync(other)
    for (const number of [regular, folder, other]) numbers.add(number)
  }
  t.equal(numbers.size, 1, 'they had the same number')
  t.equal(String(await context.read(14, first)), 'a regular file')
})

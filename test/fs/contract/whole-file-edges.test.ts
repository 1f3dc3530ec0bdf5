/**
 * readFile, writeFile and appendFile on files that change meanwhile, on special files, and with
 * concurrent calls.
 */
// @thorough node linux thread pure
import { constants } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { outcomeOf, tellsTheSame } from '../../support/differential.js'
import { fs, oracle, subject } from '../../support/subject.js'

/**
 * Opens and closes the FIFO until a reader that has missed its writer stops waiting; others are not
 * affected.
 */
async function release(reader: Promise<unknown>, fifo: string): Promise<void> {
  let settled = false
  void reader.finally(() => (settled = true))
  while (!settled) {
    try {
      nodeFs.closeSync(nodeFs.openSync(fifo, nodeFs.constants.O_WRONLY | nodeFs.constants.O_NONBLOCK))
    } catch {
      // Not open at the other end yet.
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

await t.test('a path that names something else than before', async (t) => {
  await tellsTheSame(t, 'longer, shorter, empty, gone, a directory, a link', async ({ fs, path }) => {
    const results: unknown[] = []
    const read = async (): Promise<void> => void results.push(await outcomeOf(() => fs.readFile(path, 'latin1')))
    // Twice each: cached knowledge of a path must not outlive it.
    for (const content of ['first', 'longer than the first', '', 'x'.repeat(100_000), 'short']) {
      nodeFs.writeFileSync(path, content)
      await read()
      await read()
    }
    nodeFs.unlinkSync(path)
    await read()
    nodeFs.mkdirSync(path)
    await read()
    nodeFs.rmdirSync(path)
    nodeFs.symlinkSync('/proc/version', path)
    await read()
    nodeFs.unlinkSync(path)
    nodeFs.symlinkSync(`${path}-dangling`, path)
    await read()
    results.push(await outcomeOf(() => fs.writeFile(path, 'through the link')), nodeFs.readFileSync(path, 'latin1'))
    nodeFs.unlinkSync(`${path}-dangling`)
    nodeFs.unlinkSync(path)
    return results
  })
  await tellsTheSame(t, 'a FIFO where a file was: its writer is heard to the end', async ({ fs, path }) => {
    const contents: unknown[] = []
    for (let round = 0; round < 20; round++) {
      const name = `${path}-${round}`
      nodeFs.writeFileSync(name, 'a file, read and remembered')
      await fs.readFile(name)
      await fs.readFile(name)
      nodeFs.unlinkSync(name)
      execFileSync('mkfifo', [name])
      // A writer that waits for its reader.
      const writer = outcomeOf(() => oracle.writeFile(name, 'through the FIFO'))
      const reader = fs.readFile(name, 'latin1')
      contents.push(await writer)
      await release(reader, name)
      contents.push(await reader)
      nodeFs.unlinkSync(name)
    }
    return contents
  })
  await tellsTheSame(t, 'a relative path after chdir', async ({ fs, path }) => {
    const before = process.cwd()
    const directories = [`${path}-one`, `${path}-two`]
    const contents: unknown[] = []
    for (const directory of directories) {
      nodeFs.mkdirSync(directory)
      nodeFs.writeFileSync(join(directory, 'name'), directory.slice(-3))
      process.chdir(directory)
      contents.push(await fs.readFile('name', 'latin1'), await fs.readFile('name', 'latin1'))
      await fs.writeFile('name', 'written')
      contents.push(nodeFs.readFileSync(join(directory, 'name'), 'latin1'))
      process.chdir(before)
    }
    for (const directory of directories) nodeFs.rmSync(directory, { recursive: true })
    return contents
  })
})

await t.test('names', async (t) => {
  for (const name of [
    'žluťoučký 🐎',
    'with\nnewline',
    ' spaces ',
    'a%20b',
    '\ud800 lone',
    'x'.repeat(255),
    'x'.repeat(256),
    './/./dots',
    'slash/',
  ]) {
    await tellsTheSame(t, JSON.stringify(name.slice(0, 20)), async ({ fs, path }) => {
      nodeFs.rmSync(path)
      nodeFs.mkdirSync(path)
      const write = await outcomeOf(() => fs.writeFile(`${path}/${name}`, 'content'))
      const append = await outcomeOf(() => fs.appendFile(`${path}/${name}`, ' and more'))
      const read = await outcomeOf(() => fs.readFile(`${path}/${name}`, 'latin1'))
      return [write, append, read, nodeFs.readdirSync(path)]
    })
  }
})

await t.test('times and modes', async (t) => {
  for (const [name, content, data] of [
    ['nothing over nothing', '', ''],
    ['nothing over something', 'content', ''],
    ['the same', 'same', 'same'],
  ] as const) {
    await tellsTheSame(
      t,
      `writeFile touches: ${name}`,
      async ({ fs, path }) => {
        nodeFs.utimesSync(path, 1, 1)
        await fs.writeFile(path, data)
        const { mtimeMs, size } = nodeFs.statSync(path)
        return [mtimeMs > 1e12 ? 'now' : mtimeMs, size]
      },
      content,
    )
  }
  await tellsTheSame(t, 'appendFile of nothing does not', async ({ fs, path }) => {
    nodeFs.utimesSync(path, 1, 1)
    await fs.appendFile(path, '')
    return nodeFs.statSync(path).mtimeMs
  })
  await tellsTheSame(t, 'umask', async ({ fs, path }) => {
    const before = process.umask(0o027)
    await fs.writeFile(`${path}-a`, 'x', { mode: 0o777 })
    await fs.appendFile(`${path}-b`, 'x')
    process.umask(before)
    const modes = [nodeFs.statSync(`${path}-a`).mode, nodeFs.statSync(`${path}-b`).mode]
    nodeFs.rmSync(`${path}-a`)
    nodeFs.rmSync(`${path}-b`)
    return modes
  })
  await tellsTheSame(t, 'the kernel’s files are written, too', async ({ fs }) => {
    const before = nodeFs.readFileSync('/proc/self/comm')
    await fs.writeFile('/proc/self/comm', 'renamed')
    const name = nodeFs.readFileSync('/proc/self/comm', 'latin1')
    nodeFs.writeFileSync('/proc/self/comm', before)
    return name
  })
})

await t.test('what the caller does with the data meanwhile', async (t) => {
  // Node itself, and so `pure`, rejects after emptying the file, or, since 26.9, writes it all.
  if (subject === 'node' || subject === 'pure') {
    return tellsTheSame(t, 'memory transferred away in the same tick', async ({ fs, path }) => {
      const view = new Uint8Array(100).fill(65)
      const writing = fs.writeFile(path, view)
      const kept = structuredClone(view, { transfer: [view.buffer] })
      return [await outcomeOf(() => writing), nodeFs.readFileSync(path, 'latin1'), kept.length]
    })
  }
  const bytes = (buffer: ArrayBuffer): Uint8Array<ArrayBuffer> => new Uint8Array(buffer)
  const dataView = (buffer: ArrayBuffer): DataView<ArrayBuffer> => new DataView(buffer)
  for (const [name, viewOf] of [
    ['writeFile', bytes],
    ['appendFile', bytes],
    ['writeFile', dataView],
  ] as const) {
    const path = join(temporaryDirectory(t), 'file')
    nodeFs.writeFileSync(path, 'as it was')
    const view = viewOf(new ArrayBuffer(100))
    // The first call of a tick is handed over at once.
    const first = fs.writeFile(`${path}-first`, 'x')
    const writing = fs[name](path, view as Uint8Array)
    const kept = structuredClone(view, { transfer: [view.buffer] })
    const outcome = await writing.then(
      () => 'fulfilled',
      (error: NodeJS.ErrnoException) => [error.code, error.syscall],
    )
    t.equal(
      kept.byteLength,
      100,
      `${name}, ${viewOf.name}: memory transferred away in the same tick is its new owner's`,
    )
    t.same(outcome, ['EFAULT', 'write'])
    t.equal(nodeFs.readFileSync(path, 'latin1'), 'as it was')
    await first
  }
})

await t.test('too large', async (t) => {
  await tellsTheSame(t, 'readFile of 2 GiB and more', async ({ fs, path }) => {
    nodeFs.truncateSync(path, 2 ** 31)
    return fs.readFile(path)
  })
  // Twice as many digits as bytes.
  await tellsTheSame(t, 'readFile of more text than a string holds', async ({ fs, path }) => {
    nodeFs.truncateSync(path, constants.MAX_STRING_LENGTH / 2 + 1)
    return fs.readFile(path, 'hex')
  })
})

await t.test('appending from many sides', async (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const record = (number: number): string => `<${number}${'.'.repeat(number % 700)}${number}>`
  await Promise.all(Array.from({ length: 500 }, (_, number) => fs.appendFile(path, record(number))))
  const records = nodeFs.readFileSync(path, 'latin1').match(/<(\d+)\.*\1>/g) ?? []
  t.equal(new Set(records).size, 500, `each record is whole on ${subject}`)
  t.equal(records.join('').length, nodeFs.statSync(path).size, 'and nothing else')
})

/** The file position moves for calls without a position, and only for those, in any mix. */
// @quick linux pure
// @thorough node thread uring
import { createHash } from 'node:crypto'
import nodeFs from 'node:fs'
import t from 'tap'
import { tellsTheSame } from '../../support/differential.js'
import { subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'
import { random } from '../../support/seeded-random.js'

const text = (bytes: number, first: number): Buffer => Buffer.alloc(bytes, 65 + (first % 26))

await t.test('steps one after the other', async (t) => {
  await tellsTheSame(t, 'reads and writes with and without position', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const results: unknown[] = []
    const next = async (): Promise<void> => void results.push(await handle.read(Buffer.alloc(3), 0, 3, null))
    await next()
    results.push(await handle.read(Buffer.alloc(4), 0, 4, 20))
    await next()
    results.push(await handle.write(Buffer.from('1234'), 0, 4, 0))
    await next()
    results.push(await handle.write(Buffer.from('56')))
    await next()
    results.push(
      await handle.readv([Buffer.alloc(2), Buffer.alloc(2)], 0),
      await handle.readv([Buffer.alloc(1), Buffer.alloc(1)]),
    )
    await next()
    results.push(await handle.writev([Buffer.from('78')], 25), await handle.writev([Buffer.from('90')]))
    await next()
    results.push(await handle.write('text', 2), await handle.write('more'))
    await next()
    await handle.sync()
    await handle.datasync()
    await next()
    await handle.close()
    return [results, nodeFs.readFileSync(path, 'latin1')]
  })
})

await t.test('append mode', async (t) => {
  for (const flags of ['a', 'a+', 'as+']) {
    await tellsTheSame(t, flags, async ({ fs, path }) => {
      const handle = (await fs.open(path, flags)) as Loose
      const results: unknown[] = [
        // Linux appends whatever the position is, as pwrite(2) states.
        await handle.write(Buffer.from('at 0'), 0, 4, 0),
        await handle.writev([Buffer.from('at '), Buffer.from('5')], 5),
        await handle.write(Buffer.from('at none')),
        await handle.write('a string', 3),
        await handle.appendFile('appended').then(() => 'appended'),
      ]
      const readable = flags.includes('+')
      if (readable) {
        results.push(await handle.read(Buffer.alloc(4), 0, 4, 24), await handle.read(Buffer.alloc(4), 0, 4, null))
      }
      await handle.close()
      return [results, nodeFs.readFileSync(path, 'latin1')]
    })
  }
})

await t.test('the end of the file', async (t) => {
  await tellsTheSame(t, 'reads across it, behind it, and of what grew since', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const read = (length: number, position: number): Promise<unknown> =>
      handle.read(Buffer.alloc(length, '.'), 0, length, position)
    const results = [
      await read(10, 20),
      await read(10, 26),
      await read(10, 1000),
      await read(100_000, 0),
      await read(1, 25),
    ]
    nodeFs.appendFileSync(path, 'grown')
    results.push(await read(10, 26), await read(10, 30))
    nodeFs.truncateSync(path, 3)
    results.push(await read(10, 0), await read(10, 3), await handle.readv([Buffer.alloc(2), Buffer.alloc(2)], 1))
    results.push(await handle.write(Buffer.from('far'), 0, 3, 100_000), await read(8, 99_996))
    await handle.close()
    return [results, nodeFs.statSync(path).size]
  })
  await tellsTheSame(t, 'beyond 4 GiB, in a sparse file', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const results = []
    for (const position of [2 ** 31 - 2, 2 ** 31, 2 ** 32 - 2, 2 ** 32, 2 ** 33 + 5, 2 ** 40 + 3]) {
      results.push(await handle.write(Buffer.from(`at ${position}`), 0, 4, position))
      results.push(await handle.read(Buffer.alloc(8), 0, 8, position - 2))
      results.push(await handle.writev([Buffer.from('x'), Buffer.from('y')], position + 1))
      results.push(await handle.readv([Buffer.alloc(2), Buffer.alloc(6)], position - 1))
    }
    await handle.close()
    return [results, nodeFs.statSync(path).size]
  })
})

await t.test(`a long random walk on ${subject}`, async (t) => {
  const STEPS = 3000
  await tellsTheSame(t, `${STEPS} steps`, async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const below = random(20261122)
    const results: unknown[] = []
    for (let step = 0; step < STEPS; step++) {
      const position = below(3) === 0 ? null : below(6000)
      const length = 1 + below(below(20) === 0 ? 70_000 : 300)
      const offset = below(4)
      const buffer = text(length + offset, step)
      const pieces = [buffer.subarray(0, offset + 1), buffer.subarray(offset + 1)]
      const kind = below(6)
      if (kind === 0) results.push(await handle.read(buffer, offset, length, position))
      else if (kind === 1) results.push(await handle.write(buffer, offset, length, position))
      else if (kind === 2) results.push(await handle.readv(pieces, position))
      else if (kind === 3) results.push(await handle.writev(pieces, position))
      else if (kind === 4) results.push(await handle.read({ buffer, offset, position }))
      else results.push(await handle.truncate(below(8000)))
      if (nodeFs.fstatSync(handle.fd).size > 400_000) await handle.truncate(1000)
    }
    await handle.close()
    return [digest(results), nodeFs.readFileSync(path, 'latin1')]
  })
})

/** Results of the steps, short enough to compare in a message. */
function digest(results: unknown[]): string[] {
  return results.map((each) => {
    const { bytesRead, bytesWritten, buffer, buffers } = (each ?? {}) as Record<string, unknown>
    const views = (buffers ?? (buffer === undefined ? [] : [buffer])) as Buffer[]
    return `${String(bytesRead ?? bytesWritten)} ${createHash('sha1').update(Buffer.concat(views)).digest('hex')}`
  })
}

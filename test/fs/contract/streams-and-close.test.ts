/** The handle is closed, or the stream destroyed, during use. */
// @quick node linux thread pure
import nodeFs from 'node:fs'
import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import t from 'tap'
import { outcomeOf, tellsTheSame } from '../../support/differential.js'
import type { Loose } from '../../support/subject.js'

const BIG = 'abcdefgh'.repeat(64 * 1024)

/** The event alone: `once` of node:events would reject for an earlier error. */
function closeOf(stream: EventEmitter): Promise<unknown> {
  return new Promise((resolve) => stream.once('close', resolve))
}

await t.test('a handle closed under its streams', async (t) => {
  for (const start of [undefined, 0]) {
    const name = start === undefined ? 'without position' : 'with positions'
    await tellsTheSame(
      t,
      `reading ${name}: the stream ends with it, and close resolves`,
      async ({ fs, path }) => {
        const handle = (await fs.open(path)) as Loose
        const stream = handle.createReadStream(start === undefined ? {} : { start })
        const errors: unknown[] = []
        stream.on('error', (error) => errors.push(error))
        const [chunk] = (await once(stream, 'data')) as [Buffer]
        const closed = closeOf(stream)
        await handle.close()
        await closed
        return { first: chunk.length, errors, fd: handle.fd, destroyed: stream.destroyed }
      },
      BIG,
    )
    await tellsTheSame(t, `writing ${name}: what was accepted before is written`, async ({ fs, path }) => {
      const handle = (await fs.open(path, 'r+')) as Loose
      const stream = handle.createWriteStream(start === undefined ? {} : { start })
      const errors: unknown[] = []
      stream.on('error', (error) => errors.push(error))
      await new Promise((resolve) => stream.write('written', resolve))
      const closed = closeOf(stream)
      await handle.close()
      await closed
      return { errors, fd: handle.fd, content: nodeFs.readFileSync(path, 'latin1') }
    })
    for (const flush of [false, true]) {
      await tellsTheSame(t, `a write in flight ${name}${flush ? ', to be flushed' : ''}`, async ({ fs, path }) => {
        const handle = (await fs.open(path, 'r+')) as Loose
        const options = { flush, ...(start === undefined ? {} : { start }) }
        const stream = handle.createWriteStream(options)
        const errors: unknown[] = []
        stream.on('error', (error) => errors.push(error))
        // The first write ends before the second begins.
        await new Promise((resolve) => stream.write('first ', resolve))
        stream.write('in flight')
        const closed = closeOf(stream)
        await handle.close()
        await closed
        return { errors, fd: handle.fd, content: nodeFs.readFileSync(path, 'latin1') }
      })
    }
  }
  await tellsTheSame(t, 'several streams and direct reads at once', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const streams = [
      handle.createReadStream({ start: 0 }),
      handle.createReadStream({ start: 5 }),
      handle.createWriteStream({ start: 9 }),
    ]
    const errors: unknown[] = []
    for (const stream of streams) (stream as nodeFs.ReadStream).on('error', (error) => errors.push(error))
    const closed = streams.map(closeOf)
    const reads = Promise.all([handle.read(Buffer.alloc(4), 0, 4, 0), handle.read(Buffer.alloc(4), 0, 4, null)])
    await handle.close()
    await Promise.all(closed)
    return [errors, await reads, handle.fd]
  })
})

await t.test('a stream destroyed with a read in flight', async (t) => {
  for (const start of [undefined, 0]) {
    await tellsTheSame(t, start === undefined ? 'without position' : 'with positions', async ({ fs, path }) => {
      const handle = (await fs.open(path)) as Loose
      const stream = handle.createReadStream(start === undefined ? {} : { start })
      const errors: unknown[] = []
      stream.on('error', ({ message }: Error) => errors.push(message))
      stream.resume()
      await new Promise((resolve) => process.nextTick(resolve))
      stream.destroy(new Error('by the caller'))
      await closeOf(stream)
      return [errors, handle.fd, await outcomeOf(() => handle.read(Buffer.alloc(1), 0, 1, 0))]
    })
  }
})

await t.test('a stream that leaves the handle open', async (t) => {
  await tellsTheSame(t, 'autoClose: false, and the handle is used on', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) void chunk
    const read = await handle.read(Buffer.alloc(4), 0, 4, 3)
    const stream = handle.createWriteStream({ start: 0, autoClose: false })
    await new Promise((resolve) => stream.end('new', () => resolve(undefined)))
    const again = await handle.read(Buffer.alloc(4), 0, 4, 0)
    stream.destroy()
    handle.removeAllListeners('close')
    return [read, again]
  })
})

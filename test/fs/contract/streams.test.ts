/**
 * Streams over a handle: Node's own, which call the handle's methods, with a position if they have
 * a start.
 */
// @quick linux pure
// @thorough node thread uring
import nodeFs from 'node:fs'
import { createInterface } from 'node:readline'
import { createInterface as createPromiseInterface } from 'node:readline/promises'
import { Readable } from 'node:stream'
import { buffer as collect, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGzip, gunzipSync } from 'node:zlib'
import t from 'tap'
import { tellsTheSame } from '../../support/differential.js'
import { nodeVersion } from '../../support/node-version.js'
import type { Loose } from '../../support/subject.js'

const LINES = Array.from({ length: 5000 }, (_, at) => `line ${at} ${'x'.repeat(at % 50)}`).join('\n')

type ReadOptions = Parameters<Loose['createReadStream']>[0]
type WriteOptions = Parameters<Loose['createWriteStream']>[0]

await t.test('createReadStream', async (t) => {
  const all: Record<string, ReadOptions> = {
    'by default': undefined,
    'from the start': { start: 0 },
    'from within': { start: 100_000 },
    'to an end': { end: 9999 },
    'a part': { start: 70_000, end: 139_999 },
    'one byte': { start: 5, end: 5 },
    'beyond the end': { start: 1e9 },
    'small chunks': { start: 1, highWaterMark: 1000 },
    'with an encoding': { start: 2, encoding: 'utf8', highWaterMark: 333 },
    'without autoClose': { start: 0, autoClose: false },
    'without emitClose': { start: 0, emitClose: false },
  }
  for (const [name, options] of Object.entries(all)) {
    await tellsTheSame(
      t,
      name,
      async ({ fs, path }) => {
        const handle = (await fs.open(path)) as Loose
        const stream = handle.createReadStream(options)
        const events: string[] = []
        for (const event of ['open', 'ready', 'end', 'close', 'error']) stream.on(event, () => events.push(event))
        const sizes: number[] = []
        let content = ''
        stream.on('data', (chunk) => {
          sizes.push(chunk.length)
          content += String(chunk)
        })
        const closes = options?.emitClose !== false && options?.autoClose !== false
        await new Promise<void>((resolve) => stream.once(closes ? 'close' : 'end', resolve))
        const { bytesRead, path: itsPath, pending } = stream
        await handle.close()
        return { events, sizes, content, bytesRead, itsPath, pending, fd: handle.fd }
      },
      LINES,
    )
  }
  await tellsTheSame(t, 'two at once over one handle', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const streams = [
      handle.createReadStream({ start: 3, autoClose: false }),
      handle.createReadStream({ start: 9, autoClose: false }),
    ]
    const contents = await Promise.all(streams.map((each) => text(each)))
    await handle.close()
    return contents
  })
  await tellsTheSame(t, 'fs.createReadStream({ fd: handle })', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const content = await text(nodeFs.createReadStream('', { fd: handle, start: 4 }))
    await handle.close()
    return [content, handle.fd]
  })
  // Node 26 has the stream listen to the handle before it looks at the bounds: nothing closes that handle afterwards.
  const skip = nodeVersion.major >= 26 && 'Node’s own handle cannot be closed then'
  await t.test('bad bounds', { skip }, async (t) => {
    await tellsTheSame(t, 'the error', async ({ fs, path }) => {
      const handle = await fs.open(path)
      try {
        return handle.createReadStream({ start: 9, end: 3 })
      } finally {
        await handle.close()
      }
    })
  })
})

await t.test('createWriteStream', async (t) => {
  const all: Record<string, WriteOptions> = {
    'by default': undefined,
    'from the start': { start: 0 },
    'from within': { start: 10 },
    'far beyond the end': { start: 100_000 },
    'small highWaterMark': { start: 0, highWaterMark: 10 },
    flush: { start: 0, flush: true } as WriteOptions,
    'without autoClose': { start: 3, autoClose: false },
  }
  for (const [name, options] of Object.entries(all)) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      const handle = (await fs.open(path, 'r+')) as Loose
      const stream = handle.createWriteStream(options)
      const events: string[] = []
      for (const event of ['open', 'ready', 'drain', 'finish', 'close', 'error']) {
        stream.on(event, () => events.push(event))
      }
      stream.write('first ')
      stream.cork()
      for (let at = 0; at < 300; at++) stream.write(`${at},`)
      stream.uncork()
      stream.write(Buffer.from(' bytes '))
      stream.end('last')
      await new Promise((resolve) =>
        stream.once(options?.autoClose === false ? 'finish' : 'close', () => resolve(undefined)),
      )
      const { bytesWritten } = stream
      // Node's close would wait for a stream that has ended and does not close itself.
      stream.destroy()
      await handle.close()
      return {
        events: events.filter((event) => event !== 'drain'),
        bytesWritten,
        content: nodeFs.readFileSync(path, 'latin1'),
      }
    })
  }
  await tellsTheSame(t, 'a read-only handle: the error is an event', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r')) as Loose
    const stream = handle.createWriteStream({ start: 0 })
    const error = await new Promise((resolve) => stream.once('error', resolve).write('refused'))
    await handle.close()
    return error
  })
})

await t.test('pipelines', async (t) => {
  await tellsTheSame(
    t,
    'through gzip, from handle to handle',
    async ({ fs, path }) => {
      const [from, to] = await Promise.all([fs.open(path), fs.open(`${path}.gz`, 'w')])
      await pipeline(from.createReadStream({ start: 0 }), createGzip(), to.createWriteStream({ start: 0 }))
      return [gunzipSync(nodeFs.readFileSync(`${path}.gz`)).toString() === LINES, from.fd, to.fd]
    },
    LINES,
  )
  await tellsTheSame(t, 'onto itself, further on', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    await pipeline(
      handle.createReadStream({ start: 0, end: 25, autoClose: false }),
      handle.createWriteStream({ start: 26 }),
    )
    await handle.close()
    return [nodeFs.readFileSync(path, 'latin1'), handle.fd]
  })
  await tellsTheSame(t, 'from a generator that fails', async ({ fs, path }) => {
    const handle = await fs.open(path, 'w')
    const source = async function* (): AsyncGenerator<string> {
      yield 'good'
      throw new Error('the source’s own')
    }
    await pipeline(Readable.from(source()), handle.createWriteStream({ start: 0 })).finally(() => handle.close())
  })
})

await t.test('lines', async (t) => {
  const tell = (name: string, lines: (handle: Loose) => AsyncIterable<string>): Promise<void> =>
    tellsTheSame(
      t,
      name,
      async ({ fs, path }) => {
        const handle = (await fs.open(path)) as Loose
        const got: string[] = []
        for await (const line of lines(handle)) got.push(line)
        const { fd } = handle
        await handle.close()
        return [got, fd]
      },
      LINES,
    )
  await tell('readLines', (handle) => handle.readLines())
  await tell('readLines from within', (handle) => handle.readLines({ start: 1000, end: 5000 }))
  await tell('readline over a stream', (handle) => createInterface({ input: handle.createReadStream({ start: 0 }) }))
  await tell('readline/promises', (handle) =>
    createPromiseInterface({ input: handle.createReadStream({ start: 12 }), crlfDelay: Infinity }),
  )
  await tellsTheSame(t, 'left early', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const first: string[] = []
    for await (const line of handle.readLines({ start: 3 })) {
      first.push(line)
      break
    }
    return [first, await handle.close()]
  })
})

await t.test('web streams', async (t) => {
  for (const options of [undefined, { type: 'bytes' }] as const) {
    await tellsTheSame(
      t,
      `readableWebStream(${options ? 'bytes' : ''})`,
      async ({ fs, path }) => {
        const handle = (await fs.open(path)) as Loose
        const stream = handle.readableWebStream(options)
        const locked = await Promise.resolve()
          .then(() => handle.readableWebStream(options))
          .catch(({ code }: NodeJS.ErrnoException) => code)
        const chunks: Uint8Array[] = []
        for await (const chunk of stream as AsyncIterable<ArrayBuffer | Uint8Array>) {
          chunks.push(new Uint8Array(chunk as ArrayBuffer))
        }
        await handle.close()
        return [locked, Buffer.concat(chunks).toString() === LINES]
      },
      LINES,
    )
  }
  await tellsTheSame(
    t,
    'cancelled on the way, and closed under its reader',
    async ({ fs, path }) => {
      const results: unknown[] = []
      for (const end of ['cancel', 'close'] as const) {
        const handle = await fs.open(path)
        const reader = handle.readableWebStream({ type: 'bytes' } as never).getReader()
        results.push((await reader.read()).done)
        await (end === 'cancel' ? reader.cancel() : handle.close())
        results.push(await reader.read().catch(({ code }: NodeJS.ErrnoException) => code))
        await handle.close()
        results.push(handle.fd)
      }
      return results
    },
    LINES,
  )
  await tellsTheSame(t, 'Readable.fromWeb', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const content = await collect(
      Readable.fromWeb(handle.readableWebStream() as import('node:stream/web').ReadableStream),
    )
    await handle.close()
    return content.toString()
  })
})

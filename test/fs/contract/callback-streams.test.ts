/** Node's own streams over the callback API, which the engine serves if they have a start. */
// @thorough node linux thread pure
import nodeFs from 'node:fs'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { createInterface } from 'node:readline'
import t from 'tap'
import { tellsTheSame } from '../callbacks.js'
import { outcomeOf } from '../../support/differential.js'

const CONTENT = Array.from({ length: 20_000 }, (_, at) => `line ${at} ${'x'.repeat(at % 50)}`).join('\n')

await t.test('read streams', async (t) => {
  const options = [
    { start: 0 },
    { start: 5 },
    { start: 5, end: 9 },
    { start: 100_000, end: 400_000, highWaterMark: 1000 },
    { start: 10_000_000 },
    { start: 0, highWaterMark: 1 << 20 },
    { start: 3, encoding: 'utf8' as const },
    {},
  ]
  for (const each of options) {
    await tellsTheSame(
      t,
      JSON.stringify(each),
      async ({ fs, path }) => {
        const stream = fs.createReadStream(path, { ...each, fs })
        const events: string[] = []
        for (const event of ['open', 'ready', 'end', 'close']) stream.on(event, () => events.push(event))
        const chunks: (string | Buffer)[] = []
        for await (const chunk of stream) chunks.push(chunk as Buffer)
        return [
          events,
          chunks.length,
          Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString('latin1'),
          stream.bytesRead,
          stream.pending,
        ]
      },
      CONTENT,
    )
  }
  await tellsTheSame(
    t,
    'of a descriptor that stays open',
    async ({ fs, path }) => {
      const fd = nodeFs.openSync(path, 'r')
      const content = await buffer(fs.createReadStream('', { fd, start: 7, autoClose: false, fs }))
      nodeFs.closeSync(fd)
      return content.length
    },
    CONTENT,
  )
  await tellsTheSame(
    t,
    'destroyed while it reads',
    async ({ fs, path }) => {
      const stream = fs.createReadStream(path, { start: 0, fs })
      await once(stream, 'open')
      stream.read(0)
      stream.destroy(new Error('enough'))
      const outcome = await outcomeOf(() => finished(stream))
      return [outcome, stream.destroyed, stream.closed]
    },
    CONTENT,
  )
  await tellsTheSame(
    t,
    'lines',
    async ({ fs, path }) => {
      const lines: string[] = []
      for await (const line of createInterface({ input: fs.createReadStream(path, { start: 2, fs }) })) lines.push(line)
      return lines
    },
    CONTENT,
  )
  await tellsTheSame(t, 'of what cannot be read', async ({ fs, path }) => [
    await outcomeOf(() => buffer(fs.createReadStream(`${path}-missing`, { start: 0, fs }))),
    await outcomeOf(() => buffer(fs.createReadStream(`${path}/..`, { start: 0, fs }))),
    await outcomeOf(() => buffer(fs.createReadStream('', { fd: nodeFs.openSync(path, 'a'), start: 0, fs }))),
  ])
})

await t.test('write streams', async (t) => {
  const chunks = (): Readable =>
    Readable.from(Array.from({ length: 300 }, (_, at) => Buffer.alloc(1 + ((at * 37) % 5000), 97 + (at % 26))))
  for (const options of [
    { start: 0 },
    { start: 12, flags: 'r+' },
    { start: 0, highWaterMark: 1000 },
    { start: 0, flush: true },
    {},
  ]) {
    await tellsTheSame(t, JSON.stringify(options), async ({ fs, path }) => {
      const stream = fs.createWriteStream(path, { ...options, fs })
      await pipeline(chunks(), stream)
      return [stream.bytesWritten, nodeFs.readFileSync(path, 'latin1')]
    })
  }
  await tellsTheSame(t, 'corked, so that it is vectored', async ({ fs, path }) => {
    const stream = fs.createWriteStream(path, { start: 3, flags: 'r+', fs })
    stream.cork()
    for (let at = 0; at < 100; at++) stream.write(`piece ${at};`)
    stream.uncork()
    stream.end('end')
    await finished(stream)
    return [stream.bytesWritten, nodeFs.readFileSync(path, 'latin1')]
  })
  await tellsTheSame(t, 'onto what cannot be written', async ({ fs, path }) => [
    await outcomeOf(() =>
      pipeline(chunks(), fs.createWriteStream('', { fd: nodeFs.openSync(path, 'r'), start: 0, fs })),
    ),
    await outcomeOf(() => pipeline(chunks(), fs.createWriteStream('/dev/full', { start: 0, fs }))),
    nodeFs.readFileSync(path, 'latin1'),
  ])
  await tellsTheSame(
    t,
    'from one file into another',
    async ({ fs, path }) => {
      await pipeline(
        fs.createReadStream(path, { start: 10, fs }),
        fs.createWriteStream(`${path}-copy`, { start: 0, fs }),
      )
      return nodeFs.readFileSync(`${path}-copy`, 'latin1')
    },
    CONTENT,
  )
})

/**
 * Node's http server with files as FileHandle streams, and undici as the client: whole files,
 * ranges, many at once, aborted downloads.
 */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { Agent, request } from 'undici'
import { noise } from '../program.js'
import type { Fs, Program } from '../program.js'

const SIZE = 2_000_000

function fileServer(directory: string, { open }: Fs['promises']): Server {
  return createServer(async (request, response) => {
    try {
      await using handle = await open(join(directory, decodeURIComponent(request.url!)))
      const { size } = await handle.stat()
      const range = /^bytes=(\d+)-(\d+)?$/.exec(request.headers.range ?? '')
      const start = Number(range?.[1] ?? 0)
      const end = Number(range?.[2] ?? size - 1)
      response.writeHead(range ? 206 : 200, { 'content-length': end - start + 1 })
      await pipeline(handle.createReadStream({ start, end, autoClose: false }), response)
    } catch (error) {
      if (!response.headersSent) response.writeHead((error as NodeJS.ErrnoException).code === 'ENOENT' ? 404 : 500)
      response.end((error as NodeJS.ErrnoException).code)
    }
  })
}

const main: Program = async (directory, { promises }) => {
  const content = noise(SIZE)
  const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} ${'·'.repeat(at % 30)}`).join('\n')
  await promises.writeFile(join(directory, 'file'), content)
  await promises.writeFile(join(directory, 'lines'), lines)
  const server = fileServer(directory, promises).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const dispatcher = new Agent({ connections: 8 })
  const get = async (name: string, range?: string): Promise<[number, Buffer]> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`
    const { statusCode, body } = await request(url, { dispatcher, headers: range === undefined ? {} : { range } })
    return [statusCode, Buffer.from(await body.arrayBuffer())]
  }

  const whole = await get('file')
  const part = await get('file', 'bytes=1000-70999')
  const rest = await get('file', `bytes=${SIZE - 10}-`)
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, at) => get('file', `bytes=${at * 1000}-${at * 1000 + 65_535}`)),
  )
  const missing = await get('missing')

  const handle = await promises.open(join(directory, 'lines'))
  const counted = { lines: 0, characters: 0 }
  for await (const line of handle.readLines({ start: 0 })) {
    counted.lines++
    counted.characters += line.length
  }
  const second = await promises.open(join(directory, 'lines'))
  const some: string[] = []
  for await (const line of createInterface({ input: second.createReadStream({ start: 0 }) })) {
    some.push(line)
    if (some.length === 5) break
  }
  await second.close()

  await dispatcher.close()
  server.close()
  await once(server, 'close')
  return {
    whole: [whole[0], whole[1].equals(content)],
    part: [part[0], part[1].equals(content.subarray(1000, 71_000))],
    rest: [rest[0], rest[1].equals(content.subarray(SIZE - 10))],
    many: many.every(
      ([code, body], at) => code === 206 && body.equals(content.subarray(at * 1000, at * 1000 + 65_536)),
    ),
    missing: [missing[0], missing[1].toString()],
    counted,
    some,
    closed: [handle.fd, second.fd],
  }
}
export default main

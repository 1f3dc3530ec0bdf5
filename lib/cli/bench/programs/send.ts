/** Serves files over HTTP. Another process requests them, so that the figures are the server's alone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Load } from './http-load.js'
import type { Program } from './program.js'
import { makeAssets } from './trees.js'

type Send = (
  request: IncomingMessage,
  path: string,
  options: { root: string },
) => { on(event: 'error', listener: (error: Error & { status?: number }) => void): { pipe(to: ServerResponse): void } }

const TIMES_FILES = 4
const CLIENT = fileURLToPath(new URL('./http-load.js', import.meta.url))

export const program: Program = {
  title: (files) => `send: ${files * TIMES_FILES} files of 2 to 48 KiB over HTTP`,
  packages: [{ name: 'send', since: 0 }],
  input: makeAssets,
  async start({ input: root, files, node, load }) {
    const send = load<Send>('send')
    const server = createServer((request, response) => {
      send(request, request.url ?? '', { root })
        .on('error', (error) => response.writeHead(error.status ?? 500).end())
        .pipe(response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    // The client is plain Node for every server, whatever this process's preload.
    const client = spawn(node, [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]()
    const nextLine = async (): Promise<string> => {
      const line: IteratorResult<string, unknown> = await lines.next()
      if (line.done) throw new Error('the client has ended')
      return line.value
    }
    await nextLine()
    return async () => {
      const { port } = server.address() as AddressInfo
      client.stdin.end(JSON.stringify({ port, files, requests: files * TIMES_FILES } satisfies Load))
      const found = await nextLine()
      server.close()
      return found
    }
  },
}

/**
 * The client of send.ts, in its own process: reports that it is ready, reads its requests, prints
 * what it received.
 */
import { Agent, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { assetName, checksum } from './trees.js'

export interface Load {
  port: number
  /** number of files on the server */
  files: number
  requests: number
}

const CONNECTIONS = 16

/** @returns the status, and the checksum of the content */
function fetchFile(port: number, name: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      const parts: Buffer[] = []
      response
        .on('data', (part: Buffer) => parts.push(part))
        .on('end', () => resolve(`${response.statusCode} ${checksum(Buffer.concat(parts))}`))
        .on('error', reject)
    }
    get({ host: '127.0.0.1', port, path: `/${name}`, agent }, answered).on('error', reject)
  })
}

async function load({ port, files, requests }: Load): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const found: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < requests) {
      const at = next++
      found[at] = await fetchFile(port, assetName(at % files), agent)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, lane))
  agent.destroy()
  return `${found.filter((each) => each.startsWith('200 ')).length} files, ${checksum(found.join())}`
}

process.stdout.write('ready\n')
const task = JSON.parse(await text(process.stdin)) as Load
process.stdout.write(`${await load(task)}\n`)

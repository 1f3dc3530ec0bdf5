/**
 * Appends records with checksums, and acknowledges each on standard output when a sync after its
 * write has completed, until it is killed or has acknowledged a given number. Arguments: a backend,
 * a file, the start position in it, the first record's number, the number of batches.
 */
import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { Context } from 'caio'
import type { BackendName } from 'caio'
import { Plan } from '../plan.js'

/** number, length of the content, checksum of both and the content */
const HEADER = 12
const LANES = 4

export interface Acknowledged {
  number: number
  offset: number
  length: number
}

/** Parses the program's output; a torn last line is no acknowledgement. */
export function acknowledgements(output: string): Acknowledged[] {
  const lines = output.split('\n').slice(0, -1)
  return lines
    .flatMap((line) => line.split(';').filter(Boolean))
    .map((text) => {
      const [number = 0, offset = 0, length = 0] = text.split(' ').map(Number)
      return { number, offset, length }
    })
}

/** Whether the bytes are this record, whole. */
export function isRecord(bytes: Buffer, number: number): boolean {
  if (bytes.length < HEADER || bytes.readUInt32LE(0) !== number || bytes.readUInt32LE(4) !== bytes.length - HEADER) {
    return false
  }
  return bytes.readUInt32LE(8) === crc32(bytes.subarray(HEADER), crc32(bytes.subarray(0, 8)))
}

function record(number: number): Buffer {
  // From a few bytes to more than an inline attempt takes.
  const length = number % 50 === 0 ? 100_000 : 1 + ((number * 7919) % 6000)
  const bytes = Buffer.alloc(HEADER + length, `${number} `)
  bytes.writeUInt32LE(number, 0)
  bytes.writeUInt32LE(length, 4)
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER), crc32(bytes.subarray(0, 8))), 8)
  return bytes
}

async function main([backend, path = '', start = '0', first = '0', batches = 'Infinity']: string[]): Promise<void> {
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT)
  const context = new Context({ backend: backend as BackendName })
  if (process.env['CAIO_FAULTS']) new Plan(process.env['CAIO_FAULTS']).watch(fd)
  let number = Number(first)
  let offset = Number(start)
  let left = Number(batches)

  async function lane(): Promise<void> {
    while (left-- > 0) {
      const records = Array.from({ length: 1 + (number % 5) }, () => record(number++))
      const size = records.reduce((total, { length }) => total + length, 0)
      let at = offset
      offset += size
      const lines = records.map(({ length }, index) => {
        at += length
        return `${number - records.length + index} ${at - length} ${length};`
      })
      // Every second batch is written record by record; every third of all is made durable by its writes.
      const dsync = number % 3 === 0
      const written =
        number % 2 === 0
          ? await context.writev(records, fd, at - size, { dsync })
          : (
              await Promise.all(
                records.map((bytes, i) =>
                  context.write(bytes, fd, Number((lines[i] as string).split(' ')[1]), { dsync }),
                ),
              )
            ).reduce((a, b) => a + b)
      if (written !== size) throw new Error(`${written} of ${size} bytes`)
      if (!dsync) await context.fdsync(fd)
      fs.writeSync(1, `${lines.join('')}\n`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1])) await main(process.argv.slice(2))

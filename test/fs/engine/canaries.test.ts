/**
 * The shim touches only the part of a buffer that a call names, of that no more than was read, and
 * writes no other bytes.
 */
// @thorough linux thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Arena, CANARY, content, edgeLengths, memoryKinds, wroteOnly } from '../../support/arena.js'
import { temporaryDirectory } from '../../support/harness.js'
import { readLengths, writeLengths } from '../arguments/buffer-calls.js'
import { offsets, positions } from '../../support/argument-values.js'
import { engineStats, fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

const SIZE = 70_000
const directory = temporaryDirectory(t)

async function file(name: string, size: number): Promise<{ path: string; before: Buffer; handle: Loose }> {
  const path = join(directory, name)
  const before = content(size)
  nodeFs.writeFileSync(path, before)
  const handle = (await fs.open(path, 'r+')) as Loose
  t.teardown(() => handle.close())
  return { path, before, handle }
}

interface Moved {
  bytesRead?: number
  bytesWritten?: number
}

await t.test(`parts of a buffer on ${subject}`, async (t) => {
  const { path, before, handle } = await file('parts', SIZE)
  let checks = 0
  const failures: string[] = []
  const served = (): number => engineStats!().completed
  const start = served()
  for (const kind of memoryKinds) {
    for (const length of edgeLengths) {
      for (const offset of [0, 1, 4096]) {
        for (const position of [0, 1, SIZE - 4097, SIZE - 1, SIZE, SIZE + 1]) {
          const name = `${length} at ${position}, ${kind} from ${offset}`
          const reads = new Arena(kind, offset + length + 10)
          const { bytesRead } = await handle.read(reads.view, offset, length, position)
          if (bytesRead !== Math.max(0, Math.min(length, SIZE - position))) {
            failures.push(`read ${bytesRead} of ${name}`)
          }
          if (!reads.holdsOnly(offset, bytesRead, position)) failures.push(`read ${name}`)
          const writes = new Arena(kind, offset + length + 10)
          writes.view.set(content(length), offset)
          const { bytesWritten } = await handle.write(writes.view, offset, length, position)
          const written = writes.view.subarray(offset, offset + length)
          if (bytesWritten !== length || !wroteOnly(path, before, position, written)) failures.push(`write ${name}`)
          checks += 4
        }
      }
    }
  }
  t.same(failures, [], `${checks} checks`)
  t.ok(served() - start > 1000, `${served() - start} operations were the engine's`)
  t.comment(`counted: ${checks} checks of parts of buffers`)
})

await t.test('odd offsets, lengths and positions', async (t) => {
  const { path, before, handle: first } = await file('odd', 300)
  let handle = first
  let checks = 0
  const failures: string[] = []
  const far = (given: unknown): boolean => typeof given === 'number' && given > 10_000 && given < 2 ** 53
  for (const [method, lengths] of [
    ['read', readLengths],
    ['write', writeLengths],
  ] as const) {
    for (const offset of offsets) {
      for (const length of lengths) {
        for (const position of positions) {
          // A file of exabytes cannot be compared.
          if (method === 'write' && far(position.make())) continue
          const arena = new Arena('ArrayBuffer', 16)
          if (method === 'write') arena.fill()
          const place = [offset, length, position].map((part) => part.make()) as [number, number, number]
          const call = handle[method](arena.view, ...place) as Promise<Moved>
          const settled = await call.catch(() => undefined)
          const name = `${method}(16 bytes, ${offset.name}, ${length.name}, ${position.name})`
          checks++
          if (method === 'read') {
            const inside = arena.view.slice()
            arena.view.fill(CANARY)
            if (!arena.holdsOnly(0, 0, 0)) failures.push(name)
            const changed = inside.filter((byte) => byte !== CANARY).length
            if (changed > (settled?.bytesRead ?? 0)) failures.push(`${name}: ${changed} bytes`)
          } else {
            const after = nodeFs.readFileSync(path)
            const changed = after.filter((byte, at) => byte !== (before[at] ?? 0)).length
            if (changed > (settled?.bytesWritten ?? 0) || after.includes(CANARY)) {
              failures.push(`${name}: ${changed} bytes`)
            }
            if (!after.equals(before)) nodeFs.writeFileSync(path, before)
            if (after.length < 5000) continue
            // Without a position, each write continues after the last.
            await handle.close()
            handle = (await fs.open(path, 'r+')) as Loose
          }
        }
      }
    }
  }
  await handle.close()
  t.same(failures, [], `${checks} calls`)
  t.comment(`counted: ${checks} odd calls`)
})

await t.test('whole files hold nobody else’s bytes', async (t) => {
  const small = join(directory, 'small')
  for (const size of [0, 1, 100, 4096, 65_535, 65_536, 65_537, 1_048_577]) {
    await fs.writeFile(small, Buffer.alloc(size, CANARY))
    await fs.readFile(small)
    const file = content(size)
    const arena = new Arena('ArrayBuffer', size, 3)
    arena.view.set(file)
    await fs.writeFile(small, arena.view)
    t.ok(nodeFs.readFileSync(small).equals(file), `${size} bytes written, and no canary`)
    await fs.appendFile(small, arena.view)
    t.ok(nodeFs.readFileSync(small).equals(Buffer.concat([file, file])), 'appended')
    nodeFs.truncateSync(small, size)
    const read = await fs.readFile(small)
    t.ok(read.equals(file), 'read')
    // For an empty file the memory is Node's own, which Node did not clear.
    if (size > 0) t.notOk(new Uint8Array(read.buffer).includes(CANARY), 'in memory of its own')
    t.equal(await fs.readFile(small, 'latin1'), file.toString('latin1'), 'as a string')
  }
})

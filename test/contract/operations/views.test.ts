/** Every kind of JavaScript memory, in both directions; no byte beside it is written. */
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, resizableBuffer, temporaryFile } from '../../support/harness.js'

// Node has it; TypeScript has it only in the DOM's types.
declare const WebAssembly: { Memory: new (options: { initial: number }) => { buffer: ArrayBuffer } }

const BYTES = 16
const BEFORE = 8
const AFTER = 8
const content = Buffer.from('0123456789abcdef')

const kinds = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]

const memories: Record<string, (size: number) => ArrayBuffer | SharedArrayBuffer> = {
  ArrayBuffer: (size) => new ArrayBuffer(size),
  SharedArrayBuffer: (size) => new SharedArrayBuffer(size),
  'resizable ArrayBuffer': (size) => resizableBuffer(size, size * 4),
  'growable SharedArrayBuffer': (size) =>
    Reflect.construct(SharedArrayBuffer, [size, { maxByteLength: size * 4 }]) as SharedArrayBuffer,
  'WebAssembly.Memory': () => new WebAssembly.Memory({ initial: 1 }).buffer,
}

/** A view of BYTES bytes, in memory filled with '#'. */
function viewOf(kind: (typeof kinds)[number], memory: ArrayBuffer | SharedArrayBuffer): NodeJS.ArrayBufferView {
  new Uint8Array(memory).fill(35)
  const elementSize = kind === DataView ? 1 : (kind as Uint8ArrayConstructor).BYTES_PER_ELEMENT
  return Reflect.construct(kind, [memory, BEFORE, BYTES / elementSize]) as NodeJS.ArrayBufferView
}

const expected = `${'#'.repeat(BEFORE)}${String(content)}${'#'.repeat(AFTER)}`

onEveryBackend(t, 'every view of every memory', async (t, backend) => {
  const context = makeContext(t, backend)
  const source = temporaryFile(t, content)
  const target = temporaryFile(t)
  for (const [name, make] of Object.entries(memories)) {
    for (const kind of kinds) {
      const label = `${kind.name} on ${name}`
      const memory = make(BEFORE + BYTES + AFTER)
      const view = viewOf(kind, memory)
      const all = (): string => String(Buffer.from(new Uint8Array(memory, 0, expected.length)))

      t.equal(await context.read(view, source.fd), BYTES, label)
      t.equal(all(), expected, `${label}: read`)

      fs.ftruncateSync(target.fd)
      t.equal(await context.write(view, target.fd), BYTES, label)
      t.equal(fs.readFileSync(target.path, 'utf8'), String(content), `${label}: written`)

      new Uint8Array(memory).fill(35)
      t.equal(await context.readv([view], source.fd), BYTES, label)
      t.equal(all(), expected, `${label}: readv`)
      t.equal(await context.writev([view, view], target.fd), 2 * BYTES, label)
      t.equal(fs.readFileSync(target.path, 'utf8'), String(content).repeat(2), `${label}: writev`)
    }
  }
})

onEveryBackend(t, 'views that follow the length of their buffer', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, content)
  const buffer = resizableBuffer(4, 32)
  const view = new Uint8Array(buffer)
  t.equal(await context.read(view, fd), 4)
  buffer.resize(20)
  t.equal(await context.read(view, fd), 16, 'grown')
  t.equal(String(Buffer.from(view)), `${String(content)}\0\0\0\0`)
  buffer.resize(2)
  t.equal(await context.read(view, fd, 5), 2, 'shrunk')
  t.equal(String(Buffer.from(view)), '56')
})

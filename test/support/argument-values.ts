/** Named values for tables of calls. Each is made anew for every call: a call may use it up. */
import { runInNewContext } from 'node:vm'

export interface Named {
  name: string
  make(): unknown
}

/** One call to a method of a handle. */
export interface Call {
  name: string
  make(): unknown[]
}

export function named(name: string, make: () => unknown): Named {
  return { name, make }
}

const literal = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : String(value)

export function literals(...values: unknown[]): Named[] {
  return values.map((value) => named(typeof value === 'string' ? JSON.stringify(value) : literal(value), () => value))
}

/** All combinations, as calls. */
export function combinations(...columns: Named[][]): Call[] {
  let rows: Named[][] = [[]]
  for (const column of columns) rows = rows.flatMap((row) => column.map((each) => [...row, each]))
  return rows.map((row) => ({
    name: row.map(({ name }) => name).join(', '),
    make: () => row.map((each) => each.make()),
  }))
}

export function detached<T extends NodeJS.ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  return view
}

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void
}

function resizable(bytes: number, most: number): Resizable {
  return Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: most }]) as Resizable
}

function shrunk(make: (buffer: ArrayBuffer) => unknown): unknown {
  const buffer = resizable(32, 64)
  const view = make(buffer)
  buffer.resize(4)
  return view
}

/** Distinct bytes, so that writing the wrong ones is noticed. */
export function filled(bytes: number, first = 65): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => first + (at % 26)))
}

const wide = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(40)
  new Uint8Array(buffer).set(filled(40))
  return buffer
}

const shared = (): Uint8Array => {
  const view = new Uint8Array(new SharedArrayBuffer(16))
  view.set(filled(16))
  return view
}

/** Views of every kind, and values that are no views. */
export const views: Named[] = [
  named('Buffer', () => filled(16)),
  named('Buffer.allocUnsafe from the pool', () => Buffer.allocUnsafe(16).fill('p')),
  named('Uint8Array in the middle', () => new Uint8Array(wide(), 3, 16)),
  named('Int8Array', () => new Int8Array(wide(), 1, 16)),
  named('Uint8ClampedArray', () => new Uint8ClampedArray(wide(), 2, 16)),
  named('Uint16Array', () => new Uint16Array(wide(), 2, 8)),
  named('Float64Array', () => new Float64Array(wide(), 8, 2)),
  named('BigInt64Array', () => new BigInt64Array(wide(), 8, 2)),
  named('DataView', () => new DataView(wide(), 5, 16)),
  named('SharedArrayBuffer', shared),
  named('resizable', () => new Uint8Array(resizable(16, 64)).fill(82)),
  named('shrunk', () => shrunk((buffer) => new Uint8Array(buffer, 8, 16))),
  named('shrunk, tracking', () => shrunk((buffer) => new Uint8Array(buffer))),
  named('empty', () => Buffer.alloc(0)),
  named('empty DataView', () => new DataView(new ArrayBuffer(0))),
  named('detached', () => detached(new Uint8Array(16))),
  named('detached DataView', () => detached(new DataView(new ArrayBuffer(16)))),
  named('from another realm', () => vmArray()),
  named('ArrayBuffer', () => new ArrayBuffer(16)),
  named('array of bytes', () => [1, 2, 3, 4]),
  named('object with byteLength', () => ({ byteLength: 16, length: 16 })),
  named('function', () => () => filled(16)),
  named('array of Buffer', () => [filled(4)]),
  ...literals(undefined, null, true, 16, 'a string', Symbol.for('s'), 4n, NaN),
]

/** Positions that Node refuses, or that are far away. */
export const positions: Named[] = [
  ...literals(undefined, null, 0, -0, 1, 5, 25, 26, 27, 1000, -1, -5, 0.5, 1.5, NaN, Infinity, -Infinity),
  ...literals(2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 5, 2 ** 43, 2 ** 53 - 5, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 2 ** 64),
  ...literals(0n, 5n, -1n, 2n ** 31n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n, '5', '', 'x', true, false, Symbol.for('p')),
  named('{}', () => ({})),
  named('[5]', () => [5]),
  named('new Number(5)', () => Object(5)),
  named('function', () => () => 5),
]

/** Offsets into a view of 16 bytes. */
export const offsets: Named[] = [
  ...literals(
    undefined,
    null,
    0,
    -0,
    1,
    3,
    15,
    16,
    17,
    -1,
    1.5,
    NaN,
    Infinity,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    '4',
    4n,
    true,
  ),
]

function vmArray(): unknown {
  return runInNewContext('Uint8Array.from({ length: 16 }, (_, at) => 97 + at)')
}

/** Memory with canaries around the part in use, and a file whose bytes differ from them. */
import fs from 'node:fs'
import { resizableBuffer } from './harness.js'

export const CANARY = 0xc5
/** Bytes of canaries on either side. */
const MARGIN = 4096

export const memoryKinds = ['ArrayBuffer', 'SharedArrayBuffer', 'resizable'] as const
export type MemoryKind = (typeof memoryKinds)[number]

function memory(kind: MemoryKind, bytes: number): ArrayBuffer {
  switch (kind) {
    case 'ArrayBuffer':
      return new ArrayBuffer(bytes)
    case 'SharedArrayBuffer':
      return new SharedArrayBuffer(bytes) as unknown as ArrayBuffer
    case 'resizable':
      return resizableBuffer(bytes, bytes * 2)
  }
}

/** A byte of the file: never the canary, and different from all bytes near it. */
export function contentByte(at: number): number {
  return (at * 31 + (at >> 8)) % 193
}

export function content(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => contentByte(at)))
}

export class Arena {
  readonly view: Uint8Array
  readonly #all: Uint8Array

  /** @param at bytes between the first canaries and the view */
  constructor(kind: MemoryKind, length: number, at = 0) {
    const buffer = memory(kind, MARGIN + at + length + MARGIN)
    this.#all = new Uint8Array(buffer).fill(CANARY)
    this.view = new Uint8Array(buffer, MARGIN + at, length)
  }

  /** Whether exactly `count` bytes of the view, from `from` on, have become the file's from `position` on. */
  holdsOnly(from: number, count: number, position: number): boolean {
    const start = this.view.byteOffset + from
    const expected = Buffer.alloc(this.#all.length, CANARY)
    for (let at = 0; at < count; at++) expected[start + at] = contentByte(position + at)
    return expected.equals(this.#all)
  }

  /** Fills the view with bytes that differ from those around it. */
  fill(): void {
    for (let at = 0; at < this.view.length; at++) this.view[at] = contentByte(at + 7)
  }
}

/** Whether a write changed exactly those bytes of the file, to the view's content. The file is read now. */
export function wroteOnly(path: string, before: Buffer, position: number, written: Uint8Array): boolean {
  const after = fs.readFileSync(path)
  const expected = Buffer.alloc(Math.max(before.length, written.length > 0 ? position + written.length : 0))
  before.copy(expected)
  if (written.length > 0) expected.set(written, position)
  fs.writeFileSync(path, before)
  return after.equals(expected)
}

/** Lengths around pages, sectors and what one inline attempt takes. */
export const edgeLengths = [0, 1, 7, 511, 512, 513, 4095, 4096, 4097, 65_535, 65_536, 65_537, 140_000]

/** A view that claims to be longer, or shorter, than it is. */
export function liar(view: Uint8Array, claimed: number): Uint8Array {
  for (const name of ['byteLength', 'length']) Object.defineProperty(view, name, { value: claimed })
  return view
}

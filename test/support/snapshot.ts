/** Any value as text to compare: its class, its own keys, and every byte of the memory that it views. */
import { inspect, types } from 'node:util'

/** A view of larger memory is taken to share it with others, as those of Buffer's pool do. */
const LARGEST_OWN_MEMORY = 64

const hex = (view: Uint8Array): string => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex')

function viewText(view: NodeJS.ArrayBufferView): string {
  const { name } = view.constructor
  const { buffer } = view
  let length
  try {
    length = view.byteLength
    void new Uint8Array(buffer)
  } catch {
    return `${name} without memory`
  }
  const bytes = hex(new Uint8Array(buffer, view.byteOffset, length))
  return buffer.byteLength > LARGEST_OWN_MEMORY
    ? `${name} ${bytes}`
    : `${name} ${bytes} at ${view.byteOffset} of ${hex(new Uint8Array(buffer))}`
}

function prototypeName(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null ? 'null' : String(prototype.constructor?.name)
}

export function snapshot(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return viewText(value as NodeJS.ArrayBufferView)
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object' || value === null || types.isAnyArrayBuffer(value) || types.isBoxedPrimitive(value)) {
    return inspect(value)
  }
  const keys = Reflect.ownKeys(value).filter((key) => key !== 'stack')
  const entries = keys.map((key) => [String(key), snapshot((value as Record<PropertyKey, unknown>)[key])])
  return { [`prototype ${prototypeName(value)}`]: entries }
}

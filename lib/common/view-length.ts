/** A view's real memory, which its own properties cannot fake. */
import types from 'node:util/types'

type Getter<T> = (this: unknown) => T

function getterOf<T>(prototype: object, property: keyof NodeJS.ArrayBufferView): Getter<T> {
  return Object.getOwnPropertyDescriptor(prototype, property)?.get as Getter<T>
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
const getters = (prototype: object) => ({
  byteLength: getterOf<number>(prototype, 'byteLength'),
  byteOffset: getterOf<number>(prototype, 'byteOffset'),
  buffer: getterOf<ArrayBuffer>(prototype, 'buffer'),
})
const ofTypedArray = getters(typedArray)
const ofDataView = getters(DataView.prototype)

/** A view's real length in bytes, since Node aborts if its own property claims too much. 0 if its memory is gone. */
export function lengthOf(view: NodeJS.ArrayBufferView): number {
  try {
    return types.isTypedArray(view) ? ofTypedArray.byteLength.call(view) : ofDataView.byteLength.call(view)
  } catch {
    return 0 // the getter of a DataView throws if its memory is gone
  }
}

/** A view's bytes, by its real length. Its memory must exist. */
export function bytesOf(view: NodeJS.ArrayBufferView): Uint8Array {
  const { byteLength, byteOffset, buffer } = types.isTypedArray(view) ? ofTypedArray : ofDataView
  return new Uint8Array(buffer.call(view), byteOffset.call(view), byteLength.call(view))
}

/** What a view has, asked so that it cannot say otherwise. */
import types from 'node:util/types'

type Getter = (this: unknown) => number

const getterOf = (prototype: object): Getter => Object.getOwnPropertyDescriptor(prototype, 'byteLength')?.get as Getter
const ofTypedArray = getterOf(Object.getPrototypeOf(Uint8Array.prototype) as object)
const ofDataView = getterOf(DataView.prototype)

/** Bytes in a view now, whatever it says of itself, since Node aborts where that is too much; none, if its memory is gone. */
export function lengthOf(view: NodeJS.ArrayBufferView): number {
  try {
    return types.isTypedArray(view) ? ofTypedArray.call(view) : ofDataView.call(view)
  } catch {
    return 0 // a DataView says so by throwing
  }
}

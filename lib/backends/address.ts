/** The addresses of views, which only the addon can see. */
import { debug } from '../common/debug.js'
import { loadBinding } from './binding.js'

type Remainder = (view: NodeJS.ArrayBufferView, alignment: number) => number | undefined
let remainderOf: Remainder | null | undefined

/** A view's address modulo `alignment`; undefined without the addon. */
export function addressRemainder(view: NodeJS.ArrayBufferView, alignment: number): number | undefined {
  if (remainderOf === undefined) {
    try {
      const binding = loadBinding()
      remainderOf = (...args) => binding.addressRemainder(...args)
    } catch {
      debug('aligned buffers: by pages, since addresses can be seen only by the addon')
      remainderOf = null
    }
  }
  return remainderOf?.(view, alignment)
}

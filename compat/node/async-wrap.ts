/** Counters that Node keeps of its asynchronous resources. */
import { bindingOf } from './untouched.js'

interface AsyncWrap {
  async_hook_fields?: unknown
  async_id_fields?: unknown
  constants?: Partial<Record<'kTotals' | 'kAsyncIdCounter', unknown>>
}

/** Reads a counter; undefined where Node does not show it, as from 24 on. */
export function counterOf(
  name: 'async_hook_fields' | 'async_id_fields',
  constant: 'kTotals' | 'kAsyncIdCounter',
): (() => number) | undefined {
  const { [name]: fields, constants } = (bindingOf('async_wrap') ?? {}) as AsyncWrap
  const at = constants?.[constant]
  const isKnown = fields instanceof Uint32Array || fields instanceof Float64Array
  if (!isKnown || typeof at !== 'number' || at >= fields.length) return undefined
  return () => fields[at] as number
}

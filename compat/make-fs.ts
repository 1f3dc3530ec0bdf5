/**
 * Makes the object that `caio/fs` exports: `node:fs/promises` with caio's functions in place of
 * Node's own.
 */
import { ofPromises, promises } from './node/original.js'
import { names } from './patch.js'
import { standIns } from './stand-in.js'

/** Keeps functions that other code has replaced by now, except for `open`: ours calls theirs. */
function standing(): Record<string, unknown> {
  const ours = standIns(ofPromises, 'promises', names.promises)
  const isOurs = (name: string): boolean => name === 'open' || ofPromises.isNodes(name)
  return Object.fromEntries(names.promises.map((name) => [name, isOurs(name) ? ours[name] : ofPromises.get(name)]))
}

/** A new object, with the same functions that `patch()` installs. */
export function makeFs(): object {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(promises), ...Object.getOwnPropertyDescriptors(standing()) },
  )
}

/** `node:fs/promises` with ours in the place of Node's own: the object that `caio/fs` gives. */
import { ofPromises, promises } from './node/original.js'
import { names } from './patch.js'
import { standIns } from './stand-in.js'

/** What somebody else had put in the place of Node's own by now stays there, except for `open`: ours asks that one. */
function standing(): Record<string, unknown> {
  const ours = standIns(ofPromises, 'promises', names.promises)
  const isOurs = (name: string): boolean => name === 'open' || ofPromises.isNodes(name)
  return Object.fromEntries(names.promises.map((name) => [name, isOurs(name) ? ours[name] : ofPromises.get(name)]))
}

/** A new object. Its functions are those that `patch()` puts in place, too. */
export function makeFs(): object {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(promises), ...Object.getOwnPropertyDescriptors(standing()) },
  )
}

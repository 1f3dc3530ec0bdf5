/**
 * `watchFile`, which is Node's own: its first look at the file is under way in Node's pool when it returns. What is asked for afterwards
 * waits for that look, as it does with Node alone; otherwise the first change would be taken for the initial state.
 */
import { defaultContext } from '../../lib/engine/default-context.js'
import { ofCallbacks } from '../node/original.js'
import type { callbackFs } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { clearTimeout, setTimeout } = intrinsics

/** milliseconds that later calls wait at most: if Node's pool is busy with other work, its look may come after theirs */
const MOST = 200

/** Calls back when Node's pool has begun all that it has been given before. */
function whenNodeHasBegun(done: () => void): void {
  const access = ofCallbacks.get('access') as typeof callbackFs.access
  access('/', done)
}

export const watchFile = resemble(ofCallbacks.get('watchFile'), function (this: unknown, ...args: unknown[]): unknown {
  const context = defaultContext()
  context.submitNow()
  const watcher: unknown = Reflect.apply(ofCallbacks.get('watchFile'), this, args)
  const release = context.hold()
  const late = setTimeout(release, MOST)
  whenNodeHasBegun(() => {
    clearTimeout(late)
    release()
  })
  return watcher
})

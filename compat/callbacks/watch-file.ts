/**
 * `watchFile`, which is Node's own: its first stat of the file is in progress in Node's pool when
 * it returns. Later calls wait for that stat, as in Node; otherwise their first change would be
 * taken for the initial state.
 */
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { ofCallbacks } from '../node/original.js'
import type { callbackFs } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { clearTimeout, setTimeout } = intrinsics

/** most milliseconds that later calls wait: with Node's pool busy, its stat may come after theirs */
const MOST = 200

/** Calls back when Node's pool has started all its earlier work. */
function whenNodeHasBegun(done: () => void): void {
  const access = ofCallbacks.get('access') as typeof callbackFs.access
  access('/', done)
}

const watchFile = resemble(ofCallbacks.get('watchFile'), function (this: unknown, ...args: unknown[]): unknown {
  const scheduler = defaultScheduler()
  scheduler.submitNow()
  const watcher: unknown = Reflect.apply(ofCallbacks.get('watchFile'), this, args)
  const release = scheduler.hold()
  const late = setTimeout(release, MOST)
  whenNodeHasBegun(() => {
    clearTimeout(late)
    release()
  })
  return watcher
})

export const watching = { watchFile }

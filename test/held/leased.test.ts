/**
 * A lease on a file, which its holder has to give up before another process may open it, does not
 * block the event loop.
 */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'files leased to a writer')
await measureEverywhere(t, 'files leased to a reader')

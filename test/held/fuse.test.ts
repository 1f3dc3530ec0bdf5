/** A FUSE server that is slow to answer does not block the event loop. */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'FUSE, names cached')
await measureEverywhere(t, 'FUSE, nothing cached')
await measureEverywhere(t, 'FUSE, names and attributes cached')
await measureEverywhere(t, 'FUSE, without the page cache')

/** A file system that is frozen, as snapshots and backups do it, holds no event loop. */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'frozen ext4')
await measureEverywhere(t, 'frozen xfs')

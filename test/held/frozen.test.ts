/** A frozen file system, as during snapshots and backups, does not block the event loop. */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'frozen ext4')
await measureEverywhere(t, 'frozen xfs')

/** A path through an automount, whose server has to be found first, does not block the event loop. */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'automounted')

/** A path that leads through an automount, whose server has to be found first, holds no event loop. */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'automounted')

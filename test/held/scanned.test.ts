/**
 * A scanner that looks at each file before it may be opened or read holds no event loop. One that comes while the program runs may hold
 * it once, for one answer: nothing in the kernel tells a program that its files are scanned from now on.
 */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'scanned files')
await measureEverywhere(t, 'files scanned from some time on', 1)

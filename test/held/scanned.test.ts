/**
 * A scanner that checks each file before it may be opened or read does not block the event loop.
 * One that starts while the program runs may block it once, for one answer: the kernel does not
 * tell a program that its files are scanned from now on.
 */
// @held
import t from 'tap'
import { measureEverywhere } from './measuring.js'

t.setTimeout(600_000)
await measureEverywhere(t, 'scanned files')
await measureEverywhere(t, 'files scanned from some time on', 1)

/** Opening and closing a file does not block the event loop when the kernel does more than usual for it. */
// @held
import t from 'tap'
import { whyNoFuse } from './helper.js'
import { runCases } from './measuring.js'
import { whyNoImage } from './situations.js'

const why = whyNoFuse() ?? whyNoImage('ext4')

t.setTimeout(600_000)
await runCases(t, new URL('./opened.js', import.meta.url), {
  'scanned, directories known': why,
  'open only while the open is in progress': why,
  'answered before the file system is': whyNoFuse(),
  swapped: whyNoFuse(),
  unlinked: why,
  rewritten: why,
})

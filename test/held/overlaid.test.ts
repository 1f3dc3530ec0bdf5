/** Files of an overlay hold no event loop, wherever its layers are. */
// @held
import nodeFs from 'node:fs'
import t from 'tap'
import { whyNoFuse } from './helper.js'
import { runCases } from './measuring.js'
import { whyNoImage } from './situations.js'

const whyNoOverlay = /\boverlay$/m.test(nodeFs.readFileSync('/proc/filesystems', 'utf8'))
  ? undefined
  : 'the kernel has no overlayfs'
const why = whyNoOverlay ?? whyNoFuse() ?? whyNoImage('ext4')

t.setTimeout(600_000)
await runCases(t, new URL('./overlaid.js', import.meta.url), {
  cold: why,
  'cold, of another user': why,
  'deleted in the same turn': why,
  'at a server': why,
})

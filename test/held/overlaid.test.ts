/** Files of an overlay do not block the event loop, wherever its layers are. */
// @held
import t from 'tap'
import { kernelHas } from '../support/kernel-has.js'
import { whyNoFuse } from './helper.js'
import { runCases } from './measuring.js'
import { whyNoImage } from './situations.js'

const whyNoOverlay = kernelHas('overlay') ? undefined : 'the kernel has no overlayfs'
const why = whyNoOverlay ?? whyNoFuse() ?? whyNoImage('ext4')

t.setTimeout(600_000)
await runCases(t, new URL('./overlaid.js', import.meta.url), {
  cold: why,
  'cold, of another user': why,
  'deleted in the same turn': why,
  'at a server': why,
})

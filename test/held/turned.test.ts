/** A path that leads to a slow server where it led to a local disk a moment ago holds no event loop, nor does a device used again. */
// @held
import t from 'tap'
import { whyNoFuse } from './helper.js'
import { runCases } from './measuring.js'
import { whyNoImage } from './situations.js'

t.setTimeout(600_000)
await runCases(t, new URL('./turned.js', import.meta.url), {
  link: whyNoFuse(),
  mount: whyNoFuse(),
  'mount, unseen': whyNoFuse(),
  device: whyNoFuse() ?? whyNoImage('ext4'),
})

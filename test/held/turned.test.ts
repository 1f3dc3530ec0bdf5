/**
 * A path that leads to a slow server, after having led to a local disk, does not block the event
 * loop, nor does a reused device number.
 */
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

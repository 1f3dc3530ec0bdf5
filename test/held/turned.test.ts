/** A path that leads to a slow server where it led to a local disk a moment ago holds no event loop, nor does a device used again. */
// @held
import t from 'tap'
import { requiredBackends, runProgram, temporaryDirectory } from '../support/harness.js'
import { compileHelper, helperNames, whyNoFuse } from './helper.js'
import { HOLD, whyNoImage } from './situations.js'
import type { Turned } from './turned.js'

t.setTimeout(600_000)
const cases = {
  link: whyNoFuse(),
  mount: whyNoFuse(),
  'mount, unseen': whyNoFuse(),
  device: whyNoFuse() ?? whyNoImage('ext4'),
}
const programs = temporaryDirectory(t)
if (!whyNoFuse()) for (const helper of helperNames) compileHelper(helper, programs)

for (const [name, why] of Object.entries(cases)) {
  for (const backend of requiredBackends) {
    await t.test(`${name}, ${backend}`, { skip: why ?? false }, async (t) => {
      const program = new URL('./turned.js', import.meta.url)
      const { code, stdout, stderr } = await runProgram(program, [name, programs], {
        env: { CAIO_IMPL: backend },
        timeout: 60_000,
      })
      t.equal(code, 0, stderr)
      if (code !== 0) return
      const turned = JSON.parse(stdout) as Turned
      t.ok(turned.held > 0, 'something was held')
      t.ok(turned.waited < HOLD / 2, 'does not wait', turned)
      t.same(turned.asked, [], 'asks for nothing on the JavaScript thread')
      t.comment(`counted: ${name}, ${backend}: longest wait ${turned.waited.toFixed(1)} ms`)
    })
  }
}

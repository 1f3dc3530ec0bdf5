import t from 'tap'
import { onEveryBackend } from '../support/harness.js'
import { runToEnd } from './child.js'

onEveryBackend(t, 'a rejection is unhandled if its caller ignores it, once', async (t, backend) => {
  const { stdout } = await runToEnd(t, 'rejections', [backend])
  t.same(JSON.parse(stdout), {
    handled: [],
    handledTogether: [],
    submitted: [],
    cancelled: [],
    ignored: ['EBADF'],
    ignoredTwice: ['EBADF', 'EBADF'],
  })
})

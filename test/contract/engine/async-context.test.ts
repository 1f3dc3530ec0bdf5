import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

onEveryBackend(t, 'AsyncLocalStorage follows the caller', async (t, backend) => {
  // Few at a time, so that completions of one caller start waiting operations of another.
  const context = makeContext(t, backend, { maxRequests: 3 })
  const { fd } = temporaryFile(t, 'content')
  const storage = new AsyncLocalStorage<number>()
  const callers = Array.from({ length: 100 }, (_, i) =>
    storage.run(i, async () => {
      const seen = []
      for (let round = 0; round < 5; round++) {
        await (round === 3 ? context.read(1, 1_000_000).catch(() => {}) : context.read(7, fd))
        seen.push(storage.getStore())
        await context.write('c', fd).then(() => seen.push(storage.getStore()))
      }
      return seen.every((store) => store === i)
    }),
  )
  t.ok((await Promise.all(callers)).every(Boolean))
})

import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../support/harness.js'

onEveryBackend(t, "Python caio's example", async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)

  t.equal(await context.write('Hello world', fd, 0), 11)
  t.equal(String(await context.read(32, fd, 0)), 'Hello world')
  await context.fdsync(fd)
  await Promise.all([context.write('Hello from ', fd, 0), context.write('async world', fd, 11)])
  t.equal(String(await context.read(32, fd, 0)), 'Hello from async world')
})

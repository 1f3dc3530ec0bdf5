/**
 * Operations that the kernel's queue refuses, beside others that are cancelled: each settles once.
 * io_submit refuses a descriptor that is not open for writing, and the pool then produces the
 * result.
 */
import fs from 'node:fs'
import t from 'tap'
import { alignedBuffer } from 'caio'
import { makeContext, onEveryLinuxBackend, temporaryFile } from '../../support/harness.js'

const ROUNDS = 150
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

onEveryLinuxBackend(t, 'direct writes that are refused, and aborts', async (t, backend) => {
  const { path, fd } = temporaryFile(t, Buffer.alloc(1 << 20))
  const readable = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECT)
  t.teardown(() => fs.closeSync(readable))
  const context = makeContext(t, backend)
  const [block, some] = [alignedBuffer(4096), new Uint8Array(2000)]
  const codes = new Map<string, number>()
  const count = async (operation: Promise<unknown>): Promise<void> => {
    const code = await operation.then(
      () => 'done',
      (error: NodeJS.ErrnoException) => error.code as string,
    )
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  let asked = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort() }))(
      new AbortController(),
    )
    const all: Promise<void>[] = []
    for (let at = 0; at < 6; at++) {
      all.push(count(context.write(block, readable, 0)), count(context.read(block, readable, 0)))
      all.push(count(context.write(some, fd, at * 2000, { dsync: true, signal })))
    }
    await turn()
    await count(context.write(block, readable, 0))
    all.push(count(context.fdsync(fd)), count(context.fdsync(fd, { signal })))
    await turn()
    abort()
    await Promise.all(all)
    asked += all.length + 1
  }
  const told = [...codes.values()].reduce((sum, each) => sum + each, 0)
  t.equal(told, asked, 'each has settled')
  t.equal(codes.get('EBADF'), ROUNDS * 7, 'with its own error')
  t.same(
    [...codes.keys()].sort().filter((code) => !['ABORT_ERR', 'EBADF', 'done'].includes(code)),
    [],
  )
  t.match(context.stats(), { inFlight: 0, waiting: 0, completed: asked })
})

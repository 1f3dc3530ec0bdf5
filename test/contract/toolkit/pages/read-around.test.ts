/** A PageFile whose kernel fetches what is around a page that is read. */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Context, PageFile } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryDirectory } from '../../../support/harness.js'

const PAGE = 4096

/** A file of 64 pages, each filled with its number. */
function madeFile(directory: string): string {
  const path = join(directory, 'pages')
  fs.writeFileSync(path, Buffer.concat(Array.from({ length: 64 }, (_, number) => Buffer.alloc(PAGE, number))))
  return path
}

onEveryBackend(t, 'one range is asked for once, before its first read', async (t, backend) => {
  const context = makeContext(t, backend)
  const file = await PageFile.open(madeFile(temporaryDirectory(t)), { direct: false, readAround: 16 * PAGE, context })
  const read = async (number: number): Promise<void> => {
    const page = await file.page(number)
    t.equal(page.bytes[0], number)
    page.release()
  }
  const asked = (): number => context.stats().operations.advise
  // Where the kernel cannot be asked, that shows at the first attempt.
  const times = (count: number): number => (context.supports.control ? count : 1)
  await Promise.all([read(3), read(4), read(9)])
  t.equal(asked(), times(1))
  await read(15)
  t.equal(asked(), times(1), 'the same range')
  await Promise.all([read(16), read(63)])
  t.equal(asked(), times(3), 'two others')
  await read(16)
  t.match(file.stats(), { misses: 6, hits: 1 })
  await file.close()
})

onEveryBackend(t, 'close waits for it', async (t, backend) => {
  const context = makeContext(t, backend)
  const file = await PageFile.open(madeFile(temporaryDirectory(t)), { direct: false, readAround: 16 * PAGE, context })
  const reading = file.page(5)
  await file.close()
  const page = await reading
  t.equal(page.bytes[0], 5, 'as for every read that was begun')
  page.release()
})

onEveryBackend(t, 'its Context is closed meanwhile', async (t, backend) => {
  const context = new Context({ backend })
  const file = await PageFile.open(madeFile(temporaryDirectory(t)), { direct: false, readAround: 16 * PAGE, context })
  const reading = file.page(5).then(
    (page) => page.bytes[0],
    (error: NodeJS.ErrnoException) => error.code,
  )
  await context.close()
  const found = await reading
  t.ok(found === 5 || found === 'ERR_INVALID_STATE', String(found))
  await file.close()
})

t.test('where it is not to be had', async (t) => {
  const context = makeContext(t, 'pure')
  const path = madeFile(temporaryDirectory(t))
  t.match(await rejectionOf(PageFile.open(path, { readAround: -1 })), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(PageFile.open(path, { readAround: '1' as never })), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const options of [{ fs: fs.promises }, { context, readAround: 1 }]) {
    const file = await PageFile.open(path, { readAround: 16 * PAGE, ...options })
    const page = await file.page(63)
    t.equal(page.bytes[0], 63)
    page.release()
    await file.close()
  }
})

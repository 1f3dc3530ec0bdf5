/** Counts unhandled rejections. Arguments: a scratch file, a backend. */
import fs from 'node:fs'
import { Context, Operation } from 'caio'
import type { BackendName } from 'caio'

const [path = '', backend] = process.argv.slice(2)
fs.writeFileSync(path, '')
const fd = fs.openSync(path, 'r+')
let unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push((reason as NodeJS.ErrnoException).code))

async function during(work: (context: Context) => unknown): Promise<unknown[]> {
  unhandled = []
  const context = new Context({ backend: backend as BackendName, maxRequests: 2 })
  await work(context)
  await context.close()
  await new Promise(setImmediate)
  return unhandled
}
const ignore = (): void => {}
const bad = 1_000_000

console.log(
  JSON.stringify({
    handled: await during((context) => context.read(1, bad).catch(ignore)),
    handledTogether: await during((context) =>
      Promise.allSettled([context.read(1, bad), context.fsync(bad), context.write('', -1)]),
    ),
    submitted: await during((context) => context.submit(Operation.read(1, bad), Operation.fsync(bad)).catch(ignore)),
    cancelled: await during((context) => {
      const operations = [1, 2, 3, 4].map(() => Operation.read(1, fd))
      const all = context.submit(...operations).catch(ignore)
      for (const operation of operations) context.cancel(operation)
      return all
    }),
    ignored: await during((context) => void context.read(1, bad)),
    ignoredTwice: await during((context) => void [context.read(1, bad), context.submit(Operation.fsync(bad))]),
  }),
)

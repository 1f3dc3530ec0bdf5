/** Workloads on whole files, logs and databases. */
import { once } from 'node:events'
import { basename, join } from 'node:path'
import { LogWriter, writeFileAtomic } from 'caio'
import { makeBank, teller } from '../clients/sqlite/bank.js'
import { openDatabase } from '../clients/sqlite/database.js'
import type { DatabaseOptions } from '../clients/sqlite/database.js'
import type { Files, Run, Workload } from './run.js'
import { WRITERS } from './writers.js'

/** length in bytes; few records are large */
export const lengthOfRecord = (): number => (Math.random() < 0.02 ? 300_000 : 20 + Math.floor(Math.random() * 3000))

/** Sixteen committers on a log that is new, and is then opened repeatedly. Some records are large. */
export function logging(name: string, filesOf: (run: Run) => Files | undefined): Workload {
  return {
    name,
    check: 'log',
    async run(run) {
      const fs = filesOf(run)
      for (let time = 0; time < 3; time++) {
        const writer = await LogWriter.open(run.path('log'), { fs, preallocate: time === 1 ? 0 : 2 ** 18 })
        await run.together(16, 8, async (number) => {
          const record = { file: 'log', number: time * 1000 + number, position: writer.end, length: lengthOfRecord() }
          await run.commit(record, async (bytes) => {
            writer.append(bytes)
            await writer.commit()
          })
        })
        await writer.close()
      }
    },
  }
}

/** The steps of writeFileAtomic, except for those that a mutant leaves out. */
export async function replaceByHand(
  { files, directory }: Run,
  path: string,
  content: Buffer,
  left: { file?: true; directory?: true } = {},
): Promise<void> {
  const temporary = join(directory, `.${basename(path)}.tmp`)
  const handle = await files.open(temporary, 'w')
  await handle.writeFile(content)
  if (!left.file) await handle.sync()
  await handle.close()
  await files.rename(temporary, path)
  if (left.directory) return
  const parent = await files.open(directory, 'r')
  await parent.sync()
  await parent.close()
}

export const replace = (run: Run, path: string, content: Buffer): Promise<void> =>
  run.subject === 'node' ? replaceByHand(run, path, content) : writeFileAtomic(path, content)

/** Four files, each replaced repeatedly. */
export function replacing(name: string, by: (run: Run, path: string, content: Buffer) => Promise<void>): Workload {
  return {
    name,
    check: 'replaced',
    async run(run) {
      await run.together(4, 20, (number, worker) => {
        const file = `file-${worker}`
        const length = number % 5 === 0 ? 70_000 : 700 + number
        return run.commit({ file, number, length }, (content) => by(run, run.path(file), content))
      })
    },
  }
}

export const newNames: Workload = {
  name: 'writeFileAtomic, new names',
  check: 'replaced',
  run: (run) =>
    run.together(4, 20, (number) => {
      const file = `new-${number}`
      return run.commit({ file, number, length: 700 + number }, (content) => replace(run, run.path(file), content))
    }),
}

/** Existing files, overwritten repeatedly: by path, or by a stream. */
function overwriting(name: string, write: (run: Run, path: string, content: Buffer) => Promise<unknown>): Workload {
  return {
    name,
    check: 'inPlace',
    async run(run) {
      for (let worker = 0; worker < 4; worker++) run.prepare(`file-${worker}`, 'x'.repeat(5000))
      await run.together(4, 20, (number, worker) => {
        const file = `file-${worker}`
        const length = number % 5 === 0 ? 70_000 : 700 + number
        return run.commit({ file, number, length }, (content) => write(run, run.path(file), content))
      })
    },
  }
}

export const writeFile = (name: string, flush: boolean): Workload =>
  overwriting(name, ({ files }, path, content) => files.writeFile(path, content, { flush } as object))

export const stream = overwriting('streams with flush', async ({ files }, path, content) => {
  const handle = await files.open(path, 'w')
  const stream = handle.createWriteStream({ flush: true } as object)
  stream.write(content.subarray(0, 300))
  stream.end(content.subarray(300))
  await once(stream, 'close')
})

export const appendFile = (name: string, flush: boolean): Workload => ({
  name,
  check: 'records',
  async run(run) {
    const path = run.prepare('file')
    await run.together(WRITERS, 20, (number) =>
      run.commit({ number, length: 700 }, (bytes) => run.files.appendFile(path, bytes, { flush } as object)),
    )
  },
})

const ACCOUNTS = 50

/** Transactions in SQLite. */
export function transfers(name: string, options: DatabaseOptions): Workload {
  return {
    name,
    check: 'database',
    async run(run) {
      const database = await openDatabase(run.directory, run.files, options)
      await run.commit({ file: 'test.db', number: 0, length: 0 }, () => makeBank(database, ACCOUNTS))
      const transfer = await teller(database, ACCOUNTS)
      await run.together(1, 20, (number) => run.commit({ file: 'test.db', number, length: 0 }, () => transfer(1)))
      await database.close()
    },
  }
}

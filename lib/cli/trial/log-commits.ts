/** A log with group commit, over the measured fs: each lane appends a record and waits until it is durable. */
import nodeFs from 'node:fs'
import { LogReader } from '../../toolkit/log/reader.js'
import { LogWriter } from '../../toolkit/log/writer.js'
import type { Task } from './task.js'
import { UNLIMITED, mismatch } from './work.js'
import type { FsPromises, Work } from './work.js'

/** bytes per record */
const RECORD = 200

export async function logCommits(fs: FsPromises, { path, inFlight }: Task): Promise<Work> {
  const record = Buffer.alloc(RECORD)
  let count = 0
  nodeFs.rmSync(path, { force: true })
  const log = await LogWriter.open(path, { fs })
  return {
    lanes: inFlight,
    bytes: RECORD,
    supply: UNLIMITED,
    renew() {},
    start() {
      record.writeUInt32LE(count++)
      log.append(record)
      return log.commit()
    },
    valid: (result) => result === undefined,
    verify: () => 0,
    async finish() {
      await log.close()
      let found = 0
      for await (const { content } of new LogReader(path)) {
        if (content.readUInt32LE() !== found++) mismatch(`record ${found}`)
      }
      if (found !== count) mismatch('the number of records')
      return found
    },
  }
}

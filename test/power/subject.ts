/** A process that runs workloads on one subject, on request; CAIO_IMPL names the backend. */
import fs from 'node:fs'
import nodeFiles from 'node:fs/promises'
import { defaultContext } from 'caio'
import caioFiles from 'caio/fs'
import type { Commit } from './history.js'
import { Run } from './run.js'
import type { Files, Subject } from './run.js'
import { workloadNamed } from './workloads.js'

export interface Order {
  subject: Subject
  workload: string
  /** path of the recorder's counter */
  counter: string
  /** an empty directory */
  directory: string
}

export interface Answer {
  history?: Commit[]
  error?: string
}

async function obey({ subject, workload, counter, directory }: Order): Promise<Commit[]> {
  if (subject !== 'node' && defaultContext().backend !== subject) throw new Error(`${subject} is not to be had`)
  const fd = fs.openSync(counter, 'r')
  try {
    const run = new Run(subject, (subject === 'node' ? nodeFiles : caioFiles) as Files, directory, fd)
    await workloadNamed(workload).run(run)
    return run.history
  } finally {
    fs.closeSync(fd)
  }
}

process.on('message', (order: Order) => {
  const answer = (text: Answer): unknown => process.send?.(text)
  obey(order).then(
    (history) => answer({ history }),
    (error: Error) => answer({ error: error.stack ?? String(error) }),
  )
})
process.on('disconnect', () => process.exit())

/**
 * Writes in pairs and syncs in turn, until the engine starts the writeback of a pair before its
 * sync is requested: then that writeback fails.
 */
import fs from 'node:fs'
import { Context } from 'caio'
import { Plan } from '../plan.js'

export interface Report {
  /** codes of the syncs: '' for success */
  afterFailure: string[]
  ofAnotherFile: string[]
  unknownCall: string[]
  uses: number
  usesBehindLarge: number
  usesBehindLone: number
}

const [directory] = process.argv.slice(2) as [string]
const plan = new Plan(process.env['CAIO_FAULTS'] as string)
const context = new Context()
const block = Buffer.alloc(4096, 1)
let position = 0

async function sync(fd: number): Promise<string> {
  try {
    await context.fdsync(fd)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code'
  }
}

const writeOne = (fd: number, view: Buffer): Promise<number> => context.write(view, fd, (position += view.length))

async function write(fd: number): Promise<void> {
  await Promise.all([writeOne(fd, block), writeOne(fd, block)])
}

async function commit(fd: number): Promise<string> {
  await write(fd)
  return sync(fd)
}

/** Until the engine expects the writes to be followed by a sync. */
async function openWithHabit(name: string): Promise<number> {
  const fd = fs.openSync(`${directory}/${name}`, 'w')
  for (let count = 0; count < 3; count++) await commit(fd)
  return fd
}

const fd = await openWithHabit('one')
plan.arm([{ call: 'sync_file_range', first: 1, action: 'fail', argument: 'EIO' }])
const afterFailure = [await commit(fd), await sync(fd), await commit(fd)]
const uses = plan.uses.sync_file_range ?? 0

plan.arm([{ call: 'sync_file_range', first: 1, action: 'fail', argument: 'ENOSPC' }])
await write(fd)
fs.closeSync(fd)
const other = fs.openSync(`${directory}/two`, 'w')
if (other !== fd) throw new Error('the number should be used again')
const ofAnotherFile = [await commit(other)]
fs.closeSync(other)

const third = await openWithHabit('three')
plan.arm([{ call: 'sync_file_range', first: 1, count: 3, action: 'fail', argument: 'ENOSYS' }])
const unknownCall = [await commit(third), await commit(third), await commit(third)]
plan.disarm()

/** Number of writebacks started after one write. */
async function usesBehind(view: Buffer): Promise<number> {
  plan.arm([])
  await writeOne(third, view)
  await sync(third)
  return plan.uses.sync_file_range ?? 0
}
const usesBehindLone = await usesBehind(block)
const usesBehindLarge = await usesBehind(Buffer.alloc(128 * 1024, 2))
fs.closeSync(third)
await context.close()
console.log(
  JSON.stringify({ afterFailure, ofAnotherFile, unknownCall, uses, usesBehindLarge, usesBehindLone } satisfies Report),
)

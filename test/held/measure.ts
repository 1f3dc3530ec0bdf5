/**
 * Measures how long each function of the package blocks the event loop while a situation holds its
 * operations: `measure.js SITUATION PROGRAMS [FUNCTION …]`. Prints each measurement as a line of
 * JSON. CAIO_IMPL names the backend.
 */
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { defaultContext, patch } from 'caio'
import { LoopWatch } from './event-loop.js'
import type { Turns } from './event-loop.js'
import type { Described } from './functions/described.js'
import { functions } from './functions/index.js'
import { Room } from './functions/room.js'
import { situations } from './situations.js'
import type { SituationName } from './situations.js'

export interface Measurement extends Turns {
  name: string
  /** 0 for the first call, on files that have never been used */
  call: number
  /** number of operations that were held */
  held: number
  /** requests that the JavaScript thread waited for, as far as known */
  asked: readonly string[]
  /** code of the error it ended with */
  code?: string
}

// Some calls close a descriptor that is in use by its number, with a warning.
process.on('warning', (warning: NodeJS.ErrnoException) => {
  if (warning.code !== 'CAIO_DESCRIPTOR_IN_USE') console.error(warning)
})

/** milliseconds until a call counts as hung */
const HUNG = 30_000
/** milliseconds between operations on another file */
const OTHER = 10

const [, , name = '', programs = '', ...wanted] = process.argv
const context = defaultContext()
patch({ callbacks: true })
const watch = new LoopWatch()
const situation = await situations[name as SituationName].make(programs)

/** Another file, on the local disk, which is used all the time. */
const other = fs.openSync(join(situation.local, 'other'), 'w+')
let lastOther = 0
let others: Promise<unknown> = Promise.resolve()
let measuring = false
watch.onTurn = (now) => {
  if (!measuring) return
  situation.turn(now)
  if (now - lastOther < OTHER) return
  lastOther = now
  others = Promise.all([others, context.write('x', other)])
}

async function codeOf(call: () => unknown): Promise<string | undefined> {
  let timer
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('hung'), { code: 'HUNG' })), HUNG)
  })
  try {
    await Promise.race([call(), hung])
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).name
  } finally {
    clearTimeout(timer)
  }
}

async function inRoom(
  described: Described,
  directory: string,
  use: (call: () => unknown, at: number, file?: string) => Promise<void>,
): Promise<void> {
  fs.mkdirSync(directory)
  const link = join(situation.local, `to-${basename(directory)}`)
  fs.symlinkSync(directory, link)
  const room = new Room(directory, context, link)
  const calls = await described.prepare(room)
  for (const [at, call] of calls.entries()) await use(call, at, room.firstFile)
  await room.clear()
  fs.rmSync(link)
  fs.rmSync(directory, { recursive: true, force: true })
}

async function measure(described: Described, call: () => unknown, at: number, file: string | undefined): Promise<void> {
  if (!(await situation.begin(file))) return
  watch.reset()
  measuring = true
  const code = await codeOf(call)
  const turns = await watch.turns()
  measuring = false
  const { held, asked } = situation
  await situation.end()
  const measurement: Measurement = { name: described.name, call: at, ...turns, held, asked, ...(code && { code }) }
  console.log(JSON.stringify(measurement))
}

const chosen = functions.filter((described) => wanted.length === 0 || wanted.includes(described.name))
try {
  if (situation.arrive) {
    for (const [at, described] of chosen.entries()) {
      await inRoom(described, join(situation.directory, `before-${at}`), async (call) => void (await codeOf(call)))
    }
    await situation.arrive()
  }
  for (const [at, described] of chosen.entries()) {
    await inRoom(described, join(situation.directory, String(at)), (call, at, file) =>
      measure(described, call, at, file),
    )
  }
} finally {
  await watch.end()
  // A slow disk may have delayed some of them.
  await others
  fs.closeSync(other)
  await situation.remove()
}

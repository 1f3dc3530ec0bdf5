/** Programs that know nothing of caio, started as its documentation says, or plainly for the oracle. */
import { subject } from '../support/subject.js'

export type Preload = '--import' | '--require'

/** What comes before the program's name. Plain Node gets none. */
export function preload(by: Preload): string[] {
  return subject === 'node' ? [] : [by, 'caio/register']
}

/**
 * Source of a function that uses one `open` and says whether the engine served, as far as there is one: a handle's class tells,
 * since Node's own is EventEmitter's next heir and caio's is Node's.
 */
export const tellWhoServes = `
  async function tellWhoServes(name, open) {
    const handle = await open(process.execPath)
    const { bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    let classes = 0
    for (let at = handle; at; at = Object.getPrototypeOf(at)) if (at.constructor.name === 'FileHandle' && at !== handle) classes++
    await handle.close()
    console.log(name, bytesRead, classes > 1 ? 'caio' : 'node')
  }`

/** Who serves a program that is preloaded with it. */
export const expectedServer = subject === 'node' ? 'node' : 'caio'

export function served(...names: string[]): string {
  return names.map((name) => `${name} 4 ${expectedServer}\n`).join('')
}

/** Programs that do not know of caio, started as its documentation says, or plainly for the oracle. */
import { subject } from '../support/subject.js'

export type Preload = '--import' | '--require'

/** Arguments before the program's name; none for plain Node. */
export function preload(by: Preload): string[] {
  return subject === 'node' ? [] : [by, 'caio/register']
}

/**
 * Source of a function that uses one `open` and prints whether the engine serves the handle. Its
 * class tells: Node's own inherits directly from EventEmitter, caio's from Node's.
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

/** What serves a program with this preload. */
export const expectedServer = subject === 'node' ? 'node' : 'caio'

export function served(...names: string[]): string {
  return names.map((name) => `${name} 4 ${expectedServer}\n`).join('')
}

/** Puts caio under a program that says `node:fs/promises`: in place, so that the module's identity stays and no loader hook is needed. */
import { syncBuiltinESMExports } from 'node:module'
import { debug } from '../lib/debug.js'
import { promises } from './original.js'
import { replacements } from './replacements.js'

type Name = keyof typeof replacements

/** Node's own, while ours are in place. */
let replaced: Map<Name, PropertyDescriptor> | undefined

/**
 * Replaces the functions of `fs.promises` that caio has its own of, in this thread, for every way to reach them: `fs.promises`,
 * `require('fs/promises')`, static and dynamic imports. Handles that are open already stay as they are. Does nothing if it has
 * been done.
 */
export function patch(): void {
  if (replaced) return
  replaced = new Map()
  debug('patch: %s are replaced', Object.keys(replacements).join(', '))
  for (const name of Object.keys(replacements) as Name[]) {
    const descriptor = Object.getOwnPropertyDescriptor(promises, name) as PropertyDescriptor
    replaced.set(name, descriptor)
    Object.defineProperty(promises, name, { ...descriptor, value: replacements[name] })
  }
  syncBuiltinESMExports()
}

/** Undoes {@link patch}. A function that somebody else has replaced since stays theirs. Does nothing if there is nothing to undo. */
export function unpatch(): void {
  if (!replaced) return
  for (const [name, descriptor] of replaced) {
    if (promises[name] === replacements[name]) Object.defineProperty(promises, name, descriptor)
  }
  replaced = undefined
  debug('patch: undone')
  syncBuiltinESMExports()
}

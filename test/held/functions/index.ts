/**
 * Every function of the package, each with a call that must not wait on the JavaScript thread.
 * complete.test.ts compares the list with the exports.
 */
import fs from 'caio/fs'
import { callbacks } from './callbacks.js'
import type { Described } from './described.js'
import { contexts } from './engine.js'
import { handles } from './handles.js'
import { paths } from './paths.js'
import { toolkit } from './toolkit.js'

/** Whether this Node has it. */
function isHere({ name }: Described): boolean {
  const [module, member] = name.split(',', 1)[0]?.split('.') as [string, string]
  return module !== 'fs' || typeof (fs as unknown as Record<string, unknown>)[member] === 'function'
}

export const functions: readonly Described[] = [...paths, ...handles, ...contexts, ...toolkit, ...callbacks].filter(
  isHere,
)

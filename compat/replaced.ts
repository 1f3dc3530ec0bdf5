/** All functions that {@link patch} installs. */
import { callbackReplacements } from './callbacks/callbacks.js'
import { watching } from './callbacks/watch-file.js'
import type { Own } from './node/original.js'
import { served } from './replacements.js'

export type Functions = Readonly<Record<string, Own>>

/** Functions by module and name. */
export interface Replaced {
  readonly promises: Functions
  readonly callbacks: Functions
  readonly watching: Functions
}

export const replaced: Replaced = {
  promises: served,
  callbacks: callbackReplacements,
  watching,
}

/** Options of a handle's `read` and `write` that Node's own methods do not have. */
import type { WriteOptions } from '../../lib/engine/request-options.js'
import { plainOptions } from './transfer.js'
import type { Options } from './transfer.js'

const extras = ['signal', 'dsync', 'append', 'priority'] as const
const all = ['buffer', 'offset', 'length', 'position', ...extras]

/** A call's options, split into Node's own and caio's. */
export interface SplitOptions {
  readonly nodes: Options
  readonly extra: WriteOptions
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** Undefined if none of caio's options is given, `null` included: the call is then as in Node. */
export function splitOptions(options: unknown): SplitOptions | undefined {
  const plain = plainOptions(options, all)
  if (!plain || !extras.some((name) => isGiven(plain[name]))) return undefined
  const nodes = { ...plain }
  const extra: Options = {}
  for (const name of extras) {
    delete nodes[name]
    if (isGiven(plain[name])) extra[name] = plain[name]
  }
  return { nodes, extra }
}

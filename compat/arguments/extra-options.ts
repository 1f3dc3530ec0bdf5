/** Options of a handle's `read` and `write` that Node's own methods do not have. */
import type { WriteOptions } from '../../lib/engine/request-options.js'
import { plainOptions } from './transfer.js'
import type { Options } from './transfer.js'

const extras = ['signal', 'dsync', 'append', 'priority'] as const
const all = ['buffer', 'offset', 'length', 'position', ...extras]

/** The options of a call, as Node takes them, and the rest. */
export interface SplitOptions {
  readonly nodes: Options
  readonly extra: WriteOptions
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** Undefined where it has none of ours: then it is as Node's. `null` is as good as none. */
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

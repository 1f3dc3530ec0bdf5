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

/** Undefined where it has none of ours: then it is as Node's. */
export function splitOptions(options: unknown): SplitOptions | undefined {
  const plain = plainOptions(options, all)
  if (!plain || extras.every((name) => plain[name] === undefined)) return undefined
  const nodes = { ...plain }
  const extra: Options = {}
  for (const name of extras) {
    delete nodes[name]
    if (plain[name] !== undefined) extra[name] = plain[name]
  }
  return { nodes, extra }
}

/** An imaginary machine, for the part of a report that says where it was made. */
import type { BenchResults } from '../../lib/cli/bench/results.js'

export const machine: BenchResults['machine'] = {
  cpu: 'c',
  cores: 2,
  memory: 1,
  platform: 'p',
  kernel: 'k',
  node: 'n',
  libuv: 'u',
  mount: null,
  load: 0,
  environment: {},
}

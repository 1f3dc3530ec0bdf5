/** A row of `caio bench`: a workload and its file or directory. */
import { BLOCK } from '../sample-file.js'
import type { CacheState } from '../trial/task.js'
import type { WorkloadName } from '../trial/workloads.js'

export const sweepGroups = ['in-flight', 'block-size', 'file-size'] as const
export type SweepGroup = (typeof sweepGroups)[number]

export const groups = ['table', 'calls', ...sweepGroups] as const
export type Group = (typeof groups)[number]

/** Whether the reports have a line per contender for the row; a sweep's rows are points of one line. */
export const isListed = ({ group }: Pick<Row, 'group'>): boolean => group === 'table' || group === 'calls'

/** The file or directory of a run that a row works on; see samples.ts. */
export type Place = 'source' | 'scratch' | 'pages' | 'log' | 'small' | 'overwritten' | 'sparse' | 'fresh'

export interface Row {
  id: string
  group: Group
  title: string
  workload: WorkloadName
  on: Place
  inFlight: number
  /** bytes of one read or write */
  blockSize: number
  cache: CacheState
  /** bytes of a sparse file with data blocks spread over all of it; undefined for other files */
  fileSize: number | undefined
  /** whether to use O_DIRECT */
  direct: boolean
  /** the unit of the rate */
  unit: 'op/s' | 'B/s'
  /** multiple of the usual duration: more if operations are few */
  longer: number
  /** Whether to measure the harness alone, too. */
  harness: boolean
}

const usual = {
  group: 'table',
  on: 'source',
  blockSize: BLOCK,
  cache: 'hot',
  fileSize: undefined,
  direct: false,
  unit: 'op/s',
  longer: 1,
  harness: false,
} as const

type More = Partial<Omit<Row, 'id' | 'title' | 'workload' | 'inFlight'>>

export function row(id: string, title: string, workload: WorkloadName, inFlight: number, more: More = {}): Row {
  return { ...usual, id, title, workload, inFlight, ...more }
}

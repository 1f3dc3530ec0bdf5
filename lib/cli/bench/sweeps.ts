/** What each sweep varies, and how its points are called. */
import { bytes } from '../text.js'
import type { Row } from './rows.js'

export const sweepGroups = ['in-flight', 'block-size', 'file-size'] as const
export type SweepGroup = (typeof sweepGroups)[number]

export interface SweepKind {
  value: (row: Row) => number
  name: (value: number) => string
  axis: string
  /** @param span from the first point to the last */
  title: (span: string) => string
  /** of the table in a terminal */
  caption: (first: Row) => string
}

export const sweepKinds: Record<SweepGroup, SweepKind> = {
  'in-flight': {
    value: (row) => row.inFlight,
    name: String,
    axis: 'operations in flight',
    title: (span) => `Random 4 KiB cached reads, ${span} in flight`,
    caption: () => 'random 4 KiB reads, cached, op/s by operations in flight',
  },
  'block-size': {
    value: (row) => row.blockSize,
    name: (size) => bytes(size),
    axis: 'bytes a read',
    title: (span) => `Random cached reads, ${span} each`,
    caption: ({ inFlight }) => `random reads, cached, ${inFlight} in flight, GB/s by block size`,
  },
  'file-size': {
    value: (row) => row.fileSize ?? 0,
    name: (size) => bytes(size),
    axis: 'bytes of the file',
    title: (span) => `Random 4 KiB cached reads, in a file of ${span}`,
    caption: ({ inFlight }) => `random 4 KiB reads, cached, ${inFlight} in flight, op/s by the size of the sparse file`,
  },
}

/** The sweeps: parameter, points, and names. */
import { BLOCK } from '../sample-file.js'
import { bytes } from '../text.js'
import { row } from './row.js'
import type { Row, SweepGroup } from './row.js'

export interface SweepKind {
  value: (row: Row) => number
  name: (value: number) => string
  axis: string
  /** @param span from the first point to the last */
  title: (span: string) => string
  /** caption of the table in a terminal */
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
    axis: 'bytes per read',
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

const sweptInFlight = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
const sweptBlocks = [1, 4, 16, 64, 256, 1024]
const MIB = 1024 * 1024
const sweptFiles = [1, 32, 1024, 64 * 1024].map((size) => size * MIB)
/** operations in flight in the sweep of block sizes */
const SWEEP_IN_FLIGHT = 8

/**
 * The rows of all sweeps.
 * @param quick fewer points
 */
export function sweeps(quick: boolean): Row[] {
  const coarse = <T>(values: T[], every: number): T[] =>
    quick ? values.filter((_, index) => index % every === 0) : values
  const longer = 0.5
  return [
    ...coarse(sweptInFlight, 3).map((inFlight): Row => {
      const title = `random 4 KiB fh.read, cached, ${inFlight} in flight`
      return row(`in-flight-${inFlight}`, title, 'randomReads', inFlight, { group: 'in-flight', longer })
    }),
    ...coarse(sweptBlocks, 2).map((blocks): Row => {
      const blockSize = blocks * BLOCK
      const title = `random ${bytes(blockSize)} fh.read, cached, ${SWEEP_IN_FLIGHT} in flight`
      const id = `block-size-${bytes(blockSize).replace(/ |iB/g, '').toLowerCase()}`
      return row(id, title, 'randomReads', SWEEP_IN_FLIGHT, { group: 'block-size', unit: 'B/s', blockSize, longer })
    }),
    ...coarse(sweptFiles, 3).map((fileSize): Row => {
      const title = `random 4 KiB fh.read, cached, 64 in flight, in a sparse file of ${bytes(fileSize)}`
      const id = `file-size-${bytes(fileSize).replace(/ |iB/g, '').toLowerCase()}`
      return row(id, title, 'randomReads', 64, { group: 'file-size', on: 'sparse', fileSize, longer })
    }),
  ]
}

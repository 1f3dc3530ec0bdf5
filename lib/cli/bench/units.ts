/** Formats figures with their units, for both reports. */
import { figure } from '../text.js'
import type { Row } from './row.js'

const NONE = '-'

/**
 * 159 µs, 1.44 ms, 1.30 s.
 * @param milliseconds undefined if not measured
 */
export function time(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return NONE
  if (milliseconds < 1) return `${figure(milliseconds * 1000)} µs`
  return milliseconds < 1000 ? `${figure(milliseconds)} ms` : `${figure(milliseconds / 1000)} s`
}

/**
 * 373,138 /s, or 1.20 GB/s.
 * @param operations per second
 * @param bytes per operation
 */
export function rate(operations: number, bytes: number, unit: Row['unit']): string {
  return unit === 'op/s' ? `${figure(operations)} /s` : `${figure((operations * bytes) / 1e9)} GB/s`
}

/** As {@link rate}, without the unit, for the narrow columns of a sweep: 373k, or 1.20. */
export function shortRate(operations: number, bytes: number, unit: Row['unit']): string {
  if (unit === 'B/s') return figure((operations * bytes) / 1e9)
  return operations < 1000 ? figure(operations) : `${figure(operations / 1000)}k`
}

/** The slowest and the fastest round, in the unit of {@link rate}. */
export function range(min: number, max: number, bytes: number, unit: Row['unit']): string {
  const scale = unit === 'op/s' ? 1 : bytes / 1e9
  return `${figure(min * scale)} – ${figure(max * scale)}`
}

/** 5.95 ×: a multiple of the baseline's figure. */
export function times(ratio: number | undefined): string {
  return ratio === undefined ? NONE : `${figure(ratio)} ×`
}

/**
 * 2.46 µs per operation.
 * @param microseconds undefined if not measured
 */
export function cpuTime(microseconds: number | undefined): string {
  return time(microseconds === undefined ? undefined : microseconds / 1000)
}

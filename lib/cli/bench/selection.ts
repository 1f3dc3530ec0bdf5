/** Selects the rows and contenders of a run. */
import { UsageError } from '../usage-error.js'
import { groups } from './row.js'
import type { Row } from './row.js'

/**
 * Selects rows.
 * @param wanted ids and groups, undefined for all
 * @param only first words of ids, undefined for any: `stat` selects `stat-1` and `stat-64`
 * @throws {UsageError} for an unknown name, and if no row is left
 */
export function selectRows(
  rows: readonly Row[],
  wanted: readonly string[] | undefined,
  only?: readonly string[],
): Row[] {
  const asked = selectWanted(rows, wanted)
  const left = only ? asked.filter(({ id }) => only.some((words) => `${id}-`.startsWith(`${words}-`))) : asked
  if (left.length === 0) throw new UsageError(`no row begins with ${only?.join(' or ')}: see --list`)
  return left
}

function selectWanted(rows: readonly Row[], wanted: readonly string[] | undefined): Row[] {
  if (!wanted) return [...rows]
  const known = [...groups, ...rows.map(({ id }) => id)]
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`no such row: ${unknown} (there are ${known.join(', ')})`)
  return rows.filter(({ id, group }) => wanted.includes(id) || wanted.includes(group))
}

/** A possible contender. */
export interface Candidate {
  id: string
  /** Why it cannot take part; undefined if it can. */
  missing?: string
  /** Takes part only by name. */
  optIn?: boolean
}

export interface Selected<T> {
  present: T[]
  /** missing ones that were asked for or not excluded */
  missing: { id: string; reason: string }[]
}

/**
 * Selects contenders.
 * @param wanted ids, undefined for all
 * @param backends backends of caio's contenders, undefined for all; does not restrict other
 * contenders
 * @throws {UsageError} for an unknown id
 */
export function selectContenders<T extends Candidate & { backend?: string }>(
  candidates: readonly T[],
  wanted: readonly string[] | undefined,
  backends: readonly string[] | undefined,
): Selected<T> {
  const known = candidates.map(({ id }) => id)
  const unknown = wanted?.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`no such contender: ${unknown} (there are ${known.join(', ')})`)
  const isWanted = ({ id, optIn }: T): boolean => wanted?.includes(id) ?? (!optIn || backends?.includes(id) === true)
  const isOfBackends = ({ backend }: T): boolean => backend === undefined || !backends || backends.includes(backend)
  const chosen = candidates.filter((each) => isWanted(each) && isOfBackends(each))
  return {
    present: chosen.filter(({ missing }) => missing === undefined),
    missing: chosen.flatMap(({ id, missing }) => (missing === undefined ? [] : [{ id, reason: missing }])),
  }
}

/**
 * The failures that an operation may report, given the faults below: those of the file, never those
 * of the engine's own means.
 */
import type { Call, Rule } from '../plan.js'
import type { Outcome } from './workload.js'

/** Errors of an interface that has a fallback. */
const absorbed = new Set(['EAGAIN', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS', 'ENOMEM', 'EINTR', 'EPERM', 'ECANCELED'])
const attempts: readonly Call[] = ['io_submit', 'iocb', 'event', 'preadv2', 'pwritev2']
const transfers: readonly Call[] = ['pread', 'pwrite', 'preadv', 'pwritev']
const syncs: readonly Call[] = ['fsync', 'fdatasync']

/** The code with which an operation may fail because of this rule. */
function surfaces({ call, action, argument }: Rule): string | undefined {
  // A write of 0 bytes is no success.
  if (action === 'short') return argument === 0 && (call === 'pwrite' || call === 'pwritev') ? 'EIO' : undefined
  if (action !== 'fail') return undefined
  // libuv has no name for it.
  if (argument === 'EDQUOT') return 'Unknown system error -122'
  if (attempts.includes(call)) return absorbed.has(String(argument)) ? undefined : String(argument)
  if (transfers.includes(call)) return argument === 'EINTR' ? undefined : String(argument)
  return syncs.includes(call) ? String(argument) : undefined
}

/** A read may be short if read(2) was; a write only if an error stopped it. */
function mayBeShort(kind: Outcome['kind'], rules: readonly Rule[]): boolean {
  if (kind === 'read') {
    return rules.some(
      ({ call, action }) => (action === 'short' || action === 'fail') && (call === 'pread' || call === 'preadv'),
    )
  }
  return rules.some((rule) => surfaces(rule) !== undefined) && rules.some(({ action }) => action === 'short')
}

/** The faults of these outcomes. */
export function judge(
  outcomes: readonly Outcome[],
  rules: readonly Rule[],
  injected: Partial<Record<Call, number>>,
): string[] {
  const faults: string[] = []
  const codes = new Set(rules.map(surfaces))
  let most = 0
  for (const call of new Set(rules.map(({ call }) => call))) if (!syncs.includes(call)) most += injected[call] ?? 0
  const failures = outcomes.filter(({ result }) => typeof result === 'string')
  for (const { name, result } of failures) {
    if (!codes.has(String(result))) faults.push(`${name} fails with ${result}`)
  }
  // Each failure of a call is the failure of one operation; only a sync fails for all its callers.
  const own = failures.filter(({ kind }) => kind !== 'sync').length
  if (own > most) faults.push(`${own} operations fail of ${most} calls`)
  if (failures.some(({ kind }) => kind === 'sync') && !syncs.some((call) => injected[call])) {
    faults.push('a sync fails without cause')
  }
  const failedSyncs =
    rules.some(({ call, action }) => syncs.includes(call) && action === 'fail') && syncs.some((call) => injected[call])
  if (failedSyncs && !failures.some(({ kind }) => kind === 'sync')) faults.push('a failed sync is reported to nobody')
  for (const { name, kind, length, result } of outcomes) {
    const short = (kind === 'read' || kind === 'write') && typeof result === 'number' && result < length
    if (short && (result === 0 || !mayBeShort(kind, rules))) faults.push(`${name} moves ${result} of ${length} bytes`)
  }
  return faults
}

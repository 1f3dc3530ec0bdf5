/**
 * Descriptors on which Node's own functions are at work: from before ours were loaded, and writes
 * that are left to them. While there is such work, Node keeps the order of calls, close included.
 */
type Called = (...args: unknown[]) => unknown

/**
 * Calls a function whose last argument is a callback.
 * @param args not to be used afterwards
 * @param ended called before the callback, or when the function throws and there will be none
 */
export function callUntil(own: Called, receiver: unknown, args: unknown[], ended: () => void): unknown {
  const last = args.length - 1
  const callback = args[last] as Called
  args[last] = function (this: unknown, ...results: unknown[]): void {
    ended()
    Reflect.apply(callback, this, results)
  }
  try {
    return Reflect.apply(own, receiver, args)
  } catch (error) {
    ended()
    throw error
  }
}

let changes = 0

/** Whether a call is under way that changes what names stand for, and that Node may serve. */
export function isNodeChanging(): boolean {
  return changes > 0
}

/** Counts such a call, at its start and at its end. */
export function countChange(change: 1 | -1): void {
  changes += change
}

const counts = new Map<number, number>()

function end(fd: number): void {
  const left = (counts.get(fd) as number) - 1
  if (left > 0) counts.set(fd, left)
  else counts.delete(fd)
}

/** Whether a callback function of Node is at work on the descriptor. */
export function isUnderWay(fd: unknown): boolean {
  return counts.has(fd as number)
}

/**
 * Calls a function whose first argument is a descriptor and whose last is a callback; other
 * arguments are left to Node.
 * @param args not to be used afterwards
 * @param ended as for {@link callUntil}
 */
export function callOn(own: Called, receiver: unknown, args: unknown[], ended?: () => void): unknown {
  const fd = args[0]
  if (typeof fd !== 'number' || typeof args.at(-1) !== 'function') return Reflect.apply(own, receiver, args)
  counts.set(fd, (counts.get(fd) ?? 0) + 1)
  return callUntil(own, receiver, args, () => {
    end(fd)
    ended?.()
  })
}

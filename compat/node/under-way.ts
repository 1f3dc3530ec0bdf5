/**
 * What Node's own functions are at work on before ours are loaded, by descriptor: as long as there is something, the order is Node's to
 * keep, a close among it.
 */
type Function = (...args: unknown[]) => unknown

const counts = new Map<number, number>()

function end(fd: number): void {
  const left = (counts.get(fd) as number) - 1
  if (left > 0) counts.set(fd, left)
  else counts.delete(fd)
}

/** Whether such a call of a function with a callback has not ended. */
export function isUnderWay(fd: number): boolean {
  return counts.has(fd)
}

/**
 * Calls a function whose first argument is a descriptor, and its last a callback; whatever else is given Node judges.
 * @param args not to be used afterwards
 */
export function callOn(own: Function, receiver: unknown, args: unknown[]): unknown {
  const fd = args[0]
  const last = args.length - 1
  const callback = args[last]
  if (typeof fd !== 'number' || typeof callback !== 'function') return Reflect.apply(own, receiver, args)
  const told = function (this: unknown, ...results: unknown[]): void {
    end(fd)
    Reflect.apply(callback as Function, this, results)
  }
  counts.set(fd, (counts.get(fd) ?? 0) + 1)
  args[last] = told
  try {
    return Reflect.apply(own, receiver, args)
  } catch (error) {
    end(fd)
    throw error
  }
}

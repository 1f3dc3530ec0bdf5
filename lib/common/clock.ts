/** The clock as it is when this is loaded. Looked at only when time is asked for: Node makes `performance` at the first look. */
const scope = globalThis
const descriptor = Object.getOwnPropertyDescriptor(scope, 'performance')

type Clock = typeof scope.performance

function take(): () => number {
  const clock = (descriptor?.get ? descriptor.get.call(scope) : descriptor?.value) as Clock
  return clock.now.bind(clock)
}

let read: (() => number) | undefined

/** Milliseconds. */
export function now(): number {
  return (read ??= take())()
}

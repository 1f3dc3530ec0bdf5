/** Who serves a call on a handle: a pure decision over what is known of the handle and of the arguments. */

/** What is known of a handle at the time of a call. */
export interface HandleFacts {
  /** the descriptor, -1 once closed */
  fd: number
  /** close() has been called, and waits for what is in flight */
  closing: boolean
  /** a regular file: anything else may have no position, or wait for ever */
  regular: boolean
}

export type Served = 'engine' | 'node' | 'refused'

/** Where a call goes. `plain`: the arguments were brought to a record by args.ts. */
export function route({ fd, closing, regular }: HandleFacts, plain: boolean): Served {
  if (fd < 0) return 'node' // which says that the file is closed
  if (closing) return 'refused'
  return plain && regular ? 'engine' : 'node'
}

/** Who serves a plainly valid call on a handle: a pure decision over what is known of the handle. */

export type Served = 'engine' | 'node'

/**
 * Where the call goes.
 * @param fd the descriptor, -1 once closed: Node says so in its own words
 * @param regular whether it is a regular file: anything else may have no position, or wait for ever
 */
export function route(fd: number, regular: boolean): Served {
  return fd >= 0 && regular ? 'engine' : 'node'
}

/** Random orders, the same for every contender. */

/** The numbers below `count`, shuffled by Fisher-Yates with xorshift32. */
export function shuffled(count: number, seed = 2463534242): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  let state = seed
  for (let at = count - 1; at > 0; at--) {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    const other = state % (at + 1)
    const held = order[at] as number
    order[at] = order[other] as number
    order[other] = held
  }
  return order
}

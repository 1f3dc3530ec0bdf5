/** Random orders, the same for every contender. */
/** The numbers below `count`, shuffled: Fisher and Yates's way, with xorshift32 for the dice. */
export function shuffled(count, seed = 2463534242) {
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    let state = seed;
    for (let at = count - 1; at > 0; at--) {
        state ^= state << 13;
        state >>>= 0;
        state ^= state >>> 17;
        state ^= state << 5;
        state >>>= 0;
        const other = state % (at + 1);
        const held = order[at];
        order[at] = order[other];
        order[other] = held;
    }
    return order;
}

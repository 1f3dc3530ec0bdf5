/** How often the event loop has polled, modulo 2^32: the addon counts. 0 without it, and before it. */
export const polls = new Uint32Array(1)

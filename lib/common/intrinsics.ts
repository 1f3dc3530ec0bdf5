/**
 * The language's own Promise, which async functions and Node's functions return: another may stand in the global's place (bluebird,
 * zone.js), and what it makes is neither awaited as fast nor known for a promise by Node.
 */
export const intrinsics = { Promise: (async () => undefined)().constructor as PromiseConstructor }

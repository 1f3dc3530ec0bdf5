/** In place of options that were not given: it has none, not even those that somebody has put on Object.prototype. */
export const NO_OPTIONS: Readonly<Record<never, never>> = Object.freeze(Object.create(null) as Record<never, never>)

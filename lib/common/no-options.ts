/** Default for missing options: has no properties, not even those added to Object.prototype. */
export const NO_OPTIONS: Readonly<Record<never, never>> = Object.freeze(Object.create(null) as Record<never, never>)

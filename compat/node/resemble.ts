/** Gives a function of ours the name, the length and the symbols that Node's own has: `util.promisify` reads those. */
export function resemble<F extends object>(own: object, ours: F): F {
  for (const key of Reflect.ownKeys(own)) {
    if (key === 'prototype') continue
    Object.defineProperty(ours, key, Object.getOwnPropertyDescriptor(own, key) as PropertyDescriptor)
  }
  return ours
}

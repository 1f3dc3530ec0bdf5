/** Gives a function of ours the name, length and symbols of Node's own: `util.promisify` reads them. */
export function resemble<F extends object>(own: object, ours: F): F {
  for (const key of Reflect.ownKeys(own)) {
    if (key === 'prototype') continue
    Object.defineProperty(ours, key, Object.getOwnPropertyDescriptor(own, key) as PropertyDescriptor)
  }
  return ours
}

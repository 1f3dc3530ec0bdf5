/**
 * Everything that a program can see of a result or an error: classes by identity, properties in
 * order, dates, printed form.
 */
import nodeFs from 'node:fs'
import { inspect } from 'node:util'

const prototypes = new Map<unknown, string>(
  Object.entries({
    Object: Object.prototype,
    Array: Array.prototype,
    Date: Date.prototype,
    Buffer: Buffer.prototype,
    Error: Error.prototype,
    TypeError: TypeError.prototype,
    RangeError: RangeError.prototype,
    Stats: nodeFs.Stats.prototype,
    BigIntStats: Object.getPrototypeOf(nodeFs.statSync('/', { bigint: true })) as object,
    StatFs: Object.getPrototypeOf(nodeFs.statfsSync('/')) as object,
    Dirent: nodeFs.Dirent.prototype,
    null: null,
  }).map(([name, prototype]) => [prototype, name]),
)

/** Methods that a class may have without arguments. */
const questions = [
  ...['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket', 'isBlockDevice', 'isCharacterDevice'],
]

function property(value: object, key: PropertyKey): unknown {
  const { value: held, ...rest } = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
  // Node makes new getters and setters for each object.
  const flags = Object.fromEntries(
    Object.entries(rest).map(([name, flag]) => [name, typeof flag === 'function' ? 'a function' : (flag as unknown)]),
  )
  // contract/stack.test.ts tests the frames.
  return key === 'stack' ? [key, String(held).split('\n')[0], flags] : [String(key), look(held), flags]
}

function answers(value: object): unknown {
  return questions
    .filter((name) => name in value)
    .map((name) => [name, (value as Record<string, () => boolean>)[name]?.()])
}

export function look(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? 'a function' : value
  const name = prototypes.get(Object.getPrototypeOf(value)) ?? `another ${value.constructor.name}`
  if (Buffer.isBuffer(value)) return [name, value.toString('latin1')]
  if (Array.isArray(value)) return [name, value.map(look)]
  if (value instanceof Date) return [name, value.getTime(), String(value), Reflect.ownKeys(value).length]
  // In this order: properties that Node adds when the object is first printed must not be there before.
  const own = Reflect.ownKeys(value).map((key) => property(value, key))
  const text = value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, { showHidden: true })
  const all: unknown[] = []
  for (const key in value) all.push([key, look((value as Record<string, unknown>)[key])])
  return [name, own, text, all, answers(value), Reflect.ownKeys(value).map(String)]
}

export type Outcome = [settled: 'fulfilled' | 'rejected' | 'thrown', what: unknown]

/** How a call ended; distinguishes throwing before a promise is returned from rejecting. */
export async function outcomeOf(call: () => unknown, see: (value: unknown) => unknown = look): Promise<Outcome> {
  let promise
  try {
    promise = call()
  } catch (error) {
    return ['thrown', look(error)]
  }
  try {
    return ['fulfilled', see(await promise)]
  } catch (error) {
    return ['rejected', look(error)]
  }
}

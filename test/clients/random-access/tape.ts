/**
 * The part of tape that the suite uses: tests one after the other, each until its `end`. Assertions
 * are recorded, not thrown.
 */
import { isDeepStrictEqual } from 'node:util'

export interface Assertion {
  test: string
  ok: boolean
  message: string
}

export interface TapeTest {
  ok(value: unknown, message?: string): void
  error(value: unknown, message?: string): void
  same(found: unknown, wanted: unknown, message?: string): void
  end(): void
}

type Body = (t: TapeTest) => void

/** @param leftOut tests that are not run */
export function makeTape(leftOut: readonly string[]) {
  const tests: [string, Body][] = []
  const tape = (name: string, body: Body): void => void (leftOut.includes(name) || tests.push([name, body]))

  async function run(): Promise<Assertion[]> {
    const assertions: Assertion[] = []
    for (const [test, body] of tests) {
      const told = (ok: boolean, message = ''): void => void assertions.push({ test, ok, message })
      await new Promise<void>((end) =>
        body({
          ok: (value, message) => told(Boolean(value), message),
          error: (value, message) => told(!value, value instanceof Error ? value.message : message),
          same: (found, wanted, message) => told(isDeepStrictEqual(found, wanted), message),
          end,
        }),
      )
    }
    return assertions
  }
  return { tape, run }
}

/**
 * The part of tap that the shim's suite uses, for runtimes in which tap itself does not run: Bun
 * and Deno.
 */
import { isDeepStrictEqual } from 'node:util'

type Work = (t: PlainTest) => unknown

let total = 0
let failed = 0

/** As tap's match: a pattern for strings, otherwise the properties that the expectation names. */
function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return expected.test(String(actual))
  if (typeof expected === 'string') return String(actual).includes(expected)
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected)
  if (typeof actual !== 'object' || actual === null) return false
  return Object.entries(expected).every(([key, value]) => matches((actual as Record<string, unknown>)[key], value))
}

class PlainTest {
  readonly #teardowns: (() => unknown)[] = []
  #last: Promise<void> = Promise.resolve()
  readonly #names: readonly string[]

  constructor(names: readonly string[] = []) {
    this.#names = names
  }

  /** Subtests run one after the other, as in tap. */
  test(name: string, ...rest: [Work] | [{ skip?: string | boolean }, Work]): Promise<void> {
    const work = rest.at(-1) as Work
    const { skip } = rest.length > 1 ? (rest[0] as { skip?: string | boolean }) : {}
    this.#last = this.#last.then(async () => {
      if (skip) return console.log(`# skipped: ${name}`)
      const sub = new PlainTest([...this.#names, name])
      try {
        await work(sub)
        await sub.#last
      } catch (error) {
        sub.#tell(false, (error as Error)?.stack ?? String(error))
      }
      for (const teardown of sub.#teardowns.reverse()) await teardown()
    })
    return this.#last
  }

  async end(): Promise<void> {
    let last
    while (last !== this.#last) await (last = this.#last)
    for (const teardown of this.#teardowns.reverse()) await teardown()
  }

  teardown(work: () => unknown): void {
    this.#teardowns.push(work)
  }

  setTimeout(): void {
    // whoever runs this has a limit
  }

  comment(text: string): void {
    console.log(`# ${text}`)
  }

  pass(name?: string): boolean {
    return this.#tell(true, name)
  }

  fail(name?: string, facts?: unknown): boolean {
    return this.#tell(false, name, facts)
  }

  ok(value: unknown, name?: string): boolean {
    return this.#tell(Boolean(value), name)
  }

  notOk(value: unknown, name?: string): boolean {
    return this.#tell(!value, name)
  }

  equal(actual: unknown, expected: unknown, name?: string): boolean {
    return this.#tell(Object.is(actual, expected), name, { actual, expected })
  }

  same(actual: unknown, expected: unknown, name?: string): boolean {
    return this.#tell(isDeepStrictEqual(actual, expected), name, { actual, expected })
  }

  match(actual: unknown, expected: unknown, name?: string): boolean {
    return this.#tell(matches(actual, expected), name, { actual, expected })
  }

  notMatch(actual: unknown, expected: unknown, name?: string): boolean {
    return this.#tell(!matches(actual, expected), name, { actual, expected })
  }

  #tell(ok: boolean, name = '', facts?: unknown): boolean {
    total++
    if (!ok) failed++
    console.log(`${ok ? 'ok' : 'not ok'} ${[...this.#names, name].join(' > ')}`)
    if (!ok && facts !== undefined) console.log(facts)
    return ok
  }
}

const t = new PlainTest()
export default t

let ended = false
process.on('beforeExit', () => {
  if (ended) return
  ended = true
  void t.end().then(() => {
    console.log(`# { total: ${total}, pass: ${total - failed}, fail: ${failed} }`)
    process.exitCode = failed > 0 ? 1 : 0
  })
})

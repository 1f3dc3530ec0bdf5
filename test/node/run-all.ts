import { runTest, type Setting, type TestResult, type Variant } from './run-test.js'
import type { TestFile } from './selection.js'

/** Called for every test that has ended. */
export type OnResult = (variant: Variant, result: TestResult) => void

/**
 * Runs the tests of one variant, `jobs` at a time. Those of the folder sequential follow one by
 * one, with no other beside them, as in Node. Results come in the order of `tests`.
 */
export async function runAll(
  setting: Setting,
  tests: readonly TestFile[],
  variant: Variant,
  jobs: number,
  onResult: OnResult,
): Promise<TestResult[]> {
  const results = new Map<string, TestResult>()
  const runOne = async (test: TestFile, slot: number): Promise<void> => {
    const result = await runTest(setting, test, variant, slot)
    results.set(test.name, result)
    onResult(variant, result)
  }
  const sequential = tests.filter(({ name }) => name.startsWith('sequential/'))
  await inSlots(
    tests.filter((test) => !sequential.includes(test)),
    jobs,
    runOne,
  )
  await inSlots(sequential, 1, runOne)
  return tests.map(({ name }) => results.get(name)!)
}

/** Takes the items in order, `slots` at a time; the work is given the slot that it has to itself. */
export async function inSlots<T>(
  items: readonly T[],
  slots: number,
  work: (item: T, slot: number) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const serve = async (_: unknown, slot: number): Promise<void> => {
    for (const item of queue) await work(item, slot)
  }
  await Promise.all(Array.from({ length: slots }, serve))
}

/** Workloads on stores of values by key. */
import { contentOf } from './history.js'
import type { Check, Commit } from './history.js'
import type { Workload } from './run.js'
import { WRITERS } from './writers.js'

export interface Keyed {
  get(key: string): unknown
  /** Durable when it resolves. */
  set(key: string, value: string): Promise<unknown>
  /** The store's maintenance, to stay small: a checkpoint, a compaction. */
  tidy(): Promise<unknown>
}

/** Opens the store in a directory, and closes it afterwards. */
export type Within = <T>(directory: string, use: (store: Keyed) => Promise<T>) => Promise<T>

const valueOf = ({ number, length }: Pick<Commit, 'number' | 'length'>): string =>
  contentOf(number, length).toString('latin1')

/** Whether the value is the one that the commit has set. */
export const isValue = (value: unknown, commit: Commit): boolean => value === valueOf(commit)

/** Key of a commit's writer: the commit's position is the writer's number. */
export const keyOf = (writer: number): string => `key ${writer}`

/** Eight writers, each with its own key; the store is tidied between two rounds, and opened three times. */
export function storing(name: string, check: Check, within: Within): Workload {
  return {
    name,
    check,
    // These stores need caio.
    subjects: ['linux', 'thread', 'uring', 'pure'],
    async run(run) {
      let rounds = 0
      const round = async (store: Keyed): Promise<void> => {
        const before = rounds++ * 1000
        await run.together(WRITERS, 3, (at, writer) => {
          const number = before + at
          const commit = { file: check, number, position: writer, length: 20 + (number % 3000) }
          return run.commit(commit, () => store.set(keyOf(writer), valueOf(commit)))
        })
      }
      const life = async (store: Keyed): Promise<void> => {
        await round(store)
        await store.tidy()
        await round(store)
      }
      for (let time = 0; time < 3; time++) await within(run.directory, life)
    },
  }
}

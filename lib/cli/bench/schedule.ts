/** The order of trials: round after round, so that changes on the machine affect all contenders alike. */

export interface Turn<T> {
  round: number
  contender: T
}

/** Makes `rounds` rounds. Each begins with another contender, so that the same contender is not always the first. */
export function alternate<T>(contenders: readonly T[], rounds: number): Turn<T>[] {
  return Array.from({ length: rounds }, (_, round) =>
    contenders.map((_, at) => ({ round, contender: contenders[(at + round) % contenders.length] as T })),
  ).flat()
}

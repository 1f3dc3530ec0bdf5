/** Order of trials: round by round, so that changes on the machine affect all contenders alike. */

export interface Turn<T> {
  round: number
  contender: T
}

/** Makes `rounds` rounds, each beginning with another contender. */
export function alternate<T>(contenders: readonly T[], rounds: number): Turn<T>[] {
  return Array.from({ length: rounds }, (_, round) =>
    contenders.map((_, at) => ({ round, contender: contenders[(at + round) % contenders.length] as T })),
  ).flat()
}

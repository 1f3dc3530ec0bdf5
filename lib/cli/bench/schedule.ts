/** In which order trials are made: round after round, so that what changes on the machine meanwhile meets every contender alike. */

export interface Turn<T> {
  round: number
  contender: T
}

/** `rounds` rounds; each begins with another contender, so that none always follows the same one. */
export function alternate<T>(contenders: readonly T[], rounds: number): Turn<T>[] {
  return Array.from({ length: rounds }, (_, round) =>
    contenders.map((_, at) => ({ round, contender: contenders[(at + round) % contenders.length] as T })),
  ).flat()
}

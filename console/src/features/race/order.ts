// In which order the runs are made.

import { WAYS, type Planned } from './model'

/** Each round has every way once, and begins one way later than the round before: what a run leaves
 *  behind (a warm cache, a busy processor) then falls on all of them alike. */
export function plan(repeats: number, warmUp: boolean): Planned[] {
  const first = warmUp ? 0 : 1
  const rounds = Array.from({ length: repeats + 1 - first }, (_, index) => index + first)
  return rounds.flatMap((round) =>
    WAYS.map((_, index) => ({ round, way: WAYS[(index + round) % WAYS.length] ?? 'rest' })),
  )
}

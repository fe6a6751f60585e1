// What the runs of a race say together.

import { spread, type Spread } from '@/shared/stats/statistics'
import type { Way } from '@/shared/transport/answer'

import { counted, WAYS, type Run } from './model'

export type Measure = 'firstMs' | 'totalMs' | 'tokensPerSecond'

export const MEASURES = ['firstMs', 'totalMs', 'tokensPerSecond'] as const

export interface WayResult {
  way: Way
  runs: readonly Run[]
  spread: Record<Measure, Spread>
}

/** A result for each way that has runs that count. */
export function results(runs: readonly Run[]): WayResult[] {
  return WAYS.flatMap((way) => {
    const own = counted(runs).filter((run) => run.way === way)
    const of = (measure: Measure) => spread(own.map((run) => run[measure]))
    const firstMs = of('firstMs')
    const totalMs = of('totalMs')
    const tokensPerSecond = of('tokensPerSecond')
    if (!firstMs || !totalMs || !tokensPerSecond) return []
    return [{ way, runs: own, spread: { firstMs, totalMs, tokensPerSecond } }]
  })
}

export interface Sameness {
  /** Rounds in which every way has answered. */
  rounds: number
  /** Rounds in which all ways gave the same text. */
  equal: number
  /** How many different texts there are in all. */
  texts: number
}

/** Compares the texts of each whole round. */
export function sameness(runs: readonly Run[]): Sameness {
  const numbers = [...new Set(counted(runs).map(({ round }) => round))]
  const rounds = numbers.map((number) => runs.filter(({ round }) => round === number))
  const whole = rounds.filter((round) => round.length === WAYS.length)
  const different = (some: readonly Run[]) => new Set(some.map(({ text }) => text)).size
  return {
    rounds: whole.length,
    equal: whole.filter((round) => different(round) === 1).length,
    texts: different(whole.flat()),
  }
}

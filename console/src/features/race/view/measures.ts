// How the measures are named and written.

import { duration, rate } from '@/shared/lib/format'

import type { Measure } from '../results'

interface MeasureText {
  name: string
  /** Which direction is good. */
  better: string
  show: (value: number) => string
  /** The same for the round values of an axis. */
  tick: (value: number) => string
}

export const MEASURE: Record<Measure, MeasureText> = {
  firstMs: { name: 'First words', better: 'lower is better', show: duration, tick: short },
  totalMs: { name: 'Whole answer', better: 'lower is better', show: duration, tick: short },
  tokensPerSecond: {
    name: 'Tokens per second',
    better: 'higher is better',
    show: rate,
    tick: String,
  },
}

function short(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}

// Medians and spread of a few measurements.

export interface Spread {
  n: number
  min: number
  /** First quartile. */
  q1: number
  median: number
  /** Third quartile. */
  q3: number
  max: number
}

/** The value below which a fraction `p` lies, between neighbours by proportion (Hyndman and Fan's
 *  type 7, what R and NumPy do by default). `sorted` ascends and is not empty. */
export function quantile(sorted: readonly number[], p: number): number {
  const place = (sorted.length - 1) * p
  const below = Math.floor(place)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN
  return low + (high - low) * (place - below)
}

/** Nothing where there are no values. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  return {
    n: sorted.length,
    min: quantile(sorted, 0),
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
    max: quantile(sorted, 1),
  }
}

/** Whether the middle halves of two spreads touch: then a difference of medians may be chance. */
export function overlaps(a: Spread, b: Spread): boolean {
  return a.q1 <= b.q3 && b.q1 <= a.q3
}

/** Round values from 0 to at least `max`, about `wanted` of them, for an axis. */
export function ticks(max: number, wanted: number): number[] {
  if (!(max > 0)) return [0]
  const rough = max / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const last = Math.ceil(max / step - 1e-9)
  return Array.from({ length: last + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}

import { expect, test } from 'vitest'

import { overlaps, quantile, spread, ticks } from './statistics'

test('quartiles lie between neighbours by proportion', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ n: 4, min: 1, q1: 1.75, median: 2.5, q3: 3.25, max: 4 })
  expect(quantile([10, 20, 30], 0.9)).toBeCloseTo(28)
})

test('one value is its own spread', () => {
  expect(spread([7])).toEqual({ n: 1, min: 7, q1: 7, median: 7, q3: 7, max: 7 })
})

test('nothing has no spread, and the values given stay as they were', () => {
  expect(spread([])).toBeUndefined()
  const values = [3, 1, 2]
  spread(values)
  expect(values).toEqual([3, 1, 2])
})

test('spreads whose middle halves touch overlap', () => {
  const around = (q1: number, q3: number) => ({ n: 5, min: q1, q1, median: q1, q3, max: q3 })
  expect(overlaps(around(1, 3), around(3, 5))).toBe(true)
  expect(overlaps(around(1, 2), around(3, 5))).toBe(false)
  expect(overlaps(around(3, 5), around(1, 2))).toBe(false)
})

test('an axis has round values and reaches the largest', () => {
  expect(ticks(1.92, 4)).toEqual([0, 0.5, 1, 1.5, 2])
  expect(ticks(61, 4)).toEqual([0, 20, 40, 60, 80])
  expect(ticks(0.3, 3)).toEqual([0, 0.1, 0.2, 0.3])
  expect(ticks(0, 4)).toEqual([0])
})

import { expect, test } from 'vitest'

import { results, sameness } from './results'
import { testRun } from './testRun'

test('medians are taken of the runs that count', () => {
  const runs = [
    testRun(0, 'sse', { totalMs: 9000 }),
    testRun(1, 'sse', { totalMs: 1000 }),
    testRun(2, 'sse', { totalMs: 1200 }),
    testRun(3, 'sse', { totalMs: 1100 }),
  ]
  const [only, ...others] = results(runs)
  expect(others).toEqual([])
  expect(only?.way).toBe('sse')
  expect(only?.spread.totalMs).toMatchObject({ n: 3, min: 1000, median: 1100, max: 1200 })
})

test('only whole rounds are compared', () => {
  const round = (number: number, texts: [string, string, string]) => [
    testRun(number, 'rest', { text: texts[0] }),
    testRun(number, 'sse', { text: texts[1] }),
    testRun(number, 'ws', { text: texts[2] }),
  ]
  const runs = [
    ...round(0, ['x', 'y', 'z']),
    ...round(1, ['a', 'a', 'a']),
    ...round(2, ['a', 'b', 'a']),
    testRun(3, 'sse', { text: 'c' }),
  ]
  expect(sameness(runs)).toEqual({ rounds: 2, equal: 1, texts: 2 })
})
